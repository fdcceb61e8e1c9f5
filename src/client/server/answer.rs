//! The answer to a request: the script's, or the mock's.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use futures_util::StreamExt;
use http::header::{self, HeaderName, HeaderValue};
use http::{HeaderMap, Request, Response, StatusCode, Version};
use serde_json::{Map, Value, json};

use super::super::scenario::{Base, Coding, DateForm, Framing, RetryAfter, ScriptedAnswer, Wire};
use crate::exchange::Headers;
use crate::mock::Mock;

/// An answer that is ready to be sent.
#[derive(Debug)]
pub(super) struct Prepared {
    pub(super) status: StatusCode,
    headers: HeaderMap,
    /// The body, before any coding.
    pub(super) body: Bytes,
    wire: Wire,
    /// The coding that the script asks for and the client accepts.
    coding: Option<Coding>,
    version: Version,
    /// The time until the date in `retry-after`.
    pub(super) wait_for_date: Option<Duration>,
}

/// Prepares the answer to a request. The mock carries every request out that the script does not answer by itself.
pub(super) async fn prepare(
    script: Option<&ScriptedAnswer>,
    request: Request<Bytes>,
    mock: &Arc<Mock>,
    other: u16,
) -> Prepared {
    let version = request.version();
    let accepted = request.headers().get(header::ACCEPT_ENCODING);
    let accepted = accepted.map(|field| String::from_utf8_lossy(field.as_bytes()).into_owned());
    let target = request
        .uri()
        .path_and_query()
        .map_or("/", |target| target.as_str());
    let elsewhere = format!("http://localhost:{other}{target}");
    let Some(script) = script else {
        let (parts, body) = mock.answer(request).await.into_parts();
        return Prepared {
            status: parts.status,
            headers: parts.headers,
            body,
            wire: Wire::default(),
            coding: None,
            version,
            wait_for_date: None,
        };
    };
    let (status, mut headers, mut body) = base(script, request, mock).await;
    if !script.set.is_empty() || !script.remove.is_empty() || script.is_reversed {
        body = edited(script, &body);
    }
    if let Some(media_type) = &script.media_type {
        insert(&mut headers, "content-type", media_type);
    }
    let mut wait_for_date = None;
    match script.retry_after {
        Some(RetryAfter::Seconds(wait)) => {
            insert(&mut headers, "retry-after", &wait.as_secs().to_string());
        }
        Some(RetryAfter::Date(wait, form)) => {
            let (date, left) = date_in(wait, form);
            insert(&mut headers, "retry-after", &date);
            wait_for_date = Some(left);
        }
        None => {}
    }
    if script.redirects {
        insert(&mut headers, "location", &elsewhere);
    }
    for (name, value) in &script.headers {
        insert(&mut headers, name, value);
    }
    Prepared {
        status,
        headers,
        body,
        coding: script
            .wire
            .coding
            .filter(|coding| accepted.is_some_and(|field| accepts(&field, coding.name()))),
        wire: script.wire.clone(),
        version,
        wait_for_date,
    }
}

/// Returns whether `accept-encoding` names a coding, and does not rule it out by a weight of zero (RFC 9110, 12.5.3).
fn accepts(field: &str, coding: &str) -> bool {
    let mut named = field.split(',').map(|part| {
        let (name, weight) = part.split_once(';').unwrap_or((part, ""));
        let weight = weight.trim().strip_prefix("q=").unwrap_or("1");
        (name.trim(), weight.parse::<f32>().unwrap_or(0.0) > 0.0)
    });
    named.any(|(name, is_wanted)| name.eq_ignore_ascii_case(coding) && is_wanted)
}

fn insert(headers: &mut HeaderMap, name: &str, value: &str) {
    if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), value.parse::<HeaderValue>()) {
        headers.insert(name, value);
    }
}

/// Returns the first whole second that is at least this far away, as a date, and the time until then.
fn date_in(wait: Duration, form: DateForm) -> (String, Duration) {
    let now = jiff::Timestamp::now();
    let whole = i64::try_from(wait.as_secs()).unwrap_or_default() + 1;
    let second = now.as_second().saturating_add(whole);
    let then = jiff::Timestamp::from_second(second).unwrap_or(now);
    let pattern = match form {
        DateForm::Imf => "%a, %d %b %Y %H:%M:%S GMT",
        DateForm::Rfc850 => "%A, %d-%b-%y %H:%M:%S GMT",
        DateForm::Asctime => "%a %b %e %H:%M:%S %Y",
    };
    let left = Duration::try_from(then.duration_since(now)).unwrap_or_default();
    (then.strftime(pattern).to_string(), left)
}

/// Returns the answer before it is edited.
async fn base(
    script: &ScriptedAnswer,
    request: Request<Bytes>,
    mock: &Arc<Mock>,
) -> (StatusCode, HeaderMap, Bytes) {
    let asked = script
        .status
        .and_then(|status| StatusCode::from_u16(status).ok());
    let json = |status: StatusCode, body: &Value| {
        let mut headers = HeaderMap::new();
        insert(&mut headers, "content-type", "application/json");
        (
            asked.unwrap_or(status),
            headers,
            Bytes::from(body.to_string()),
        )
    };
    match &script.base {
        Base::Mock if script.redirects => {
            let status = asked.unwrap_or(StatusCode::TEMPORARY_REDIRECT);
            (status, HeaderMap::new(), Bytes::new())
        }
        Base::Mock => {
            let (parts, body) = mock.answer(request).await.into_parts();
            (asked.unwrap_or(parts.status), parts.headers, body)
        }
        Base::Result(result) => json(
            StatusCode::OK,
            &json!({"success": true, "errors": [], "messages": [], "result": result}),
        ),
        Base::Errors(errors) => json(
            StatusCode::BAD_REQUEST,
            &json!({"success": false, "errors": errors, "messages": [], "result": null}),
        ),
        Base::Json(body) => json(StatusCode::OK, body),
        Base::Text(text) => {
            let (status, headers, _) = json(StatusCode::OK, &Value::Null);
            (status, headers, Bytes::from(text.clone()))
        }
    }
}

/// Returns the body with members put in, removed or reversed.
fn edited(script: &ScriptedAnswer, body: &Bytes) -> Bytes {
    let Ok(mut value) = serde_json::from_slice::<Value>(body) else {
        return body.clone();
    };
    for (pointer, new) in &script.set {
        put(&mut value, pointer, new.clone());
    }
    for pointer in &script.remove {
        let (parent, name) = pointer.rsplit_once('/').unwrap_or_default();
        if let Some(Value::Object(members)) = value.pointer_mut(parent) {
            members.remove(name);
        }
    }
    if script.is_reversed {
        let mut text = String::new();
        reversed(&value, &mut text);
        return Bytes::from(text);
    }
    Bytes::from(value.to_string())
}

fn put(value: &mut Value, pointer: &str, new: Value) {
    if let Some(place) = value.pointer_mut(pointer) {
        *place = new;
        return;
    }
    let (parent, name) = pointer.rsplit_once('/').unwrap_or_default();
    match value.pointer_mut(parent) {
        Some(Value::Object(members)) => {
            members.insert(name.to_owned(), new);
        }
        Some(Value::Array(items)) => items.push(new),
        _ => {}
    }
}

/// Writes a value with the members of objects and the items of lists in reverse order. The order of an object's members
/// is lost in a map, so the text is written by hand.
fn reversed(value: &Value, text: &mut String) {
    match value {
        Value::Array(items) => {
            text.push('[');
            for (index, item) in items.iter().rev().enumerate() {
                text.push_str(if index > 0 { "," } else { "" });
                reversed(item, text);
            }
            text.push(']');
        }
        Value::Object(members) => {
            text.push('{');
            let members: &Map<String, Value> = members;
            for (index, (name, member)) in members.iter().rev().enumerate() {
                text.push_str(if index > 0 { "," } else { "" });
                text.push_str(&Value::from(name.as_str()).to_string());
                text.push(':');
                reversed(member, text);
            }
            text.push('}');
        }
        other => text.push_str(&other.to_string()),
    }
}

impl Prepared {
    /// Returns the fields for the report.
    pub(super) fn shown_headers(&self) -> Headers {
        let mut headers = Headers::default();
        for (name, value) in &self.headers {
            headers.push(name.as_str(), String::from_utf8_lossy(value.as_bytes()));
        }
        headers
    }

    /// Builds the HTTP response.
    pub(super) fn into_response(self) -> Response<Body> {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers;
        let mut bytes = self.body;
        if let Some(coding) = self.coding {
            bytes = coded(coding, &bytes);
            insert(response.headers_mut(), "content-encoding", coding.name());
        }
        let is_http1 = self.version < Version::HTTP_2;
        match self.wire.framing {
            Framing::Length => {
                insert(
                    response.headers_mut(),
                    "content-length",
                    &bytes.len().to_string(),
                );
            }
            Framing::Close => {
                insert(
                    response.headers_mut(),
                    "content-length",
                    &bytes.len().to_string(),
                );
                if is_http1 {
                    insert(response.headers_mut(), "connection", "close");
                }
            }
            Framing::UntilClose if is_http1 => {
                *response.version_mut() = Version::HTTP_10;
                insert(response.headers_mut(), "connection", "close");
            }
            Framing::Chunked | Framing::UntilClose => {}
        }
        *response.body_mut() = staged(&bytes, &self.wire);
        response
    }
}

/// The number of pieces of a body that drips.
const PIECES: usize = 20;

/// Returns the body in two parts, or in many, with a pause between them, and an error in place of the rest if it is cut.
fn staged(bytes: &Bytes, wire: &Wire) -> Body {
    let (size, pause) = if wire.drip.is_zero() {
        (bytes.len().div_ceil(2), wire.stall)
    } else {
        (bytes.len().div_ceil(PIECES), wire.drip)
    };
    let cut = wire.cut;
    let mut parts: Vec<io::Result<Bytes>> = match cut {
        Some(at) => vec![
            Ok(bytes.slice(..at.min(bytes.len()))),
            Err(io::Error::other("the scenario cuts the body")),
        ],
        None => {
            let pieces = bytes.chunks(size.max(1));
            pieces.map(|piece| Ok(bytes.slice_ref(piece))).collect()
        }
    };
    parts.retain(|part| part.as_ref().map_or(true, |part| !part.is_empty()));
    let parts = futures_util::stream::iter(parts.into_iter().enumerate());
    Body::from_stream(parts.then(move |(index, part)| async move {
        // The first part must have left before the connection breaks.
        let pause = if cut.is_some() {
            Duration::from_millis(20)
        } else {
            pause
        };
        if index > 0 && !pause.is_zero() {
            tokio::time::sleep(pause).await;
        }
        part
    }))
}

fn coded(coding: Coding, bytes: &[u8]) -> Bytes {
    use std::io::Write;
    let fast = flate2::Compression::fast();
    // Writing to memory does not fail.
    let coded = match coding {
        Coding::Gzip => {
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), fast);
            let _ = encoder.write_all(bytes);
            encoder.finish()
        }
        Coding::Deflate => {
            let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), fast);
            let _ = encoder.write_all(bytes);
            encoder.finish()
        }
    };
    Bytes::from(coded.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use test_case::test_case;

    use super::*;

    #[test_case("gzip", true; "alone")]
    #[test_case("br, GZIP;q=0.5", true; "with a weight")]
    #[test_case("gzip;q=0", false; "ruled out")]
    #[test_case("x-gzip, deflate", false; "another")]
    #[test_case("", false; "empty")]
    fn a_coding_is_accepted_if_it_is_named_with_a_weight(field: &str, is_accepted: bool) {
        assert_eq!(accepts(field, "gzip"), is_accepted);
    }
}
