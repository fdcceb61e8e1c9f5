//! How much the terminal shows.

/// How much the terminal shows of a run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verbosity {
    /// Only the last lines.
    Quiet,
    /// The causes of the failures.
    #[default]
    Causes,
    /// Each case as well.
    Cases,
    /// Each request as well.
    Requests,
}

impl Verbosity {
    /// Returns the verbosity for `-q`, or for the number of times that `-v` was given.
    #[must_use]
    pub fn of(is_quiet: bool, verbose: u8) -> Self {
        match (is_quiet, verbose) {
            (true, _) => Self::Quiet,
            (false, 0) => Self::Causes,
            (false, 1) => Self::Cases,
            (false, _) => Self::Requests,
        }
    }
}
