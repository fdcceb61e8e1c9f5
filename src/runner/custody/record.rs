//! The records of a journal. Each is on disk before the request that it speaks of goes out.
//!
//! They hold what this run read and what it *sent*, never what an answer claims to have done.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::entry::{Holding, Row};
use crate::contract::Place;
use crate::exchange::Generation;

/// One record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) enum Record {
    /// What the zone held when the run began. The first record of every journal.
    Opening(Opening),
    /// What single reads showed before the first write to an address.
    Seen(Seen),
    /// What a request is about to write or delete.
    Intent(Intent),
    /// These were read through a generation as they were before the run, after all that was sent to them.
    Kept(Generation, Vec<IpAddr>),
    /// It was proved that one store is behind both generations (true), or two.
    Shared(bool),
    /// It was proved that the target keeps the second value in place of the first.
    Mangles(Value, Value),
    /// A case proved that the target loses mappings that a write does not name: what is missing then was lost by
    /// the target, not deleted by somebody.
    Lossy,
    /// All that was there is there again; these test mappings of the run can't be removed from the target.
    Released(Vec<Row>),
}

/// Vendor and region, as they stand in a journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Value {
    vendor: String,
    region: String,
}

impl From<Place> for Value {
    fn from(Place { vendor, region }: Place) -> Self {
        Self { vendor, region }
    }
}

impl From<Value> for Place {
    fn from(Value { vendor, region }: Value) -> Self {
        Self { vendor, region }
    }
}

/// The first record.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Opening {
    /// The version of the format.
    pub(super) originproof_journal: u32,
    /// The base URL.
    pub(super) target: String,
    /// The zone.
    pub(super) zone: String,
    /// When the run began (RFC 3339).
    pub(super) started: String,
    /// Proves that whoever wrote this had the credentials of the run; see [`super::seal`].
    pub(super) seal: String,
    /// What the zone held.
    pub(super) holding: Holding,
    /// Test mappings that an earlier run could not remove.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) stuck: Vec<Row>,
}

/// Single reads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Seen {
    /// Through which generation.
    pub(super) through: Generation,
    /// Addresses with a mapping.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) found: Vec<Row>,
    /// Addresses without one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) absent: Vec<IpAddr>,
}

/// What is about to be sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Intent {
    /// Through which generation.
    pub(super) through: Generation,
    /// Mappings with the value that is sent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) write: Vec<Row>,
    /// Addresses that a request may write with a value that can't be told, such as in a broken body.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) any: Vec<IpAddr>,
    /// Addresses that are deleted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) delete: Vec<IpAddr>,
}

impl Intent {
    pub(super) fn through(through: Generation) -> Self {
        Self {
            through,
            write: Vec::new(),
            any: Vec::new(),
            delete: Vec::new(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.write.is_empty() && self.any.is_empty() && self.delete.is_empty()
    }
}
