//! One trial of a run: in its own zones, or in given zones around the mappings that they hold.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use super::budget::SPENT;
use super::custody::{Keeper, Permit};
use super::execute::{Execution, Trust};
use super::fitness::{obstacle, too_few_zones};
use super::halt::HaltReason;
use super::outcome::{empty_report, restored};
use super::refit::{Filled, Left};
use super::run::{Keep, Runner};
use super::zone::{Lease, Zones, fresh, named_addresses};
use crate::case::Trial;
use crate::event::{TrialReport, Verdict};

impl Runner {
    /// Runs one trial.
    pub async fn trial(&self, number: usize, trial: &Trial) -> TrialReport {
        if let Some(report) = self.halted(trial) {
            return report;
        }
        if let Some(reason) = self.lacks(trial) {
            return empty_report(trial, Verdict::Skipped, reason);
        }
        match &*self.zones {
            Zones::Fresh { seed } => {
                let (first, was_believed) = self.economically(trial, *seed, number).await;
                let is_doubtful = match first.verdict {
                    // The cause, such as a lost answer to a write, may not occur again in other fresh zones.
                    Verdict::Inconclusive => true,
                    // If the mappings of `given` were never stored, no clause about later steps is at fault.
                    Verdict::Violates | Verdict::Deviates => was_believed,
                    _ => false,
                };
                if !is_doubtful || self.target.halt.reason().is_some() {
                    return first;
                }
                let zones = fresh(seed.wrapping_add(1), number, &trial.case.zones);
                let again = Attempt::new(zones, Trust::Verify);
                let again = self.execute(trial, again).await;
                let is_clean = again.report.verdict == Verdict::Conforms;
                if first.verdict != Verdict::Inconclusive && is_clean && !again.was_written_singly {
                    // The fault comes and goes. What was seen stays true.
                    return first;
                }
                again.report
            }
            Zones::Given(pool) => match pool.lease(trial.case.zones.len()).await {
                Some(lease) => self.in_care(trial, &lease).await,
                None => empty_report(trial, Verdict::Skipped, too_few_zones(trial, pool)),
            },
        }
    }

    /// Returns the report of a trial that does not begin, since the run was halted.
    fn halted(&self, trial: &Trial) -> Option<TrialReport> {
        let reason = self.target.halt.reason()?;
        if matches!(reason, HaltReason::Spent(_)) && self.budget.is_limited() {
            return Some(empty_report(trial, Verdict::Skipped, SPENT.to_owned()));
        }
        Some(empty_report(trial, Verdict::NotRun, reason.to_string()))
    }

    /// Runs a trial in leased zones, around the mappings that they hold, and deletes what it leaves.
    async fn in_care(&self, trial: &Trial, lease: &Lease<'_>) -> TrialReport {
        if let Some(report) = self.halted(trial) {
            return report;
        }
        if let Some(reason) = self.unfit(trial, lease).await {
            let reason = self.target.redactor.text(&reason);
            return empty_report(trial, Verdict::Skipped, reason);
        }
        let names = trial.case.zones.iter().cloned();
        let keepers: HashMap<String, Arc<Keeper>> =
            names.zip(lease.keepers.iter().cloned()).collect();
        let zones = keepers
            .iter()
            .map(|(name, keeper)| (name.clone(), keeper.zone.clone()))
            .collect();
        let attempt = Attempt {
            keepers,
            ..Attempt::new(zones, Trust::Verify)
        };
        self.execute(trial, attempt).await.report
    }

    /// Runs a trial with as few requests as it takes if the target conforms: in a filled zone that trials share if there
    /// is one, and without reading what the answers to the first writes confirm. Returns whether anything was believed.
    async fn economically(&self, trial: &Trial, seed: u64, number: usize) -> (TrialReport, bool) {
        // A target that shows writes with a delay is read until it shows them.
        let trust = if self.target.settle.is_zero() {
            Trust::Believe
        } else {
            Trust::Verify
        };
        // If all exchanges are kept, they are compared with those of other runs, which may have another order.
        let may_share = trust == Trust::Believe && self.config.keep != Keep::All;
        let shared = self.filled.of(trial).filter(|_| may_share);
        let mut filled = match &shared {
            Some(place) => Some(place.lock().await),
            None => None,
        };
        let mut attempt = Attempt::new(fresh(seed, number, &trial.case.zones), trust);
        let left = filled.as_mut().and_then(|filled| filled.take());
        let is_shared = left.is_some();
        if let Some(Filled { zone, left }) = left {
            let name = trial.filled_zone().unwrap_or_default();
            attempt.zones.insert(name.to_owned(), zone);
            attempt.left = Some(left);
        }
        let done = self.execute(trial, attempt).await;
        if let (Some(filled), Verdict::Conforms) = (&mut filled, done.report.verdict) {
            **filled = done.filled;
        }
        (done.report, done.was_believed || is_shared)
    }

    /// Returns the reason why a trial can't run in these zones, if there is one.
    async fn unfit(&self, trial: &Trial, lease: &Lease<'_>) -> Option<String> {
        let named = named_addresses(trial);
        for keeper in &lease.keepers {
            let mut reason = obstacle(trial, &named, keeper);
            if reason.is_some() && self.target.custody.permit == Permit::TakeAway {
                if let Err(why) = keeper.make_room(&self.target).await {
                    return Some(why.to_string());
                }
                reason = obstacle(trial, &named, keeper);
            }
            if reason.is_some() {
                return reason;
            }
        }
        None
    }

    async fn execute(&self, trial: &Trial, attempt: Attempt) -> Done {
        let Attempt {
            zones,
            keepers,
            left,
            trust,
        } = attempt;
        let begun = Instant::now();
        let turn = self.config.seed;
        let mut execution = Execution::new(&self.target, trial, zones, keepers.clone(), turn);
        (execution.trust, execution.left) = (trust, left);
        let end = execution.run().await;
        let is_tidy = self.tidy(&mut execution, &keepers).await;
        self.budget.sent(&execution.id, execution.log.len());
        let end = execution.without_strangers(end);
        self.profile()
            .merge(std::mem::take(&mut execution.log.profile));
        let mut report = self.report(trial, &execution, end);
        report.restored = restored(&keepers, is_tidy);
        report.elapsed_us = u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX);
        Done {
            report,
            was_believed: execution.trust == Trust::Believed,
            was_written_singly: execution.was_written_singly,
            filled: execution.filled(),
        }
    }
}

/// What a trial begins with.
struct Attempt {
    /// The ids of its zones, by their names in the case.
    zones: HashMap<String, String>,
    /// The keepers of zones in care.
    keepers: HashMap<String, Arc<Keeper>>,
    /// What an earlier trial left in its zone.
    left: Option<Left>,
    trust: Trust,
}

impl Attempt {
    fn new(zones: HashMap<String, String>, trust: Trust) -> Self {
        Self {
            zones,
            keepers: HashMap::new(),
            left: None,
            trust,
        }
    }
}

/// The outcome of an attempt.
struct Done {
    report: TrialReport,
    /// Whether mappings of `given` were not read.
    was_believed: bool,
    /// Whether batches did not store what they were answered to have stored.
    was_written_singly: bool,
    /// Its zone, for the next trial that needs a filled one.
    filled: Option<Filled>,
}
