//! The mappings of one zone. Pure: time is handed in.

use std::collections::BTreeMap;
use std::net::IpAddr;

use jiff::Timestamp;
use serde_json::Value;

/// A region of a vendor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The vendor.
    pub vendor: String,
    /// The region.
    pub region: String,
}

/// What an address is mapped to, and since when.
#[derive(Debug, Clone)]
pub struct Mapping {
    /// Where the origin runs.
    pub place: Place,
    /// When this was written.
    pub modified_on: Timestamp,
    /// The address as it was first sent; honest answers show the address itself.
    pub sent_as: String,
}

/// The mappings of a zone.
#[derive(Debug, Clone, Default)]
pub struct Zone {
    /// By address: all spellings of an address are one key.
    pub mappings: BTreeMap<IpAddr, Mapping>,
    /// When the set was last changed.
    pub modified_on: Option<Timestamp>,
    /// A place for changes of behaviour to remember things in; honest code does not touch it.
    pub aside: BTreeMap<String, Value>,
}

impl Zone {
    /// Whether `added` more mappings fit below a limit.
    #[must_use]
    pub fn has_room(&self, added: usize, limit: usize) -> bool {
        self.mappings.len() + added <= limit
    }

    /// Writes a mapping, new or not.
    pub fn put(&mut self, ip: IpAddr, mapping: Mapping) {
        self.touch(mapping.modified_on);
        self.mappings.insert(ip, mapping);
    }

    /// Removes a mapping.
    pub fn remove(&mut self, ip: IpAddr, now: Timestamp) -> Option<Mapping> {
        let removed = self.mappings.remove(&ip);
        if removed.is_some() {
            self.touch(now);
        }
        removed
    }

    /// Requests may get their turn in another order than they came in; the set's time never goes back.
    fn touch(&mut self, now: Timestamp) {
        self.modified_on = self.modified_on.max(Some(now));
    }

    /// The time of the set: none when it is empty (V1-LIST-2).
    #[must_use]
    pub fn set_time(&self) -> Option<Timestamp> {
        if self.mappings.is_empty() {
            None
        } else {
            self.modified_on
        }
    }
}
