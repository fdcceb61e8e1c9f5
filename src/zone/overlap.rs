//! Writes that were sent at the same time: whatever was accepted must be there afterwards (CONC-1).

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::Model;
use super::expected::{State, meant_by, nothing_applied};
use crate::contract::address::meant;
use crate::contract::{Answer, Place, request_items};
use crate::exchange::{Exchange, Generation, Kind, Operation};

/// What one of these writes wrote to an address.
#[derive(Debug, Clone)]
pub(super) struct Write {
    generation: Generation,
    ip: IpAddr,
    place: Place,
    is_accepted: bool,
}

impl Model {
    /// Takes in exchanges that overlapped. The state that they left is unknown.
    pub fn take_overlapping<'e>(&mut self, exchanges: impl IntoIterator<Item = &'e Exchange>) {
        self.overlapping.clear();
        self.forget();
        for exchange in exchanges {
            let Some(operation) = exchange.operation.filter(|one| one.kind().writes()) else {
                continue;
            };
            let answer = Answer::of(exchange).filter(|_| exchange.response.is_success());
            self.has_applied = !nothing_applied(operation, answer.as_ref());
            let writes = writes_of(operation, exchange, answer.as_ref());
            self.overlapping.extend(writes);
        }
    }

    /// Returns the generations through which the overlapping writes went.
    #[must_use]
    pub fn overlapping_through(&self) -> BTreeSet<Generation> {
        let writes = self.overlapping.iter();
        writes.map(|write| write.generation).collect()
    }

    /// Returns what a generation must show after the overlapping writes: what was there `before`, and what was accepted
    /// through it.
    #[must_use]
    pub fn accepted(&self, generation: Generation, before: Option<&State>) -> State {
        let mut state = before.cloned().unwrap_or_default();
        for write in &self.overlapping {
            if write.is_accepted && write.generation == generation {
                state.insert(write.ip, write.place.clone());
            }
        }
        state
    }

    /// Returns the addresses where a generation may show anything after the overlapping writes. A write to such an
    /// address was refused, or went through the other generation.
    #[must_use]
    pub fn open(&self, generation: Generation) -> BTreeSet<IpAddr> {
        let writes = self.overlapping.iter();
        let open = writes.filter(|write| !write.is_accepted || write.generation != generation);
        open.map(|write| write.ip).collect()
    }
}

/// Returns the mappings that an exchange writes, accepted or not.
fn writes_of(operation: Operation, exchange: &Exchange, answer: Option<&Answer<'_>>) -> Vec<Write> {
    let Some(json) = exchange.request.json.as_deref() else {
        return Vec::new();
    };
    let is_success = exchange.response.status == 200;
    let in_succeeded = |ip| {
        answer.is_some_and(|answer| {
            let mut succeeded = answer.succeeded.iter();
            succeeded.any(|item| meant_by(item) == Some(ip))
        })
    };
    let writes = request_items(operation, json)
        .into_iter()
        .filter_map(|item| {
            let ip = item.address.and_then(meant)?;
            Some(Write {
                generation: operation.generation(),
                ip,
                place: Place {
                    vendor: item.vendor?.to_owned(),
                    region: item.region?.to_owned(),
                },
                is_accepted: is_success
                    && (operation.kind() != Kind::BatchUpsert || in_succeeded(ip)),
            })
        });
    writes.collect()
}
