//! What a target wrote, made safe for a terminal and a log: characters that steer, hide or reorder text are shown as
//! escapes, so that no answer can move the cursor, forge a line, or give a CI system an order.

use std::borrow::Cow;
use std::fmt::Write;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// The same data, with every text in it made visible.
pub(super) fn visible<T>(data: &T) -> Cow<'_, T>
where
    T: Clone + Default + Serialize + DeserializeOwned,
{
    let Ok(mut value) = serde_json::to_value(data) else {
        return Cow::Owned(T::default());
    };
    if change(&mut value) {
        // Texts stay texts, so the data keeps its form.
        Cow::Owned(serde_json::from_value(value).unwrap_or_default())
    } else {
        Cow::Borrowed(data)
    }
}

/// Changes every text and every name; whether there was anything to change.
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

/// The text with escapes, or `None` if it needs none.
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

/// Control characters but the tab, separators of lines, and marks of direction and width.
fn is_hidden(c: char) -> bool {
    c != '\t'
        && (c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'))
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
}
