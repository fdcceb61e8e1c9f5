//! The report formats. A new format needs one file and one line here.

use std::io::{self, Write};

use super::super::difference::{Breaks, Drift};
use super::{json, markdown, text};

/// The contents of a report.
#[derive(Debug, Clone, Copy)]
pub struct Shown<'s> {
    /// The name of the description.
    pub source: &'s str,
    /// The differences.
    pub drift: &'s Drift,
    /// The number of differences that were ignored.
    pub ignored: usize,
}

/// A format of the report.
#[derive(Debug)]
pub struct Format {
    /// The format's name on the command line.
    pub name: &'static str,
    /// The function that writes the report.
    pub write: fn(&Shown<'_>, &mut dyn Write) -> io::Result<()>,
}

/// All formats; the first is the default.
pub static ALL: &[Format] = &[
    Format {
        name: "text",
        write: text::write,
    },
    Format {
        name: "markdown",
        write: markdown::write,
    },
    Format {
        name: "json",
        write: json::write,
    },
];

/// Returns the summary in one line.
pub(super) fn ending(shown: &Shown<'_>) -> String {
    let drift = shown.drift;
    let ignored = match shown.ignored {
        0 => String::new(),
        some => format!(", {some} left out"),
    };
    if drift.differences.is_empty() {
        return format!("no drift{ignored}");
    }
    let both = drift.count(Breaks::Both);
    format!(
        "{} difference{}: {} break clients, {} break servers, {} neither{ignored}",
        drift.differences.len(),
        if drift.differences.len() == 1 {
            ""
        } else {
            "s"
        },
        drift.count(Breaks::Clients) + both,
        drift.count(Breaks::Servers) + both,
        drift.count(Breaks::Neither),
    )
}

/// Returns the operations of a difference, separated by commas.
pub(super) fn operations(difference: &super::super::difference::Difference) -> String {
    let ids: Vec<&str> = difference
        .operations
        .iter()
        .map(|operation| operation.id())
        .collect();
    ids.join(", ")
}
