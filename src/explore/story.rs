//! The description of a fault: the key that distinguishes it from others, its case, and a sentence about it.

use std::path::Path;

use crate::case::{Library, Trial};
use crate::contract::{ClauseId, Level};
use crate::diagnostic::SourceFile;
use crate::event::{ReportedFinding, TrialReport, Verdict};

/// A fault with its reduced case.
#[derive(Debug, Clone)]
pub struct Story {
    /// The name of the case, such as `V2-GET-1-v2.get`.
    pub name: String,
    /// The clause that is broken.
    pub clause: ClauseId,
    /// The level of the clause.
    pub level: Level,
    /// The operation whose answer shows the fault.
    pub operation: String,
    /// The text of the case file.
    pub text: String,
    /// The number of requests in the case.
    pub requests: usize,
    /// The number of requests that had been sent when the fault was found.
    pub found_after: usize,
    /// The number of repeats in which the fault came back, and the number of all repeats.
    pub came_back: (usize, usize),
}

/// The properties that distinguish one fault from another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    pub(super) clause: String,
    pub(super) level: Level,
    pub(super) operation: String,
}

impl Key {
    pub(super) fn of(report: &TrialReport, reported: &ReportedFinding) -> Self {
        let step = reported.step.and_then(|step| report.steps.get(step));
        Self {
            clause: reported.finding.clause.as_str().to_owned(),
            level: reported.finding.level,
            operation: step.map(|step| step.operation.clone()).unwrap_or_default(),
        }
    }

    pub(super) fn name(&self) -> String {
        if self.operation.is_empty() {
            self.clause.clone()
        } else {
            format!("{}-{}", self.clause, self.operation)
        }
    }
}

/// Reduces a walk's report to its first finding of the highest level. The others usually follow from it, and other
/// walks look for them.
pub(super) fn only_first(mut report: TrialReport) -> TrialReport {
    let worst = report.findings.iter().map(|one| one.finding.level).max();
    let first = report
        .findings
        .iter()
        .position(|reported| Some(reported.finding.level) == worst);
    if let Some(first) = first {
        report.findings = vec![report.findings.swap_remove(first)];
        let kept = report.findings.first().and_then(|one| one.step);
        report
            .exchanges
            .retain(|exchange| Some(exchange.step) == kept);
    }
    report
}

pub(super) fn verdict(level: Level) -> Verdict {
    match level {
        Level::Must => Verdict::Violates,
        Level::Should => Verdict::Deviates,
        Level::May => Verdict::Conforms,
    }
}

/// Returns a sentence about a fault, based on the report that shows it.
pub(super) fn title(report: Option<&TrialReport>, key: &Key) -> String {
    let found = report.and_then(|report| {
        let mut findings = report.findings.iter();
        findings.find(|reported| Key::of(report, reported) == *key)
    });
    match found {
        Some(reported) => {
            let what = &reported.finding.what;
            let text = format!(
                "{}: found {}; expected {}",
                key.operation,
                what.found(),
                what.expected()
            );
            let cut: String = text.chars().filter(|c| !c.is_control()).take(200).collect();
            cut.replace("{{", "{ {")
        }
        None => format!("{} breaks {}", key.operation, key.clause),
    }
}

/// Loads the case of a case file's text, as if it were saved at the path.
pub(super) fn loaded(id: &str, path: &Path, text: &str) -> Option<Trial> {
    let source = SourceFile::new(path.display().to_string(), text);
    let library = Library::from_sources(vec![(id.to_owned(), source)]).ok()?;
    library.trials().into_iter().next()
}
