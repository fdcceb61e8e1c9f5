//! Writes HAR 1.2 as the traffic goes on: one entry a line, closed at the end.

use std::io::{self, Write};

use base64::Engine;
use http::StatusCode;
use jiff::Timestamp;
use serde::Serialize;

use crate::audit::Recorded;
use crate::exchange::Headers;

/// What a HAR says where it does not know.
const UNKNOWN: i64 = -1;
const VERSION: &str = "HTTP/1.1";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Entry<'r> {
    started_date_time: String,
    time: f64,
    request: Request<'r>,
    response: Response<'r>,
    cache: Nothing,
    timings: Timings,
    #[serde(rename = "_missedBefore", skip_serializing_if = "Option::is_none")]
    missed_before: Option<usize>,
}

#[derive(Serialize)]
struct Nothing {}

#[derive(Serialize)]
struct Timings {
    send: i64,
    wait: f64,
    receive: i64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Request<'r> {
    method: &'r str,
    url: &'r str,
    http_version: &'static str,
    cookies: [Nothing; 0],
    headers: Vec<Pair<'r>>,
    query_string: Vec<Pair<'r>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    post_data: Option<Body<'r>>,
    headers_size: i64,
    body_size: i64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Response<'r> {
    status: u16,
    status_text: &'static str,
    http_version: &'static str,
    cookies: [Nothing; 0],
    headers: Vec<Pair<'r>>,
    content: Body<'r>,
    #[serde(rename = "redirectURL")]
    redirect_url: &'r str,
    headers_size: i64,
    body_size: i64,
}

#[derive(Serialize)]
struct Pair<'r> {
    name: &'r str,
    value: &'r str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'r> {
    size: i64,
    mime_type: &'r str,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    encoding: Option<&'static str>,
}

impl<'r> Body<'r> {
    fn new(headers: &'r Headers, body: Option<&[u8]>) -> Self {
        let (text, encoding) = match body.map(|body| (body, str::from_utf8(body))) {
            Some((_, Ok(text))) => (Some(text.to_owned()), None),
            Some((bytes, Err(_))) => {
                let text = base64::engine::general_purpose::STANDARD.encode(bytes);
                (Some(text), Some("base64"))
            }
            None => (None, None),
        };
        Self {
            size: size(body),
            mime_type: headers.get("content-type").unwrap_or_default(),
            text,
            encoding,
        }
    }
}

fn size(body: Option<&[u8]>) -> i64 {
    body.map_or(UNKNOWN, |body| i64::try_from(body.len()).unwrap_or(UNKNOWN))
}

fn pairs(headers: &Headers) -> Vec<Pair<'_>> {
    let fields = headers.0.iter();
    fields.map(|(name, value)| Pair { name, value }).collect()
}

fn query(url: &str) -> Vec<Pair<'_>> {
    let (_, query) = url.split_once('?').unwrap_or_default();
    query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| Pair { name, value })
        .collect()
}

#[expect(
    clippy::cast_precision_loss,
    reason = "microseconds of an exchange are far below 2^53"
)]
fn milliseconds(microseconds: u64) -> f64 {
    microseconds as f64 / 1_000.0
}

fn entry(recorded: &Recorded) -> Entry<'_> {
    let started = recorded
        .moment
        .and_then(|moment| Timestamp::from_microsecond(moment.us).ok())
        .unwrap_or_default();
    let time = milliseconds(recorded.elapsed_us);
    let (asked, said) = (&recorded.request_headers, &recorded.response_headers);
    let sent = recorded.request_body.as_deref();
    let status = StatusCode::from_u16(recorded.status).ok();
    Entry {
        started_date_time: started.to_string(),
        time,
        request: Request {
            method: &recorded.method,
            url: &recorded.url,
            http_version: VERSION,
            cookies: [],
            headers: pairs(asked),
            query_string: query(&recorded.url),
            post_data: sent.map(|body| Body::new(asked, Some(body))),
            headers_size: UNKNOWN,
            body_size: sent.map_or(0, |body| size(Some(body))),
        },
        response: Response {
            status: recorded.status,
            status_text: status
                .and_then(|status| status.canonical_reason())
                .unwrap_or_default(),
            http_version: VERSION,
            cookies: [],
            headers: pairs(said),
            content: Body::new(said, recorded.response_body.as_deref()),
            redirect_url: said.get("location").unwrap_or_default(),
            headers_size: UNKNOWN,
            body_size: UNKNOWN,
        },
        cache: Nothing {},
        timings: Timings {
            send: 0,
            wait: time,
            receive: 0,
        },
        missed_before: Some(recorded.missed_before).filter(|missed| *missed > 0),
    }
}

/// A recording under way. After a fault nothing more is written.
pub(super) struct Recording {
    out: Box<dyn Write + Send>,
    is_empty: bool,
    fault: Option<io::Error>,
}

impl Recording {
    /// Begins.
    pub(super) fn new(out: Box<dyn Write + Send>) -> Self {
        let mut recording = Self {
            out,
            is_empty: true,
            fault: None,
        };
        recording.write(|out| {
            let version = env!("CARGO_PKG_VERSION");
            let creator = serde_json::json!({"name": "originproof", "version": version});
            write!(
                out,
                r#"{{"log":{{"version":"1.2","creator":{creator},"entries":["#
            )
        });
        recording
    }

    fn write(&mut self, part: impl FnOnce(&mut dyn Write) -> io::Result<()>) {
        if self.fault.is_none() {
            self.fault = part(&mut self.out).err();
        }
    }

    /// Adds an exchange.
    pub(super) fn add(&mut self, recorded: &Recorded) {
        let between: &[u8] = if self.is_empty { b"\n" } else { b",\n" };
        self.is_empty = false;
        self.write(|out| {
            out.write_all(between)?;
            serde_json::to_writer(out, &entry(recorded)).map_err(io::Error::from)
        });
    }

    /// Hands on what is buffered.
    pub(super) fn flush(&mut self) {
        self.write(|out| out.flush());
    }

    /// Ends.
    ///
    /// # Errors
    /// The first fault of writing.
    pub(super) fn end(mut self) -> io::Result<()> {
        self.write(|out| {
            out.write_all(b"\n]}}\n")?;
            out.flush()
        });
        self.fault.map_or(Ok(()), Err)
    }
}
