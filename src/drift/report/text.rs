//! The text report, for people at a terminal.

use std::io::{self, Write};

use crate::diagnostic::visible::one_line;

use super::all::{Shown, ending, operations};

/// Writes the report.
pub(super) fn write(shown: &Shown<'_>, out: &mut dyn Write) -> io::Result<()> {
    for difference in &shown.drift.differences {
        let operations = operations(difference);
        let blank = if operations.is_empty() { "" } else { " " };
        writeln!(
            out,
            "{}: {operations}{blank}{}: {}",
            difference.breaks,
            one_line(&difference.part),
            one_line(&difference.what.to_string())
        )?;
        writeln!(out, "  theirs {}", one_line(&difference.theirs))?;
        writeln!(out, "  ours   {}\n", one_line(&difference.ours))?;
    }
    writeln!(out, "{}: {}", shown.source, ending(shown))
}
