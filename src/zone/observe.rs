//! Comparison of what an answer shows of an address with what is known about it, and a decision whose fault a
//! difference is.

use std::net::IpAddr;

use super::blame::{shown_by, takes_effect_by};
use super::doubt::Before;
use super::fact::{AnyCase, Fact, Known, Origin};
use super::{Model, Traffic, of_mapping};
use crate::contract::{ClauseId, Contract, Evidence, Finding, Level};
use crate::exchange::{Kind, Operation};

/// What an answer shows of an address.
#[derive(Debug, Clone)]
pub(super) struct Sight {
    pub(super) ip: IpAddr,
    /// Its mapping; `None` if it is shown to have none.
    pub(super) place: Option<AnyCase>,
    /// The operation that answered.
    pub(super) by: Operation,
}

impl Sight {
    /// Returns whether the operation itself changes the mapping, so that its answer does not show what stays.
    fn changes(&self) -> bool {
        matches!(
            self.by.kind(),
            Kind::Delete | Kind::BatchDelete | Kind::Create
        )
    }
}

impl Model {
    /// Compares what an answer shows with what is known, and learns from it.
    pub(super) fn observe(&mut self, sight: Sight, findings: &mut Vec<Finding>) {
        let generation = sight.by.generation();
        if self.traffic == Traffic::OwnAmongOthers && !self.has_named(&sight.ip) {
            self.learn(sight);
            return;
        }
        let Some(mut fact) = self.facts.of(sight.ip) else {
            self.observe_open(sight);
            return;
        };
        if fact.place == sight.place {
            if let Some(doubted) = self.cleared(&fact, &sight) {
                findings.push(doubted);
            }
            fact.known_to.add(generation);
            fact.origin = Origin::Read;
            fact.seen_at = self.facts.writes;
            // Keep the spelling that is shown now.
            fact.place = sight.place;
            self.facts.set(sight.ip, fact);
            return;
        }
        let mut tell = |clause, level| {
            findings.push(of_mapping(
                (clause, level),
                sight.ip,
                (fact.place.as_ref(), sight.place.as_ref()),
                Evidence::History,
            ));
        };
        if self.traffic != Traffic::Recorded {
            self.doubt(Before::Fact(fact), sight);
            return;
        }
        if !fact.known_to.has(generation) {
            tell(ClauseId::of("X-1"), Level::Should);
            self.learn(sight);
            return;
        }
        let shown_by = shown_by(sight.by, fact.place.is_some());
        if let Some(refused) = self.facts.last_refused(sight.ip)
            && refused.wanted == sight.place
        {
            let (clause, level) = Contract::embedded().leveled(&refused.clause);
            tell(clause, level);
            self.learn(sight);
            return;
        }
        let Origin::Written {
            by, before, doubt, ..
        } = &fact.origin
        else {
            let left_alone = self
                .left_alone_since(&fact)
                .filter(|_| fact.place.is_some());
            tell(left_alone.unwrap_or(shown_by), Level::Must);
            self.learn(sight);
            return;
        };
        let had_mapping = matches!(before, Known::Mapped(_));
        let takes_effect = takes_effect_by(*by, had_mapping).unwrap_or_else(|| shown_by.clone());
        let is_without_effect = sight.place.is_none() || before.is(sight.place.as_ref());
        let is_other = |doubted: &Operation| doubted.kind() != sight.by.kind();
        let clause = match doubt {
            _ if sight.changes() => shown_by,
            // Another operation shows the same, so it is true.
            Some((other, shown)) if is_other(other) && *shown == sight.place => takes_effect,
            Some((other, _)) if is_other(other) => shown_by,
            _ => match self
                .left_alone_since(&fact)
                .filter(|_| fact.place.is_some())
            {
                Some(left_alone) => left_alone,
                None if is_without_effect => takes_effect,
                None => shown_by,
            },
        };
        tell(clause, Level::Must);
        let is_agreed = |(other, shown): &(Operation, Option<AnyCase>)| {
            is_other(other) && *shown == sight.place
        };
        let is_settled = sight.changes()
            || doubt.as_ref().is_some_and(is_agreed)
            || self.facts.writes > fact.seen_at;
        if is_settled {
            self.learn(sight);
            return;
        }
        // The next answer of another operation will tell whether the write or this answer is at fault.
        if let Origin::Written { doubt, .. } = &mut fact.origin {
            *doubt = Some((sight.by, sight.place));
        }
        self.facts.set(sight.ip, fact);
    }

    /// Returns the finding about an operation that showed something different from all others, once another one shows
    /// what was written.
    fn cleared(&self, fact: &Fact, sight: &Sight) -> Option<Finding> {
        let Origin::Written {
            before,
            doubt: Some((doubted, shown)),
            ..
        } = &fact.origin
        else {
            return None;
        };
        // A fault that was blamed on the operation itself needs no second finding.
        let was_blamed_on_the_write = shown.is_none() || before.is(shown.as_ref());
        if doubted.kind() == sight.by.kind() || !was_blamed_on_the_write {
            return None;
        }
        let shown_by = shown_by(*doubted, fact.place.is_some());
        Some(of_mapping(
            (shown_by, Level::Must),
            sight.ip,
            (fact.place.as_ref(), shown.as_ref()),
            Evidence::LaterRead,
        ))
    }

    /// Takes in an answer about an address whose content is unknown, or only known to be one of several.
    fn observe_open(&mut self, sight: Sight) {
        let open = self.facts.open_at(sight.ip);
        let Some(open) = open.filter(|open| !open.places.contains(&sight.place)) else {
            self.learn(sight);
            return;
        };
        // Only requests of our own leave an address open.
        let open = open.clone();
        self.doubt(Before::Open(open), sight);
    }

    pub(super) fn learn(&mut self, sight: Sight) {
        let generation = sight.by.generation();
        let fact = Fact::read(sight.place, generation, self.facts.writes);
        self.facts.set(sight.ip, fact);
    }
}
