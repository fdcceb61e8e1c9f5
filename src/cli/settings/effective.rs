//! Resolves each setting from its layers: flags, variables, the configuration file and defaults.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use originproof::diagnostic::did_you_mean;
use originproof::diagnostic::visible::shown;
use originproof::exchange::check_base_url;
use originproof::settings::{SETTINGS, Setting, Values, by_key};

use super::super::exit::Failure;
use super::super::world::World;
use super::file::{ConfigFile, Layer, Written, find, read};
use super::owner::check_owner;

/// The values that the flags give, by the keys of settings.
pub(crate) type Given = BTreeMap<&'static str, Vec<String>>;

/// The origin of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Origin {
    /// A flag.
    Flag(&'static str),
    /// An environment variable.
    Variable(&'static str),
    /// The table of a named target.
    Target(String, String),
    /// The configuration file.
    File(String),
    /// The default.
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

/// The value of a setting, with its origin.
#[derive(Debug)]
pub(super) struct Value {
    /// The texts: one, or several for a list.
    pub(super) texts: Vec<String>,
    /// The origin of the texts.
    pub(super) origin: Origin,
    /// The variables that were filled in for `${NAME}` in the configuration file.
    pub(super) through: Vec<String>,
}

/// Every setting with its value and its origin.
pub(crate) struct Effective {
    pub(super) values: BTreeMap<&'static str, Value>,
    said: Values,
    /// The configuration file, if one was read.
    pub(super) file: Option<PathBuf>,
    /// Whether the user named that file, or the target in it.
    pub(super) is_named: bool,
}

impl fmt::Debug for Effective {
    /// Formats the settings without their values, because some of them are secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Effective")
            .field("file", &self.file)
            .finish_non_exhaustive()
    }
}

impl Effective {
    /// Resolves the settings.
    ///
    /// # Errors
    /// Fails if the file cannot be read or is faulty, or if the named target does not exist.
    pub(crate) fn resolve(
        given: &Given,
        config: Option<&Path>,
        world: &World,
    ) -> Result<Self, Failure> {
        let path = match config {
            Some(path) => Some(path.to_owned()),
            None => find(&world.folder),
        };
        if let (None, Some(path)) = (config, &path) {
            check_owner(path, world.user)?;
        }
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
        let is_target_named = layers.named_by_person().is_some();
        layers.target = layers.named_target()?;
        let is_named = config.is_some() || is_target_named && layers.target.is_some();
        let mut values = BTreeMap::new();
        for setting in SETTINGS {
            let mut value = layers.value(setting);
            if setting.is_secret {
                tidy(setting, &mut value)?;
            }
            values.insert(setting.key, value);
        }
        let mut said = Values::default();
        for (key, value) in &values {
            let value: &Value = value;
            said.set(key, value.texts.clone(), value.origin.to_string());
        }
        Ok(Self {
            values,
            said,
            is_named,
            file: Some(file.path).filter(|path| !path.as_os_str().is_empty()),
        })
    }

    /// Returns all values in the order of the settings.
    pub(crate) fn rows(&self) -> impl Iterator<Item = (&'static Setting, &[String], &Origin)> {
        SETTINGS.iter().filter_map(|setting| {
            let value = self.values.get(setting.key)?;
            Some((setting, value.texts.as_slice(), &value.origin))
        })
    }

    /// Returns the settings that do not come from the defaults, without secrets.
    pub(crate) fn changed(&self) -> BTreeMap<String, String> {
        self.rows()
            .filter(|(setting, _, origin)| !setting.is_secret && **origin != Origin::Default)
            .map(|(setting, values, _)| (setting.key.to_owned(), values.join(", ")))
            .collect()
    }

    /// Returns the values of all settings.
    pub(crate) fn said(&self) -> &Values {
        &self.said
    }

    /// Returns the values of a list.
    pub(crate) fn list(&self, key: &str) -> &[String] {
        self.said.list(key)
    }

    /// Returns the value of a setting that is not a list; `None` if it is empty.
    pub(crate) fn text(&self, key: &str) -> Option<&str> {
        self.said.text(key)
    }

    /// Returns the value of a setting that is true or false.
    ///
    /// # Errors
    /// Fails for any other text.
    pub(crate) fn flag(&self, key: &str) -> Result<bool, Failure> {
        Ok(self.said.flag(key)?)
    }

    /// Returns the value of a setting that is a time.
    ///
    /// # Errors
    /// Fails for any other text.
    pub(crate) fn duration(&self, key: &str) -> Result<Duration, Failure> {
        Ok(self.said.duration(key)?)
    }

    /// Returns the value of a setting that is a whole number; `None` if it is not set.
    ///
    /// # Errors
    /// Fails for any other text.
    pub(crate) fn number(&self, key: &str) -> Result<Option<u64>, Failure> {
        Ok(self.said.number(key)?)
    }
}

/// Removes the whitespace around a credential, which files and shells may add.
///
/// # Errors
/// Fails if the credential contains a control character; the message names its origin.
fn tidy(setting: &Setting, value: &mut Value) -> Result<(), Failure> {
    for text in &mut value.texts {
        *text = text.trim().to_owned();
        if text.chars().any(char::is_control) {
            return Err(Failure::Usage(format!(
                "the {} from {} contains a line break or another control character: give it alone, as it was issued",
                setting.key, value.origin
            )));
        }
    }
    value.texts.retain(|text| !text.is_empty());
    Ok(())
}

struct Layers<'a> {
    given: &'a Given,
    world: &'a World,
    file: &'a ConfigFile,
    target: Option<(String, &'a Layer)>,
}

impl<'a> Layers<'a> {
    /// Returns the name or URL of the target that a flag or a variable gives.
    fn named_by_person(&self) -> Option<String> {
        let value = self.value(by_key("url")?);
        match value.origin {
            Origin::Flag(_) | Origin::Variable(_) => {
                let mut names = value.texts.into_iter();
                names.next().filter(|name| !name.is_empty())
            }
            Origin::Target(..) | Origin::File(_) | Origin::Default => None,
        }
    }

    /// Returns the table of the target that a flag, a variable or the file names; `None` for a URL or no target.
    fn named_target(&self) -> Result<Option<(String, &'a Layer)>, Failure> {
        let Some(url) = by_key("url") else {
            return Ok(None);
        };
        let by_file = self.file.default_target.clone();
        let Some(name) = self
            .value(url)
            .texts
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
        // If the file names no targets, the text must be meant as a URL, and opening the target reports the error.
        if name.contains("://") || self.file.targets.is_empty() {
            return Ok(None);
        }
        check_base_url(&name)
            .map_err(|fault| Failure::Usage(format!("the name of a target is a URL: {fault}")))?;
        let known: Vec<&str> = self.file.targets.keys().map(String::as_str).collect();
        let hint = did_you_mean(&name, known.iter().copied())
            .map(|hint| format!(" ({hint})"))
            .unwrap_or_default();
        Err(Failure::Usage(format!(
            "there is no target `{name}` in {}{hint}; it names {}",
            shown(&self.file.path),
            known.join(", ")
        )))
    }

    fn value(&self, setting: &Setting) -> Value {
        let given = |texts: Vec<String>, origin| Value {
            texts,
            origin,
            through: Vec::new(),
        };
        let read = |read: &Written, origin| Value {
            texts: read.texts.clone(),
            origin,
            through: read.variables.clone(),
        };
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
            return given(values.clone(), Origin::Flag(setting.flag));
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
                return given(values, Origin::Variable(variable));
            }
        }
        let file = || {
            let name = self.file.path.file_name();
            name.map(|name| name.to_string_lossy().into_owned())
                .unwrap_or_default()
        };
        if let Some((name, layer)) = &self.target
            && let Some(written) = layer.get(setting.key)
        {
            return read(written, Origin::Target(file(), name.clone()));
        }
        if let Some(written) = self.file.settings.get(setting.key) {
            return read(written, Origin::File(file()));
        }
        let default = if setting.default.is_empty() {
            Vec::new()
        } else {
            vec![setting.default.to_owned()]
        };
        given(default, Origin::Default)
    }
}
