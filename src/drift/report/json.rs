//! The JSON report, for programs.

use std::io::{self, Write};

use serde::Serialize;

use super::super::difference::{Breaks, Difference};
use crate::diagnostic::visible::lines;

use super::all::Shown;

/// The version of this format. It increases when a member changes its meaning or is removed.
const VERSION: u32 = 1;

#[derive(Serialize)]
struct Document<'d> {
    version: u32,
    source: &'d str,
    counts: Counts,
    differences: Vec<Row<'d>>,
}

/// The numbers of differences. A difference that breaks both sides counts only under `both`.
#[derive(Serialize)]
struct Counts {
    both: usize,
    clients: usize,
    servers: usize,
    neither: usize,
    ignored: usize,
}

#[derive(Serialize)]
struct Row<'d> {
    difference: &'d Difference,
    /// The difference in words.
    says: String,
    /// The line for a list of differences to ignore.
    key: String,
}

/// Writes the report.
pub(super) fn write(shown: &Shown<'_>, out: &mut dyn Write) -> io::Result<()> {
    let drift = shown.drift;
    let rows = drift.differences.iter().map(|difference| Row {
        difference,
        says: difference.what.to_string(),
        key: difference.key(),
    });
    let document = Document {
        version: VERSION,
        source: shown.source,
        counts: Counts {
            both: drift.count(Breaks::Both),
            clients: drift.count(Breaks::Clients),
            servers: drift.count(Breaks::Servers),
            neither: drift.count(Breaks::Neither),
            ignored: shown.ignored,
        },
        differences: rows.collect(),
    };
    let text = serde_json::to_string_pretty(&document)?;
    writeln!(out, "{}", lines(&text))
}
