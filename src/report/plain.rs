//! Writes a cause as plain text, for formats that show text as it is.

use super::document::Run;
use super::terminal::{Style, Terminal, Verbosity};
use crate::diagnostic::visible::one_line;
use crate::event::Cause;
use crate::exchange::shell_word;

/// Returns what the terminal shows of a cause, without colour and without its headline.
pub(super) fn cause_text(run: &Run, cause: &Cause) -> String {
    let mut terminal = Terminal::new(Style::new(false), again(run), Verbosity::Causes);
    let mut text = Vec::new();
    terminal.remember_run(&run.header, run.witness(cause).map(|(trial, _)| trial));
    // Writing into memory does not fail.
    let _ = terminal.cause_body(cause, &mut text);
    String::from_utf8_lossy(&text).trim_end().to_owned()
}

/// Returns the command that judges a case of the run again, without the name of the case.
pub(super) fn again(run: &Run) -> String {
    if run.header.recorded {
        let files = run.trials.iter().map(|trial| trial.file.as_str());
        let mut files: Vec<&str> = files.filter(|file| !file.is_empty()).collect();
        files.dedup();
        let words = files.into_iter().map(|file| shell_word(&one_line(file)));
        let words: Vec<String> = words.collect();
        format!("originproof check {}", words.join(" "))
    } else if run.header.clients {
        format!("originproof clients --case {CASE} -- {}", run.header.target)
    } else {
        format!("originproof run --target {} --case", run.header.target)
    }
}

/// The place of the case's name in a command that does not end with it.
pub(super) const CASE: &str = "{case}";

/// Returns the command that judges a case again.
pub(super) fn again_with(command: &str, id: &str) -> String {
    if command.contains(CASE) {
        command.replace(CASE, &format!("'{id}'"))
    } else {
        format!("{command} '{id}'")
    }
}
