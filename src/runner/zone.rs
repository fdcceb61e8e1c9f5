//! Zones for trials: an unlimited number of fresh zones, or the given zones, each leased to one trial at a time.

use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;
use tokio::sync::{Semaphore, SemaphorePermit};

use super::custody::{Keeper, addresses_of};
use super::target::fresh_zone;
use crate::case::{Action, CallSpec, Check, Step, Trial};

/// The source of zones for trials.
#[derive(Debug)]
pub(super) enum Zones {
    /// Every trial gets new zones.
    Fresh {
        /// The run's seed.
        seed: u64,
    },
    /// The given zones.
    Given(Pool),
}

/// The pool of zones in care. A trial takes all zones that it needs at once, so that trials do not block each other.
#[derive(Debug)]
pub(super) struct Pool {
    free: Mutex<Vec<Arc<Keeper>>>,
    permits: Semaphore,
    count: usize,
    /// The number of mappings of each zone that must still be restored.
    stakes: Vec<(String, Arc<AtomicUsize>)>,
}

/// The zones that one trial uses alone. They return to the pool when the lease is dropped.
#[derive(Debug)]
pub(super) struct Lease<'p> {
    pub(super) keepers: Vec<Arc<Keeper>>,
    pool: &'p Pool,
    _permit: SemaphorePermit<'p>,
}

impl Drop for Lease<'_> {
    fn drop(&mut self) {
        self.pool.free().append(&mut self.keepers);
    }
}

impl Pool {
    pub(super) fn new(keepers: Vec<Keeper>) -> Self {
        let count = keepers.len();
        let stake = |keeper: &Keeper| (keeper.zone.clone(), Arc::clone(&keeper.stake));
        Self {
            stakes: keepers.iter().map(stake).collect(),
            free: Mutex::new(keepers.into_iter().map(Arc::new).collect()),
            permits: Semaphore::new(count),
            count,
        }
    }

    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// Returns the zones that no trial uses.
    pub(super) fn free_keepers(&self) -> Vec<Arc<Keeper>> {
        self.free().clone()
    }

    /// Returns the zones in care, each with the number of mappings that must still be restored.
    pub(super) fn at_stake(&self) -> Vec<(String, usize)> {
        let stakes = self.stakes.iter();
        stakes
            .map(|(zone, stake)| (zone.clone(), stake.load(Ordering::Relaxed)))
            .collect()
    }

    fn free(&self) -> MutexGuard<'_, Vec<Arc<Keeper>>> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for the wanted number of zones. Returns `None` if the pool has fewer.
    pub(super) async fn lease(&self, wanted: usize) -> Option<Lease<'_>> {
        if wanted > self.count {
            return None;
        }
        let permit = self
            .permits
            .acquire_many(u32::try_from(wanted).ok()?)
            .await
            .ok()?;
        let mut free = self.free();
        let rest = free.len().saturating_sub(wanted);
        let keepers = free.split_off(rest);
        drop(free);
        Some(Lease {
            keepers,
            pool: self,
            _permit: permit,
        })
    }

    /// Waits until no trial uses a zone, then removes all zones from the pool.
    pub(super) async fn close(&self) -> Vec<Arc<Keeper>> {
        let all = u32::try_from(self.count).unwrap_or(u32::MAX);
        let _permit = self.permits.acquire_many(all).await;
        std::mem::take(&mut *self.free())
    }
}

/// Returns a fresh zone id for each zone name of a case.
pub(super) fn fresh(seed: u64, trial: usize, names: &[String]) -> HashMap<String, String> {
    names
        .iter()
        .enumerate()
        .map(|(index, name)| (name.clone(), fresh_zone(seed, trial + 1, index)))
        .collect()
}

/// Returns the addresses that a case names literally. Addresses of variables are chosen around existing mappings.
pub(super) fn named_addresses(trial: &Trial) -> BTreeSet<IpAddr> {
    let mut named = BTreeSet::new();
    for value in trial.case.given.values() {
        addresses_of(value, &mut named);
    }
    for step in Step::all(&trial.case.steps) {
        match &step.action {
            Action::Call(spec) => addresses_of(&spec.argument, &mut named),
            Action::Holds(items, _) | Action::OneOf(items, _) => addresses_of(items, &mut named),
            Action::Let(values) => values
                .iter()
                .for_each(|(_, value)| addresses_of(value, &mut named)),
            Action::Parallel(_)
            | Action::Repeat { .. }
            | Action::Unchanged(_)
            | Action::Pages { .. }
            | Action::Settled(_)
            | Action::AtMost(..) => {}
        }
    }
    named
}

/// Returns whether other mappings in the zone would break an expectation about a whole list: the content of its first
/// page, the number of entries, or the time when the set was changed.
pub(super) fn expects_a_whole_list(trial: &Trial) -> bool {
    calls(trial).any(|(step, spec)| {
        let operation = spec.operation.operation(trial.generation);
        let mut checks = step
            .expect
            .iter()
            .flat_map(|expectation| &expectation.checks);
        match operation.filter(|operation| operation.shows_all()) {
            // Existing mappings fill a page.
            Some(operation) if operation.is_paged() => {
                checks.any(|check| !matches!(check, Check::Status(_)))
            }
            Some(_) => checks.any(|check| matches!(check, Check::Body { .. } | Check::Address(_))),
            None => false,
        }
    })
}

/// Returns whether a case only reads.
pub(super) fn only_reads(trial: &Trial) -> bool {
    let reads = |spec: &CallSpec| match spec.operation.operation(trial.generation) {
        Some(operation) => !operation.kind().writes(),
        None => spec.argument.get("method").and_then(Value::as_str) == Some("GET"),
    };
    trial.case.given.is_empty() && calls(trial).all(|(_, spec)| reads(spec))
}

/// Returns the calls of a case.
fn calls(trial: &Trial) -> impl Iterator<Item = (&Step, &CallSpec)> {
    let steps = Step::all(&trial.case.steps).into_iter();
    steps.filter_map(|step| match &step.action {
        Action::Call(spec) => Some((step, spec)),
        _ => None,
    })
}
