//! The texts of settings, and what they mean.

use std::collections::BTreeMap;
use std::time::Duration;

use super::row::{SETTINGS, Setting, by_key};
use crate::transport::parse_duration;

/// A setting that is faulty: its value, where it comes from and what is right.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SettingError(pub String);

/// Where a value comes from that was offered.
const OFFERED: &str = "the test file";

/// The texts of a setting, and where they come from.
#[derive(Debug, Clone, Default)]
struct Said {
    texts: Vec<String>,
    origin: String,
}

/// What is set, by the keys of [`SETTINGS`].
#[derive(Clone)]
pub struct Values {
    by_key: BTreeMap<&'static str, Said>,
    /// Keys that do not exist.
    pub(super) unknown: Vec<String>,
}

impl std::fmt::Debug for Values {
    /// Without the texts, among which are secrets.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Values").finish_non_exhaustive()
    }
}

impl Default for Values {
    /// The defaults.
    fn default() -> Self {
        let mut values = Self {
            by_key: BTreeMap::new(),
            unknown: Vec::new(),
        };
        for setting in SETTINGS {
            values.by_key.insert(setting.key, default_of(setting));
        }
        values
    }
}

fn default_of(setting: &Setting) -> Said {
    let texts = if setting.default.is_empty() {
        Vec::new()
    } else {
        vec![setting.default.to_owned()]
    };
    Said {
        texts,
        origin: "default".to_owned(),
    }
}

impl Values {
    /// The defaults, and on top of them what variables say.
    #[must_use]
    pub fn from_vars(vars: impl IntoIterator<Item = (String, String)>) -> Self {
        let vars: BTreeMap<String, String> = vars.into_iter().collect();
        let mut values = Self::default();
        for setting in SETTINGS {
            let named = setting.variables.iter().find_map(|name| {
                let value = vars.get(*name).filter(|value| !value.is_empty())?;
                Some((*name, value))
            });
            if let Some((name, value)) = named {
                let texts = if setting.is_list {
                    let parts = value.split(',').map(str::trim);
                    let parts = parts.filter(|part| !part.is_empty());
                    parts.map(str::to_owned).collect()
                } else {
                    // Files and shells leave blanks and line breaks around it.
                    vec![value.trim().to_owned()]
                };
                values.set(setting.key, texts, name);
            }
        }
        values
    }

    /// Sets what a setting says, and who says it. A key that is none of [`SETTINGS`] is left alone.
    pub fn set(&mut self, key: &str, texts: Vec<String>, origin: impl Into<String>) {
        if let Some(setting) = by_key(key) {
            let origin = origin.into();
            self.by_key.insert(setting.key, Said { texts, origin });
        }
    }

    /// Sets what a setting says where only the default speaks; another value of a list is added. A key that is none of
    /// [`SETTINGS`] is remembered as a fault, which [`Values::target`] returns.
    pub fn offer(&mut self, key: &str, text: String) {
        let Some(setting) = by_key(key) else {
            self.unknown.push(key.to_owned());
            return;
        };
        let said = self.by_key.entry(setting.key).or_default();
        match said.origin.as_str() {
            "default" => {
                *said = Said {
                    texts: vec![text],
                    origin: OFFERED.to_owned(),
                };
            }
            OFFERED if setting.is_list => said.texts.push(text),
            _ => {}
        }
    }

    /// The values of a list.
    #[must_use]
    pub fn list(&self, key: &str) -> &[String] {
        let said = self.by_key.get(key);
        said.map_or(&[], |said| said.texts.as_slice())
    }

    /// The value of a setting that has one.
    #[must_use]
    pub fn text(&self, key: &str) -> Option<&str> {
        let first = self.list(key).first().map(String::as_str);
        first.filter(|text| !text.is_empty())
    }

    /// Who says the value of a setting: a variable, a flag, a file.
    #[must_use]
    pub fn origin(&self, key: &str) -> &str {
        let said = self.by_key.get(key);
        said.map_or("default", |said| said.origin.as_str())
    }

    /// A value that is not of the right kind, with the place that says it.
    fn wrong(&self, key: &str, wanted: &str) -> SettingError {
        let origin = self.by_key.get(key).map(|said| said.origin.as_str());
        let is_secret = by_key(key).is_some_and(|setting| setting.is_secret);
        let value = if is_secret {
            "***"
        } else {
            self.text(key).unwrap_or_default()
        };
        SettingError(format!(
            "`{value}` is not a value for {key} (from {}): {wanted}",
            origin.unwrap_or_default()
        ))
    }

    /// True or false.
    ///
    /// # Errors
    /// Any other word.
    pub fn flag(&self, key: &str) -> Result<bool, SettingError> {
        match self.text(key).unwrap_or("false") {
            "true" | "1" | "yes" => Ok(true),
            "false" | "0" | "no" => Ok(false),
            _ => Err(self.wrong(key, "true or false")),
        }
    }

    /// A time.
    ///
    /// # Errors
    /// Anything but a number with `ms`, `s`, `m` or `h`.
    pub fn duration(&self, key: &str) -> Result<Duration, SettingError> {
        let text = self.text(key).unwrap_or("0");
        parse_duration(text).ok_or_else(|| self.wrong(key, "a time such as 300ms, 2s or 5m"))
    }

    /// A whole number, where there is one.
    ///
    /// # Errors
    /// Anything else.
    pub fn number(&self, key: &str) -> Result<Option<u64>, SettingError> {
        let Some(text) = self.text(key) else {
            return Ok(None);
        };
        let number = text.replace('_', "").parse();
        number
            .map(Some)
            .map_err(|_| self.wrong(key, "a whole number"))
    }

    /// A list of values that are read from text.
    ///
    /// # Errors
    /// The first one that can't be read.
    pub fn parsed<T>(
        &self,
        key: &str,
        wanted: &str,
        read: impl Fn(&str) -> Option<T>,
    ) -> Result<Vec<T>, SettingError> {
        let values = self.list(key).iter().map(|text| read(text));
        values
            .collect::<Option<_>>()
            .ok_or_else(|| self.wrong(key, wanted))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(vars: &[(&str, &str)]) -> Values {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Values::from_vars(vars.iter().map(owned))
    }

    #[test]
    fn variables_go_over_defaults_and_the_first_of_two_wins() {
        let values = of(&[
            ("ORIGINPROOF_ZONE", "a, b"),
            ("CLOUDFLARE_ZONE_ID", "c"),
            ("ORIGINPROOF_TIMEOUT", "2s"),
            ("CLOUDFLARE_API_TOKEN", "token\n"),
        ]);
        assert_eq!(values.list("zones"), ["a", "b"]);
        assert_eq!(values.duration("timeout"), Ok(Duration::from_secs(2)));
        assert_eq!(values.text("token"), Some("token"));
        assert_eq!(values.duration("settle"), Ok(Duration::ZERO));
    }

    #[test]
    fn a_faulty_value_is_named_with_its_variable() {
        let values = of(&[("ORIGINPROOF_ALLOW_EXISTING", "perhaps")]);
        let error = values.flag("allow-existing").err();
        let said = error.map(|error| error.to_string()).unwrap_or_default();
        assert!(said.contains("perhaps"), "{said}");
        assert!(said.contains("ORIGINPROOF_ALLOW_EXISTING"), "{said}");
    }
}
