//! Shows runs by date: verdicts, causes that appeared or disappeared, and the first run that failed.

use super::Table;
use crate::event::{Cause, Verdict};
use crate::report::document::Run;
use crate::report::wrap::duration;

/// Returns a table of the runs, ordered by date.
#[must_use]
pub fn trend(runs: &[Run]) -> Table {
    let mut runs: Vec<Run> = runs.iter().map(Run::visible).collect();
    runs.sort_by(|a, b| a.header.started.cmp(&b.header.started));
    let mut table = Table {
        title: format!("{} runs over time", runs.len()),
        head: words(&[
            "started",
            "version",
            "target",
            "outcome",
            "conforms",
            "violates",
            "deviates",
            "not judged",
            "took",
            "causes that came",
            "causes that went",
        ]),
        ..Table::default()
    };
    table.notes.extend(first_failure(&runs));
    let mut before: Option<Vec<Cause>> = None;
    for run in &runs {
        let causes = run.causes();
        let known = before.as_deref().unwrap_or_default();
        let count = |verdict| run.counts().count(verdict).to_string();
        table.rows.push(vec![
            run.header.started.clone(),
            run.header.version.clone(),
            run.header.target.clone(),
            run.verdict(),
            count(Verdict::Conforms),
            count(Verdict::Violates),
            count(Verdict::Deviates),
            run.counts().unjudged().to_string(),
            duration(run.counts().elapsed_ms.saturating_mul(1_000)),
            not_among(&causes, known),
            not_among(known, &causes),
        ]);
        before = Some(causes);
    }
    table
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

/// Names the run since which the target fails: the one after the last run that violates no must clause.
fn first_failure(runs: &[Run]) -> Option<String> {
    let fails = |run: &&Run| run.counts().count(Verdict::Violates) > 0;
    let last_good = runs.iter().rposition(|run| !fails(&run));
    let first_bad = last_good.map_or(0, |place| place + 1);
    match runs.get(first_bad) {
        Some(run) => Some(format!(
            "The target fails since the run of {} (originproof {}).",
            run.header.started, run.header.version
        )),
        None => runs
            .last()
            .map(|_| "The last run violates no must.".to_owned()),
    }
}

/// Returns the names of the causes that are not like any of `others`.
fn not_among(causes: &[Cause], others: &[Cause]) -> String {
    let new = causes
        .iter()
        .filter(|cause| !others.iter().any(|other| other.is_like(cause)));
    let names: Vec<&str> = new.map(|cause| cause.id.as_str()).collect();
    names.join(", ")
}
