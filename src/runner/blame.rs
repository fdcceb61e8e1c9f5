//! Whose fault it is that a mapping is gone which nobody named.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::execute::Execution;
use super::mapping::meant;
use crate::contract::{ClauseId, Level, request_items};

impl Execution<'_> {
    /// Remembers a write that was answered with 200.
    pub(super) fn note_write(&mut self, zone: &str, index: usize) {
        let Some(exchange) = self.exchanges.get(index) else {
            return;
        };
        let Some(operation) = exchange
            .operation
            .filter(|operation| operation.kind().writes())
        else {
            return;
        };
        if exchange.response.status != 200 {
            return;
        }
        let json = exchange.request.json.as_ref();
        let items = json
            .map(|json| request_items(operation, json))
            .unwrap_or_default();
        let texts = items.iter().filter_map(|item| item.address);
        let named: BTreeSet<IpAddr> = texts
            .chain(exchange.request.address.as_deref())
            .filter_map(meant)
            .collect();
        self.last_write.insert(zone.to_owned(), (operation, named));
    }

    /// The clause by which the last write must leave alone what it does not name; `None` where it named the address, or
    /// no write was accepted.
    pub(super) fn leaves_others_alone(&self, zone: &str, ip: &IpAddr) -> Option<(ClauseId, Level)> {
        let (operation, named) = self.last_write.get(zone)?;
        if named.contains(ip) {
            return None;
        }
        Some((operation.promises().others.clone()?, Level::Must))
    }
}
