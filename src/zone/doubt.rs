//! Answers of our own traffic that contradict what is known about an address. Two more reads tell whether the answer or
//! the zone is wrong. Until then, nobody is blamed.

use std::net::IpAddr;

use super::blame::{reader_clause, shown_by, takes_effect_by};
use super::fact::{AnyCase, Fact, Known, Open, Origin};
use super::observe::Sight;
use super::{Model, State, of_mapping};
use crate::contract::{ClauseId, Contract, Evidence, Finding, Level, Place, What, mapped};
use crate::exchange::{Generation, Kind, Operation};

/// The most addresses of one answer that are examined. The others mostly have the same cause.
const DOUBTS: usize = 3;

/// What was known about the address.
#[derive(Debug, Clone)]
pub(super) enum Before {
    Fact(Fact),
    Open(Open),
}

/// An answer that contradicts what is known about an address.
#[derive(Debug, Clone)]
pub struct Doubt {
    before: Before,
    sight: Sight,
    /// The index of the exchange among those that were taken in together.
    pub number: usize,
}

/// What two more reads through a generation show of the address; `None` for a read that failed.
#[derive(Debug, Clone, Default)]
pub struct Witness {
    /// The result of the single read.
    pub single: Option<Option<Place>>,
    /// The result of the list.
    pub listed: Option<Option<Place>>,
}

impl Doubt {
    /// Returns the address.
    #[must_use]
    pub fn ip(&self) -> IpAddr {
        self.sight.ip
    }

    /// Returns the generations to read through: the one that answered. If the address is known only to the other
    /// generation, that one comes first.
    #[must_use]
    pub fn generations(&self) -> Vec<Generation> {
        let own = self.sight.by.generation();
        if self.is_across() {
            vec![own.other(), own]
        } else {
            vec![own]
        }
    }

    /// Returns whether the address is known only to the other generation.
    fn is_across(&self) -> bool {
        let known_to = match &self.before {
            Before::Fact(fact) => fact.known_to,
            Before::Open(open) => open.known_to,
        };
        !known_to.has(self.sight.by.generation())
    }

    /// Returns whether a place agrees with what was known.
    fn is_known(&self, place: Option<&AnyCase>) -> bool {
        match &self.before {
            Before::Fact(fact) => fact.place.as_ref() == place,
            Before::Open(open) => open.places.iter().any(|one| one.as_ref() == place),
        }
    }
}

impl Model {
    /// Keeps a doubt until it is resolved.
    pub(super) fn doubt(&mut self, before: Before, sight: Sight) {
        if self.doubts.len() >= DOUBTS {
            // Nobody looks whether this answer is true, so later answers are not compared with it.
            self.facts.forget_one(sight.ip);
            return;
        }
        let number = self.taking;
        self.doubts.push(Doubt {
            before,
            sight,
            number,
        });
    }

    /// Returns whether there are doubts.
    #[must_use]
    pub fn is_doubting(&self) -> bool {
        !self.doubts.is_empty()
    }

    /// Returns the next doubt, which a single read and a list of the same generation should resolve.
    pub fn next_doubt(&mut self) -> Option<Doubt> {
        self.doubts.pop()
    }

    /// Returns the wrong total of v2.list, if the last answer had one.
    pub fn wrong_total(&mut self) -> Option<Finding> {
        self.wrong_total.take()
    }

    /// Compares a whole list, read after a wrong total, with what is known. If mappings differ, the total is not at
    /// fault, and the mappings become doubts. Returns whether there are any doubts.
    pub fn compare_whole(&mut self, listed: &State) -> bool {
        let Some(list) = Operation::of(Generation::V2, Kind::List) else {
            return false;
        };
        let surplus = listed
            .iter()
            .map(|(ip, place)| (*ip, Some(AnyCase(place.clone()))));
        let missing = self.facts.mapped(|ip| listed.contains_key(ip));
        let missing = missing.into_iter().map(|ip| (ip, None));
        let all: Vec<(IpAddr, Option<AnyCase>)> = surplus.chain(missing).collect();
        self.taking = 0;
        for (ip, place) in all {
            let is_other = self.facts.of(ip).is_some_and(|fact| fact.place != place);
            if is_other {
                let sight = Sight {
                    ip,
                    place,
                    by: list,
                };
                self.observe(sight, &mut Vec::new());
            }
        }
        !self.doubts.is_empty()
    }

    /// Returns whether a zone is small enough to be listed for a doubt.
    #[must_use]
    pub fn is_small(&self) -> bool {
        self.facts.count_all() <= 300
    }

    /// Decides what is wrong, after reads through each of the doubt's generations.
    pub fn resolve(&mut self, doubt: Doubt, seen: &[Witness]) -> Finding {
        let across = doubt.is_across();
        let by = doubt.sight.by;
        // Repeating the same kind of read does not give a second witness.
        let witnesses = |witness: &Witness, is_own: bool| {
            let single = witness.single.clone();
            let single = single.filter(|_| !is_own || by.kind() != Kind::Get);
            let listed = witness.listed.clone();
            let listed = listed.filter(|_| !is_own || !by.shows_all() || by.kind().writes());
            let both = [single, listed].into_iter().flatten();
            both.map(|place| place.map(AnyCase)).collect::<Vec<_>>()
        };
        let others = seen.first().map(|first| witnesses(first, !across));
        let others = others.unwrap_or_default();
        let is_as_known = others.iter().any(|place| doubt.is_known(place.as_ref()));
        let is_as_shown = others.contains(&doubt.sight.place);
        let is_of_the_zone = is_as_shown && !is_as_known;
        let expects_mapping = !doubt.is_known(None);
        // If the generation that answered now shows what was known, only its answer was wrong.
        let own = seen
            .get(1)
            .map(|own| witnesses(own, true))
            .unwrap_or_default();
        let is_known_to_own = own.iter().any(|place| doubt.is_known(place.as_ref()));
        let reader = if across && !is_known_to_own {
            (ClauseId::of("X-1"), Level::Should)
        } else {
            (shown_by(by, expects_mapping), Level::Must)
        };
        let clause = match &doubt.before {
            _ if !is_of_the_zone => reader,
            Before::Fact(fact) => self.fault_of_writes(fact, &doubt.sight),
            Before::Open(open) => match self.facts.last_refused(doubt.sight.ip) {
                Some(refused) if refused.wanted == doubt.sight.place => {
                    Contract::embedded().leveled(&refused.clause)
                }
                _ => (open.clause.clone(), Level::Must),
            },
        };
        let finding = said(&doubt, clause);
        if is_of_the_zone || (across && !is_known_to_own) {
            self.learn(doubt.sight);
        } else if let Before::Fact(mut fact) = doubt.before {
            if is_known_to_own {
                fact.known_to.add(by.generation());
            }
            fact.origin = Origin::Read;
            fact.seen_at = self.facts.writes;
            self.facts.set(doubt.sight.ip, fact);
        } else if let Some(place) = others.into_iter().next() {
            let mut sight = doubt.sight;
            sight.place = place;
            self.learn(sight);
        }
        finding
    }

    /// Returns the clause of the write that left an address in this state, if more than one answer shows it.
    fn fault_of_writes(&self, fact: &Fact, sight: &Sight) -> (ClauseId, Level) {
        if let Some(refused) = self.facts.last_refused(sight.ip) {
            let is_as_wanted = refused.wanted == sight.place;
            let is_last = fact.seen_at >= refused.since && self.facts.writes <= refused.until;
            // A write that named the address is nearer to the fault than later ones that did not.
            let is_named_since = refused.since >= fact.seen_at && sight.place.is_none();
            let is_last = is_last || is_named_since;
            if is_as_wanted || is_last {
                return Contract::embedded().leveled(&refused.clause);
            }
        }
        let left_alone = self.left_alone_since(fact);
        let left_alone = left_alone.filter(|_| fact.place.is_some());
        let generation = sight.by.generation();
        let reader = if fact.known_to.has(generation) {
            shown_by(sight.by, fact.place.is_some())
        } else {
            reader_clause(generation.other(), Kind::Get, fact.place.is_some())
        };
        let clause = match &fact.origin {
            Origin::Read => left_alone.unwrap_or(reader),
            Origin::Written {
                by,
                before,
                beside_others,
                ..
            } => {
                let adds = !matches!(by.kind(), Kind::Delete | Kind::BatchDelete);
                let had_mapping = matches!(before, Known::Mapped(_));
                let effect = if *beside_others && adds {
                    Some(ClauseId::of("CONC-1"))
                } else {
                    takes_effect_by(*by, had_mapping)
                };
                let is_without_effect = before.is(sight.place.as_ref());
                let first = effect.clone().filter(|_| is_without_effect);
                first.or(left_alone).or(effect).unwrap_or(reader)
            }
        };
        (clause, Level::Must)
    }
}

fn said(doubt: &Doubt, clause: (ClauseId, Level)) -> Finding {
    let ip = doubt.sight.ip;
    let shown = doubt.sight.place.as_ref();
    match &doubt.before {
        Before::Fact(fact) => {
            of_mapping(clause, ip, (fact.place.as_ref(), shown), Evidence::History)
        }
        Before::Open(open) => {
            let said = |place: Option<&AnyCase>| mapped(ip, place.map(|place| &place.0));
            let lawful: Vec<String> = open
                .places
                .iter()
                .map(|place| said(place.as_ref()))
                .collect();
            let expected = format!(
                "{}, as writes at the same time left it",
                lawful.join(" or ")
            );
            Finding::new(clause, "/result", What::value(expected, said(shown)))
        }
    }
}
