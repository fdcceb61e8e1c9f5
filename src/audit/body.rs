//! Finds the body in what a recorder kept. Recorders keep bodies as they came over the wire or unpacked. They write
//! them as text, as base64 or as bytes written as characters. They also label bodies wrongly, cut them off or leave
//! them out. A reading that is JSON is the body. If none is JSON, a body that is not certain counts as not recorded.

use std::borrow::Cow;

use base64::Engine;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use encoding_rs::WINDOWS_1252;
use serde::de::IgnoredAny;

use super::coding;
use crate::exchange::{Headers, has_marks, is_mark};

/// Maximum number of content codings that are undone on one body.
const PACKED: usize = 3;

/// The parts of a body that a recorder kept.
#[derive(Debug, Default)]
pub(super) struct Kept<'a> {
    /// The text in the recording.
    pub(super) text: Option<Cow<'a, str>>,
    /// The bytes of a file beside the recording.
    pub(super) bytes: Option<Vec<u8>>,
    /// Whether the recording labels the text as base64.
    pub(super) is_base64: bool,
    /// The length that the recording states for the body, in bytes; negative if it is not known.
    pub(super) size: Option<f64>,
    /// The number of bytes that the recorder saw on the wire; negative if it does not know.
    pub(super) on_the_wire: Option<f64>,
}

/// The reason why a body is not available.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// It was not recorded, or the recording does not tell for certain what it was.
    NotRecorded,
    /// The recorded body can't be read; the text says why.
    Unreadable(String),
}

/// Returns the body of a response.
///
/// # Errors
/// [`Trouble`].
pub(super) fn of_response(
    kept: &Kept<'_>,
    status: u16,
    headers: &Headers,
) -> Result<Vec<u8>, Trouble> {
    let readings = readings(kept);
    let Some(first) = readings.first() else {
        let is_empty = is_surely_empty(kept, headers) || matches!(status, 204 | 205);
        return if is_empty {
            Ok(Vec::new())
        } else {
            Err(Trouble::NotRecorded)
        };
    };
    if let Some(json) = readings
        .iter()
        .find_map(|reading| json_in(reading, headers))
    {
        return if has_marks(&json) {
            Err(Trouble::NotRecorded)
        } else {
            Ok(json)
        };
    }
    if is_readable(first) {
        return if is_whole(first, kept, headers) {
            Ok(first.to_vec())
        } else {
            Err(Trouble::NotRecorded)
        };
    }
    if !coding::codings(headers).is_empty()
        && let Some(unpacked) = coding::undone(headers, first.to_vec())
        && !unpacked.is_empty()
        && is_readable(&unpacked)
    {
        return Ok(unpacked);
    }
    if coding::codings(headers).is_empty() {
        return Err(Trouble::NotRecorded);
    }
    let codings = coding::codings(headers).join(", ");
    Err(Trouble::Unreadable(format!(
        "its body can't be unpacked ({codings})"
    )))
}

/// Returns the body of a request: empty if it certainly had none, `None` if it was not recorded.
pub(super) fn of_request(kept: &Kept<'_>, headers: &Headers) -> Option<Vec<u8>> {
    let readings = readings(kept);
    let Some(first) = readings.first() else {
        return is_surely_none(kept, headers).then(Vec::new);
    };
    if let Some(json) = readings
        .iter()
        .find_map(|reading| json_in(reading, headers))
    {
        return (!has_marks(&json)).then_some(json);
    }
    let is_had =
        coding::codings(headers).is_empty() && is_readable(first) && is_whole(first, kept, headers);
    is_had.then(|| first.to_vec())
}

/// Adds the `content-type` field if the recorder names the media type only outside the fields, or removed it.
pub(super) fn name_media_type(headers: &mut Headers, beside: Option<&str>) {
    const FIELD: &str = "content-type";
    let beside = beside
        .filter(|text| text.contains('/') && !is_mark(text) && !text.starts_with("x-unknown"));
    let is_taken_out = headers.get(FIELD).is_some_and(is_mark);
    if is_taken_out {
        headers.0.retain(|(name, _)| name != FIELD);
    }
    if headers.get(FIELD).is_some() {
        return;
    }
    // If the recorder kept no fields, or removed this one, JSON is assumed.
    let unknown = (is_taken_out || headers.0.is_empty()).then_some("application/json");
    if let Some(media_type) = beside.or(unknown) {
        headers.push(FIELD, media_type);
    }
}

/// Returns the bytes that the recorder may have meant, the likeliest first. The list is empty if it kept nothing.
fn readings<'k>(kept: &'k Kept<'_>) -> Vec<Cow<'k, [u8]>> {
    let mut readings = Vec::new();
    if let Some(bytes) = &kept.bytes {
        readings.push(Cow::Borrowed(bytes.as_slice()));
    }
    let Some(text) = kept.text.as_deref().filter(|text| !text.is_empty()) else {
        readings.retain(|reading: &Cow<'_, [u8]>| !reading.is_empty());
        return readings;
    };
    let plain = Cow::Borrowed(text.as_bytes());
    if !kept.is_base64 {
        readings.push(plain.clone());
        // In the common case the other readings are not needed.
        if text.trim_start().starts_with('{') {
            return readings;
        }
    }
    if let Some(bytes) = from_base64(text) {
        readings.push(Cow::Owned(bytes));
    }
    if kept.is_base64 {
        readings.push(plain);
    }
    readings.extend(bytes_as_characters(text).into_iter().map(Cow::Owned));
    readings
}

fn from_base64(text: &str) -> Option<Vec<u8>> {
    let config = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    let text: String = text.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    let coded = text
        .strip_prefix("data:")
        .and_then(|url| url.split_once(','))
        .map_or(text.as_str(), |(_, coded)| coded);
    let engines = [&STANDARD, &URL_SAFE].map(|alphabet| GeneralPurpose::new(alphabet, config));
    engines.iter().find_map(|engine| engine.decode(coded).ok())
}

/// Returns the bytes that were written as characters of Latin-1, or of Windows-1252, which programs often confuse with
/// it.
fn bytes_as_characters(text: &str) -> Vec<Vec<u8>> {
    if text.is_ascii() && !text.bytes().any(|byte| byte < 0x20) {
        return Vec::new();
    }
    let latin_1 = text
        .chars()
        .map(|c| u8::try_from(u32::from(c)).ok())
        .collect::<Option<Vec<u8>>>();
    let (code_page, _, is_lossy) = WINDOWS_1252.encode(text);
    let code_page = (!is_lossy).then(|| code_page.into_owned());
    latin_1.into_iter().chain(code_page).collect()
}

/// Returns the JSON object or list in the bytes, unpacked if necessary.
fn json_in(bytes: &[u8], headers: &Headers) -> Option<Vec<u8>> {
    if is_json(bytes) {
        return Some(bytes.to_vec());
    }
    let mut said = coding::codings(headers);
    said.dedup();
    let mut packed = vec![bytes.to_vec()];
    for _ in 0..PACKED {
        let mut within = Vec::new();
        for body in &packed {
            let by_mark = coding::marked(body).into_iter().map(str::to_owned);
            for coding in said.iter().cloned().chain(by_mark) {
                let Some(unpacked) = coding::unpacked(&coding, body) else {
                    continue;
                };
                if is_json(&unpacked) {
                    return Some(unpacked);
                }
                if !unpacked.is_empty() && !within.contains(&unpacked) {
                    within.push(unpacked);
                }
            }
        }
        packed = within;
    }
    None
}

fn is_json(bytes: &[u8]) -> bool {
    matches!(bytes.trim_ascii_start().first(), Some(b'{' | b'['))
        && serde_json::from_slice::<IgnoredAny>(bytes).is_ok()
}

/// Returns whether the bytes are readable text, and so were not kept packed.
fn is_readable(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_ok_and(|text| {
        text.chars()
            .all(|c| c != '\u{fffd}' && (!c.is_control() || matches!(c, '\t' | '\r' | '\n')))
    })
}

/// Returns whether a text that is not JSON is all of what was sent.
fn is_whole(text: &[u8], kept: &Kept<'_>, headers: &Headers) -> bool {
    if std::str::from_utf8(text).is_ok_and(is_mark) {
        return false;
    }
    let length = as_f64(text.len());
    let announced = content_length(headers).filter(|_| coding::codings(headers).is_empty());
    if announced.is_some_and(|announced| announced > text.len())
        || kept.size.is_some_and(|size| size > length)
    {
        return false;
    }
    let is_confirmed = announced == Some(text.len()) || kept.size.is_some_and(|size| size >= 0.0);
    let ends_early = serde_json::from_slice::<IgnoredAny>(text).is_err_and(|error| error.is_eof());
    is_confirmed || !ends_early
}

/// Returns whether a response without recorded text certainly had no body.
fn is_surely_empty(kept: &Kept<'_>, headers: &Headers) -> bool {
    let none = |size: Option<f64>| size.is_none_or(|size| size <= 0.0);
    if !none(kept.size) {
        return false;
    }
    match content_length(headers) {
        Some(length) => length == 0,
        // Recorders that keep no bodies also give the size 0. Only a text that is present and empty shows an empty
        // body.
        None => {
            let is_kept = kept.text.is_some() || kept.bytes.is_some();
            is_kept && none(kept.on_the_wire) && coding::codings(headers).is_empty()
        }
    }
}

/// Returns whether a request without recorded text certainly had no body.
fn is_surely_none(kept: &Kept<'_>, headers: &Headers) -> bool {
    if kept.size.is_some_and(|size| size > 0.0) || kept.on_the_wire.is_some_and(|size| size > 0.0) {
        return false;
    }
    let fields = ["content-length", "content-type", "transfer-encoding"];
    match content_length(headers) {
        Some(length) => length == 0,
        None => {
            let is_said = fields.iter().any(|field| headers.get(field).is_some());
            kept.on_the_wire == Some(0.0) && !headers.0.is_empty() && !is_said
        }
    }
}

pub(super) fn content_length(headers: &Headers) -> Option<usize> {
    headers.get("content-length")?.trim().parse().ok()
}

#[expect(
    clippy::cast_precision_loss,
    reason = "bodies are far shorter than 2^53 bytes"
)]
fn as_f64(length: usize) -> f64 {
    length as f64
}
