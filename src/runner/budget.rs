//! The budget of requests of a run. A trial begins only if what it is expected to send still fits, so that no trial is
//! cut off in the middle.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use super::run::Runner;
use crate::case::Trial;
use crate::contract::Contract;
use crate::exchange::Generation;
use crate::power::{Power, TrialPower};

/// The requests that probing takes at least, with the lists of regions.
pub const PROBING: usize = 8;
/// The reason why a trial is left out, or cut off, when a budget ends.
pub(super) const SPENT: &str = "the budget of requests is spent";

/// Returns how many requests of a budget trials can be planned for after probing, which took `probed` requests. The rest is
/// for what a trial may send beyond its usual number.
#[must_use]
pub fn plannable(budget: usize, probed: usize) -> usize {
    (budget - budget / 32).saturating_sub(probed)
}

/// The number of addresses that are deleted one by one after a trial; more are deleted in batches.
const SINGLY: usize = 3;

/// The requests that may be sent, that were sent, and that running trials are expected to send.
#[derive(Debug, Default)]
pub(super) struct Budget {
    limit: Option<usize>,
    /// The requests that were sent before the first trial.
    probed: usize,
    /// The time after which no trial begins.
    until: Option<Instant>,
    used: Mutex<Used>,
}

#[derive(Debug, Default)]
struct Used {
    sent: usize,
    /// What each running trial is still expected to send, by its id.
    running: HashMap<String, usize>,
}

impl Budget {
    pub(super) fn of(limit: Option<usize>, until: Option<Instant>, probed: usize) -> Self {
        Self {
            limit,
            probed,
            until,
            used: Mutex::default(),
        }
    }

    /// Returns whether the number of requests is limited.
    pub(super) fn is_limited(&self) -> bool {
        self.limit.is_some()
    }

    /// Sets requests aside for a trial. `sent` is what the whole run sent, if that is more than what trials sent.
    ///
    /// # Errors
    /// The reason why the trial must not begin.
    pub(super) fn begin(
        &self,
        id: &str,
        price: usize,
        sent: Option<usize>,
    ) -> Result<(), &'static str> {
        if self.until.is_some_and(|until| Instant::now() >= until) {
            return Err("the time of --within is over");
        }
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        let running: usize = used.running.values().sum();
        let sent = sent.unwrap_or(self.probed + used.sent);
        if self
            .limit
            .is_some_and(|limit| sent + running + price > limit)
        {
            return Err(SPENT);
        }
        used.running.insert(id.to_owned(), price);
        Ok(())
    }

    /// Counts requests that a trial sent.
    pub(super) fn sent(&self, id: &str, count: usize) {
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        used.sent += count;
        if let Some(left) = used.running.get_mut(id) {
            *left = left.saturating_sub(count);
        }
    }

    /// Frees what is still set aside for a trial.
    pub(super) fn end(&self, id: &str) {
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        used.running.remove(id);
    }
}

impl Runner {
    /// Sets requests aside for a trial.
    ///
    /// # Errors
    /// The reason why the trial must not begin.
    pub(super) fn afford(&self, trial: &Trial) -> Result<(), &'static str> {
        // The requests of a zone in care are not those of a trial. Such a zone has one trial at a time.
        let sent = (self.zones_in_care() > 0).then(|| self.sent());
        self.budget.begin(&trial.id(), self.price(trial), sent)
    }

    /// Returns the number of requests that a trial is expected to send to this target, without the filling of a zone.
    #[must_use]
    pub fn price(&self, trial: &Trial) -> usize {
        let power = Power::embedded().of(trial);
        power.requests + self.care_of(&power)
    }

    /// Returns the requests that a zone in care costs beside those of a trial. Each address is read before the first
    /// write to it. Afterwards, the zone is listed through each generation that wrote, cleared and listed again.
    fn care_of(&self, power: &TrialPower) -> usize {
        if self.zones_in_care() == 0 {
            return 0;
        }
        let limits = &Contract::embedded().limits;
        let held = self.zones_with_mappings();
        let most = held.iter().map(|(_, count)| *count).max().unwrap_or(0);
        let of = |(generation, count): (&Generation, &usize)| {
            let pages = match generation {
                Generation::V1 => 1,
                Generation::V2 => most / limits.page + 1,
            };
            let deletions = if *count > SINGLY {
                count.div_ceil(limits.batch)
            } else {
                *count
            };
            2 * pages + deletions + count
        };
        power.writes.iter().map(of).sum()
    }
}
