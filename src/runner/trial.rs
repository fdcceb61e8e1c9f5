//! One trial of a run: in its own zones, or in given zones around the mappings that they hold.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use super::custody::{Keeper, Permit};
use super::execute::Execution;
use super::fitness::{obstacle, too_few_zones};
use super::outcome::{empty_report, restored};
use super::run::Runner;
use super::zone::{Lease, Zones, fresh, named_addresses};
use crate::case::Trial;
use crate::event::{TrialReport, Verdict};

impl Runner {
    /// Runs one trial.
    pub async fn trial(&self, number: usize, trial: &Trial) -> TrialReport {
        if let Some(reason) = self.target.halt.reason() {
            return empty_report(trial, Verdict::NotRun, reason.to_string());
        }
        if let Some(reason) = self.lacks(trial) {
            return empty_report(trial, Verdict::Skipped, reason);
        }
        match &*self.zones {
            Zones::Fresh { seed } => {
                let zones = fresh(*seed, number, &trial.case.zones);
                let first = self.execute(trial, zones, HashMap::new()).await;
                if first.verdict != Verdict::Inconclusive || self.target.halt.reason().is_some() {
                    return first;
                }
                // The cause, such as a lost answer to a write, may not occur again in other fresh zones.
                let zones = fresh(seed.wrapping_add(1), number, &trial.case.zones);
                self.execute(trial, zones, HashMap::new()).await
            }
            Zones::Given(pool) => match pool.lease(trial.case.zones.len()).await {
                Some(lease) => self.in_care(trial, &lease).await,
                None => empty_report(trial, Verdict::Skipped, too_few_zones(trial, pool)),
            },
        }
    }

    /// Runs a trial in leased zones, around the mappings that they hold, and deletes what it leaves.
    async fn in_care(&self, trial: &Trial, lease: &Lease<'_>) -> TrialReport {
        if let Some(reason) = self.target.halt.reason() {
            return empty_report(trial, Verdict::NotRun, reason.to_string());
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
        self.execute(trial, zones, keepers).await
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

    async fn execute(
        &self,
        trial: &Trial,
        zones: HashMap<String, String>,
        keepers: HashMap<String, Arc<Keeper>>,
    ) -> TrialReport {
        let begun = Instant::now();
        let turn = self.config.seed;
        let mut execution = Execution::new(&self.target, trial, zones, keepers.clone(), turn);
        let end = execution.run().await;
        let is_tidy = self.tidy(&mut execution, &keepers).await;
        let end = execution.without_strangers(end);
        self.profile()
            .merge(std::mem::take(&mut execution.log.profile));
        let mut report = self.report(trial, &execution, end);
        report.restored = restored(&keepers, is_tidy);
        report.elapsed_us = u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX);
        report
    }
}
