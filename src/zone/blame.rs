//! Decides whose fault a difference is, and by which clause. It may be the read that shows the difference, a write that
//! did not take effect, or a write that changed addresses it did not name.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::Model;
use super::expected::{State, meant_by};
use super::fact::Fact;
use crate::contract::address::meant;
use crate::contract::{Answer, ClauseId, Level, Place, RequestItem};
use crate::exchange::{Exchange, Generation, Kind, Operation};

/// The operation at fault if an address is not shown as expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Blame {
    /// Both readings show what is expected.
    Nobody,
    /// Only the list shows it wrongly.
    List(ClauseId),
    /// Only the single read shows it wrongly.
    Get(ClauseId),
    /// Both readings are wrong, which breaks the clause that the step is about.
    Step,
    /// The last write changed an address that it did not name.
    LastWrite(ClauseId),
}

/// The last write that was accepted.
#[derive(Debug, Clone)]
pub(super) struct LastWrite {
    operation: Operation,
    /// The number of the write since which all writes have been of this operation.
    since: u64,
    /// The addresses that it named.
    named: BTreeSet<IpAddr>,
}

impl Model {
    /// Counts a write that was accepted: its items, and its answer.
    pub(super) fn wrote(
        &mut self,
        operation: Operation,
        exchange: &Exchange,
        items: &[RequestItem<'_>],
        answer: &Answer<'_>,
    ) {
        self.facts.writes += 1;
        let since = match &self.last_write {
            Some(last) if last.operation == operation => last.since,
            _ => self.facts.writes,
        };
        let mut given = BTreeMap::new();
        for item in items {
            let Some(ip) = item.address.and_then(meant) else {
                continue;
            };
            let place = item.vendor.zip(item.region);
            let place = place.filter(|_| !is_deletion(operation));
            let known = given.entry(ip).or_insert(None);
            *known = place.or(*known);
        }
        if let Some(ip) = exchange.request.address.as_deref().and_then(meant) {
            given.entry(ip).or_insert(None);
        }
        let effective: Vec<IpAddr> = if operation.kind().is_batch() {
            answer.succeeded.iter().filter_map(meant_by).collect()
        } else {
            given.keys().copied().collect()
        };
        for ip in effective {
            let place = given.get(&ip).copied().flatten();
            let place = place.map(|(vendor, region)| Place {
                vendor: vendor.to_owned(),
                region: region.to_owned(),
            });
            self.written_by.insert(ip, (operation, place));
        }
        self.last_write = Some(LastWrite {
            operation,
            since,
            named: given.into_keys().collect(),
        });
    }

    /// Decides whose fault it is that a list and a single read through a generation show these mappings of an address.
    #[must_use]
    pub fn blame(
        &self,
        generation: Generation,
        ip: IpAddr,
        in_list: Option<&Place>,
        single: Option<&Place>,
    ) -> Blame {
        let wanted = self.expected.get(&ip);
        let by = |kind| reader_clause(generation, kind, wanted.is_some());
        match (in_list == wanted, single == wanted) {
            (true, true) => Blame::Nobody,
            (false, true) => Blame::List(by(Kind::List)),
            (true, false) => Blame::Get(by(Kind::Get)),
            // If a mapping vanished although the last write did not name it, that write is at fault, whatever the step
            // is about.
            (false, false) => {
                let vanished = wanted.is_some() && in_list.is_none();
                let clause = self.left_alone(ip).filter(|_| vanished);
                clause.map_or(Blame::Step, Blame::LastWrite)
            }
        }
    }

    /// Returns the clause that protects mappings that the last write did not name; `None` if it named this address, or
    /// no write was accepted.
    #[must_use]
    pub fn left_alone(&self, ip: IpAddr) -> Option<ClauseId> {
        let last = self.last_write.as_ref()?;
        let others = last.operation.promises().others.clone();
        others.filter(|_| !last.named.contains(&ip))
    }

    /// Returns the clause of the last write that named an address and succeeded, if that write did not have its effect
    /// there.
    #[must_use]
    pub fn without_effect(
        &self,
        ip: IpAddr,
        expected: Option<&Place>,
        found: Option<&Place>,
    ) -> Option<ClauseId> {
        let (operation, _) = self.written_by.get(&ip)?;
        if is_deletion(*operation) != expected.is_none() {
            return None;
        }
        takes_effect_by(*operation, found.is_some())
    }

    /// Returns whether only this generation wrote to an address, and wrote last. Otherwise it is left open what a read
    /// through this generation shows.
    #[must_use]
    pub fn is_written_through(&self, generation: Generation, ip: IpAddr) -> bool {
        let last = self.last_write.as_ref().map(|last| last.operation);
        let own = self.written_by.get(&ip).map(|(operation, _)| *operation);
        let writers = [last, own];
        let mut writers = writers.into_iter().flatten();
        writers.all(|operation| operation.generation() == generation)
    }

    /// Returns the mappings that a list does not show although they were there at first or by a write that succeeded, and
    /// no later write deleted them.
    #[must_use]
    pub fn written_but_not_in(&self, listed: &State, begun_with: &State) -> State {
        let mut there = begun_with.clone();
        for (ip, (_, place)) in &self.written_by {
            match place {
                Some(place) => there.insert(*ip, place.clone()),
                None => there.remove(ip),
            };
        }
        there.retain(|ip, _| !listed.contains_key(ip));
        there
    }

    /// Returns the clause by which all writes since a fact was last seen must leave it alone, if it is the same for
    /// all.
    pub(super) fn left_alone_since(&self, fact: &Fact) -> Option<ClauseId> {
        let last = self.last_write.as_ref()?;
        let is_one_run = fact.seen_at < self.facts.writes && fact.seen_at + 1 >= last.since;
        let others = last.operation.promises().others.clone();
        others.filter(|_| is_one_run)
    }
}

/// Returns the clause by which an operation's answer shows that an address has a mapping, or that it has none. For an
/// operation that shows no mappings, returns the clause about the form of its answer.
pub(super) fn shown_by(operation: Operation, is_expected: bool) -> ClauseId {
    let promises = operation.promises();
    let shows = if is_expected {
        &promises.shown
    } else {
        &promises.absent
    };
    let clause = shows.as_ref().or(promises.form.as_ref());
    clause.cloned().unwrap_or(ClauseId::of("ENV-5"))
}

/// Returns the clause by which an accepted write takes effect on an address that had a mapping before, or had none.
pub(super) fn takes_effect_by(operation: Operation, had_mapping: bool) -> Option<ClauseId> {
    let promises = operation.promises();
    if had_mapping {
        promises.existing.clone()
    } else {
        promises.new.clone()
    }
}

fn is_deletion(operation: Operation) -> bool {
    matches!(operation.kind(), Kind::Delete | Kind::BatchDelete)
}

/// Returns whether a clause protects mappings that a write does not name.
#[must_use]
pub fn is_about_others(clause: &ClauseId) -> bool {
    Operation::all().any(|operation| operation.promises().others.as_ref() == Some(clause))
}

/// Returns whether a clause is about reading alone. If all reads show the same wrong mapping, no such clause is broken.
#[must_use]
pub fn is_about_reading(clause: &ClauseId) -> bool {
    let mut owners = Operation::promising(clause);
    let first = owners.next();
    let reads = |operation: &Operation| !operation.kind().writes();
    first.as_ref().is_some_and(reads) && owners.all(|operation| reads(&operation))
}

/// Returns the clause that a read through a generation breaks if it shows an address wrongly.
#[must_use]
pub fn reader_clause(generation: Generation, kind: Kind, is_expected: bool) -> ClauseId {
    let operation = Operation::of(generation, kind);
    operation.map_or(ClauseId::of("ENV-5"), |operation| {
        shown_by(operation, is_expected)
    })
}

/// Returns the clause that the answer to a list request breaks if it is not a list.
#[must_use]
pub fn list_answer(generation: Generation) -> (ClauseId, Level) {
    let operation = Operation::of(generation, Kind::List);
    let form = operation.and_then(|operation| operation.promises().form.clone());
    (form.unwrap_or(ClauseId::of("ENV-5")), Level::Must)
}
