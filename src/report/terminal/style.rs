//! Colours of the report.

use crate::event::Verdict;

/// Escape sequences of the report's colours; empty without colour.
#[derive(Debug, Clone, Copy)]
pub struct Style {
    pub(super) bold: &'static str,
    pub(super) red: &'static str,
    pub(super) green: &'static str,
    pub(super) yellow: &'static str,
    pub(super) dim: &'static str,
    pub(super) reset: &'static str,
}

impl Style {
    /// Creates a style with or without colour.
    #[must_use]
    pub fn new(colour: bool) -> Self {
        if colour {
            Self {
                bold: "\x1b[1m",
                red: "\x1b[31m",
                green: "\x1b[32m",
                yellow: "\x1b[33m",
                dim: "\x1b[2m",
                reset: "\x1b[0m",
            }
        } else {
            Self {
                bold: "",
                red: "",
                green: "",
                yellow: "",
                dim: "",
                reset: "",
            }
        }
    }

    pub(super) fn of(&self, verdict: Verdict) -> &'static str {
        match verdict {
            Verdict::Conforms => self.green,
            Verdict::Violates | Verdict::Broken => self.red,
            Verdict::Deviates | Verdict::Inconclusive => self.yellow,
            Verdict::Skipped | Verdict::NotRun | Verdict::Expected => self.dim,
        }
    }
}
