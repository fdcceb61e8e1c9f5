//! The choices that the logic reads. The default is the honest reference; variations and mutants
//! set them otherwise.

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
    /// The most mappings of a zone.
    pub limit: usize,
    /// The most items of a batch.
    pub batch_max: usize,
    /// `per_page` where the request has none.
    pub per_page_default: usize,
    /// The largest `per_page`.
    pub per_page_max: usize,
    /// Reads an address of a body.
    pub read_address: fn(&str) -> Option<IpAddr>,
    /// Reads an address of a path.
    pub read_path: fn(&str) -> Option<IpAddr>,
    /// Shows a stored address.
    pub show: fn(IpAddr, &Mapping) -> String,
    /// Shows a time.
    pub show_time: fn(Timestamp) -> String,
    /// Brings a vendor or region into the form that the catalogue has.
    pub read_name: fn(&str) -> String,
    /// The regions that exist.
    pub catalogue: Catalogue,
    /// A batch beyond the limit: the surplus items fail instead of the whole batch.
    pub surplus_fails: bool,
    /// Which of two equal addresses in one batch is kept; see [`Doubled`].
    pub doubled: Doubled,
    /// Whether an empty batch is an error.
    pub empty_batch_refused: bool,
    /// How a zone is locked while a call is handled.
    pub locking: Locking,
    /// Whether the hooks are offered.
    pub hooks: bool,
    /// The capabilities that the hook names.
    pub capabilities: Vec<&'static str>,
    /// Operations that are not routed.
    pub unrouted: fn(Operation) -> bool,
    /// What becomes of the router's own refusal: no such path, method or zone.
    pub router_says: fn(Reply) -> Reply,
    /// The name under which a zone's data is kept, by operation.
    pub zone_key: fn(Operation, &str) -> String,
}

/// What happens to an address that stands twice in a batch (BATCH-12 leaves it open).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doubled {
    /// Both are answered as succeeded, the last one stays.
    Last,
    /// The second one fails.
    SecondFails,
    /// Both of them fail.
    BothFail,
    /// The whole batch is refused.
    Refused,
}

/// How an operation holds its zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Locking {
    /// The zone is locked from reading to writing.
    Held,
    /// The zone is copied, the copy is changed, and after a while written back whole.
    CopiedBack(Duration),
    /// The decision is made on a copy; after a while it is carried out without looking again.
    DecidedEarly(Duration),
    /// The answer is made on a copy; after a while what the copy remembers aside is kept.
    RememberedLate(Duration),
    /// The call is noted under [`Locking::WAITING`] while it waits, and handled after this time.
    Announced(Duration),
}

impl Locking {
    /// The name in [`super::Zone::aside`] under which calls wait.
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
