//! The one place where credentials become `***`, by value: wherever a secret's text stands, in a
//! header, a body or an error, it is replaced.

use super::message::Headers;

/// What stands in place of a secret.
const MASK: &str = "***";

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
        Self { secrets }
    }

    /// The text without any of the secrets.
    #[must_use]
    pub fn text(&self, text: &str) -> String {
        let mut clean = text.to_owned();
        for secret in &self.secrets {
            if clean.contains(secret.as_str()) {
                clean = clean.replace(secret.as_str(), MASK);
            }
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

#[cfg(test)]
mod tests {
    use super::*;

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
