//! The world as the process finds it, read once.

use std::ffi::OsString;
use std::io::IsTerminal;

/// Arguments, and what the streams are.
#[derive(Debug)]
pub(crate) struct World {
    /// The arguments, the program's name first.
    pub(crate) arguments: Vec<OsString>,
    /// Whether stdout is a terminal.
    pub(crate) stdout_is_terminal: bool,
    /// Whether stderr is a terminal.
    pub(crate) stderr_is_terminal: bool,
    /// Whether the `CI` variable is set.
    pub(crate) is_ci: bool,
    /// Whether colour is wanted by `NO_COLOR`, `CLICOLOR_FORCE` and `TERM`, where they say anything.
    pub(crate) colour_by_environment: Option<bool>,
}

impl World {
    /// Reads it.
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
        Self {
            arguments: std::env::args_os().collect(),
            stdout_is_terminal: std::io::stdout().is_terminal(),
            stderr_is_terminal: std::io::stderr().is_terminal(),
            is_ci: is_set("CI"),
            colour_by_environment,
        }
    }
}
