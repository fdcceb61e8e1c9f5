//! Reads one response, as curl shows it or as a body alone.

use encoding_rs::Encoding;

use super::body::{self, Kept, Trouble};
use super::recorded::Recorded;
use crate::exchange::{Headers, Operation};

/// The known facts about a response that came as a body alone.
#[derive(Debug, Clone, Copy, Default)]
pub struct Framing {
    /// The status, for a response without a status line.
    pub status: Option<u16>,
}

/// Reads a response to an operation. If the text holds several, the last one counts: `curl -i` also writes redirects,
/// retries, a proxy's answers and interim responses. A byte order mark or UTF-16 comes from the shell that wrote the
/// file.
///
/// # Errors
/// Returns in words what is missing or wrong.
pub fn parse(operation: Operation, bytes: &[u8], framing: Framing) -> Result<Recorded, String> {
    let text = without_mark(bytes);
    let bytes = text.as_deref().unwrap_or(bytes);
    let description = operation.row();
    let mut recorded = Recorded {
        method: description.method.clone(),
        // The zone and the address of the request are not known. The path only names the operation.
        url: description
            .path
            .replace("{zone_id}", "unknown")
            .replace("{origin_ip}", "unknown"),
        is_response_alone: true,
        is_in_order: true,
        ..Recorded::default()
    };
    if status_line(bytes).is_none() {
        recorded.status = framing
            .status
            .ok_or("a body alone needs --status, such as --status 200")?;
        // A body alone comes without fields, so JSON is assumed as its media type.
        recorded
            .response_headers
            .push("content-type", "application/json");
        take_body(&mut recorded, bytes);
        return Ok(recorded);
    }
    let mut rest = bytes;
    // Interim responses, redirects, earlier tries and a proxy's answers come before the response that counts.
    while let Some(status) = status_line(rest) {
        let (head, body) =
            split(rest).ok_or("the header of the response has no end (an empty line)")?;
        recorded.status = status;
        recorded.response_headers = fields(&head)?;
        match next_answer(body, &recorded.response_headers) {
            Some(next) => rest = next,
            None => {
                take_body(&mut recorded, body);
                break;
            }
        }
    }
    if (100..200).contains(&recorded.status) {
        return Err(format!(
            "it ends with an interim response ({}): the answer itself is missing",
            recorded.status
        ));
    }
    Ok(recorded)
}

/// Sets the response's body, unpacked if it is packed.
fn take_body(recorded: &mut Recorded, body: &[u8]) {
    let kept = Kept {
        bytes: Some(body.to_vec()),
        ..Kept::default()
    };
    let headers = &recorded.response_headers;
    recorded.response_body = match body::of_response(&kept, recorded.status, headers) {
        Ok(body) => Some(body),
        // The text is the whole body, unless a greater length was announced.
        Err(Trouble::NotRecorded) => {
            let announced = body::content_length(headers).unwrap_or(0);
            (announced <= body.len()).then(|| body.to_vec())
        }
        Err(Trouble::Unreadable(why)) => {
            recorded.faults.push(why);
            None
        }
    };
}

/// Returns the text in UTF-8, if it begins with a byte order mark.
fn without_mark(bytes: &[u8]) -> Option<Vec<u8>> {
    let (encoding, length) = Encoding::for_bom(bytes)?;
    let (text, _) = encoding.decode_without_bom_handling(bytes.get(length..)?);
    Some(text.into_owned().into_bytes())
}

/// Returns the status, if the bytes begin with a status line of HTTP/1, /2 or /3.
fn status_line(bytes: &[u8]) -> Option<u16> {
    let rest = bytes.strip_prefix(b"HTTP/")?;
    let line = rest.split(|byte| *byte == b'\n').next()?;
    let mut words = line
        .split(u8::is_ascii_whitespace)
        .filter(|word| !word.is_empty());
    let (version, status) = (words.next()?, std::str::from_utf8(words.next()?).ok()?);
    let is_version = version
        .iter()
        .all(|byte| byte.is_ascii_digit() || *byte == b'.');
    (is_version && status.len() == 3).then(|| status.parse().ok())?
}

/// Returns the answer that follows this body, if there is one. `curl -i` writes the answers of redirects, retries and a
/// proxy one after the other.
fn next_answer<'b>(body: &'b [u8], headers: &Headers) -> Option<&'b [u8]> {
    let is_answer = |bytes: &[u8]| {
        status_line(bytes).is_some() && split(bytes).is_some_and(|(head, _)| fields(&head).is_ok())
    };
    if is_answer(body) {
        return Some(body);
    }
    if let Some(length) = body::content_length(headers) {
        let next = body.get(length..)?.trim_ascii_start();
        return is_answer(next).then_some(next);
    }
    let mut starts = (0..body.len()).filter_map(|at| body.get(at..));
    starts.find(|next| next.starts_with(b"HTTP/") && is_answer(next))
}

fn fields(head: &str) -> Result<Headers, String> {
    let mut headers = Headers::default();
    // The faulty line is not shown, because it may hold a credential.
    for (number, line) in head.lines().enumerate().skip(1) {
        let is_folded = line.starts_with([' ', '\t']);
        if is_folded && let Some((_, value)) = headers.0.last_mut() {
            // A value may continue on the next line (RFC 9112, 5.2).
            value.push(' ');
            value.push_str(line.trim());
            continue;
        }
        let (name, value) = line
            .split_once(':')
            .ok_or_else(|| format!("line {} is not a header field", number + 1))?;
        headers.push(name.trim(), value.trim());
    }
    Ok(headers)
}

/// Splits the bytes into the header and what follows it.
fn split(bytes: &[u8]) -> Option<(String, &[u8])> {
    let find = |end: &[u8]| {
        bytes
            .windows(end.len())
            .position(|window| window == end)
            .map(|at| (at, end.len()))
    };
    let (at, length) = match (find(b"\r\n\r\n"), find(b"\n\n")) {
        (Some(long), Some(short)) => long.min(short),
        (long, short) => long.or(short)?,
    };
    let head = String::from_utf8_lossy(bytes.get(..at)?).into_owned();
    Some((head, bytes.get(at + length..)?))
}
