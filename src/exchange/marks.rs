//! Recognizes marks that recorders and cleaners write in place of what they remove.

use serde_json::Value;

use super::json::{JsonFault, parse_json};

/// The words that a mark contains.
const WORDS: [&str; 16] = [
    "censor",
    "filtered",
    "hidden",
    "mask",
    "not recorded",
    "obfuscat",
    "omitted",
    "private",
    "redact",
    "removed",
    "sanitiz",
    "scrub",
    "secret",
    "stripped",
    "truncated",
    "withheld",
];
/// The longest mark, in characters.
const LONGEST: usize = 80;
/// The members whose values the contract describes.
const MEMBERS: [&str; 22] = [
    "code",
    "count",
    "editable",
    "errors",
    "id",
    "ip",
    "message",
    "messages",
    "modified_on",
    "name",
    "obtained_codes",
    "origin-ip",
    "origin_ip",
    "page",
    "per_page",
    "region",
    "result",
    "success",
    "total_count",
    "total_pages",
    "value",
    "vendor",
];

/// Returns whether a text is a mark in place of another text, such as `[redacted]`, `<omitted>` or `***`.
#[must_use]
pub fn is_mark(text: &str) -> bool {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > LONGEST {
        return false;
    }
    let is_filler = |c: char| {
        matches!(
            c,
            '*' | 'x' | 'X' | '•' | '●' | '█' | '…' | '#' | '-' | '.' | '_'
        )
    };
    if text.chars().count() >= 3 && text.chars().all(is_filler) {
        return text.chars().any(|c| !matches!(c, '.' | '-' | '_'));
    }
    let is_open = text.starts_with(['[', '<', '(', '{', '*', '#', '_', '%', '$']);
    let lower = text.to_ascii_lowercase();
    let mut words = WORDS.iter();
    if is_open {
        words.any(|word| lower.contains(word))
    } else {
        // A mark without brackets is one word or a few words.
        lower.split_whitespace().count() <= 4 && words.any(|word| lower.starts_with(word))
    }
}

/// Returns whether a JSON text has marks where the contract expects values.
#[must_use]
pub fn has_marks(json: &[u8]) -> bool {
    // Most bodies have nothing that could be a mark, and need not be parsed for it.
    let is_possible = |window: &[u8]| {
        window.eq_ignore_ascii_case(b"redact")
            || window.eq_ignore_ascii_case(b"remove")
            || window.eq_ignore_ascii_case(b"omitte")
            || window.eq_ignore_ascii_case(b"masked")
            || window.eq_ignore_ascii_case(b"hidden")
            || window.eq_ignore_ascii_case(b"filter")
            || window.eq_ignore_ascii_case(b"saniti")
            || window.eq_ignore_ascii_case(b"scrubb")
            || window.eq_ignore_ascii_case(b"trunca")
            || window.starts_with(b"\"***")
            || window.eq_ignore_ascii_case(b"\"xxxxx")
    };
    json.windows(6).any(is_possible)
        && match parse_json(json) {
            Ok(value) | Err(JsonFault::TooMany(value)) => holds_marks(&value, true),
            Err(JsonFault::Parse(_)) => false,
        }
}

fn holds_marks(value: &Value, is_spoken_of: bool) -> bool {
    match value {
        Value::String(text) => is_spoken_of && is_mark(text),
        Value::Array(items) => items.iter().any(|item| holds_marks(item, is_spoken_of)),
        Value::Object(members) => members.iter().any(|(name, value)| {
            is_mark(name) || holds_marks(value, MEMBERS.contains(&name.as_str()))
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use test_case::test_case;

    #[test_case("[redacted]"; "in brackets")]
    #[test_case("[application/json redacted]"; "with what it was")]
    #[test_case("<omitted: 1.2 kB>"; "in angle brackets")]
    #[test_case("REDACTED"; "a word")]
    #[test_case("***"; "stars")]
    #[test_case("xxxxxxxx"; "letters")]
    #[test_case("(body truncated)"; "in parentheses")]
    #[test_case("{{SECRET}}"; "in braces")]
    fn a_mark_is_known(text: &str) {
        assert!(is_mark(text));
    }

    #[test_case(""; "nothing")]
    #[test_case("us-east-1"; "a region")]
    #[test_case("2"; "a number")]
    #[test_case("..."; "dots")]
    #[test_case("Invalid or missing origin IP address."; "a message")]
    #[test_case("The zone was removed, and so were its settings."; "a sentence with such a word")]
    fn other_texts_are_not_marks(text: &str) {
        assert!(!is_mark(text));
    }

    #[test_case(r#"{"result": {"origin_ip": "[redacted]"}}"#, true; "a member of the contract")]
    #[test_case(r#"{"result": [{"vendor": "***"}]}"#, true; "within a list")]
    #[test_case(r#"{"result": {"x-token": "[redacted]"}}"#, false; "another member")]
    #[test_case(r#"{"result": {"origin_ip": "192.0.2.1"}}"#, false; "none")]
    fn marks_in_a_body_are_found(json: &str, found: bool) {
        assert_eq!(has_marks(json.as_bytes()), found);
    }
}
