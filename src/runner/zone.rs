//! Zones for trials: fresh ones without end, or the given ones, leased to one trial at a time.

use std::collections::HashMap;

use tokio::sync::Mutex;

use super::target::fresh_zone;

/// Hands out zones.
#[derive(Debug)]
pub(super) enum Zones {
    /// Every trial gets new ones.
    Fresh {
        /// The run's seed.
        seed: u64,
    },
    /// The given ones, one trial at a time. The lock is held for the length of a trial.
    Given(Mutex<Vec<String>>),
}

impl Zones {
    /// The names of a case as zone ids; `None` if there are too few zones.
    pub(super) fn of_given(names: &[String], given: &[String]) -> Option<HashMap<String, String>> {
        (names.len() <= given.len())
            .then(|| names.iter().cloned().zip(given.iter().cloned()).collect())
    }

    /// The names of a case as fresh zone ids.
    pub(super) fn fresh(seed: u64, trial: usize, names: &[String]) -> HashMap<String, String> {
        names
            .iter()
            .enumerate()
            .map(|(index, name)| (name.clone(), fresh_zone(seed, trial + 1, index)))
            .collect()
    }
}
