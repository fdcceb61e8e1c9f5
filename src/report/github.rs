//! Workflow commands of GitHub Actions: one annotation a cause, at its place if that is in a file of the
//! reader's.

use std::collections::BTreeMap;
use std::io::{self, Write};

use super::document::Run;
use super::wrap::{counted, cut};
use crate::contract::Level;
use crate::event::{Cause, Verdict};

/// GitHub shows ten annotations of a kind and step; more only hide the others.
const ANNOTATIONS: usize = 10;

/// Writes the annotations.
pub(super) fn write(run: &Run, out: &mut dyn Write) -> io::Result<()> {
    let causes = run.causes();
    for (level, command) in [(Level::Must, "error"), (Level::Should, "warning")] {
        let causes = causes.iter().filter(|cause| cause.level == level);
        for cause in causes.take(ANNOTATIONS) {
            annotation(run, cause, command, out)?;
        }
    }
    let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
    for trial in &run.trials {
        if let (Verdict::Inconclusive | Verdict::Broken, Some(reason)) =
            (trial.verdict, &trial.reason)
        {
            *reasons.entry(reason).or_default() += 1;
        }
    }
    for (reason, cases) in reasons.into_iter().take(ANNOTATIONS) {
        let title = format!("{} could not be judged", counted(cases, "case"));
        writeln!(
            out,
            "::warning title={}::{}",
            property(&title),
            data(&cut(reason, 500))
        )?;
    }
    if !run.is_complete() {
        writeln!(
            out,
            "::error title=originproof::the run broke off: not all cases ran"
        )?;
    }
    Ok(())
}

/// One cause, at the place of its witness if that is in a file that the reader has.
fn annotation(run: &Run, cause: &Cause, command: &str, out: &mut dyn Write) -> io::Result<()> {
    let mut place = String::new();
    let mut what = String::new();
    if let Some((trial, reported)) = run.witness(cause) {
        if run.header.has_own_places() {
            let file = property(reported.place.file(&trial.file));
            place = format!("file={file},line={},", reported.place.number());
        }
        what = format!("{}; for example in {}", reported.finding, trial.id);
    }
    let title = format!("{} in {}", cause.id, counted(cause.trials.len(), "case"));
    writeln!(
        out,
        "::{command} {place}title={}::{}",
        property(&title),
        data(&cut(&what, 500))
    )
}

/// A message, with the characters that end a command written otherwise.
fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

/// A property's value, in which colon and comma mean something as well.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
