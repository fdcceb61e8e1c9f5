//! The records of a journal. Each is written before the request that it describes is sent.
//!
//! They hold what this run read and what it *sent*, never what an answer claims to have done.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::entry::{Holding, Row};
use crate::contract::Place;
use crate::exchange::Generation;

/// One record of a journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) enum Record {
    /// What the zone held when the run began. The first record of every journal.
    Opening(Opening),
    /// What single reads showed before the first write to an address.
    Seen(Seen),
    /// What a request is about to write or delete.
    Intent(Intent),
    /// Addresses whose mappings were read through this generation as they were before the run, after everything that
    /// was sent to them.
    Kept(Generation, Vec<IpAddr>),
    /// The result of a proof: both generations share one store (true), or each has its own.
    Shared(bool),
    /// A proof that the target keeps the second value in place of the first.
    Mangles(Value, Value),
    /// A proof that the target loses mappings that a write does not name. Missing mappings then count as lost by the
    /// target, not as deleted by somebody else.
    Lossy,
    /// The zone's mappings are back. These test mappings of the run can't be removed from the target.
    Released(Vec<Row>),
}

/// Vendor and region, as a journal stores them.
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

/// The first record of a journal.
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
    /// Proof that the writer of the journal had the credentials of the run; see [`super::seal`].
    pub(super) seal: String,
    /// What the zone held.
    pub(super) holding: Holding,
    /// Test mappings that an earlier run could not remove.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) stuck: Vec<Row>,
}

/// Results of single reads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Seen {
    /// The generation that was read.
    pub(super) through: Generation,
    /// The mappings that were found.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) found: Vec<Row>,
    /// Addresses without a mapping.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) absent: Vec<IpAddr>,
}

/// The changes that a request is about to make.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Intent {
    /// The generation through which the request is sent.
    pub(super) through: Generation,
    /// Mappings with the value that is sent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) write: Vec<Row>,
    /// Addresses that a request may write with an unpredictable value, for example because its body is broken.
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
