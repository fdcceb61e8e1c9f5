//! Causes: groups the findings of a run that have the same explanation, and picks the one that shows it best.
//!
//! `sheet` sorts findings into groups of the same clause, kind of difference, member and operation. `join` joins groups
//! that follow from one another, and `aside` does so for clauses about the whole API. `choose` names a cause after the
//! clause that describes it best, and picks its simplest witness.

mod aside;
mod choose;
mod join;
mod sheet;

use crate::event::{Cause, TrialReport, Verdict};

use self::sheet::Sheet;

/// The findings of a run, collected trial by trial.
#[derive(Debug, Default)]
pub struct Causes {
    sheet: Sheet,
}

impl Causes {
    /// Adds a trial. Trials that were expected to fail count as passed.
    pub fn take(&mut self, trial: &TrialReport) {
        let fails = matches!(trial.verdict, Verdict::Violates | Verdict::Deviates);
        self.sheet.take(trial, fails);
    }

    /// Returns the causes: musts before shoulds, and then the causes with the most trials first.
    #[must_use]
    pub fn list(&self) -> Vec<Cause> {
        let sheet = self.sheet.ordered();
        choose::causes(&sheet, &join::joined(&sheet))
    }
}

/// Returns the causes of failed trials.
pub fn of_failures<'t>(trials: impl IntoIterator<Item = &'t TrialReport>) -> Vec<Cause> {
    let mut causes = Causes::default();
    trials.into_iter().for_each(|trial| causes.take(trial));
    causes.list()
}

/// Returns the causes of the trials that were expected to fail.
pub fn of_expected<'t>(trials: impl IntoIterator<Item = &'t TrialReport>) -> Vec<Cause> {
    let mut causes = Causes::default();
    for trial in trials {
        causes.sheet.take(trial, trial.verdict == Verdict::Expected);
    }
    causes.list()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::{ClauseId, Finding, Level, What};
    use crate::event::{Location, ReportedFinding, StepRecord};

    fn trial(id: &str, clause: &'static str, operation: &str) -> TrialReport {
        let what = What::value("one thing", "another");
        TrialReport {
            id: id.to_owned(),
            verdict: Verdict::Violates,
            findings: vec![ReportedFinding {
                finding: Finding::new((ClauseId::of(clause), Level::Must), "/result", what),
                place: Location::Case { line: 1 },
                step: Some(0),
                times: 1,
            }],
            steps: vec![StepRecord {
                place: Location::Case { line: 1 },
                operation: operation.to_owned(),
                method: "GET".to_owned(),
                path: "/zones/1/origin/cloud_regions".to_owned(),
                status: 200,
                elapsed_us: 1,
                digest: String::new(),
            }],
            ..TrialReport::default()
        }
    }

    #[test]
    fn causes_do_not_depend_on_the_order_in_which_trials_end() {
        let mut trials = vec![
            trial("c/three", "V2-LIST-5", "v2.list"),
            trial("a/one", "X-1", "v1.get"),
            trial("b/two", "V2-GET-1", "v2.get"),
            trial("d/four", "X-1", "v2.list"),
            trial("e/five", "V2-GET-1", "v2.get"),
        ];
        let first = of_failures(&trials);
        trials.reverse();
        assert_eq!(of_failures(&trials), first);
        trials.swap(0, 3);
        trials.swap(1, 4);
        assert_eq!(of_failures(&trials), first);
    }
}
