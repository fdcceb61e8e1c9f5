//! Finds the causes that appeared, disappeared or changed between two runs.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use serde::Serialize;

use crate::contract::{Contract, Level};
use crate::event::{Cause, TrialReport, Verdict};
use crate::report::document::Run;

/// How a cause changed between two runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum CauseChange {
    /// It is new: at least one of its cases had a better verdict before, or did not exist.
    New,
    /// It appears for the first time, but only in cases that were not judged before or in which another failure may
    /// have hidden it.
    FirstSeen,
    /// It appears in more cases.
    Grown,
    /// It appears in fewer cases.
    Shrunk,
    /// It no longer appears.
    Gone,
}

impl CauseChange {
    /// Returns the change in words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::FirstSeen => "seen for the first time",
            Self::Grown => "in more cases",
            Self::Shrunk => "in fewer cases",
            Self::Gone => "fixed",
        }
    }
}

/// A cause that appeared, disappeared or changed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CauseDifference {
    /// The name of the cause.
    pub id: String,
    /// How it changed.
    pub change: CauseChange,
    /// What is wrong, in words.
    pub what: String,
    /// The number of cases before and now.
    pub cases: (usize, usize),
}

/// Returns the causes that appeared, disappeared or changed.
pub(super) fn between(
    old: &Run,
    new: &Run,
    before: &BTreeMap<String, TrialReport>,
) -> Vec<CauseDifference> {
    let (olds, news) = (old.causes(), new.causes());
    let difference = |run: &Run, cause: &Cause, change, cases| CauseDifference {
        id: cause.id.clone(),
        change,
        what: run.witness(cause).map_or_else(
            || Contract::embedded().says(&cause.clause).to_owned(),
            |(_, reported)| reported.finding.to_string(),
        ),
        cases,
    };
    let mut all = Vec::new();
    for cause in &news {
        let now = cause.trials.len();
        let change = match olds.iter().find(|known| known.is_like(cause)) {
            Some(known) => {
                let was = known.trials.len();
                match now.cmp(&was) {
                    Ordering::Equal => continue,
                    Ordering::Greater => (CauseChange::Grown, (was, now)),
                    Ordering::Less => (CauseChange::Shrunk, (was, now)),
                }
            }
            None if has_got_worse(cause, before) => (CauseChange::New, (0, now)),
            None => (CauseChange::FirstSeen, (0, now)),
        };
        all.push(difference(new, cause, change.0, change.1));
    }
    for cause in &olds {
        if !news.iter().any(|known| known.is_like(cause)) {
            let cases = (cause.trials.len(), 0);
            all.push(difference(old, cause, CauseChange::Gone, cases));
        }
    }
    all.sort_by(|a, b| (a.change, &a.id).cmp(&(b.change, &b.id)));
    all
}

/// Returns whether a case of the cause had a better verdict before, or did not exist. A cause may have been there
/// already in a case that was not judged, or behind a broken must clause.
fn has_got_worse(cause: &Cause, before: &BTreeMap<String, TrialReport>) -> bool {
    cause
        .trials
        .iter()
        .any(|id| match before.get(id).map(|trial| trial.verdict) {
            Some(Verdict::Conforms | Verdict::Expected) | None => true,
            Some(Verdict::Deviates) => cause.level == Level::Must,
            Some(
                Verdict::Violates
                | Verdict::Skipped
                | Verdict::NotRun
                | Verdict::Inconclusive
                | Verdict::Broken,
            ) => false,
        })
}
