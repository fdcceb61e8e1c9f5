//! What a trial notes of zones in care: what its writes may touch, and what in them may be somebody else's.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::custody::{addresses_in, addresses_of};
use super::execute::{Execution, Flow, Stop};
use super::halt::HaltReason;
use super::mapping::meant_by;
use crate::contract::Answer;
use crate::exchange::{Exchange, Operation};
use crate::transport::Outgoing;

impl Execution<'_> {
    /// Notes in the zone's journal what a write may touch, before it goes out.
    pub(super) fn journal(&mut self, zone: &str, outgoing: &Outgoing) -> Flow {
        let Some(keeper) = self.keepers.get(zone) else {
            return Ok(());
        };
        let reads = match outgoing.operation {
            Some(operation) => !operation.kind().writes(),
            None => outgoing.method == "GET",
        };
        if reads {
            return Ok(());
        }
        let mut reach = BTreeSet::new();
        if let Some(address) = &outgoing.address {
            addresses_in(address, &mut reach);
        }
        match (&outgoing.json, &outgoing.body) {
            (Some(json), _) => addresses_of(json, &mut reach),
            (None, Some(body)) => addresses_in(&String::from_utf8_lossy(body), &mut reach),
            (None, None) => {}
        }
        let generation = outgoing
            .operation
            .map_or(self.generation, Operation::generation);
        self.wrote.insert(generation);
        keeper.touch(reach).map_err(|error| {
            self.target.halt.set(HaltReason::Journal(error.to_string()));
            Stop::Inconclusive(error.to_string())
        })
    }

    /// Notes what a write says that it touched: a faulty target may have stored another address.
    pub(super) fn journal_answer(&self, exchange: &Exchange) {
        let (Some(operation), Some(body)) = (exchange.operation, exchange.response.value()) else {
            return;
        };
        // The whole list that `v1.upsert` answers with is not what it touched.
        if !operation.kind().writes()
            || operation == Operation::V1Upsert
            || !exchange.response.is_success()
        {
            return;
        }
        let answer = Answer::read(operation, body);
        let touched: Vec<IpAddr> = answer
            .entries
            .iter()
            .chain(&answer.succeeded)
            .filter_map(meant_by)
            .collect();
        let zone = self
            .zones
            .iter()
            .find(|(_, id)| exchange.request.url.contains(id.as_str()));
        if let Some(keeper) = zone.and_then(|(name, _)| self.keepers.get(name)) {
            // A disk that is full is noticed by the next request, which is journalled before it goes out.
            let _ = keeper.touch(touched);
        }
    }

    /// Whether a mapping that nobody expects may be somebody else's: the zone is shared with others, and no
    /// request of this case named its address.
    pub(super) fn may_be_a_strangers(&self, zone: &str, ip: &IpAddr) -> bool {
        self.keepers.contains_key(zone)
            && !self.used.get(zone).is_some_and(|used| used.contains(ip))
    }
}
