//! The one place where credentials become `***`, by value: wherever a secret's text stands, in a
//! header, a body or an error, it is replaced, also where a server that echoes it has encoded it.

use std::fmt::Write;

use regex::{NoExpand, Regex};

use super::message::Headers;

/// What stands in place of a secret.
const MASK: &str = "***";
/// What stands in place of the rest of a text that was cut.
const CUT: char = '…';
/// The least part of a secret, in bytes, that is masked where a text was cut in the middle of it.
const LEAST_PART: usize = 6;

/// Fields whose value is a credential whatever it says.
const SECRET_FIELDS: [&str; 5] = [
    "authorization",
    "x-auth-key",
    "x-auth-email",
    "cookie",
    "set-cookie",
];

/// Knows the secrets of a run and removes them from text.
#[derive(Clone, Default)]
pub struct Redactor {
    secrets: Vec<String>,
    patterns: Vec<Regex>,
}

impl std::fmt::Debug for Redactor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Redactor({} secrets)", self.secrets.len())
    }
}

impl Redactor {
    /// A redactor for these secrets. Those of less than four bytes are left out: they stand
    /// everywhere by chance, and masking them would garble times and numbers.
    #[must_use]
    pub fn new(secrets: impl IntoIterator<Item = String>) -> Self {
        let mut secrets: Vec<String> = secrets.into_iter().filter(|s| s.len() >= 4).collect();
        // Longest first, so that a secret which contains another leaves no rest behind.
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        secrets.dedup();
        let patterns = secrets
            .iter()
            .filter_map(|secret| pattern(secret))
            .collect();
        Self { secrets, patterns }
    }

    /// The text without any of the secrets.
    #[must_use]
    pub fn text(&self, text: &str) -> String {
        let mut clean = text.to_owned();
        for pattern in &self.patterns {
            if pattern.is_match(&clean) {
                clean = pattern.replace_all(&clean, NoExpand(MASK)).into_owned();
            }
        }
        for secret in &self.secrets {
            clean = without_part(&clean, secret);
        }
        clean
    }

    /// One header field's value, masked where the field is a credential.
    #[must_use]
    pub fn field(&self, name: &str, value: &str) -> String {
        if SECRET_FIELDS
            .iter()
            .any(|secret| name.eq_ignore_ascii_case(secret))
        {
            match value.split_once(' ') {
                Some((scheme, _)) if scheme.eq_ignore_ascii_case("bearer") => {
                    format!("Bearer {MASK}")
                }
                _ => MASK.to_owned(),
            }
        } else {
            self.text(value)
        }
    }

    /// All fields, masked.
    #[must_use]
    pub fn headers(&self, headers: &Headers) -> Headers {
        Headers(
            headers
                .0
                .iter()
                .map(|(name, value)| (name.clone(), self.field(name, value)))
                .collect(),
        )
    }
}

/// A secret in any encoding that text goes through on the web: each of its characters as it is, behind the backslashes
/// of JSON in JSON, as `\u0022`, percent-encoded (again and again), or as an entity of HTML.
fn pattern(secret: &str) -> Option<Regex> {
    let mut pattern = String::new();
    for c in secret.chars() {
        let (plain, code) = (regex::escape(&c.to_string()), u32::from(c));
        let _ = write!(pattern, r"(?:\\*{plain}|\\+u(?i-u:{code:04x})");
        let _ = write!(pattern, "|&#(?:0*{code}|(?i-u:x0*{code:x}));|");
        for byte in c.encode_utf8(&mut [0; 4]).bytes() {
            let _ = write!(pattern, "%(?:25)*(?i-u:{byte:02x})");
        }
        let named = match c {
            '"' => "|&quot;",
            '\'' => "|&apos;",
            '&' => "|&amp;",
            '<' => "|&lt;",
            '>' => "|&gt;",
            // In a query a blank is a plus sign.
            ' ' => r"|\+",
            _ => "",
        };
        pattern.push_str(named);
        pattern.push(')');
    }
    // A secret that is too long for such a pattern is still found as it is.
    Regex::new(&pattern)
        .or_else(|_| Regex::new(&regex::escape(secret)))
        .ok()
}

/// The text without the beginning of a secret where it was cut.
fn without_part(text: &str, secret: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    for piece in text.split_inclusive(CUT) {
        let (whole, cut) = piece
            .strip_suffix(CUT)
            .map_or((piece, ""), |whole| (whole, "…"));
        let part = (LEAST_PART..secret.len())
            .rev()
            .filter_map(|length| secret.get(..length))
            .find_map(|part| whole.strip_suffix(part));
        clean.push_str(part.unwrap_or(whole));
        if part.is_some() {
            clean.push_str(MASK);
        }
        clean.push_str(cut);
    }
    clean
}

#[cfg(test)]
mod tests {
    use super::*;
    use test_case::test_case;

    #[test_case(r#"a/"x+y z"#; "plain")]
    #[test_case(r#"a/\"x+y z"#; "in JSON")]
    #[test_case(r#"a\/\"x+y z"#; "in JSON that escapes slashes")]
    #[test_case(r#"a/\\\"x+y z"#; "in JSON in JSON")]
    #[test_case(r"a\u002f\u0022x\u002By\u0020z"; "in JSON by numbers")]
    #[test_case("a%2F%22x%2By%20z"; "percent encoded")]
    #[test_case("a%2f%22x%2by+z"; "in a query")]
    #[test_case("a%252F%2522x%252By%2520z"; "percent encoded twice")]
    #[test_case("a/&quot;x+y z"; "in HTML")]
    #[test_case("a&#47;&#x22;x+y&#32;z"; "in HTML by numbers")]
    fn a_secret_is_masked_in_every_encoding(encoded: &str) {
        let redactor = Redactor::new([r#"a/"x+y z"#.to_owned()]);
        assert_eq!(redactor.text(&format!("<{encoded}>")), "<***>");
    }

    #[test_case("body: s3cret-lo", "body: ***"; "at the end")]
    #[test_case("body: s3cret-lo… (200 characters)", "body: ***… (200 characters)"; "before an ellipsis")]
    #[test_case("body: s3cr… (200 characters)", "body: s3cr… (200 characters)"; "too short to tell")]
    fn what_a_cut_left_of_a_secret_is_masked(text: &str, clean: &str) {
        let redactor = Redactor::new(["s3cret-longer".to_owned()]);
        assert_eq!(redactor.text(text), clean);
    }

    #[test]
    fn a_secret_is_masked_wherever_it_stands() {
        let redactor = Redactor::new(["s3cret".to_owned(), "s3cret-longer".to_owned()]);
        assert_eq!(redactor.text("a s3cret-longer b s3cret"), "a *** b ***");
        assert_eq!(redactor.field("Authorization", "Bearer x"), "Bearer ***");
        assert_eq!(redactor.field("x-echo", "s3cret"), "***");
    }

    #[test]
    fn an_empty_secret_masks_nothing() {
        assert_eq!(Redactor::new([String::new()]).text("plain"), "plain");
    }
}
