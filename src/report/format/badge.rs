//! The endpoint JSON of a shields badge.

use std::io::{self, Write};

use serde_json::json;

use crate::event::Verdict;
use crate::report::document::Run;
use crate::report::wrap::counted;

/// Writes the badge.
pub(super) fn write(run: &Run, out: &mut dyn Write) -> io::Result<()> {
    let summary = run.counts();
    let count = |verdict| summary.count(verdict);
    let (message, color) = if count(Verdict::Violates) > 0 {
        (counted(count(Verdict::Violates), "violation"), "red")
    } else if !run.is_complete() || summary.unjudged() > 0 {
        ("could not be judged".to_owned(), "lightgrey")
    } else if summary.judged() == 0 {
        ("nothing ran".to_owned(), "lightgrey")
    } else if count(Verdict::Deviates) > 0 {
        (
            format!(
                "conforms, {}",
                counted(count(Verdict::Deviates), "deviation")
            ),
            "yellow",
        )
    } else {
        ("conforms".to_owned(), "brightgreen")
    };
    let badge = json!({
        "schemaVersion": 1,
        "label": "origin cloud regions",
        "message": message,
        "color": color,
    });
    serde_json::to_writer_pretty(&mut *out, &badge)?;
    writeln!(out)
}
