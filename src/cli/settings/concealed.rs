//! Masks values that may be secret in the text of a configuration file, for messages. Lines, columns and byte positions
//! stay as they are.

use originproof::diagnostic::Span;

/// The minimum length of a word that is removed from a parser's message, in bytes.
const LEAST: usize = 4;

/// Returns the text with the characters in these spans masked.
pub(super) fn without(text: &str, hidden: &[Span]) -> String {
    let is_hidden = |at: usize| {
        hidden
            .iter()
            .any(|span| (span.start..span.end).contains(&at))
    };
    text.char_indices()
        .map(|(at, c)| {
            let is_shape = c.is_whitespace() || matches!(c, '"' | '\'' | '[' | ']' | ',');
            if is_shape || !is_hidden(at) {
                c
            } else {
                mask(c)
            }
        })
        .collect()
}

/// Returns a mask character of the same width in bytes.
fn mask(c: char) -> char {
    match c.len_utf8() {
        1 => '*',
        2 => '\u{d7}',
        3 => '\u{2022}',
        _ => '\u{1f784}',
    }
}

/// Returns the spans to hide in a file that cannot be parsed, and the parser's message without the hidden words. All
/// text except tables and known keys is hidden, because nothing tells which values are secrets.
pub(super) fn unreadable(text: &str, message: &str) -> (Vec<Span>, String) {
    let mut hidden = Vec::new();
    let mut message = message.to_owned();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let end = start + line.len();
        let value = match line.split_once('=') {
            Some((key, _)) if is_key(key) => start + key.len() + 1,
            Some(_) | None => start,
        };
        let is_table = line.trim_start().starts_with('[') && !line.contains('=');
        if !is_table {
            let span = Span { start: value, end };
            for word in words(text.get(value..end).unwrap_or_default()) {
                message = message.replace(word, "***");
            }
            hidden.push(span);
        }
        start = end;
    }
    (hidden, message)
}

/// Returns whether the text is the key of a setting. Other text before an equals sign may be part of a value.
fn is_key(text: &str) -> bool {
    let text = text.trim();
    originproof::settings::by_key(text).is_some() || ["default-target", "target"].contains(&text)
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ',' | '='))
        .filter(|word| word.len() >= LEAST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masked_text_keeps_its_bytes_and_columns() {
        let text = "token = \"s\u{e4}cret \u{2603}\u{1f600}\"\nurl = 1\n";
        let end = text.find('\n').unwrap_or_default();
        let masked = without(text, &[Span { start: 8, end }]);
        assert_eq!(masked.len(), text.len());
        assert_eq!(masked.chars().count(), text.chars().count());
        assert_eq!(
            masked,
            "token = \"*\u{d7}**** \u{2022}\u{1f784}\"\nurl = 1\n"
        );
    }

    #[test]
    fn of_a_file_that_can_not_be_parsed_only_known_keys_and_tables_are_shown() {
        let text = "[target.x]\nurl = http://h\ntoken s3cret-one\ntoken = s3cret=two\n\"\"\"s3cret = three\n";
        let (hidden, message) = unreadable(text, "unexpected s3cret-one");
        let masked = without(text, &hidden);
        assert!(
            !masked.contains("s3cret") && !masked.contains("http"),
            "{masked}"
        );
        assert!(
            masked.starts_with("[target.x]\nurl = *") && masked.contains("\ntoken = *"),
            "{masked}"
        );
        assert_eq!(message, "unexpected ***");
    }
}
