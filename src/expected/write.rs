//! Entries for failures, to be pasted or written to a file. The user must fill in each empty reason, since a file with
//! an empty reason is refused.

use std::collections::BTreeSet;
use std::fmt::Write;

use crate::contract::{ClauseId, Level};
use crate::event::{Cause, TrialReport, Verdict};

/// Returns the entries for a failed trial: one for each clause and kind of difference. The text is empty if the trial
/// did not fail.
#[must_use]
pub fn entry_of(report: &TrialReport) -> String {
    let mut text = String::new();
    if !matches!(report.verdict, Verdict::Violates | Verdict::Deviates) {
        return text;
    }
    let mut written = BTreeSet::new();
    for reported in report
        .findings
        .iter()
        .filter(|f| f.finding.level != Level::May)
    {
        let clause = reported.finding.clause.as_str();
        let kind = reported.finding.what.kind();
        if written.insert((clause, kind)) {
            // A quoted JSON string means the same in YAML.
            let case = serde_json::Value::from(report.id.as_str());
            let _ = writeln!(
                text,
                "- case: {case}\n  clause: {clause}\n  kind: {kind}\n  reason: \"\""
            );
        }
    }
    text
}

/// Returns a whole file with one entry for each cause of failures. The entry names the clauses and kinds of difference
/// that the cause shows. For recorded traffic it also names the operations, so that a run can tell when they pass
/// again.
#[must_use]
pub fn entries_of(causes: &[Cause], is_recorded: bool, reason: &str) -> String {
    let mut text = String::from(
        "# Expected failures. What they name runs and must fail; give each a reason, and a link or a day (`until`) where there is one.\n",
    );
    let list = |all: BTreeSet<&str>| match all.into_iter().collect::<Vec<_>>().as_slice() {
        [one] => (*one).to_owned(),
        several => format!("[{}]", several.join(", ")),
    };
    for cause in causes {
        let clauses = list(cause.clauses.keys().map(ClauseId::as_str).collect());
        let cases = if is_recorded {
            let operations = list(cause.trials.iter().map(String::as_str).collect());
            format!("  case: {operations}\n")
        } else {
            String::new()
        };
        let kinds = list(
            cause
                .symptoms
                .iter()
                .map(|symptom| symptom.kind.as_str())
                .collect(),
        );
        // A quoted JSON string means the same in YAML.
        let reason = serde_json::Value::from(reason);
        // Writing to a string does not fail.
        let _ = writeln!(
            text,
            "# {}: {} case(s), such as {}\n- clause: {clauses}\n{cases}  kind: {kinds}\n  reason: {reason}",
            cause.id,
            cause.trials.len(),
            cause.witness.trial
        );
    }
    text
}
