//! Entries for what failed, to be pasted or written to a file. The reason is left to fill in: a file with an
//! empty one is refused.

use std::collections::BTreeSet;
use std::fmt::Write;

use crate::contract::Level;
use crate::event::{TrialReport, Verdict};

/// The entries for a trial that failed, one for each clause and kind of difference; empty for one that did not.
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
            // A text in JSON's quotes means the same in YAML.
            let case = serde_json::Value::from(report.id.as_str());
            let _ = writeln!(
                text,
                "- case: {case}\n  clause: {clause}\n  kind: {kind}\n  reason: \"\""
            );
        }
    }
    text
}

/// A whole file for what failed.
#[must_use]
pub fn entries_of<'r>(reports: impl IntoIterator<Item = &'r TrialReport>) -> String {
    let mut text = String::from(
        "# Expected failures. Each of them runs and must fail; give each a reason, and a link or a day (`until`) where there is one.\n",
    );
    for report in reports {
        text.push_str(&entry_of(report));
    }
    text
}
