//! Workflow commands of GitHub Actions: one annotation a broken clause of a case, at the step in the case file.

use std::io::{self, Write};

use super::document::Run;
use super::wrap::cut;
use crate::contract::Level;
use crate::event::Verdict;

/// GitHub shows ten annotations of a kind and step; more only hide the others.
const ANNOTATIONS: usize = 10;

/// Writes the annotations.
pub(super) fn write(run: &Run, out: &mut dyn Write) -> io::Result<()> {
    for (verdict, command) in [(Verdict::Violates, "error"), (Verdict::Deviates, "warning")] {
        let trials = run.trials.iter().filter(|trial| trial.verdict == verdict);
        let findings = trials.flat_map(|trial| {
            let worst = trial.findings.iter().filter(move |f| {
                (f.finding.level == Level::Must) == (verdict == Verdict::Violates)
            });
            worst.map(move |reported| (trial, reported))
        });
        for (trial, reported) in findings.take(ANNOTATIONS) {
            let finding = &reported.finding;
            writeln!(
                out,
                "::{command} file={},line={},title={}::{}",
                property(reported.place.file(&trial.file)),
                reported.place.number(),
                property(&format!("{}: {}", trial.id, finding.clause)),
                data(&cut(&finding.to_string(), 500)),
            )?;
        }
    }
    for trial in run
        .trials
        .iter()
        .filter(|trial| matches!(trial.verdict, Verdict::Inconclusive | Verdict::Broken))
        .take(ANNOTATIONS)
    {
        let reason = trial.reason.as_deref().unwrap_or_default();
        let title = property(&format!("{}: {}", trial.id, trial.verdict));
        writeln!(
            out,
            "::warning file={},title={title}::{}",
            property(&trial.file),
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
