//! The mappings of a zone that cases must avoid, by generation: those that were there, and those that appeared later.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::entry::{Holding, Mappings, state};
use super::make_room::NotEmptied;
use super::remove::{Stranger, Tidied};
use crate::contract::Place;
use crate::exchange::Generation;
use crate::zone::State;

/// The mappings and addresses that cases must avoid.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::runner) struct Around {
    by_generation: BTreeMap<Generation, State>,
    /// Addresses of mappings that somebody else deleted, which the owner may write again, and those that a case may have
    /// left behind. Cases avoid these too.
    freed: BTreeSet<IpAddr>,
}

impl Around {
    /// Returns everything that a zone holds.
    pub(super) fn all_of(holding: &Holding) -> Self {
        Self::of(holding.by_generation.iter())
    }

    /// Returns what is left in a zone that was emptied.
    pub(super) fn left(left: &[(Generation, Mappings)]) -> Self {
        Self::of(left.iter().map(|(generation, all)| (generation, all)))
    }

    fn of<'m>(all: impl Iterator<Item = (&'m Generation, &'m Mappings)>) -> Self {
        let all = all.map(|(generation, mappings)| (*generation, state(mappings)));
        Self {
            by_generation: all.collect(),
            freed: BTreeSet::new(),
        }
    }

    /// Returns the mappings that one generation shows.
    pub(in crate::runner) fn through(&self, generation: Generation) -> State {
        self.by_generation
            .get(&generation)
            .cloned()
            .unwrap_or_default()
    }

    /// Returns the addresses to avoid, of all generations.
    pub(in crate::runner) fn taken(&self) -> BTreeSet<IpAddr> {
        let states = self.by_generation.values();
        let held = states.flat_map(State::keys);
        held.chain(&self.freed).copied().collect()
    }

    /// Adds a mapping that the list did not show.
    pub(super) fn hid(&mut self, generation: Generation, ip: IpAddr, place: Place) {
        let state = self.by_generation.entry(generation).or_default();
        state.insert(ip.to_canonical(), place);
    }

    /// Adds what was seen while tidying up: mappings that can't be deleted, and changes of somebody else.
    pub(super) fn learn(&mut self, tidied: &Tidied) {
        for stuck in &tidied.stuck {
            self.hid(stuck.through, stuck.ip, stuck.place.clone());
        }
        self.learn_of(&tidied.strangers);
    }

    /// Adds addresses whose mappings may still be there, since tidying up failed.
    pub(super) fn avoid(&mut self, left: &BTreeSet<IpAddr>) {
        self.freed.extend(left.iter().map(IpAddr::to_canonical));
    }

    /// Adds the changes of somebody else that kept a zone from being emptied.
    pub(super) fn learn_why(&mut self, why: &NotEmptied) {
        if let NotEmptied::Strangers(strangers) = why {
            self.learn_of(strangers);
        }
    }

    /// Adds what somebody else wrote, changed or deleted.
    pub(super) fn learn_of<'a>(&mut self, strangers: impl IntoIterator<Item = &'a Stranger>) {
        for Stranger {
            through, ip, is, ..
        } in strangers
        {
            let state = self.by_generation.entry(*through).or_default();
            match is {
                Some(place) => state.insert(ip.to_canonical(), place.clone()),
                None => {
                    self.freed.insert(ip.to_canonical());
                    state.remove(&ip.to_canonical())
                }
            };
        }
    }
}
