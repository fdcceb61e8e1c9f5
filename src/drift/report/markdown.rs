//! The Markdown report, for a comment or a page.

use std::io::{self, Write};

use crate::diagnostic::visible::one_line;

use super::all::{Shown, ending, operations};

/// Writes the report.
pub(super) fn write(shown: &Shown<'_>, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "### originproof drift\n")?;
    writeln!(out, "{}: {}.", cell(shown.source), ending(shown))?;
    if shown.drift.differences.is_empty() {
        return Ok(());
    }
    writeln!(
        out,
        "\n| breaks | operations | part | difference | theirs | ours |"
    )?;
    writeln!(out, "|---|---|---|---|---|---|")?;
    for difference in &shown.drift.differences {
        let breaks = difference.breaks.to_string();
        writeln!(
            out,
            "| {} | {} | {} | {} | `{}` | `{}` |",
            breaks.trim_start_matches("breaks "),
            operations(difference),
            cell(&difference.part),
            cell(&difference.what.to_string()),
            coded(&difference.theirs),
            coded(&difference.ours),
        )?;
    }
    Ok(())
}

/// Returns a text that does not end a table cell or begin markup.
fn cell(text: &str) -> String {
    let mut escaped = String::new();
    for character in one_line(text).chars() {
        match character {
            '|' | '*' | '_' | '`' | '<' | '[' | '\\' => {
                escaped.push('\\');
                escaped.push(character);
            }
            '\n' | '\r' => escaped.push(' '),
            other => escaped.push(other),
        }
    }
    escaped
}

/// Returns a text that is safe within backticks.
fn coded(text: &str) -> String {
    one_line(text)
        .replace('`', "'")
        .replace('|', "\\|")
        .replace(['\n', '\r'], " ")
}
