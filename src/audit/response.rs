//! One response, as `curl -i` shows it or as a body alone.

use super::recorded::Recorded;
use crate::exchange::{Headers, Operation, whole_number};

/// What is known of a response that came as a body alone.
#[derive(Debug, Clone, Copy, Default)]
pub struct Framing {
    /// Its status, where no status line says it.
    pub status: Option<u16>,
}

/// Reads a response to an operation.
///
/// # Errors
/// What is missing or wrong, in words.
pub fn parse(operation: Operation, bytes: &[u8], framing: Framing) -> Result<Recorded, String> {
    let description = operation.row();
    let mut recorded = Recorded {
        method: description.method.clone(),
        // The zone and the address of the request are not known; the path only names the operation.
        url: description
            .path
            .replace("{zone_id}", "unknown")
            .replace("{origin_ip}", "unknown"),
        is_response_alone: true,
        ..Recorded::default()
    };
    if !bytes.starts_with(b"HTTP/") {
        recorded.status = framing
            .status
            .ok_or("a body alone needs --status, such as --status 200")?;
        // No field came with it, and none is missing.
        recorded
            .response_headers
            .push("content-type", "application/json");
        recorded.response_body = Some(bytes.to_vec());
        ask_for_its_page(&mut recorded, operation);
        return Ok(recorded);
    }
    let mut rest = bytes;
    loop {
        let (head, body) =
            split(rest).ok_or("the header of the response has no end (an empty line)")?;
        let mut lines = head.lines();
        let status = lines
            .next()
            .and_then(|line| line.split_whitespace().nth(1)?.parse::<u16>().ok());
        recorded.status = status.ok_or("the first line is no status line")?;
        recorded.response_headers = Headers::default();
        // What is wrong is not shown: it may be a credential.
        for (number, line) in lines.enumerate() {
            let (name, value) = line
                .split_once(':')
                .ok_or_else(|| format!("line {} is not a header field", number + 2))?;
            recorded.response_headers.push(name.trim(), value.trim());
        }
        rest = body;
        // Interim responses and those of a proxy or redirect come before the one that counts.
        let is_interim = (100..200).contains(&recorded.status) || rest.starts_with(b"HTTP/");
        if !is_interim {
            recorded.response_body = Some(rest.to_vec());
            ask_for_its_page(&mut recorded, operation);
            return Ok(recorded);
        }
    }
}

/// Which page was asked for is only known from the answer: it is taken at its word.
fn ask_for_its_page(recorded: &mut Recorded, operation: Operation) {
    let body = recorded.response_body.as_deref().unwrap_or_default();
    let Ok(body) = serde_json::from_slice::<serde_json::Value>(body) else {
        return;
    };
    let number = |name: &str| whole_number(body.pointer(&format!("/result_info/{name}"))?);
    if let (true, Some(page), Some(per_page)) =
        (operation.is_paged(), number("page"), number("per_page"))
    {
        recorded.url = format!("{}?page={page}&per_page={per_page}", recorded.url);
    }
}

/// The header and what follows it.
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
