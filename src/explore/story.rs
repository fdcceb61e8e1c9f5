//! What is told of a fault: by what it is known from others, its case, and a sentence.

use std::path::Path;

use crate::case::{Library, Trial};
use crate::contract::{ClauseId, Level};
use crate::diagnostic::SourceFile;
use crate::event::{ReportedFinding, TrialReport, Verdict};

/// A fault, made small.
#[derive(Debug, Clone)]
pub struct Story {
    /// The name of its case: `V2-GET-1-v2.get`.
    pub name: String,
    /// The clause that is broken.
    pub clause: ClauseId,
    /// Its level.
    pub level: Level,
    /// The operation whose answer shows it.
    pub operation: String,
    /// The text of the case file.
    pub text: String,
    /// The requests of the case.
    pub requests: usize,
    /// How many requests had been sent when it was found.
    pub found_after: usize,
    /// How often the fault came back when the case was sent again, and how often it was sent.
    pub came_back: (usize, usize),
}

/// What tells one fault from another.
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

/// A walk's report with its first finding: the others are most often in its wake, and are looked for in other walks.
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

/// A sentence on a fault, from the report that shows it.
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

/// The case of a text, as it is saved.
pub(super) fn loaded(id: &str, path: &Path, text: &str) -> Option<Trial> {
    let source = SourceFile::new(path.display().to_string(), text);
    let library = Library::from_sources(vec![(id.to_owned(), source)]).ok()?;
    library.trials().into_iter().next()
}
