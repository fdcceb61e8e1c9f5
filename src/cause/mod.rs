//! Causes: which findings of a run have one explanation, and which of them shows it best.
//!
//! `sheet` sorts findings into groups of the same clause, kind of difference, member and operation; `join` puts groups
//! together that follow from one another; `choose` names a cause after the clause that says it best, and picks its
//! simplest witness.

mod choose;
mod join;
mod sheet;

use crate::event::{Cause, TrialReport, Verdict};

use self::sheet::Sheet;

/// Gathers the findings of a run, trial by trial.
#[derive(Debug, Default)]
pub struct Causes {
    sheet: Sheet,
}

impl Causes {
    /// Takes a trial in. Those that were expected to fail count as trials that pass.
    pub fn take(&mut self, trial: &TrialReport) {
        let fails = matches!(trial.verdict, Verdict::Violates | Verdict::Deviates);
        self.sheet.take(trial, fails);
    }

    /// The causes: musts before shoulds, then those that explain the most.
    #[must_use]
    pub fn list(&self) -> Vec<Cause> {
        choose::causes(&self.sheet, &join::joined(&self.sheet))
    }
}

/// The causes of failed trials.
pub fn of_failures<'t>(trials: impl IntoIterator<Item = &'t TrialReport>) -> Vec<Cause> {
    let mut causes = Causes::default();
    trials.into_iter().for_each(|trial| causes.take(trial));
    causes.list()
}

/// The causes of what was expected to fail.
pub fn of_expected<'t>(trials: impl IntoIterator<Item = &'t TrialReport>) -> Vec<Cause> {
    let mut causes = Causes::default();
    for trial in trials {
        causes.sheet.take(trial, trial.verdict == Verdict::Expected);
    }
    causes.list()
}
