//! What this run knows about a zone and has done to it: the sum of the records of its journal.

mod impressions;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::entry::{Entry, Holding, Row};
use super::record::{Intent, Record};
use crate::contract::Contract;
use crate::contract::Place;
use crate::exchange::Generation;
use impressions::Impressions;

/// The changes that were sent to one address.
#[derive(Debug, Clone, Default)]
struct Sent {
    /// The values that were written.
    values: Vec<Place>,
    /// Whether an unknown value may have been written.
    any: bool,
    /// The generations through which it was deleted.
    deleted: BTreeSet<Generation>,
    /// The generations through which a later deletion was seen to work. Only known while the run lives.
    removed: BTreeSet<Generation>,
    through: BTreeSet<Generation>,
    /// Whether it was deleted after a case. Only known while the run lives.
    is_tidied: bool,
    /// The generations through which somebody else's mapping was read after all these requests, so that none of them
    /// changed it.
    outlived: BTreeSet<Generation>,
}

/// The origin of the value that an address holds now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// It is as it was before the run.
    AsBefore,
    /// This run wrote or deleted it.
    Ours,
    /// Somebody else wrote, changed or deleted it.
    Others,
}

/// The sum of the records of a journal.
#[derive(Debug, Clone, Default)]
pub(in crate::runner) struct Ledger {
    opening: Holding,
    /// Whether the opening shows the same mappings through both generations.
    seems_shared: bool,
    /// Whether both generations were proved to share one store (true) or to have one each (false).
    is_proved_shared: Option<bool>,
    /// Single reads before the first write. They are newer than the opening and override it.
    seen: BTreeMap<(Generation, IpAddr), Option<Entry>>,
    sent: BTreeMap<IpAddr, Sent>,
    stuck: BTreeMap<IpAddr, Place>,
    /// Values that the target changes: each pair is the value that was sent and the value that is kept.
    mangled: Vec<(Place, Place)>,
    is_lossy: bool,
    /// Whether the journal holds nothing but test mappings that can't be removed.
    is_released: bool,
    impressions: Impressions,
}

impl Ledger {
    /// Returns the ledger of a zone with these contents. Mappings that an earlier run left count as this run's own.
    pub(super) fn of(opening: Holding, stuck: &[Row]) -> Self {
        let mut ledger = Self {
            seems_shared: opening.is_shared(),
            opening,
            ..Self::default()
        };
        for row in stuck {
            ledger.stuck.insert(row.ip, row.place());
            for generation in ledger.generations() {
                let sent = ledger.touch(row.ip, generation);
                sent.values.push(row.place());
            }
            for mappings in ledger.opening.by_generation.values_mut() {
                let is_left = mappings
                    .get(&row.ip)
                    .is_some_and(|entry| entry.place == row.place());
                if is_left {
                    mappings.remove(&row.ip);
                }
            }
        }
        ledger
    }

    /// Returns the generations that were routed when the run began, the current one first.
    pub(super) fn generations(&self) -> Vec<Generation> {
        [Generation::V2, Generation::V1]
            .into_iter()
            .filter(|generation| self.opening.by_generation.contains_key(generation))
            .collect()
    }

    /// Returns whether both generations share one store. Without proof, this is presumed if both showed the same
    /// mappings.
    pub(super) fn is_shared(&self) -> bool {
        self.is_proved_shared.unwrap_or(self.seems_shared)
    }

    /// Returns whether it is proved that each generation shows what the other one shows. This is true if only one is
    /// routed.
    pub(super) fn is_proved_shared(&self) -> bool {
        self.generations().len() < 2 || self.is_proved_shared == Some(true)
    }

    /// Returns whether it is proved that each generation has a store of its own.
    pub(super) fn is_proved_apart(&self) -> bool {
        self.is_proved_shared == Some(false)
    }

    /// Returns whether it is not yet proved how many stores there are.
    pub(super) fn wants_proof(&self) -> bool {
        self.generations().len() > 1 && self.is_proved_shared.is_none()
    }

    /// Returns whether the other generation can tell, at this address, how many stores there are. This requires that
    /// everything that was sent to the address went through this generation.
    pub(super) fn is_telling(&self, through: Generation, ip: IpAddr) -> bool {
        let sent = self.sent_to(ip);
        let goes_through = |sent: &Sent| sent.through.iter().all(|one| *one == through);
        let mut all = Generation::ALL.into_iter();
        sent.is_some_and(|sent| goes_through(sent) && !sent.is_tidied)
            && all.all(|generation| self.before(generation, ip).is_none())
    }

    /// Returns whether it was proved that the target keeps the second value in place of the first.
    pub(super) fn mangles(&self, sent: &Place, kept: &Place) -> bool {
        let mut mangled = self.mangled.iter();
        mangled.any(|(one, other)| (one, other) == (sent, kept))
    }

    /// Returns the values that were sent to a test address, each once.
    pub(super) fn values_at(&self, ip: IpAddr) -> Vec<Place> {
        let is_test = Generation::ALL
            .into_iter()
            .all(|generation| self.before(generation, ip).is_none());
        let sent = self.sent_to(ip).filter(|_| is_test);
        sent.map(|sent| sent.values.clone()).unwrap_or_default()
    }

    /// Notes that addresses are deleted after a case.
    pub(super) fn tidies(&mut self, addresses: impl IntoIterator<Item = IpAddr>) {
        for ip in addresses {
            if let Some(sent) = self.sent.get_mut(&ip) {
                sent.is_tidied = true;
            }
        }
    }

    /// Returns whether it was proved that the target loses mappings that a write does not name.
    pub(super) fn is_lossy(&self) -> bool {
        self.is_lossy
    }

    /// Returns whether the journal holds nothing but test mappings that can't be removed.
    pub(super) fn is_released(&self) -> bool {
        self.is_released
    }

    /// Returns the test mappings that could not be removed.
    pub(super) fn stuck(&self) -> &BTreeMap<IpAddr, Place> {
        &self.stuck
    }

    /// Notes a test mapping that could not be removed.
    pub(super) fn is_stuck_at(&mut self, ip: IpAddr, place: Place) {
        self.stuck.insert(ip, place);
    }

    /// Notes that nothing of the run is left at these addresses. The journal does not record this, so the addresses are
    /// checked again after a crash.
    pub(super) fn is_removed(
        &mut self,
        through: Generation,
        addresses: impl IntoIterator<Item = IpAddr>,
    ) {
        for ip in addresses {
            self.stuck.remove(&ip);
            if let Some(sent) = self.sent.get_mut(&ip) {
                sent.removed.insert(through);
            }
        }
    }

    /// Adds a record.
    pub(super) fn apply(&mut self, record: &Record) {
        match record {
            Record::Opening(opening) => *self = Self::of(opening.holding.clone(), &opening.stuck),
            Record::Seen(seen) => {
                for row in &seen.found {
                    let entry = Entry {
                        extra: row.extra.clone(),
                        ..Entry::plain(row.ip, row.place())
                    };
                    self.seen.insert((seen.through, row.ip), Some(entry));
                    if let Some(sent) = self.sent.get_mut(&row.ip) {
                        sent.outlived.insert(seen.through);
                    }
                }
                for ip in &seen.absent {
                    self.seen.insert((seen.through, *ip), None);
                }
            }
            Record::Intent(intent) => self.intend(intent),
            Record::Kept(generation, addresses) => {
                for ip in addresses {
                    if let Some(sent) = self.sent.get_mut(ip) {
                        sent.outlived.insert(*generation);
                    }
                }
            }
            Record::Mangles(sent, kept) => {
                self.mangled
                    .push((sent.clone().into(), kept.clone().into()));
            }
            Record::Shared(is_shared) => self.is_proved_shared = Some(*is_shared),
            Record::Lossy => self.is_lossy = true,
            Record::Released(rows) => {
                let mut opening = std::mem::take(&mut self.opening);
                for mappings in opening.by_generation.values_mut() {
                    mappings.clear();
                }
                let is_proved_shared = self.is_proved_shared;
                *self = Self::of(opening, rows);
                self.is_proved_shared = is_proved_shared;
                self.is_released = true;
            }
        }
    }

    fn touch(&mut self, ip: IpAddr, through: Generation) -> &mut Sent {
        let sent = self.sent.entry(ip).or_default();
        sent.through.insert(through);
        sent.removed.clear();
        sent.is_tidied = false;
        sent.outlived.clear();
        sent
    }

    fn intend(&mut self, intent: &Intent) {
        for row in &intent.write {
            let place = row.place();
            let sent = self.touch(row.ip, intent.through);
            if !sent.values.contains(&place) {
                sent.values.push(place);
            }
        }
        for ip in &intent.any {
            self.touch(*ip, intent.through).any = true;
        }
        for ip in &intent.delete {
            self.touch(*ip, intent.through)
                .deleted
                .insert(intent.through);
        }
    }

    /// Returns the part of an intent that the journal does not hold yet, since the same values are often written again.
    pub(super) fn news(&self, intent: &Intent) -> Intent {
        let sent = |ip: &IpAddr| {
            self.sent
                .get(ip)
                .filter(|sent| sent.through.contains(&intent.through))
        };
        let mut news = Intent::through(intent.through);
        let is_new = |row: &&Row| !sent(&row.ip).is_some_and(|s| s.values.contains(&row.place()));
        news.write = intent.write.iter().filter(is_new).cloned().collect();
        let any = intent.any.iter().copied();
        news.any = any.filter(|ip| !sent(ip).is_some_and(|s| s.any)).collect();
        let delete = intent.delete.iter().copied();
        news.delete = delete
            .filter(|ip| !sent(ip).is_some_and(|s| s.deleted.contains(&intent.through)))
            .collect();
        news
    }

    /// Returns the mapping that a generation showed before the run.
    pub(super) fn before(&self, generation: Generation, ip: IpAddr) -> Option<&Entry> {
        match self.seen.get(&(generation, ip)) {
            Some(entry) => entry.as_ref(),
            None => self.opening.by_generation.get(&generation)?.get(&ip),
        }
    }

    /// Returns whether an address had a mapping that the list did not show when the run began. Somebody else may have
    /// written it since.
    pub(super) fn was_hidden(&self, generation: Generation, ip: IpAddr) -> bool {
        let listed = self.opening.by_generation.get(&generation);
        self.before(generation, ip).is_some() && !listed.is_some_and(|all| all.contains_key(&ip))
    }

    /// Returns the members outside the contract that any reading showed at an address.
    pub(super) fn extra_at(&self, ip: IpAddr) -> Vec<String> {
        let listed = self.opening.by_generation.values();
        let listed = listed.filter_map(|mappings| mappings.get(&ip));
        let seen = self.seen.iter().filter(|((_, of), _)| *of == ip);
        let seen = seen.filter_map(|(_, entry)| entry.as_ref());
        let entries = listed.chain(seen);
        entries.flat_map(|entry| entry.extra.clone()).collect()
    }

    /// Returns whether somebody else wrote to an address, through any generation, after the first lists of the run were
    /// read. A list that shows the run's own value there may be outdated.
    pub(super) fn is_contested(&self, ip: IpAddr) -> bool {
        let mut all = Generation::ALL.into_iter();
        all.any(|generation| self.was_hidden(generation, ip))
    }

    /// Returns whether an address has a mapping, through any generation, that is not the run's own and was not taken
    /// away for the run.
    pub(super) fn is_somebodys(&self, ip: IpAddr) -> bool {
        Generation::ALL.into_iter().any(|generation| {
            self.before(generation, ip).is_some()
                && (self.was_hidden(generation, ip) || !self.was_taken(generation, ip))
        })
    }

    /// Returns whether an address was read on its own, or was listed when the run began.
    pub(super) fn is_known(&self, generation: Generation, ip: IpAddr) -> bool {
        self.seen.contains_key(&(generation, ip)) || self.before(generation, ip).is_some()
    }

    /// Returns whether a single read before the first write showed that an address was free. Such an address may be
    /// deleted although no list shows it.
    pub(super) fn was_free(&self, generation: Generation, ip: IpAddr) -> bool {
        let was_free = |through: Generation| self.seen.get(&(through, ip)) == Some(&None);
        // Both generations may share one store, whatever the lists showed.
        let mut all = Generation::ALL.into_iter();
        let is_taken = all.any(|through| self.before(through, ip).is_some());
        !is_taken
            && (was_free(generation)
                || (self.is_shared() && Generation::ALL.into_iter().any(was_free)))
    }

    /// Returns all mappings that a generation showed before the run.
    pub(super) fn all_before(&self, generation: Generation) -> BTreeMap<IpAddr, Entry> {
        let mut all = self.opening.by_generation.get(&generation).cloned();
        let all = all.get_or_insert_default();
        for ((_, ip), entry) in self.seen.iter().filter(|((of, _), _)| *of == generation) {
            match entry {
                Some(entry) => all.insert(*ip, entry.clone()),
                None => all.remove(ip),
            };
        }
        std::mem::take(all)
    }

    /// Returns how many mappings the zone held: the largest number of any generation.
    pub(in crate::runner) fn len(&self) -> usize {
        self.opening.len()
    }

    fn sent_to(&self, ip: IpAddr) -> Option<&Sent> {
        self.sent
            .get(&ip)
            .or_else(|| self.sent.get(&ip.to_canonical()))
    }

    /// Returns whether the run deleted the mapping that a generation showed at an address, or was about to, and did not
    /// read it since.
    pub(super) fn was_taken(&self, generation: Generation, ip: IpAddr) -> bool {
        self.sent_to(ip)
            .is_some_and(|sent| self.was_deleted(sent, generation))
    }

    /// Returns whether the run deleted an address through this generation itself, or was about to.
    pub(super) fn was_deleted_through(&self, generation: Generation, ip: IpAddr) -> bool {
        self.sent_to(ip)
            .is_some_and(|sent| sent.deleted.contains(&generation))
    }

    /// Returns whether a deletion may be visible through a generation: the one that it used, or both if they share one
    /// store.
    fn was_deleted(&self, sent: &Sent, generation: Generation) -> bool {
        if sent.outlived.contains(&generation) {
            return false;
        }
        // If the generation that deleted a mapping still shows it, the other one shows it too.
        let mut open = sent.deleted.difference(&sent.outlived);
        sent.deleted.contains(&generation) || (self.is_shared() && open.next().is_some())
    }

    /// Returns whose value a reading shows. Compares the value before the run, the values that this run sent, and the
    /// value now.
    pub(super) fn standing(
        &self,
        generation: Generation,
        ip: IpAddr,
        now: Option<&Place>,
    ) -> Standing {
        let before = self.before(generation, ip).map(|entry| &entry.place);
        // A target may fold the letter case of what cases write (REG-10). What the owner wrote is compared exactly.
        let is_sent = |value: &Place, now: &Place| {
            value == now || self.mangles(value, now) || (before.is_none() && value.is_like(now))
        };
        // Both generations may share one store, whatever their lists showed. So a value that either one showed before
        // the run must not be deleted.
        let mut all = Generation::ALL.into_iter();
        let was_shown = now.is_some()
            && before.is_none()
            && all.any(|other| self.before(other, ip).map(|entry| &entry.place) == now);
        if now == before || was_shown {
            return Standing::AsBefore;
        }
        let sent = self.sent_to(ip);
        let is_ours = match now {
            None => self.is_lossy || sent.is_some_and(|sent| self.was_deleted(sent, generation)),
            Some(now) => sent.is_some_and(|sent| {
                sent.any || sent.values.iter().any(|value| is_sent(value, now))
            }),
        };
        if is_ours {
            Standing::Ours
        } else {
            Standing::Others
        }
    }

    /// Returns the earlier mappings that this run deleted or overwrote, or was about to. Each is written again.
    pub(super) fn at_stake(&self, generation: Generation) -> Vec<Row> {
        let all = self.sent.iter().filter_map(|(ip, sent)| {
            let before = self.before(generation, *ip)?;
            let is_changed = self.was_deleted(sent, generation)
                || sent.any
                || sent.values.iter().any(|v| *v != before.place);
            (is_changed && !sent.outlived.contains(&generation))
                .then(|| Row::new(*ip, &before.place))
        });
        all.collect()
    }

    /// Returns how many mappings are at stake: the largest number of any generation.
    pub(super) fn stake(&self) -> usize {
        let generations = self.generations().into_iter();
        let stakes = generations.map(|generation| self.at_stake(generation).len());
        stakes.max().unwrap_or(0)
    }

    /// Returns the addresses that had no mapping before and may still hold a mapping of the run.
    pub(super) fn to_remove(&self, generation: Generation) -> Vec<IpAddr> {
        let is_removed = |sent: &Sent| {
            sent.removed.contains(&generation)
                || (self.is_proved_shared() && !sent.removed.is_empty())
        };
        let is_left = |sent: &Sent| !is_removed(sent) && (sent.any || !sent.values.is_empty());
        let all = self.sent.iter().filter(|(ip, sent)| {
            is_left(sent)
                && (sent.through.contains(&generation) || self.is_shared())
                && self.was_free(generation, **ip)
        });
        all.map(|(ip, _)| *ip).collect()
    }

    /// Returns the addresses that were written through a generation and may still hold a test mapping there.
    pub(super) fn left_through(&self, generation: Generation) -> Vec<IpAddr> {
        let mut left = self.to_remove(generation);
        left.retain(|ip| {
            self.sent
                .get(ip)
                .is_some_and(|sent| sent.through.contains(&generation))
        });
        left
    }

    /// Returns whether the run has sent anything that changes the zone.
    pub(super) fn has_written(&self) -> bool {
        !self.sent.is_empty()
    }

    /// Returns how many requests it takes to put the zone back if each is answered: lists, batches, and two single
    /// reads for each mapping that was taken away.
    pub(super) fn requests_to_put_back(&self) -> usize {
        let mut requests = 8;
        for generation in self.generations() {
            let stake = self.at_stake(generation).len();
            let left = self.to_remove(generation).len();
            let limits = Contract::embedded().limits;
            let pages = (self.opening.len() + left) / limits.page + 2;
            let batches = stake.div_ceil(limits.batch) + left.div_ceil(limits.batch);
            requests += 3 * pages + 2 * stake + 2 * batches;
        }
        requests
    }
}
