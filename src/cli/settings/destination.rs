//! Checks where credentials are sent, and whether the user meant them to be sent there.
//!
//! A configuration file in the working folder or above is found automatically, and somebody else may have written it.
//! It may say where requests go, and it may hold credentials. It must not decide where the user's other credentials go.

use originproof::diagnostic::visible::shown;
use originproof::exchange::Redactor;

use super::super::exit::Failure;
use super::effective::{Effective, Origin, Value};

/// The settings that hold credentials.
const CREDENTIALS: [&str; 3] = ["token", "email", "key"];
/// The settings that decide who gets the credentials.
const DECIDING: [&str; 4] = ["url", "resolve", "ca-cert", "insecure"];

impl Effective {
    /// Checks that a file that was found automatically does not decide who gets credentials from elsewhere.
    ///
    /// # Errors
    /// Names the file, the host and the flag to use instead.
    pub(crate) fn check_destination(&self, url: &str) -> Result<(), Failure> {
        let Some(file) = self.file.as_ref().filter(|_| !self.is_named) else {
            return Ok(());
        };
        let is_of_file = |value: &&Value| match value.origin {
            Origin::Target(..) | Origin::File(_) => !is_off(value),
            Origin::Flag(_) | Origin::Variable(_) | Origin::Default => false,
        };
        let deciding = DECIDING
            .iter()
            .find(|key| self.values.get(*key).as_ref().is_some_and(is_of_file));
        let foreign = self.credentials().find(|(_, value)| {
            let is_literal = matches!(value.origin, Origin::Target(..) | Origin::File(_));
            !(is_literal && value.through.is_empty())
        });
        let (Some(deciding), Some((key, value))) = (deciding, foreign) else {
            return Ok(());
        };
        let (file, host) = (shown(file), host(url));
        Err(Failure::Usage(format!(
            "{file} was found by itself, and its `{deciding}` decides that {} goes to {host}. If that is meant, name the file (--config {file}) or the target (--target NAME or --target URL)",
            named(key, value)
        )))
    }

    /// Returns the line that tells which credentials go where, by flag, variable or key; `None` if there are none.
    pub(crate) fn credentials_line(&self, url: &str) -> Option<String> {
        let names: Vec<String> = self
            .credentials()
            .map(|(key, value)| named(key, value))
            .collect();
        let url = Redactor::default().url(url);
        (!names.is_empty()).then(|| format!("credentials: {} to {url}", names.join(", ")))
    }

    /// Returns the credentials that are set.
    fn credentials(&self) -> impl Iterator<Item = (&'static str, &Value)> {
        CREDENTIALS.into_iter().filter_map(|key| {
            let value = self.values.get(key)?;
            (!value.texts.is_empty()).then_some((key, value))
        })
    }
}

/// Returns whether a value is empty or false.
fn is_off(value: &Value) -> bool {
    value
        .texts
        .iter()
        .all(|text| matches!(text.as_str(), "" | "false" | "0" | "no"))
}

/// Returns the name of a credential: its flag, its variable, or its key in the file.
fn named(key: &str, value: &Value) -> String {
    let through = value.through.join(", ");
    match &value.origin {
        Origin::Flag(flag) => (*flag).to_owned(),
        Origin::Variable(name) => (*name).to_owned(),
        origin if through.is_empty() => format!("{key} of {origin}"),
        origin => format!("{through} (by {key} of {origin})"),
    }
}

/// Returns the host of a URL, with the port if the URL has one.
fn host(url: &str) -> String {
    let shown = Redactor::default().url(url);
    let below = shown
        .split_once("://")
        .map_or(shown.as_str(), |(_, below)| below);
    below
        .split(['/', '?', '#'])
        .next()
        .unwrap_or_default()
        .to_owned()
}
