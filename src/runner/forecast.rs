//! A forecast, without any request, of what a run would do on its target and what it would leave behind.

use super::custody::Permit;
use super::fitness::{lacks, obstacle, too_few_zones};
use super::routing::switched_off;
use super::run::Runner;
use super::zone::{Zones, named_addresses};
use crate::case::Trial;
use crate::exchange::Generation;

impl Runner {
    /// Describes the capabilities that a trial needs and the target lacks, if any.
    pub(super) fn lacks(&self, trial: &Trial) -> Option<String> {
        let mut generations = Generation::ALL.into_iter();
        let needs = trial.needs();
        let is_off = |generation: &Generation| {
            self.target.is_switched_off(*generation)
                && needs.iter().any(|need| need == generation.id())
        };
        if let Some(generation) = generations.find(is_off) {
            return Some(switched_off(generation));
        }
        let needs = needs.into_iter();
        let missing: Vec<String> = needs.filter(|need| !self.target.has(need)).collect();
        (!missing.is_empty()).then(|| lacks(&missing))
    }

    /// Returns the reason why a trial would be skipped, as far as it is known beforehand.
    #[must_use]
    pub fn obstacle(&self, trial: &Trial) -> Option<String> {
        let Zones::Given(pool) = &*self.zones else {
            return self.lacks(trial);
        };
        self.lacks(trial).or_else(|| {
            if trial.case.zones.len() > pool.count() {
                return Some(too_few_zones(trial, pool));
            }
            if self.target.custody.permit == Permit::TakeAway {
                return None;
            }
            let named = named_addresses(trial);
            pool.free_keepers()
                .iter()
                .find_map(|keeper| obstacle(trial, &named, keeper))
        })
    }

    /// Returns the given zones that hold mappings, with the number of mappings.
    #[must_use]
    pub fn zones_with_mappings(&self) -> Vec<(String, usize)> {
        let Zones::Given(pool) = &*self.zones else {
            return Vec::new();
        };
        let keepers = pool.free_keepers();
        let held = keepers
            .iter()
            .map(|keeper| (keeper.zone.clone(), keeper.taken().len()));
        held.filter(|(_, count)| *count > 0).collect()
    }

    /// Returns whether a zone would be emptied for a trial.
    #[must_use]
    pub fn empties_a_zone_for(&self, trial: &Trial) -> bool {
        let Zones::Given(pool) = &*self.zones else {
            return false;
        };
        let named = named_addresses(trial);
        let keepers = pool.free_keepers();
        self.target.custody.permit == Permit::TakeAway
            && keepers
                .iter()
                .any(|keeper| obstacle(trial, &named, keeper).is_some())
    }

    /// Returns the number of zones that the user named.
    #[must_use]
    pub fn zones_in_care(&self) -> usize {
        match &*self.zones {
            Zones::Fresh { .. } => 0,
            Zones::Given(pool) => pool.count(),
        }
    }

    /// Returns a warning for a user who is about to end the process while zones are being restored.
    #[must_use]
    pub fn what_would_be_left(&self) -> String {
        let at_stake = match &*self.zones {
            Zones::Fresh { .. } => Vec::new(),
            Zones::Given(pool) => pool.at_stake(),
        };
        let zones: Vec<String> = at_stake
            .iter()
            .map(|(zone, mappings)| match mappings {
                0 => format!("zone {zone} (test mappings only)"),
                count => {
                    format!("zone {zone} ({count} of its mappings were taken away or overwritten)")
                }
            })
            .collect();
        if zones.is_empty() {
            return "interrupt once more to end at once".to_owned();
        }
        format!(
            "{} is being put back; interrupt once more to end at once and leave that to `originproof restore`",
            zones.join(", ")
        )
    }
}
