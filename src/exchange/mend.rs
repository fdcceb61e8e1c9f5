//! Rewrites text that is not JSON as the parser reads it: what recorders write instead of JSON, and what JSON allows but
//! no value can hold.

use serde::de::IgnoredAny;

/// The JSON escape that replaces an invalid character.
const REPLACEMENT: &[u8] = b"\\ufffd";

/// Returns the text with the recorders' mistakes corrected. Lone surrogates and bytes that are not UTF-8 become U+FFFD.
/// Control characters within strings are escaped. NaN and Infinity become null.
#[cfg(feature = "traffic")]
pub(crate) fn mended(bytes: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(bytes);
    rewritten(text.as_bytes(), |rest, is_in_string| match rest {
        [b'\\', ..] if is_in_string => escape(rest),
        [byte @ 0..=0x1f, ..] if is_in_string => (1, Some(format!("\\u{byte:04x}").into_bytes())),
        [b'N' | b'I' | b'-', ..] if !is_in_string => match not_a_number(rest) {
            Some(length) => (length, Some(b"null".to_vec())),
            None => (1, None),
        },
        _ => (1, None),
    })
}

/// Returns a text whose values can be held, if the text is JSON (RFC 8259) but has values that can't be: lone surrogates
/// become U+FFFD (section 8.2), and numbers beyond those of a double become the largest one (section 6).
pub(super) fn holdable(bytes: &[u8]) -> Option<Vec<u8>> {
    // Skipping a value checks the grammar alone.
    serde_json::from_slice::<IgnoredAny>(bytes).ok()?;
    let rewritten = rewritten(bytes, |rest, is_in_string| match rest {
        [b'\\', ..] if is_in_string => escape(rest),
        [b'-' | b'0'..=b'9', ..] if !is_in_string => number(rest),
        _ => (1, None),
    });
    (rewritten != bytes).then_some(rewritten)
}

/// Goes through a text. `part` gets the rest of it, and whether that begins within a string. It returns the length of the
/// part that it has read, and what to write instead of it.
fn rewritten(bytes: &[u8], part: impl Fn(&[u8], bool) -> (usize, Option<Vec<u8>>)) -> Vec<u8> {
    let mut rewritten = Vec::with_capacity(bytes.len());
    let mut is_in_string = false;
    let mut at = 0;
    while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
        let (taken, instead) = part(rest, is_in_string);
        is_in_string ^= rest.first() == Some(&b'"');
        match instead {
            Some(instead) => rewritten.extend(instead),
            None => rewritten.extend(rest.get(..taken).unwrap_or_default()),
        }
        at += taken;
    }
    rewritten
}

/// Returns the length of a number, and the largest double if it is beyond that.
fn number(rest: &[u8]) -> (usize, Option<Vec<u8>>) {
    let is_part = |byte: &&u8| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E');
    let length = rest.iter().take_while(is_part).count();
    let text = rest.get(..length).unwrap_or_default();
    let value = std::str::from_utf8(text)
        .ok()
        .and_then(|text| text.parse::<f64>().ok());
    let instead = value.filter(|value| value.is_infinite());
    let largest = |value: f64| format!("{:e}", f64::MAX.copysign(value)).into_bytes();
    (length, instead.map(largest))
}

/// Returns the length of an escape, and its replacement if it needs one.
fn escape(rest: &[u8]) -> (usize, Option<Vec<u8>>) {
    match (unit(rest), rest.get(6..).and_then(unit)) {
        (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => (12, None),
        (Some(0xd800..=0xdfff), _) => (6, Some(REPLACEMENT.to_vec())),
        (Some(_), _) => (6, None),
        (None, _) => (rest.len().min(2), None),
    }
}

/// Returns the code unit of an escape such as `\u00e9`.
fn unit(rest: &[u8]) -> Option<u16> {
    let digits = rest.strip_prefix(b"\\u")?.get(..4)?;
    let digits = std::str::from_utf8(digits).ok()?;
    u16::from_str_radix(digits, 16).ok()
}

/// Returns the length of a number that JSON does not have, such as NaN.
#[cfg(feature = "traffic")]
fn not_a_number(rest: &[u8]) -> Option<usize> {
    let names: [&[u8]; 3] = [b"NaN", b"Infinity", b"-Infinity"];
    let name = names.into_iter().find(|name| rest.starts_with(name))?;
    Some(name.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use test_case::test_case;

    #[test_case(br#""cut \ud83d""#, "cut \u{fffd}"; "the first half of a pair")]
    #[test_case(br#""\ude00 cut""#, "\u{fffd} cut"; "the second half")]
    #[test_case(br#""\ud83d\ud83d\ude00""#, "\u{fffd}\u{1f600}"; "a half before a pair")]
    #[test_case(br#""\\ud83d""#, "\\ud83d"; "an escaped backslash")]
    #[test_case(b"\"a\nb\"", "a\nb"; "a line break")]
    #[test_case(b"\"\xed\xa0\xbd\"", "\u{fffd}\u{fffd}\u{fffd}"; "half a pair in bytes")]
    #[test_case(b"\"caf\xe9\"", "caf\u{fffd}"; "Latin-1")]
    fn a_string_becomes_readable(written: &[u8], read: &str) {
        let text: String =
            serde_json::from_slice(&mended(written)).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(text, read);
    }

    #[test_case("[1e400, -1E+999, 12]", Some("[1.7976931348623157e308, -1.7976931348623157e308, 12]"); "numbers beyond a double")]
    #[test_case(r#"{"a\ud800": "1e400"}"#, Some(r#"{"a\ufffd": "1e400"}"#); "a lone surrogate")]
    #[test_case(r#"{"a": 1e40, "b": "\ud83d\ude00"}"#, None; "ordinary values")]
    #[test_case("[01e400]", None; "a number that JSON does not have")]
    #[test_case("[1e400", None; "a text that is cut")]
    fn values_that_no_value_can_hold_are_replaced(written: &str, read: Option<&str>) {
        let read = read.map(|read| read.as_bytes().to_vec());
        assert_eq!(holdable(written.as_bytes()), read);
        if let Some(read) = read {
            assert!(serde_json::from_slice::<serde_json::Value>(&read).is_ok());
        }
    }

    #[test_case("[NaN, -Infinity, Infinity, -1]", "[null, null, null, -1]"; "numbers that JSON does not have")]
    #[test_case(r#"["NaN", "\"NaN"]"#, r#"["NaN", "\"NaN"]"#; "their names in strings")]
    fn what_is_not_a_number_becomes_null(written: &str, read: &str) {
        assert_eq!(mended(written.as_bytes()), read.as_bytes());
    }
}
