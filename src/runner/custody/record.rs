//! The records of a journal. Each is on disk before the request that it speaks of goes out.
//!
//! They hold what this run read and what it *sent*, never what an answer claims to have done.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::entry::{Holding, Row};
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
    /// Mappings that were to be taken away through a generation, and are still there after all.
    Kept(Generation, Vec<IpAddr>),
    /// A case proved that the target loses mappings that a write does not name: what is missing then was lost by
    /// the target, not deleted by somebody.
    Lossy,
    /// All that was there is there again; these test mappings of the run can't be removed from the target.
    Released(Vec<Row>),
}

/// The first record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
