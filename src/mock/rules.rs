//! The choices that the logic reads. The defaults make the honest reference; variations and mutants
//! set other values.

use std::net::IpAddr;
use std::time::Duration;

use jiff::Timestamp;

use super::address;
use super::call::Reply;
use super::catalogue::Catalogue;
use super::store::Mapping;
use crate::contract::Contract;
use crate::exchange::Operation;

/// The named choices of behaviour.
#[derive(Debug, Clone)]
pub struct Rules {
    /// The maximum number of mappings in a zone.
    pub limit: usize,
    /// The maximum number of items in a batch.
    pub batch_max: usize,
    /// The value of `per_page` if the request has none.
    pub per_page_default: usize,
    /// The largest `per_page`.
    pub per_page_max: usize,
    /// Parses an address in a body.
    pub read_address: fn(&str) -> Option<IpAddr>,
    /// Parses an address in a path.
    pub read_path: fn(&str) -> Option<IpAddr>,
    /// Formats a stored address.
    pub show: fn(IpAddr, &Mapping) -> String,
    /// Formats a time.
    pub show_time: fn(Timestamp) -> String,
    /// Converts the name of a vendor or region to the form that the catalogue uses.
    pub read_name: fn(&str) -> String,
    /// The regions that exist.
    pub catalogue: Catalogue,
    /// True if only the surplus items fail when a batch exceeds the zone's limit. Otherwise the whole batch is refused.
    pub surplus_fails: bool,
    /// The treatment of an address that a batch contains twice; see [`Doubled`].
    pub doubled: Doubled,
    /// True if an empty batch is an error.
    pub empty_batch_refused: bool,
    /// The way in which a zone is locked while a call is handled.
    pub locking: Locking,
    /// True if the hooks are offered.
    pub hooks: bool,
    /// The capabilities that the hook lists.
    pub capabilities: Vec<&'static str>,
    /// Returns whether an operation is not routed.
    pub unrouted: fn(Operation) -> bool,
    /// Changes the router's own refusal of an unknown path, method or zone.
    pub router_says: fn(Reply) -> Reply,
    /// Returns the key under which a zone's data is stored, by operation and zone id.
    pub zone_key: fn(Operation, &str) -> String,
}

/// The treatment of an address that a batch contains twice (BATCH-12 leaves it open).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doubled {
    /// Both items are answered as succeeded, and the last one is stored.
    Last,
    /// The second item fails.
    SecondFails,
    /// Both items fail.
    BothFail,
    /// The whole batch is refused.
    Refused,
}

/// The way in which an operation holds its zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Locking {
    /// The zone stays locked from reading to writing.
    Held,
    /// The call changes a copy of the zone. After this time, the whole copy is written back.
    CopiedBack(Duration),
    /// The call is decided on a copy. After this time, the decision is carried out without another check.
    DecidedEarly(Duration),
    /// The call is answered from a copy. After this time, the copy's new entries in [`super::Zone::aside`] are kept.
    RememberedLate(Duration),
    /// The call waits for this time before it is handled. Meanwhile it is listed under [`Locking::WAITING`].
    Announced(Duration),
}

impl Locking {
    /// The key in [`super::Zone::aside`] of the list of waiting calls.
    pub const WAITING: &'static str = "waiting";
}

impl Default for Rules {
    fn default() -> Self {
        let limits = Contract::embedded().limits;
        Self {
            limit: limits.zone,
            batch_max: limits.batch,
            per_page_default: limits.default_page,
            per_page_max: limits.page,
            read_address: address::read,
            read_path: address::read,
            show: |ip, _| address::show(ip),
            show_time: |time| time.to_string(),
            read_name: str::to_owned,
            catalogue: Catalogue::embedded(),
            surplus_fails: false,
            doubled: Doubled::Last,
            empty_batch_refused: false,
            locking: Locking::Held,
            hooks: true,
            capabilities: vec![
                "fresh-zones",
                "fault-injection",
                "v1",
                "v2",
                "both-credentials",
                "tiered-cache",
            ],
            unrouted: |_| false,
            router_says: |reply| reply,
            zone_key: |_, zone| zone.to_owned(),
        }
    }
}
