//! Which body it was that a recorder kept. Recorders keep bodies as they came over the wire or unpacked, as text, as
//! base64 or as bytes written as characters, label them wrongly, cut them off or leave them out. A reading that is JSON
//! is the body; where none is, a body that can't be had for sure counts as not recorded.

use std::borrow::Cow;

use base64::Engine;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use encoding_rs::WINDOWS_1252;
use serde::de::IgnoredAny;

use super::coding;
use crate::exchange::{Headers, has_marks, is_mark};

/// How often a body may be packed.
const PACKED: usize = 3;

/// What a recorder kept of a body.
#[derive(Debug, Default)]
pub(super) struct Kept<'a> {
    /// The text in the recording.
    pub(super) text: Option<Cow<'a, str>>,
    /// The bytes of a file beside it.
    pub(super) bytes: Option<Vec<u8>>,
    /// Whether the text is said to be base64.
    pub(super) is_base64: bool,
    /// How long the body is said to be, in bytes; negative if that is not known.
    pub(super) size: Option<f64>,
    /// How many bytes the recorder saw on the wire; negative if it does not know.
    pub(super) on_the_wire: Option<f64>,
}

/// Why a body can't be had.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// It was not recorded, or not so that it can be had for sure.
    NotRecorded,
    /// What was recorded can't be read, with why.
    Unreadable(String),
}

/// The body of a response.
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

/// The body of a request; empty if it surely had none, `None` if it was not recorded.
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

/// Names the media type where the recorder names it beside the fields only, or took it out.
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
    // Where no field was recorded at all, none is missing.
    let unknown = (is_taken_out || headers.0.is_empty()).then_some("application/json");
    if let Some(media_type) = beside.or(unknown) {
        headers.push(FIELD, media_type);
    }
}

/// The bytes that the recorder may have meant, the likeliest first; none if it kept nothing.
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
        // The common case needs no second thought.
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

/// Bytes that were written as the characters of Latin-1, or of the code page that programs take for it.
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

/// The JSON object or list that the bytes are, or that is packed in them.
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

/// Whether the bytes are text as people read it, so that the recorder can't have kept them packed.
fn is_readable(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_ok_and(|text| {
        text.chars()
            .all(|c| c != '\u{fffd}' && (!c.is_control() || matches!(c, '\t' | '\r' | '\n')))
    })
}

/// Whether a text that is not JSON is all of what was sent.
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

/// Whether a response without text had no body.
fn is_surely_empty(kept: &Kept<'_>, headers: &Headers) -> bool {
    let none = |size: Option<f64>| size.is_none_or(|size| size <= 0.0);
    if !none(kept.size) {
        return false;
    }
    match content_length(headers) {
        Some(length) => length == 0,
        // Recorders that were told to keep no bodies say 0 as well: only an empty text is a body that was kept.
        None => {
            let is_kept = kept.text.is_some() || kept.bytes.is_some();
            is_kept && none(kept.on_the_wire) && coding::codings(headers).is_empty()
        }
    }
}

/// Whether a request without text had no body.
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
