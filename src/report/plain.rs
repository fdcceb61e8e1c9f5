//! One failed trial as plain text, for formats that show text as it is.

use super::terminal::{Style, Terminal, Verbosity};
use crate::event::{Event, TrialReport};

/// What the terminal shows of a trial, without colour.
pub(super) fn failure_text(trial: &TrialReport) -> String {
    let mut terminal = Terminal::new(
        Style::new(false),
        "originproof run --case".to_owned(),
        Verbosity::Cases,
    );
    let mut text = Vec::new();
    // Writing into memory does not fail.
    let _ = terminal.event(&Event::TrialFinished(Box::new(trial.clone())), &mut text);
    String::from_utf8_lossy(&text).trim_end().to_owned()
}
