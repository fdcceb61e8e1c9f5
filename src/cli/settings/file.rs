//! Reads `originproof.toml`: settings, and named targets with their own settings.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use originproof::diagnostic::visible::shown;
use originproof::diagnostic::{Problem, SourceFile, Span, did_you_mean, render};
use originproof::input::{LONGEST_TEXT, read_text};

use originproof::exchange::check_base_url;

use super::super::exit::Failure;
use super::concealed;
use originproof::settings::{SETTINGS, by_key};

/// The name of the file.
const NAME: &str = "originproof.toml";
/// The key of the target that is used if none is named.
const DEFAULT_TARGET: &str = "default-target";
/// The table of named targets.
const TARGETS: &str = "target";

/// The value of one setting in a file.
#[derive(Debug, Default)]
pub(super) struct Written {
    /// The texts: one, or several for a list.
    pub(super) texts: Vec<String>,
    /// The variables that were filled in for `${NAME}`.
    pub(super) variables: Vec<String>,
}

/// The settings of one layer.
pub(super) type Layer = BTreeMap<&'static str, Written>;

/// A configuration file that was read.
#[derive(Debug, Default)]
pub(super) struct ConfigFile {
    /// Its path.
    pub(super) path: PathBuf,
    /// The target that is used if none is named.
    pub(super) default_target: Option<String>,
    /// Settings for every target.
    pub(super) settings: Layer,
    /// Settings of named targets.
    pub(super) targets: BTreeMap<String, Layer>,
}

/// Returns the file in this folder, or in the nearest folder above that has one.
pub(super) fn find(folder: &Path) -> Option<PathBuf> {
    folder
        .ancestors()
        .map(|folder| folder.join(NAME))
        .find(|path| path.is_file())
}

/// Reads a file, with the values of `variables` filled in for `${NAME}`.
pub(super) fn read(
    path: &Path,
    variables: &BTreeMap<String, String>,
    colour: bool,
) -> Result<ConfigFile, Failure> {
    let text = read_text(path, LONGEST_TEXT).map_err(|error| {
        Failure::Usage(format!(
            "can't read the configuration {}: {error}",
            shown(path)
        ))
    })?;
    let source = SourceFile::new(path.display().to_string(), text);
    let mut reader = Reader {
        variables,
        problems: Vec::new(),
        used: Vec::new(),
        hidden: Vec::new(),
    };
    let file = match DeTable::parse(&source.text) {
        Ok(table) => reader.file(path, table.get_ref()),
        Err(error) => {
            let (hidden, message) = concealed::unreadable(&source.text, error.message());
            let span = error.span().unwrap_or_default();
            reader.hidden = hidden;
            reader
                .problems
                .push(Problem::new(span.into(), message, "here"));
            ConfigFile::default()
        }
    };
    if reader.problems.is_empty() {
        return Ok(file);
    }
    let text = concealed::without(&source.text, &reader.hidden);
    let shown = SourceFile::new(source.path, text);
    Err(Failure::Usage(render(&shown, &reader.problems, colour)))
}

struct Reader<'v> {
    variables: &'v BTreeMap<String, String>,
    problems: Vec<Problem>,
    /// The variables that the current setting uses.
    used: Vec<String>,
    /// The values that no message may show.
    hidden: Vec<Span>,
}

fn span<T>(spanned: &Spanned<T>) -> Span {
    spanned.span().into()
}

impl Reader<'_> {
    fn file(&mut self, path: &Path, table: &DeTable<'_>) -> ConfigFile {
        let mut file = ConfigFile {
            path: path.to_owned(),
            ..ConfigFile::default()
        };
        for (key, value) in table {
            match (key.get_ref().as_ref(), value.get_ref()) {
                (DEFAULT_TARGET, DeValue::String(name)) => {
                    self.hide_urls(value);
                    file.default_target = Some(name.as_ref().to_owned());
                }
                (TARGETS, DeValue::Table(targets)) => {
                    for (name, target) in targets {
                        let DeValue::Table(settings) = target.get_ref() else {
                            self.hidden.push(span(target));
                            self.wrong(target, "a target is a table", "not a table");
                            continue;
                        };
                        let mut layer = Layer::new();
                        for (key, value) in settings {
                            self.setting(key, value, &mut layer);
                        }
                        file.targets
                            .insert(name.get_ref().as_ref().to_owned(), layer);
                    }
                }
                _ => self.setting(key, value, &mut file.settings),
            }
        }
        file
    }

    fn setting(
        &mut self,
        key: &Spanned<std::borrow::Cow<'_, str>>,
        value: &Spanned<DeValue<'_>>,
        layer: &mut Layer,
    ) {
        let name = key.get_ref().as_ref();
        let Some(setting) = by_key(name) else {
            self.hidden.push(span(value));
            let known = SETTINGS
                .iter()
                .map(|setting| setting.key)
                .chain([DEFAULT_TARGET, TARGETS]);
            let mut problem = Problem::new(
                span(key),
                format!("there is no setting `{name}`"),
                "unknown key",
            );
            if let Some(hint) = did_you_mean(name, known) {
                problem = problem.help(hint);
            }
            self.problems.push(problem);
            return;
        };
        if setting.is_secret {
            self.hidden.push(span(value));
        }
        self.hide_urls(value);
        let values: Vec<&Spanned<DeValue<'_>>> = match value.get_ref() {
            DeValue::Array(items) if setting.is_list => items.iter().collect(),
            DeValue::Array(_) => {
                self.wrong(value, &format!("`{name}` has one value"), "a list");
                return;
            }
            _ => vec![value],
        };
        let texts: Vec<String> = values
            .into_iter()
            .filter_map(|value| self.text(value))
            .collect();
        let variables = std::mem::take(&mut self.used);
        layer.insert(setting.key, Written { texts, variables });
    }

    /// Hides URLs that contain a password or a key.
    fn hide_urls(&mut self, value: &Spanned<DeValue<'_>>) {
        match value.get_ref() {
            DeValue::String(text) if check_base_url(text).is_err() => {
                self.hidden.push(span(value));
            }
            DeValue::Array(items) => items.iter().for_each(|item| self.hide_urls(item)),
            DeValue::Table(members) => members.values().for_each(|member| self.hide_urls(member)),
            DeValue::String(_)
            | DeValue::Integer(_)
            | DeValue::Float(_)
            | DeValue::Boolean(_)
            | DeValue::Datetime(_) => {}
        }
    }

    fn text(&mut self, value: &Spanned<DeValue<'_>>) -> Option<String> {
        match value.get_ref() {
            DeValue::String(text) => self.filled(text, value),
            DeValue::Integer(number) => Some(number.as_str().to_owned()),
            DeValue::Float(number) => Some(number.as_str().to_owned()),
            DeValue::Boolean(flag) => Some(flag.to_string()),
            DeValue::Datetime(_) | DeValue::Array(_) | DeValue::Table(_) => {
                self.wrong(
                    value,
                    "a setting is a text, a number, true or false",
                    "something else",
                );
                None
            }
        }
    }

    /// Returns the text with `${NAME}` filled in.
    fn filled(&mut self, text: &str, value: &Spanned<DeValue<'_>>) -> Option<String> {
        let mut filled = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            let Some((name, behind)) = after.split_once('}') else {
                self.wrong(value, "`${` without `}`", "here");
                return None;
            };
            let Some(found) = self.variables.get(name) else {
                // Text that does not look like a name may be part of a password.
                let is_name = name
                    .chars()
                    .all(|c| c.is_ascii_uppercase() || c == '_' || c.is_ascii_digit());
                let message = if is_name {
                    format!("the variable {name} is not set")
                } else {
                    "the variable in `${…}` is not set".to_owned()
                };
                self.wrong(value, &message, "wants it");
                return None;
            };
            self.used.push(name.to_owned());
            filled.push_str(before);
            filled.push_str(found);
            rest = behind;
        }
        filled.push_str(rest);
        Some(filled)
    }

    fn wrong(&mut self, value: &Spanned<DeValue<'_>>, message: &str, label: &str) {
        self.problems
            .push(Problem::new(span(value), message, label));
    }
}
