//! What a case expects a zone to hold, how a reading differs from it, and what to read next to find out whose fault
//! that is.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::Model;
use crate::contract::address::meant;
use crate::contract::{Answer, Evidence, Item, Place, What};
use crate::exchange::{Exchange, Operation};

/// The number of addresses that are read one by one.
const SINGLE_READS: usize = 6;

/// Mappings by address. The spelling of an address does not matter.
pub type State = BTreeMap<IpAddr, Place>;

/// A difference between what is expected and what a reading shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The address.
    pub ip: IpAddr,
    /// Its expected mapping.
    pub expected: Option<Place>,
    /// The mapping that is shown.
    pub found: Option<Place>,
}

impl Difference {
    /// Returns the difference as it is reported.
    #[must_use]
    pub fn what(&self, evidence: Evidence) -> What {
        What::mapping(
            self.ip,
            self.expected.as_ref(),
            self.found.as_ref(),
            evidence,
        )
    }
}

/// Returns the differences between two states, by address.
#[must_use]
pub fn differences(expected: &State, found: &State) -> Vec<Difference> {
    let all: BTreeSet<&IpAddr> = expected.keys().chain(found.keys()).collect();
    all.into_iter()
        .filter(|ip| expected.get(*ip) != found.get(*ip))
        .map(|ip| Difference {
            ip: *ip,
            expected: expected.get(ip).cloned(),
            found: found.get(ip).cloned(),
        })
        .collect()
}

impl Model {
    /// Sets what the zone should hold from here on.
    pub fn expect(&mut self, state: State) {
        self.expected = state;
    }

    /// Returns what the zone should hold, as last asserted.
    #[must_use]
    pub fn expected(&self) -> &State {
        &self.expected
    }

    /// Takes in the addresses that a request is about to name.
    pub fn names(&mut self, addresses: impl IntoIterator<Item = IpAddr>) {
        self.named.extend(addresses);
    }

    /// Returns whether a request named an address.
    #[must_use]
    pub fn has_named(&self, ip: &IpAddr) -> bool {
        self.named.contains(ip)
    }

    /// Returns whether an address may hold `found` after the last writes to it. It may hold one of the places that they
    /// gave it. If the last write applied nothing, it may also have its expected mapping or none.
    #[must_use]
    pub fn may_hold(&self, ip: IpAddr, given: &[Place], found: Option<&Place>) -> bool {
        let is_given = found.is_some_and(|found| given.contains(found));
        is_given || (!self.has_applied && (found.is_none() || self.expected.get(&ip) == found))
    }

    /// Returns the addresses to read one by one: those that a list shows wrongly, then a sample of those that requests
    /// named.
    #[must_use]
    pub fn to_read<'a>(&self, wrong: impl IntoIterator<Item = &'a IpAddr>) -> Vec<IpAddr> {
        let mut all: Vec<IpAddr> = wrong.into_iter().copied().take(SINGLE_READS).collect();
        // Requests may have named many addresses, for example to fill the zone, so these are only sampled.
        let (gone, kept): (Vec<IpAddr>, Vec<IpAddr>) = self
            .named
            .iter()
            .partition(|ip| !self.expected.contains_key(ip));
        let sample = |ips: &[IpAddr], most: usize| -> Vec<IpAddr> {
            let stride = ips.len().div_ceil(most.max(1)).max(1);
            ips.iter().copied().step_by(stride).collect()
        };
        all.extend(sample(&gone, SINGLE_READS / 2));
        all.extend(sample(&kept, SINGLE_READS / 2));
        let mut seen = BTreeSet::new();
        all.retain(|ip| seen.insert(*ip));
        all
    }
}

/// Returns the entries of a success, by address; `None` if the answer is not a success.
#[must_use]
pub fn entries_of(exchange: &Exchange) -> Option<Vec<(IpAddr, Place)>> {
    let answer = Answer::of(exchange).filter(|_| exchange.response.is_success())?;
    let entries = answer.entries.iter().filter_map(|item| {
        let place = Place {
            vendor: item.vendor.unwrap_or_default().to_owned(),
            region: item.region.unwrap_or_default().to_owned(),
        };
        Some((meant_by(item)?, place))
    });
    Some(entries.collect())
}

/// Returns the address that a server means by an item.
#[must_use]
pub fn meant_by(item: &Item<'_>) -> Option<IpAddr> {
    item.identity().or_else(|| meant(item.address?))
}

/// Returns whether an answer says that nothing was applied: a refusal, or a batch without a succeeded item.
#[must_use]
pub(super) fn nothing_applied(operation: Operation, answer: Option<&Answer<'_>>) -> bool {
    answer.is_none_or(|answer| operation.kind().is_batch() && answer.succeeded.is_empty())
}
