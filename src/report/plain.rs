//! One failed trial as plain text, for formats that show text as it is.

use super::document::Run;
use super::terminal::{Style, Terminal, Verbosity};
use crate::diagnostic::visible::one_line;
use crate::event::{Cause, Event, TrialReport};
use crate::exchange::shell_word;

/// Characters of a trial that are kept: readers of `JUnit` keep all of them in memory.
const FAILURE: usize = 4_000;

/// What the terminal shows of a trial, without colour, as far as it fits: all of the simplest evidence of a cause, and
/// the first finding of another.
pub(super) fn failure_text(run: &Run, trial: &TrialReport, is_evidence: bool) -> String {
    let mut terminal = Terminal::new(Style::new(false), again(run), Verbosity::Cases);
    terminal.remember_run(&run.header, None);
    let mut text = Vec::new();
    // Writing into memory does not fail.
    let _ = if is_evidence {
        terminal.event(&Event::TrialFinished(Box::new(trial.clone())), &mut text)
    } else {
        terminal.brief(trial, &mut text)
    };
    let text = String::from_utf8_lossy(&text);
    let text = text.trim_end();
    match text.char_indices().nth(FAILURE) {
        Some((end, _)) => format!("{}\n… (cut)", &text[..end]),
        None => text.to_owned(),
    }
}

/// What the terminal shows of a cause, without colour and without its headline.
pub(super) fn cause_text(run: &Run, cause: &Cause) -> String {
    let mut terminal = Terminal::new(Style::new(false), again(run), Verbosity::Causes);
    let mut text = Vec::new();
    terminal.remember_run(&run.header, run.witness(cause).map(|(trial, _)| trial));
    // Writing into memory does not fail.
    let _ = terminal.cause_body(cause, &mut text);
    String::from_utf8_lossy(&text).trim_end().to_owned()
}

/// The command that looks at a run's cases again, up to the name of one.
pub(super) fn again(run: &Run) -> String {
    if run.header.recorded {
        let files = run.trials.iter().map(|trial| trial.file.as_str());
        let mut files: Vec<&str> = files.filter(|file| !file.is_empty()).collect();
        files.dedup();
        let words = files.into_iter().map(|file| shell_word(&one_line(file)));
        let words: Vec<String> = words.collect();
        format!("originproof check {}", words.join(" "))
    } else {
        format!("originproof run --target {} --case", run.header.target)
    }
}
