//! Makes the report of a trial from its execution.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::budget::SPENT;
use super::custody::Keeper;
use super::execute::{Execution, Stop};
use super::halt::HaltReason;
use super::run::{Keep, Runner};
use crate::case::Trial;
use crate::contract::Level;
use crate::event::{ExchangeRecord, TrialReport, Verdict, exchange_record};

/// The number of writes before a finding that are kept in full.
const WRITES: usize = 3;

impl Runner {
    pub(super) fn report(
        &self,
        trial: &Trial,
        execution: &Execution<'_>,
        end: Result<(), Stop>,
    ) -> TrialReport {
        let worst = execution
            .judgement
            .findings
            .iter()
            .map(|f| f.finding.level)
            .max();
        let by_network = matches!(end, Err(Stop::Unreachable(_)));
        let halted = self.target.halt.reason();
        let was_ended = matches!(
            halted,
            Some(HaltReason::Interrupted | HaltReason::Enough(_))
        );
        let (end_verdict, reason) = match end {
            Ok(()) | Err(Stop::Violated) => (Verdict::Conforms, None),
            Err(Stop::Inconclusive(reason) | Stop::Unreachable(reason)) => {
                (Verdict::Inconclusive, Some(reason))
            }
            Err(Stop::Halted(_))
                if matches!(halted, Some(HaltReason::Spent(_))) && self.budget.is_limited() =>
            {
                (Verdict::Skipped, Some(SPENT.to_owned()))
            }
            // A trial counts as not run if somebody ended the run early or if it sent nothing. A trial during which the
            // target failed is inconclusive.
            Err(Stop::Halted(reason)) if was_ended || execution.log.len() == 0 => {
                (Verdict::NotRun, Some(reason))
            }
            Err(Stop::Halted(reason)) => (Verdict::Inconclusive, Some(reason)),
            Err(Stop::Skip(reason)) => (Verdict::Skipped, Some(reason)),
            Err(Stop::Broken(reason, line)) => {
                let file = &trial.case.source.path;
                let place = line.map_or_else(|| file.clone(), |line| format!("{file}:{line}"));
                (Verdict::Broken, Some(format!("{place}: {reason}")))
            }
        };
        let verdict = match worst {
            Some(Level::Must) => Verdict::Violates,
            Some(Level::Should) => end_verdict.max(Verdict::Deviates),
            Some(Level::May) | None => end_verdict,
        };
        let mut report = empty_report(trial, verdict, String::new());
        report.reason = reason;
        report.by_network = by_network;
        report.findings.clone_from(&execution.judgement.findings);
        report
            .observations
            .clone_from(&execution.judgement.observations);
        report.steps.clone_from(&execution.log.steps);
        report.not_reached = trial.case.steps.len() - execution.reached;
        report.exchanges = self.exchanges(execution);
        report.given.clone_from(&execution.given);
        report
    }

    fn exchanges(&self, execution: &Execution<'_>) -> Vec<ExchangeRecord> {
        let is_blamed = |index: usize| {
            execution
                .judgement
                .findings
                .iter()
                .any(|f| f.step == Some(index))
        };
        // A finding is shown with the writes before it, so that the reader can reproduce it by hand.
        let is_write = |index: usize| {
            let exchange = execution.log.get(index);
            exchange.is_some_and(|exchange| exchange.request.method != "GET")
        };
        let mut written = BTreeSet::new();
        for finding in execution.judgement.findings.iter().filter_map(|f| f.step) {
            let before = (0..finding).rev().filter(|index| is_write(*index));
            written.extend(before.take(WRITES));
        }
        let is_kept = |index: usize| match self.config.keep {
            Keep::All => true,
            Keep::Findings => is_blamed(index) || written.contains(&index),
        };
        execution
            .log
            .iter()
            .enumerate()
            .filter(|(index, _)| is_kept(*index))
            .map(|(index, exchange)| exchange_record(exchange, index, &self.target.redactor))
            .collect()
    }
}

/// Returns what happened to the zones of a trial.
pub(super) fn restored(keepers: &HashMap<String, Arc<Keeper>>, is_tidy: bool) -> Option<String> {
    let zones: Vec<&str> = keepers
        .values()
        .map(|keeper| keeper.zone.as_str())
        .collect();
    let what = if is_tidy {
        "tidied up after"
    } else {
        "put back at the end of the run"
    };
    (!zones.is_empty()).then(|| format!("zone {} {what}", zones.join(", ")))
}

/// Returns the report of a trial that has only a verdict and a reason.
pub(super) fn empty_report(trial: &Trial, verdict: Verdict, reason: String) -> TrialReport {
    TrialReport {
        id: trial.id(),
        case: trial.case.id.clone(),
        title: trial.case.title.clone(),
        file: trial.case.source.path.clone(),
        proves: trial
            .proves()
            .map(|clause| clause.as_str().to_owned())
            .collect(),
        verdict,
        reason: (!reason.is_empty()).then_some(reason),
        ..TrialReport::default()
    }
}
