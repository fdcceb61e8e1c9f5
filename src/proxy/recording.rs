//! Writes HAR 1.2 while the traffic goes on, with one entry per line. After each entry the file is a complete document,
//! so that it can be read even if the recorder was killed.

use std::borrow::Cow;
use std::fmt;
use std::fs::File;
use std::io::{self, BufWriter, Seek, SeekFrom, Write};

use base64::Engine;
use http::StatusCode;
use jiff::Timestamp;
use serde::Serialize;

use crate::audit::Recorded;
use crate::exchange::Headers;

/// The value that a HAR gives for an unknown number.
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
    text: Option<Cow<'r, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    encoding: Option<&'static str>,
}

impl<'r> Body<'r> {
    fn new(headers: &'r Headers, body: Option<&'r [u8]>) -> Self {
        let (text, encoding) = match body.map(|body| (body, str::from_utf8(body))) {
            Some((_, Ok(text))) => (Some(Cow::Borrowed(text)), None),
            Some((bytes, Err(_))) => {
                let text = base64::engine::general_purpose::STANDARD.encode(bytes);
                (Some(Cow::Owned(text)), Some("base64"))
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
            post_data: sent
                .filter(|body| !body.is_empty())
                .map(|body| Body::new(asked, Some(body))),
            headers_size: UNKNOWN,
            body_size: size(sent),
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

/// The text that ends a recording after any entry.
const TAIL: &[u8] = b"\n]}}\n";

/// The destination of a recording.
pub enum RecordTo {
    /// A file, which is a complete document after each entry.
    File(File),
    /// A stream, which is a complete document only at its end.
    Stream(Box<dyn Write + Send>),
}

impl fmt::Debug for RecordTo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::File(_) => "File",
            Self::Stream(_) => "Stream",
        })
    }
}

/// A recording under way. After a failure nothing more is written, and the missing exchanges are counted.
pub(super) struct Recording {
    out: RecordTo,
    /// The position at which the next entry begins, in bytes.
    end: u64,
    is_empty: bool,
    fault: Option<io::Error>,
    dropped: usize,
}

impl Recording {
    /// Begins a recording.
    pub(super) fn new(out: RecordTo) -> Self {
        let mut recording = Self {
            out,
            end: 0,
            is_empty: true,
            fault: None,
            dropped: 0,
        };
        let version = env!("CARGO_PKG_VERSION");
        let creator = serde_json::json!({"name": "originproof", "version": version});
        let begin = format!(r#"{{"log":{{"version":"1.2","creator":{creator},"entries":["#);
        recording.write(|out| out.write_all(begin.as_bytes()));
        recording
    }

    /// Returns the number of exchanges that could not be written.
    pub(super) fn dropped(&self) -> usize {
        self.dropped
    }

    /// Appends a part to the recording; in a file, the tail follows it.
    fn write(&mut self, part: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> bool {
        if self.fault.is_some() {
            return false;
        }
        let written = match &mut self.out {
            RecordTo::Stream(out) => part(out),
            RecordTo::File(file) => write_at(file, self.end, part).map(|end| self.end = end),
        };
        self.fault = written.err();
        self.fault.is_none()
    }

    /// Adds an exchange.
    pub(super) fn add(&mut self, recorded: &Recorded) {
        let between: &[u8] = if self.is_empty { b"\n" } else { b",\n" };
        let is_written = self.write(|out| {
            out.write_all(between)?;
            serde_json::to_writer(out, &entry(recorded)).map_err(io::Error::from)
        });
        self.is_empty &= !is_written;
        self.dropped += usize::from(!is_written);
    }

    /// Flushes buffered data.
    pub(super) fn flush(&mut self) {
        if let (RecordTo::Stream(out), None) = (&mut self.out, &self.fault) {
            self.fault = out.flush().err();
        }
    }

    /// Ends the recording.
    ///
    /// # Errors
    /// Returns the first error of writing.
    pub(super) fn end(mut self) -> io::Result<()> {
        if let Some(fault) = self.fault {
            return Err(fault);
        }
        match &mut self.out {
            RecordTo::File(file) => file.flush(),
            RecordTo::Stream(out) => out.write_all(TAIL).and_then(|()| out.flush()),
        }
    }
}

/// Writes a part at a position of a file, and the tail after it. Returns the end of the part. A part that can't be
/// written completely is removed again: even a full disk has room for what was there before.
fn write_at(
    file: &mut File,
    place: u64,
    part: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<u64> {
    let write = || {
        file.seek(SeekFrom::Start(place))?;
        let mut out = BufWriter::new(&mut *file);
        part(&mut out)?;
        let end = out.stream_position()?;
        out.write_all(TAIL)?;
        out.flush()?;
        Ok(end)
    };
    let written: io::Result<u64> = write();
    if written.is_err() {
        let _ = file.set_len(place);
        let _ = file
            .seek(SeekFrom::Start(place))
            .and_then(|_| file.write_all(TAIL));
    }
    written
}
