//! Which causes came, went, or changed between two runs.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use serde::Serialize;

use crate::contract::{Contract, Level};
use crate::event::{Cause, TrialReport, Verdict};
use crate::report::document::Run;

/// What became of a cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum CauseChange {
    /// It was not there before.
    New,
    /// It shows in cases that were not judged before, or that something worse hid.
    FirstSeen,
    /// It shows in more cases.
    Grown,
    /// It shows in fewer cases.
    Shrunk,
    /// It is no longer there.
    Gone,
}

impl CauseChange {
    /// What happened, in words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::FirstSeen => "seen for the first time",
            Self::Grown => "in more cases",
            Self::Shrunk => "in fewer cases",
            Self::Gone => "mended",
        }
    }
}

/// A cause that came, went, or changed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CauseDifference {
    /// Its name.
    pub id: String,
    /// What became of it.
    pub change: CauseChange,
    /// What is wrong, in words.
    pub what: String,
    /// The number of cases before and now.
    pub cases: (usize, usize),
}

/// Which causes came, went, or changed.
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

/// Whether a case of a cause was judged better before: what was not judged, or hid behind a broken must, may have been
/// there already.
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
