//! The texts of settings, and how they are parsed.

use std::collections::BTreeMap;
use std::time::Duration;

use super::row::{SETTINGS, Setting, by_key};
use crate::transport::parse_duration;

/// The error for a faulty setting: its value, its origin and what is allowed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SettingError(pub String);

/// The origin of a value that was set with [`Values::offer`].
const OFFERED: &str = "the test file";

/// The texts of a setting, and their origin.
#[derive(Debug, Clone, Default)]
struct Said {
    texts: Vec<String>,
    origin: String,
}

/// The values of all settings, by the keys of [`SETTINGS`].
#[derive(Clone)]
pub struct Values {
    by_key: BTreeMap<&'static str, Said>,
    /// Offered keys that do not exist.
    pub(super) unknown: Vec<String>,
}

impl std::fmt::Debug for Values {
    /// Formats the values without their texts, because some of them are secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Values").finish_non_exhaustive()
    }
}

impl Default for Values {
    /// Returns the defaults.
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
    /// Returns the defaults, overridden by the environment variables that are set.
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
                    // Files and shells may leave whitespace around the value.
                    vec![value.trim().to_owned()]
                };
                values.set(setting.key, texts, name);
            }
        }
        values
    }

    /// Sets the texts of a setting and their origin. A key that is not in [`SETTINGS`] is ignored.
    pub fn set(&mut self, key: &str, texts: Vec<String>, origin: impl Into<String>) {
        if let Some(setting) = by_key(key) {
            let origin = origin.into();
            self.by_key.insert(setting.key, Said { texts, origin });
        }
    }

    /// Sets a setting that still has its default. Further values of a list are added. A key that is not in [`SETTINGS`]
    /// is remembered, and [`Values::target`] returns it as an error.
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

    /// Returns the values of a list.
    #[must_use]
    pub fn list(&self, key: &str) -> &[String] {
        let said = self.by_key.get(key);
        said.map_or(&[], |said| said.texts.as_slice())
    }

    /// Returns the value of a setting that is not a list; `None` if it is empty.
    #[must_use]
    pub fn text(&self, key: &str) -> Option<&str> {
        let first = self.list(key).first().map(String::as_str);
        first.filter(|text| !text.is_empty())
    }

    /// Returns the origin of a setting's value: a variable, a flag, a file or `default`.
    #[must_use]
    pub fn origin(&self, key: &str) -> &str {
        let said = self.by_key.get(key);
        said.map_or("default", |said| said.origin.as_str())
    }

    /// Returns the error for a value of the wrong kind, with its origin.
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

    /// Returns the value of a setting that is true or false.
    ///
    /// # Errors
    /// Fails for any text but `true`, `1`, `yes`, `false`, `0` and `no`.
    pub fn flag(&self, key: &str) -> Result<bool, SettingError> {
        match self.text(key).unwrap_or("false") {
            "true" | "1" | "yes" => Ok(true),
            "false" | "0" | "no" => Ok(false),
            _ => Err(self.wrong(key, "true or false")),
        }
    }

    /// Returns the value of a setting that is a duration.
    ///
    /// # Errors
    /// Fails for any text but a number with `ms`, `s`, `m` or `h`.
    pub fn duration(&self, key: &str) -> Result<Duration, SettingError> {
        let text = self.text(key).unwrap_or("0");
        parse_duration(text).ok_or_else(|| self.wrong(key, "a time such as 300ms, 2s or 5m"))
    }

    /// Returns the value of a setting that is a whole number; `None` if it is not set.
    ///
    /// # Errors
    /// Fails for any other text.
    pub fn number(&self, key: &str) -> Result<Option<u64>, SettingError> {
        let Some(text) = self.text(key) else {
            return Ok(None);
        };
        let number = text.replace('_', "").parse();
        number
            .map(Some)
            .map_err(|_| self.wrong(key, "a whole number"))
    }

    /// Returns the values of a list, each parsed with `read`.
    ///
    /// # Errors
    /// Fails if a value cannot be parsed.
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
