//! Shortens the expected and the found text to the parts that differ.

use similar::{ChangeTag, TextDiff};

use super::style::Style;

/// The length in bytes below which texts are shown whole: a reader sees the difference without help.
const SHORT: usize = 60;
/// The number of equal words and spaces that stay on either side of a difference.
const CONTEXT: usize = 3;

/// Returns both texts. If they have much in common, their long equal parts are left out.
pub(super) fn limited(expected: &str, found: &str, style: Style) -> (String, String) {
    if expected.len() < SHORT && found.len() < SHORT {
        return (expected.to_owned(), found.to_owned());
    }
    let diff = TextDiff::from_words(expected, found);
    if diff.ratio() < 0.5 {
        return (expected.to_owned(), found.to_owned());
    }
    let mut left = Side::default();
    let mut right = Side::default();
    for change in diff.iter_all_changes() {
        let text = change.value();
        match change.tag() {
            ChangeTag::Equal => {
                left.equal.push(text);
                right.equal.push(text);
            }
            ChangeTag::Delete => left.different(text, style),
            ChangeTag::Insert => right.different(text, style),
        }
    }
    (left.end(), right.end())
}

/// One of the two texts while it is built.
#[derive(Default)]
struct Side<'t> {
    text: String,
    equal: Vec<&'t str>,
}

impl Side<'_> {
    fn different(&mut self, text: &str, style: Style) {
        let from = self.equal.len().saturating_sub(CONTEXT);
        if from > 0 {
            let begin = if self.text.is_empty() {
                0
            } else {
                CONTEXT.min(from)
            };
            self.text.extend(self.equal.iter().take(begin).copied());
            if from > begin {
                self.text.push('…');
            }
        }
        self.text.extend(self.equal.iter().skip(from).copied());
        self.equal.clear();
        self.text.push_str(style.bold);
        self.text.push_str(text);
        self.text.push_str(style.reset);
    }

    fn end(mut self) -> String {
        let more = self.equal.len() > CONTEXT;
        self.text.extend(self.equal.iter().take(CONTEXT).copied());
        if more {
            self.text.push('…');
        }
        self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_equal_and_long_is_left_out() {
        let expected =
            "one two three four five six seven eight nine ten eleven twelve thirteen fourteen";
        let found = expected.replace("eight", "ACHT");
        let (left, right) = limited(expected, &found, Style::new(false));
        assert!(
            left.contains("eight") && right.contains("ACHT"),
            "{left} / {right}"
        );
        assert!(
            left.len() < expected.len() && left.starts_with('…'),
            "{left}"
        );
    }

    #[test]
    fn short_or_quite_different_texts_stay_whole() {
        let style = Style::new(false);
        assert_eq!(limited("200", "404", style), ("200".into(), "404".into()));
        let long = "a ".repeat(60);
        assert_eq!(limited(&long, "b", style), (long.clone(), "b".into()));
    }
}
