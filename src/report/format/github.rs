//! Workflow commands of GitHub Actions: one annotation per cause. It names a file and line only if the reader has that
//! file.

use std::collections::BTreeMap;
use std::io::{self, Write};

use crate::contract::Level;
use crate::event::{Cause, Verdict};
use crate::report::document::Run;
use crate::report::wrap::{counted, cut};

/// The maximum number of annotations of each kind. GitHub shows ten per kind and step; more would hide the others.
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

/// Writes the annotation of a cause, at the place of its witness if the reader has that file.
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

/// Escapes the characters of a message that would end the command.
fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

/// Escapes the value of a property, in which colon and comma are special as well.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
