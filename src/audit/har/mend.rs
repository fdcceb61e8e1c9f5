//! Turns text that recorders write instead of JSON into JSON.

/// The JSON escape that replaces an invalid character.
const REPLACEMENT: &[u8] = b"\\ufffd";

/// Returns the text with the recorders' mistakes corrected. Lone surrogates and bytes that are not UTF-8 become U+FFFD.
/// Control characters within strings are escaped. NaN and Infinity become null.
pub(super) fn mended(bytes: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(bytes);
    let bytes = text.as_bytes();
    let mut mended = Vec::with_capacity(bytes.len());
    let mut is_in_string = false;
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let rest = bytes.get(at..).unwrap_or_default();
        let (taken, instead): (usize, Option<Vec<u8>>) = match byte {
            b'"' => {
                is_in_string = !is_in_string;
                (1, None)
            }
            b'\\' if is_in_string => escape(rest),
            0..=0x1f if is_in_string => (1, Some(format!("\\u{byte:04x}").into_bytes())),
            b'N' | b'I' | b'-' if !is_in_string => match not_a_number(rest) {
                Some(length) => (length, Some(b"null".to_vec())),
                None => (1, None),
            },
            _ => (1, None),
        };
        match instead {
            Some(instead) => mended.extend(instead),
            None => mended.extend(rest.get(..taken).unwrap_or_default()),
        }
        at += taken;
    }
    mended
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

    #[test_case("[NaN, -Infinity, Infinity, -1]", "[null, null, null, -1]"; "numbers that JSON does not have")]
    #[test_case(r#"["NaN", "\"NaN"]"#, r#"["NaN", "\"NaN"]"#; "their names in strings")]
    fn what_is_not_a_number_becomes_null(written: &str, read: &str) {
        assert_eq!(mended(written.as_bytes()), read.as_bytes());
    }
}
