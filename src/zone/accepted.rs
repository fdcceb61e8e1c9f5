//! Writes that were sent at the same time: whatever was accepted must be there afterwards (CONC-1).

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::expected::{State, meant_by};
use crate::contract::address::meant;
use crate::contract::{Answer, Place, request_items};
use crate::exchange::{Exchange, Generation, Kind};

/// One write of several.
#[derive(Debug)]
struct Write {
    generation: Generation,
    ip: IpAddr,
    place: Place,
    is_accepted: bool,
}

/// The writes of one block.
#[derive(Debug, Default)]
pub struct Accepted {
    writes: Vec<Write>,
}

impl Accepted {
    /// Takes in the writes of an exchange.
    pub fn take(&mut self, exchange: &Exchange) {
        let (Some(operation), Some(json)) = (exchange.operation, &exchange.request.json) else {
            return;
        };
        let is_success = exchange.response.status == 200;
        let answer = exchange
            .response
            .value()
            .map(|body| Answer::read(operation, body));
        for item in request_items(operation, json) {
            let (Some(ip), Some(vendor), Some(region)) =
                (item.address.and_then(meant), item.vendor, item.region)
            else {
                continue;
            };
            let in_succeeded = || {
                answer.as_ref().is_some_and(|answer| {
                    let mut succeeded = answer.succeeded.iter();
                    succeeded.any(|item| meant_by(item) == Some(ip))
                })
            };
            self.writes.push(Write {
                generation: operation.generation(),
                ip,
                place: Place {
                    vendor: vendor.to_owned(),
                    region: region.to_owned(),
                },
                is_accepted: is_success
                    && (operation.kind() != Kind::BatchUpsert || in_succeeded()),
            });
        }
    }

    /// The generations through which anything was written.
    #[must_use]
    pub fn through(&self) -> BTreeSet<Generation> {
        self.writes.iter().map(|write| write.generation).collect()
    }

    /// What a generation must show: what was there `before`, and what was accepted through it.
    #[must_use]
    pub fn state(&self, generation: Generation, before: Option<&State>) -> State {
        let mut state = before.cloned().unwrap_or_default();
        for write in &self.writes {
            if write.is_accepted && write.generation == generation {
                state.insert(write.ip, write.place.clone());
            }
        }
        state
    }

    /// Where a generation may show anything: a write was refused there, or went through the other one.
    #[must_use]
    pub fn open(&self, generation: Generation) -> BTreeSet<IpAddr> {
        let writes = self.writes.iter();
        let open = writes.filter(|write| !write.is_accepted || write.generation != generation);
        open.map(|write| write.ip).collect()
    }
}
