//! The environment of the process, read once.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::IsTerminal;
use std::path::PathBuf;

use originproof::runner::custody::user_folder;

/// The arguments, variables, folders and streams of the process.
pub(crate) struct World {
    /// The arguments, beginning with the program's name.
    pub(crate) arguments: Vec<OsString>,
    /// The environment variables that are valid Unicode.
    pub(crate) variables: BTreeMap<String, String>,
    /// The working folder.
    pub(crate) folder: PathBuf,
    /// The folder for state that must outlive the process.
    pub(crate) state_folder: PathBuf,
    /// The id of the effective user; `None` if the system has no such ids.
    pub(crate) user: Option<u32>,
    /// Whether stdout is a terminal.
    pub(crate) stdout_is_terminal: bool,
    /// Whether stderr is a terminal.
    pub(crate) stderr_is_terminal: bool,
    /// Whether the `CI` variable is set.
    pub(crate) is_ci: bool,
    /// Whether `NO_COLOR`, `CLICOLOR_FORCE` and `TERM` ask for colour; `None` if they do not say.
    pub(crate) colour_by_environment: Option<bool>,
}

impl World {
    /// Reads the environment of the process.
    pub(crate) fn capture() -> Self {
        let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let is_forced =
            std::env::var_os("CLICOLOR_FORCE").is_some_and(|v| !v.is_empty() && v != "0");
        let is_dumb = std::env::var_os("TERM").is_some_and(|value| value == "dumb");
        let colour_by_environment = if is_set("NO_COLOR") {
            Some(false)
        } else if is_forced {
            Some(true)
        } else if is_dumb {
            Some(false)
        } else {
            None
        };
        let variables: BTreeMap<String, String> = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        Self {
            arguments: std::env::args_os().collect(),
            state_folder: user_folder(|name| variables.get(name).cloned(), std::env::home_dir()),
            folder: std::env::current_dir().unwrap_or_default(),
            variables,
            user: user(),
            stdout_is_terminal: std::io::stdout().is_terminal(),
            stderr_is_terminal: std::io::stderr().is_terminal(),
            is_ci: is_set("CI"),
            colour_by_environment,
        }
    }
}

impl std::fmt::Debug for World {
    /// Formats the world without its variables, because some of them are secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("World")
            .field("folder", &self.folder)
            .finish_non_exhaustive()
    }
}

#[cfg(unix)]
#[expect(
    clippy::unnecessary_wraps,
    reason = "other systems have no such number"
)]
fn user() -> Option<u32> {
    Some(rustix::process::geteuid().as_raw())
}

#[cfg(not(unix))]
fn user() -> Option<u32> {
    None
}
