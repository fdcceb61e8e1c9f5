//! Makes text from outside safe to show. Characters that control, hide or reorder text are shown as escapes. So no
//! answer and no file can move the cursor, forge a line, break a document or give a command to a CI system.

use std::borrow::Cow;
use std::fmt::Write;
use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Returns the same data with the hidden characters of every text escaped, line breaks included.
pub fn visible<T>(data: &T) -> Cow<'_, T>
where
    T: Clone + Default + Serialize + DeserializeOwned,
{
    let Ok(mut value) = serde_json::to_value(data) else {
        return Cow::Owned(T::default());
    };
    if change(&mut value) {
        // Texts stay texts, so the data still deserializes.
        Cow::Owned(serde_json::from_value(value).unwrap_or_default())
    } else {
        Cow::Borrowed(data)
    }
}

/// Escapes every text and every member name, and returns whether anything changed.
fn change(value: &mut Value) -> bool {
    match value {
        Value::String(text) => match escaped(text) {
            Some(escaped) => {
                *text = escaped;
                true
            }
            None => false,
        },
        Value::Array(items) => items.iter_mut().fold(false, |any, item| change(item) | any),
        Value::Object(members) => {
            let mut any = members
                .values_mut()
                .fold(false, |any, item| change(item) | any);
            if members.keys().any(|name| escaped(name).is_some()) {
                any = true;
                *members = std::mem::take(members)
                    .into_iter()
                    .map(|(name, item)| (escaped(&name).unwrap_or(name), item))
                    .collect();
            }
            any
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// Returns the text with escapes, or `None` if it needs none.
fn escaped(text: &str) -> Option<String> {
    if !text.chars().any(is_hidden) {
        return None;
    }
    let mut escaped = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '\n' => escaped.push_str("\\n"),
            '\r' => escaped.push_str("\\r"),
            c if is_hidden(c) => {
                // Writing into a string does not fail.
                let _ = write!(escaped, "\\u{:04x}", u32::from(c));
            }
            c => escaped.push(c),
        }
    }
    Some(escaped)
}

/// Returns the text in one line, with its hidden characters and line breaks escaped.
#[must_use]
pub fn one_line(text: &str) -> Cow<'_, str> {
    escaped(text).map_or(Cow::Borrowed(text), Cow::Owned)
}

/// Returns a path in one line with its hidden characters escaped, for messages. A file name may contain any character.
#[must_use]
pub fn shown(path: &Path) -> String {
    one_line(&path.display().to_string()).into_owned()
}

/// Returns the text with its hidden characters escaped, except line feeds.
#[must_use]
pub fn lines(text: &str) -> Cow<'_, str> {
    escaped_between(text, |_| None)
}

/// Returns the text with its hidden characters escaped, except line feeds and colours (ECMA-48, 8.3.117). Text from
/// outside must be escaped before, because its colours cannot be told from ours here.
#[must_use]
pub fn coloured_lines(text: &str) -> Cow<'_, str> {
    escaped_between(text, colour)
}

/// Escapes hidden characters, except line feeds and sequences whose length in bytes `keeps` returns.
fn escaped_between(text: &str, keeps: impl Fn(&str) -> Option<usize>) -> Cow<'_, str> {
    let is_safe = |c: char| c == '\n' || !is_hidden(c);
    if text.chars().all(is_safe) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    let mut rest = text;
    while let Some(at) = rest.find(|c| !is_safe(c)) {
        let (before, hidden) = rest.split_at(at);
        shown.push_str(before);
        if let Some(length) = keeps(hidden) {
            let (kept, after) = hidden.split_at(length);
            shown.push_str(kept);
            rest = after;
        } else {
            let length = hidden.chars().next().map_or(1, char::len_utf8);
            let (hidden, after) = hidden.split_at(length);
            shown.push_str(&one_line(hidden));
            rest = after;
        }
    }
    shown.push_str(rest);
    Cow::Owned(shown)
}

/// Returns the length in bytes of the colour sequence (ECMA-48, 8.3.117) with which the text begins, if it begins with
/// one.
fn colour(text: &str) -> Option<usize> {
    let parameters = text.strip_prefix("\u{1b}[")?;
    let end = parameters.find(|c: char| !c.is_ascii_digit() && c != ';')?;
    let is_whole = parameters.get(end..)?.starts_with('m');
    is_whole.then_some("\u{1b}[".len() + end + 1)
}

/// A JSON formatter that writes hidden characters as escapes. A reader gets the same data.
#[derive(Debug, Clone, Copy, Default)]
pub struct Escaping;

/// Returns a value as JSON with its hidden characters written as escapes.
#[must_use]
pub fn escaped_json(value: &Value) -> String {
    let mut text = Vec::new();
    let mut serializer = serde_json::Serializer::with_formatter(&mut text, Escaping);
    // Writing into memory does not fail, and every value can be serialized.
    let _ = value.serialize(&mut serializer);
    String::from_utf8_lossy(&text).into_owned()
}

impl serde_json::ser::Formatter for Escaping {
    fn write_string_fragment<W>(&mut self, writer: &mut W, fragment: &str) -> std::io::Result<()>
    where
        W: ?Sized + std::io::Write,
    {
        let mut rest = fragment;
        while let Some(at) = rest.find(is_hidden) {
            let (before, hidden) = rest.split_at(at);
            writer.write_all(before.as_bytes())?;
            let c = hidden.chars().next().unwrap_or_default();
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                write!(writer, "\\u{unit:04x}")?;
            }
            rest = hidden.get(c.len_utf8()..).unwrap_or_default();
        }
        writer.write_all(rest.as_bytes())
    }
}

/// Returns whether a character is hidden: a control character except the tab, a line separator, a mark of direction or
/// width, a tag, or a noncharacter.
fn is_hidden(c: char) -> bool {
    let is_mark = matches!(
        c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}'
    );
    let is_none = matches!(c, '\u{fdd0}'..='\u{fdef}') || u32::from(c) & 0xfffe == 0xfffe;
    c != '\t' && (c.is_control() || is_mark || is_none)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_steers_a_terminal_is_shown_and_the_rest_is_borrowed() {
        let plain = vec!["é ü 中 \t 😀".to_owned()];
        assert!(matches!(visible(&plain), Cow::Borrowed(_)));
        let hostile = vec!["\u{1b}[2J\r\n::error::x\u{202e}\u{9b}".to_owned()];
        let expected = [r"\u001b[2J\r\n::error::x\u202e\u009b".to_owned()];
        assert_eq!(visible(&hostile).as_slice(), expected);
    }

    #[test]
    fn lines_keep_their_breaks_and_colours_only_where_they_are_wanted() {
        let text = "\u{1b}[1;31mred\u{1b}[0m\n\u{1b}[2J\u{1b}]0;x\u{7}\r\u{fffe}";
        let shown = "\u{1b}[1;31mred\u{1b}[0m\n\\u001b[2J\\u001b]0;x\\u0007\\r\\ufffe";
        assert_eq!(coloured_lines(text), shown);
        assert_eq!(lines("\u{1b}[31mred\n"), "\\u001b[31mred\n");
    }

    #[test]
    fn json_with_escapes_is_the_same_data() {
        let data = "a\u{1b}\u{202e}\u{fffe}\u{e0041}\u{feff}\n\u{85}é".to_owned();
        let mut out = Vec::new();
        let mut serializer = serde_json::Serializer::with_formatter(&mut out, Escaping);
        serde::Serialize::serialize(&data, &mut serializer).unwrap_or_else(|e| panic!("{e}"));
        let text = String::from_utf8_lossy(&out);
        assert!(!text.chars().any(is_hidden), "{text}");
        let read: String = serde_json::from_slice(&out).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(read, data);
    }
}
