//! Compares two runs: causes that appeared or disappeared, cases whose verdict changed, and answers that look
//! different. `words` writes the comparison as text.

mod causes;
mod words;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Serialize;

pub use causes::{CauseChange, CauseDifference};

use super::document::Run;
use crate::event::{AnswerShape, Profile, TrialReport, Verdict};

/// How a case changed; the worst change comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    /// It violates now.
    BeganToViolate,
    /// It deviates now.
    BeganToDeviate,
    /// It could be judged before and cannot be judged now.
    NoLongerJudged,
    /// It is skipped now.
    NewlySkipped,
    /// It fails now and was not judged before.
    FirstJudged,
    /// It failed before and fails no longer, or only deviates instead of violating.
    Mended,
    /// It is only in the new run.
    New,
    /// It is only in the old run.
    Gone,
}

impl Change {
    /// All changes, in the order of reports.
    pub const ALL: [Self; 8] = [
        Self::BeganToViolate,
        Self::BeganToDeviate,
        Self::NoLongerJudged,
        Self::NewlySkipped,
        Self::FirstJudged,
        Self::Mended,
        Self::New,
        Self::Gone,
    ];

    /// Returns the change in words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::BeganToViolate => "began to violate",
            Self::BeganToDeviate => "began to deviate",
            Self::NoLongerJudged => "can no longer be judged",
            Self::NewlySkipped => "newly skipped",
            Self::FirstJudged => "judged for the first time, and failing",
            Self::Mended => "fixed",
            Self::New => "new",
            Self::Gone => "gone",
        }
    }

    fn of(before: Option<Verdict>, after: Option<Verdict>) -> Option<Self> {
        let (before, after) = match (before, after) {
            (None, None) => return None,
            (Some(_), None) => return Some(Self::Gone),
            (None, Some(Verdict::Violates)) => return Some(Self::BeganToViolate),
            (None, Some(_)) => return Some(Self::New),
            (Some(before), Some(after)) => (before, after),
        };
        let failed = |verdict| {
            matches!(
                verdict,
                Verdict::Violates | Verdict::Deviates | Verdict::Expected
            )
        };
        match after {
            _ if after == before => None,
            Verdict::Violates | Verdict::Deviates if !was_judged(before) => Some(Self::FirstJudged),
            Verdict::Violates => Some(Self::BeganToViolate),
            Verdict::Deviates if before == Verdict::Violates => Some(Self::Mended),
            Verdict::Deviates => Some(Self::BeganToDeviate),
            Verdict::Inconclusive | Verdict::NotRun | Verdict::Broken => Some(Self::NoLongerJudged),
            Verdict::Skipped => Some(Self::NewlySkipped),
            Verdict::Conforms => failed(before).then_some(Self::Mended),
            Verdict::Expected => None,
        }
    }
}

/// Returns whether a verdict says anything about the target.
fn was_judged(verdict: Verdict) -> bool {
    !matches!(
        verdict,
        Verdict::Skipped | Verdict::NotRun | Verdict::Inconclusive | Verdict::Broken
    )
}

/// A case whose verdict changed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CaseChange {
    /// The id of the trial.
    pub id: String,
    /// How it changed.
    pub change: Change,
    /// Its verdict before.
    pub before: Option<Verdict>,
    /// Its verdict now.
    pub after: Option<Verdict>,
    /// The first difference between its exchanges, in words.
    pub difference: Option<String>,
}

/// A change in what answers look like. It does not tell whether they are lawful: the verdicts do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Drift {
    /// The operation.
    pub operation: String,
    /// The status.
    pub status: u16,
    /// The difference, in words.
    pub what: String,
}

impl fmt::Display for Drift {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.operation, self.status, self.what)
    }
}

/// The time that an operation takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Latency {
    /// The operation.
    pub operation: String,
    /// The median before and now, in microseconds.
    pub median_us: (u64, u64),
    /// The 95th percentile before and now, in microseconds.
    pub p95_us: (u64, u64),
}

/// The differences between two runs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    /// What a reader must know first: different suites, different targets, incomplete runs.
    pub notes: Vec<String>,
    /// Changes of causes, the worst first.
    pub causes: Vec<CauseDifference>,
    /// Changes of cases, the worst first.
    pub cases: Vec<CaseChange>,
    /// Changes in what answers look like.
    pub drift: Vec<Drift>,
    /// Times of the operations, for information only.
    pub latency: Vec<Latency>,
}

/// Compares two runs.
#[must_use]
pub fn compare(old: &Run, new: &Run) -> Comparison {
    let (old, new) = (&old.visible(), &new.visible());
    let by_id = |run: &'_ Run| -> BTreeMap<String, TrialReport> {
        run.trials
            .iter()
            .map(|trial| (trial.id.clone(), trial.clone()))
            .collect()
    };
    let (before, after) = (by_id(old), by_id(new));
    let ids: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let mut cases: Vec<CaseChange> = ids
        .into_iter()
        .filter_map(|id| {
            let (before, after) = (before.get(id), after.get(id));
            let verdicts = (before.map(|t| t.verdict), after.map(|t| t.verdict));
            let change = Change::of(verdicts.0, verdicts.1)?;
            // The difference matters only if the case got worse.
            let is_worse = !matches!(change, Change::Mended | Change::New | Change::Gone);
            let both = before.zip(after).filter(|_| is_worse);
            Some(CaseChange {
                id: id.clone(),
                change,
                before: verdicts.0,
                after: verdicts.1,
                difference: both.and_then(|(before, after)| difference(before, after)),
            })
        })
        .collect();
    cases.sort_by(|a, b| (a.change, &a.id).cmp(&(b.change, &b.id)));
    let profile = |run: &Run| run.counts().profile;
    Comparison {
        notes: notes(old, new),
        causes: causes::between(old, new, &before),
        cases,
        drift: drift(&profile(old), &profile(new)),
        latency: latency(old, new),
    }
}

fn notes(old: &Run, new: &Run) -> Vec<String> {
    let mut notes = Vec::new();
    for (name, run) in [("old", old), ("new", new)] {
        if !run.is_complete() {
            notes.push(format!(
                "the {name} run broke off: what it did not reach counts as gone"
            ));
        }
    }
    if old.header.suite != new.header.suite {
        notes.push(
            "the runs are of different suites: cases may have changed as well as the target"
                .to_owned(),
        );
    }
    if old.header.target != new.header.target {
        notes.push(format!(
            "different targets: {} and {}",
            old.header.target, new.header.target
        ));
    }
    notes
}

/// Describes the first difference between the exchanges of a trial.
fn difference(before: &TrialReport, after: &TrialReport) -> Option<String> {
    for (index, (old, new)) in before.steps.iter().zip(&after.steps).enumerate() {
        let place = format!("request {} ({} {})", index + 1, new.operation, new.method);
        if old.operation != new.operation {
            return Some(format!("{place} was {} before", old.operation));
        }
        if old.status != new.status {
            return Some(format!(
                "{place} is answered with {} instead of {}",
                new.status, old.status
            ));
        }
        let finding = after.findings.iter().find(|f| f.step == Some(index));
        if let Some(finding) = finding.filter(|_| old.digest != new.digest) {
            let finding = &finding.finding;
            return Some(format!(
                "{place} at {}: expected {}, found {}",
                finding.at,
                finding.what.expected(),
                finding.what.found()
            ));
        }
    }
    let (old, new) = (before.steps.len(), after.steps.len());
    (old != new).then(|| format!("{new} requests instead of {old}"))
}

fn drift(old: &Profile, new: &Profile) -> Vec<Drift> {
    let mut drift = Vec::new();
    let operations: BTreeSet<&String> = old.0.keys().chain(new.0.keys()).collect();
    for operation in operations {
        let (Some(before), Some(after)) = (old.0.get(operation), new.0.get(operation)) else {
            continue;
        };
        let statuses: BTreeSet<u16> = before.keys().chain(after.keys()).copied().collect();
        for status in statuses {
            let mut add = |what: String| {
                drift.push(Drift {
                    operation: operation.clone(),
                    status,
                    what,
                });
            };
            match (before.get(&status), after.get(&status)) {
                (None, Some(_)) => add("this status is new".to_owned()),
                (Some(_), None) => add("this status is gone".to_owned()),
                (Some(before), Some(after)) => shape_drift(before, after, &mut add),
                (None, None) => {}
            }
        }
    }
    drift
}

fn shape_drift(before: &AnswerShape, after: &AnswerShape, add: &mut impl FnMut(String)) {
    let paths: BTreeSet<&String> = before.members.keys().chain(after.members.keys()).collect();
    let list = |set: &BTreeSet<String>| set.iter().cloned().collect::<Vec<_>>().join(" or ");
    for path in paths {
        match (before.members.get(path), after.members.get(path)) {
            (None, Some(types)) => add(format!("the member {path} is new ({})", list(types))),
            (Some(_), None) => add(format!("the member {path} is gone")),
            (Some(old), Some(new)) if old != new => {
                add(format!(
                    "the member {path} is {} instead of {}",
                    list(new),
                    list(old)
                ));
            }
            _ => {}
        }
    }
    let codes: BTreeSet<&String> = before.texts.keys().chain(after.texts.keys()).collect();
    for code in codes {
        match (before.texts.get(code), after.texts.get(code)) {
            (None, Some(_)) => add(format!("the code {code} is new")),
            (Some(_), None) => add(format!("the code {code} is gone")),
            (Some(old), Some(new)) if old != new => {
                add(format!(
                    "the text of {code} is {:?} instead of {:?}",
                    list(new),
                    list(old)
                ));
            }
            _ => {}
        }
    }
    if before.media_types != after.media_types {
        let (new, old) = (list(&after.media_types), list(&before.media_types));
        add(format!("the media type is {new:?} instead of {old:?}"));
    }
}

fn latency(old: &Run, new: &Run) -> Vec<Latency> {
    let times = |run: &Run| -> BTreeMap<String, Vec<u64>> {
        let mut times: BTreeMap<String, Vec<u64>> = BTreeMap::new();
        for step in run.trials.iter().flat_map(|trial| &trial.steps) {
            times
                .entry(step.operation.clone())
                .or_default()
                .push(step.elapsed_us);
        }
        for times in times.values_mut() {
            times.sort_unstable();
        }
        times
    };
    let (before, after) = (times(old), times(new));
    let at = |times: &[u64], percent: usize| {
        let index = (times.len() * percent / 100).min(times.len().saturating_sub(1));
        times.get(index).copied().unwrap_or(0)
    };
    before
        .iter()
        .filter_map(|(operation, before)| {
            let after = after.get(operation)?;
            Some(Latency {
                operation: operation.clone(),
                median_us: (at(before, 50), at(after, 50)),
                p95_us: (at(before, 95), at(after, 95)),
            })
        })
        .collect()
}
