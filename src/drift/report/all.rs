//! The formats. A new one is one file and one line here.

use std::io::{self, Write};

use super::super::difference::{Breaks, Drift};
use super::{json, markdown, text};

/// What is shown.
#[derive(Debug, Clone, Copy)]
pub struct Shown<'s> {
    /// What the description is called.
    pub source: &'s str,
    /// The differences.
    pub drift: &'s Drift,
    /// How many were left out.
    pub ignored: usize,
}

/// A form of the report.
#[derive(Debug)]
pub struct Format {
    /// Its name on the command line.
    pub name: &'static str,
    /// Writes it.
    pub write: fn(&Shown<'_>, &mut dyn Write) -> io::Result<()>,
}

/// All formats; the first is the usual one.
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

/// The end in one line.
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

/// The operations of a difference.
pub(super) fn operations(difference: &super::super::difference::Difference) -> String {
    let ids: Vec<&str> = difference
        .operations
        .iter()
        .map(|operation| operation.id())
        .collect();
    ids.join(", ")
}
