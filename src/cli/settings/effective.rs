//! The layers on top of each other.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::time::Duration;

use originproof::diagnostic::nearest;
use originproof::transport::parse_duration;

use super::super::exit::Failure;
use super::super::world::World;
use super::file::{ConfigFile, Layer, find, read};
use super::setting::{SETTINGS, Setting, by_key};

/// What the flags say, by the keys of settings.
pub(crate) type Given = BTreeMap<&'static str, Vec<String>>;

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Origin {
    /// A flag.
    Flag(&'static str),
    /// A variable.
    Variable(&'static str),
    /// The table of a named target.
    Target(String, String),
    /// The configuration file.
    File(String),
    /// Nobody said anything.
    Default,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(flag) => f.write_str(flag),
            Self::Variable(name) => f.write_str(name),
            Self::Target(file, name) => write!(f, "{file}, [target.{name}]"),
            Self::File(file) => f.write_str(file),
            Self::Default => f.write_str("default"),
        }
    }
}

/// Every setting with its value and where it comes from.
#[derive(Debug)]
pub(crate) struct Effective {
    values: BTreeMap<&'static str, (Vec<String>, Origin)>,
}

impl Effective {
    /// Resolves the settings.
    ///
    /// # Errors
    /// A file that can't be read or is faulty, a named target that does not exist.
    pub(crate) fn resolve(
        given: &Given,
        config: Option<&Path>,
        world: &World,
    ) -> Result<Self, Failure> {
        let path = match config {
            Some(path) => Some(path.to_owned()),
            None => find(&world.folder),
        };
        let colour = world.stderr_is_terminal && world.colour_by_environment != Some(false);
        let file = match path {
            Some(path) => read(&path, &world.variables, colour)?,
            None => ConfigFile::default(),
        };
        let mut layers = Layers {
            given,
            world,
            file: &file,
            target: None,
        };
        layers.target = layers.named_target()?;
        let values = SETTINGS
            .iter()
            .map(|setting| (setting.key, layers.value(setting)))
            .collect();
        Ok(Self { values })
    }

    /// All values in the order of the settings.
    pub(crate) fn rows(&self) -> impl Iterator<Item = (&'static Setting, &[String], &Origin)> {
        SETTINGS.iter().filter_map(|setting| {
            let (values, origin) = self.values.get(setting.key)?;
            Some((setting, values.as_slice(), origin))
        })
    }

    /// What differs from the defaults, without secrets.
    pub(crate) fn changed(&self) -> BTreeMap<String, String> {
        self.rows()
            .filter(|(setting, _, origin)| !setting.is_secret && **origin != Origin::Default)
            .map(|(setting, values, _)| (setting.key.to_owned(), values.join(", ")))
            .collect()
    }

    /// The values of a list.
    pub(crate) fn list(&self, key: &str) -> &[String] {
        self.values
            .get(key)
            .map_or(&[], |(values, _)| values.as_slice())
    }

    /// The value of a setting that has one.
    pub(crate) fn text(&self, key: &str) -> Option<&str> {
        self.list(key)
            .first()
            .map(String::as_str)
            .filter(|text| !text.is_empty())
    }

    /// A value that is not of the right kind, with the place that says it.
    fn wrong(&self, key: &str, wanted: &str) -> Failure {
        let origin = self
            .values
            .get(key)
            .map(|(_, origin)| origin.to_string())
            .unwrap_or_default();
        let is_secret = by_key(key).is_some_and(|setting| setting.is_secret);
        let value = if is_secret {
            "***"
        } else {
            self.text(key).unwrap_or_default()
        };
        Failure::Usage(format!(
            "`{value}` is no value for {key} (from {origin}): {wanted}"
        ))
    }

    /// True or false.
    ///
    /// # Errors
    /// Any other word.
    pub(crate) fn flag(&self, key: &str) -> Result<bool, Failure> {
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
    pub(crate) fn duration(&self, key: &str) -> Result<Duration, Failure> {
        let text = self.text(key).unwrap_or("0");
        parse_duration(text).ok_or_else(|| self.wrong(key, "a time such as 300ms, 2s or 5m"))
    }

    /// A whole number, where there is one.
    ///
    /// # Errors
    /// Anything else.
    pub(crate) fn number(&self, key: &str) -> Result<Option<u64>, Failure> {
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
    pub(crate) fn parsed<T>(
        &self,
        key: &str,
        wanted: &str,
        read: impl Fn(&str) -> Option<T>,
    ) -> Result<Vec<T>, Failure> {
        let values = self.list(key).iter().map(|text| read(text));
        values
            .collect::<Option<_>>()
            .ok_or_else(|| self.wrong(key, wanted))
    }
}

struct Layers<'a> {
    given: &'a Given,
    world: &'a World,
    file: &'a ConfigFile,
    target: Option<(String, &'a Layer)>,
}

impl<'a> Layers<'a> {
    /// The table of the target that is named by flag, variable or file; `None` for a URL or no target.
    fn named_target(&self) -> Result<Option<(String, &'a Layer)>, Failure> {
        let Some(url) = by_key("url") else {
            return Ok(None);
        };
        let (values, _) = self.value(url);
        let by_file = self.file.default_target.clone();
        let Some(name) = values
            .into_iter()
            .next()
            .filter(|name| !name.is_empty())
            .or(by_file)
        else {
            return Ok(None);
        };
        if let Some(layer) = self.file.targets.get(&name) {
            return Ok(Some((name, layer)));
        }
        // Where no targets have names, it can only be meant as a URL, and the target's own error speaks.
        if name.contains("://") || self.file.targets.is_empty() {
            return Ok(None);
        }
        let known: Vec<&str> = self.file.targets.keys().map(String::as_str).collect();
        let hint = nearest(&name, known.iter().copied())
            .map(|right| format!(" (did you mean `{right}`?)"))
            .unwrap_or_default();
        Err(Failure::Usage(format!(
            "there is no target `{name}` in {}{hint}; it names {}",
            self.file.path.display(),
            known.join(", ")
        )))
    }

    fn value(&self, setting: &Setting) -> (Vec<String>, Origin) {
        let by_name = |values: &[String]| {
            setting.key == "url"
                && values
                    .first()
                    .is_some_and(|name| self.file.targets.contains_key(name))
        };
        if let Some(values) = self
            .given
            .get(setting.key)
            .filter(|v| !(v.is_empty() || self.target.is_some() && by_name(v)))
        {
            return (values.clone(), Origin::Flag(setting.flag));
        }
        for variable in setting.variables {
            let Some(text) = self
                .world
                .variables
                .get(*variable)
                .filter(|text| !text.is_empty())
            else {
                continue;
            };
            let values = if setting.is_list {
                text.split(',')
                    .map(|part| part.trim().to_owned())
                    .filter(|part| !part.is_empty())
                    .collect()
            } else {
                vec![text.clone()]
            };
            if !(by_name(&values) && self.target.is_some()) {
                return (values, Origin::Variable(variable));
            }
        }
        let file = || {
            let name = self.file.path.file_name();
            name.map(|name| name.to_string_lossy().into_owned())
                .unwrap_or_default()
        };
        if let Some((name, layer)) = &self.target
            && let Some(values) = layer.get(setting.key)
        {
            return (values.clone(), Origin::Target(file(), name.clone()));
        }
        if let Some(values) = self.file.settings.get(setting.key) {
            return (values.clone(), Origin::File(file()));
        }
        let default = if setting.default.is_empty() {
            Vec::new()
        } else {
            vec![setting.default.to_owned()]
        };
        (default, Origin::Default)
    }
}
