//! For people at a terminal.

use std::io::{self, Write};

use super::all::{Shown, ending, operations};

/// Writes it.
pub(super) fn write(shown: &Shown<'_>, out: &mut dyn Write) -> io::Result<()> {
    for difference in &shown.drift.differences {
        let operations = operations(difference);
        let blank = if operations.is_empty() { "" } else { " " };
        writeln!(
            out,
            "{}: {operations}{blank}{}: {}",
            difference.breaks, difference.part, difference.what
        )?;
        writeln!(out, "  theirs {}", difference.theirs)?;
        writeln!(out, "  ours   {}\n", difference.ours)?;
    }
    writeln!(out, "{}: {}", shown.source, ending(shown))
}
