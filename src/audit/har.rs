//! HAR 1.2, entry by entry: the memory that it takes does not grow with the file. Members that recorders leave out may
//! be missing.

use std::fmt;
use std::io::Read;

use base64::Engine;
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::recorded::Recorded;
use crate::exchange::Headers;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    started_date_time: Option<String>,
    time: Option<f64>,
    request: EntryRequest,
    response: Option<EntryResponse>,
    /// Our own recorder's: how many exchanges before this one are missing.
    #[serde(rename = "_missedBefore", default)]
    missed_before: usize,
    /// Chromium's: the answer came from the browser's own memory.
    #[serde(rename = "_fromCache")]
    from_cache: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct EntryRequest {
    method: String,
    url: String,
    headers: Option<Vec<Field>>,
    post_data: Option<PostData>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct EntryResponse {
    status: Option<i64>,
    headers: Option<Vec<Field>>,
    content: Option<Content>,
}

#[derive(Deserialize)]
struct Field {
    name: String,
    value: Option<String>,
}

#[derive(Deserialize)]
struct PostData {
    text: Option<String>,
    encoding: Option<String>,
}

#[derive(Deserialize)]
struct Content {
    text: Option<String>,
    encoding: Option<String>,
    /// The length of the body once it is unpacked, in bytes; -1 if the recorder does not know.
    size: Option<f64>,
}

/// Reads entries and hands each on; returns how many there were.
///
/// # Errors
/// Where the file is no HAR, in words with line and column.
pub(super) fn read(reader: impl Read, mut each: impl FnMut(Recorded)) -> Result<usize, String> {
    let mut count = 0;
    let mut fault = None;
    let mut on_entry = |entry: Entry| match recorded(entry) {
        Ok(recorded) => {
            count += 1;
            each(recorded);
        }
        Err(error) => {
            fault.get_or_insert(format!("entry {}: {error}", count + 1));
        }
    };
    let mut deserializer = serde_json::Deserializer::from_reader(reader);
    let walk = Walk {
        key: "log",
        found: "the member `log`",
        inner: Inner::Log(&mut on_entry),
    };
    let has_entries = walk
        .deserialize(&mut deserializer)
        .map_err(|error| error.to_string())?;
    deserializer.end().map_err(|error| error.to_string())?;
    match (fault, has_entries) {
        (Some(fault), _) => Err(fault),
        (None, false) => Err("it has no `log.entries`".to_owned()),
        (None, true) => Ok(count),
    }
}

/// Walks into one member of an object and passes over the others; whether the entries were found.
struct Walk<'f> {
    key: &'static str,
    found: &'static str,
    inner: Inner<'f>,
}

enum Inner<'f> {
    Log(&'f mut dyn FnMut(Entry)),
    Entries(&'f mut dyn FnMut(Entry)),
}

impl<'de> DeserializeSeed<'de> for Walk<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Walk<'_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an object with {}", self.found)
    }

    fn visit_map<M: MapAccess<'de>>(mut self, mut members: M) -> Result<bool, M::Error> {
        let mut has_entries = false;
        while let Some(key) = members.next_key::<String>()? {
            if key != self.key {
                members.next_value::<IgnoredAny>()?;
                continue;
            }
            has_entries = match &mut self.inner {
                Inner::Log(each) => members.next_value_seed(Walk {
                    key: "entries",
                    found: "the member `entries`",
                    inner: Inner::Entries(*each),
                })?,
                Inner::Entries(each) => {
                    members.next_value_seed(Entries(*each))?;
                    true
                }
            };
        }
        Ok(has_entries)
    }
}

struct Entries<'f>(&'f mut dyn FnMut(Entry));

impl<'de> DeserializeSeed<'de> for Entries<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Entries<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of entries")
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut entries: S) -> Result<(), S::Error> {
        while let Some(entry) = entries.next_element::<Entry>()? {
            (self.0)(entry);
        }
        Ok(())
    }
}

fn recorded(entry: Entry) -> Result<Recorded, String> {
    let started = entry.started_date_time.as_deref();
    let started_us = started
        .and_then(|text| text.parse::<jiff::Timestamp>().ok())
        .map(jiff::Timestamp::as_microsecond);
    let request = entry.request;
    let mut recorded = Recorded {
        method: request.method,
        url: request.url,
        request_headers: fields(request.headers.unwrap_or_default()),
        request_body: match request.post_data {
            Some(PostData {
                text: Some(text),
                encoding,
            }) => Some(bytes(text, encoding.as_deref())?),
            _ => None,
        },
        started_us,
        resolution_us: resolution(started.unwrap_or_default()),
        is_cached: entry.from_cache.is_some(),
        elapsed_us: microseconds(entry.time.unwrap_or(0.0)),
        missed_before: entry.missed_before,
        ..Recorded::default()
    };
    if let Some(response) = entry.response {
        recorded.status = u16::try_from(response.status.unwrap_or(0)).unwrap_or(0);
        recorded.response_headers = fields(response.headers.unwrap_or_default());
        recorded.response_body = match response.content {
            Some(content) => body(content)?,
            None => None,
        };
    }
    Ok(recorded)
}

/// The body, if it was recorded whole.
fn body(content: Content) -> Result<Option<Vec<u8>>, String> {
    let size = content.size.unwrap_or(-1.0);
    let Some(text) = content.text else {
        // An empty body has no text either.
        return Ok((size == 0.0).then(Vec::new));
    };
    let body = bytes(text, content.encoding.as_deref())?;
    // Some recorders cut long bodies off.
    let is_cut = size > to_f64(body.len()) && serde_json::from_slice::<IgnoredAny>(&body).is_err();
    Ok((!is_cut).then_some(body))
}

/// How fine a time is told, in microseconds.
fn resolution(time: &str) -> i64 {
    let fraction = time.split_once('.').map_or("", |(_, fraction)| fraction);
    let digits = fraction.bytes().take_while(u8::is_ascii_digit).count();
    10_i64.pow(6_u32.saturating_sub(u32::try_from(digits).unwrap_or(6)))
}

#[expect(
    clippy::cast_precision_loss,
    reason = "bodies are far shorter than 2^53 bytes"
)]
fn to_f64(length: usize) -> f64 {
    length as f64
}

fn fields(fields: Vec<Field>) -> Headers {
    let mut headers = Headers::default();
    // HTTP/2 recorders list the parts of the request line as fields.
    for field in fields
        .into_iter()
        .filter(|field| !field.name.starts_with(':'))
    {
        headers.push(&field.name, field.value.unwrap_or_default());
    }
    headers
}

fn bytes(text: String, encoding: Option<&str>) -> Result<Vec<u8>, String> {
    match encoding {
        Some(encoding) if encoding.eq_ignore_ascii_case("base64") => {
            base64::engine::general_purpose::STANDARD
                .decode(text.trim())
                .map_err(|error| format!("its body is no base64: {error}"))
        }
        _ => Ok(text.into_bytes()),
    }
}

/// A HAR's milliseconds.
fn microseconds(milliseconds: f64) -> u64 {
    std::time::Duration::try_from_secs_f64(milliseconds.max(0.0) / 1_000.0)
        .ok()
        .and_then(|time| u64::try_from(time.as_micros()).ok())
        .unwrap_or(0)
}
