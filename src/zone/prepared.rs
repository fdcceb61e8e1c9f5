//! Whether a zone holds the state that was written before a case begins.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::expected::{State, meant_by};
use crate::contract::{Answer, Item, Place};
use crate::exchange::Exchange;

/// The number of mappings up to which each one is read, and above which a sample of about this half is.
const READ_ALL: usize = 12;

/// Returns whether a batch was answered with a success of each of these mappings, and of no other.
#[must_use]
pub fn confirms(exchange: &Exchange, written: &State) -> bool {
    let Some(answer) = Answer::of(exchange) else {
        return false;
    };
    let succeeded: BTreeMap<IpAddr, &Item<'_>> = answer
        .succeeded
        .iter()
        .filter_map(|item| Some((meant_by(item)?, item)))
        .collect();
    let is_as_written = |(ip, place): (&IpAddr, &Place)| {
        succeeded.get(ip).is_some_and(|item| {
            item.vendor == Some(place.vendor.as_str()) && item.region == Some(place.region.as_str())
        })
    };
    exchange.response.is_success()
        && answer.failed.is_empty()
        && answer.succeeded.len() == written.len()
        && written.iter().all(is_as_written)
}

/// A state that was written, and what a list shows of it.
#[derive(Debug)]
pub struct Prepared<'s> {
    written: &'s State,
    listed: Option<State>,
}

impl<'s> Prepared<'s> {
    /// Takes in the list; `None` if the zone was only counted, or if the list can't be read.
    #[must_use]
    pub fn new(written: &'s State, listed: Option<State>) -> Self {
        Self { written, listed }
    }

    /// Returns whether the list shows exactly the state.
    #[must_use]
    pub fn is_listed(&self) -> bool {
        self.listed.as_ref() == Some(self.written)
    }

    /// Returns the number of written mappings that the list shows as they were written.
    #[must_use]
    pub fn shown(&self) -> usize {
        let Some(listed) = &self.listed else { return 0 };
        let right = |(ip, place): &(&IpAddr, &Place)| listed.get(*ip) == Some(*place);
        self.written.iter().filter(right).count()
    }

    /// Returns the addresses to read singly where the list differs, since a faulty list must not hide a right state.
    #[must_use]
    pub fn to_read(&self) -> Vec<IpAddr> {
        let stride = match self.written.len() {
            count if count <= READ_ALL => 1,
            count => count / (READ_ALL / 2),
        };
        let differs = |(ip, place): &(&IpAddr, &Place)| {
            let listed = self.listed.as_ref();
            listed.is_some_and(|listed| listed.get(*ip) != Some(*place))
        };
        let wrong = self.written.iter().filter(differs).take(READ_ALL);
        let mut all: Vec<IpAddr> = wrong.map(|(ip, _)| *ip).collect();
        all.extend(self.written.keys().copied().step_by(stride));
        let mut seen = BTreeSet::new();
        all.retain(|ip| seen.insert(*ip));
        all
    }

    /// Returns whether a single read shows what was written.
    #[must_use]
    pub fn is_shown_by(&self, ip: IpAddr, single: Option<&Place>) -> bool {
        single.is_some() && self.written.get(&ip) == single
    }

    /// Returns whether the list shows more mappings than were written, apart from those that may be a stranger's.
    #[must_use]
    pub fn has_more(&self, is_strange: impl Fn(&IpAddr) -> bool) -> bool {
        let Some(listed) = &self.listed else {
            return false;
        };
        let counted = |ip: &&IpAddr| self.written.contains_key(*ip) || !is_strange(ip);
        listed.keys().filter(counted).count() > self.written.len()
    }
}
