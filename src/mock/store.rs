//! The mappings of one zone. The store is pure: time is a parameter.

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

/// The place that an address is mapped to, and the time of the write.
#[derive(Debug, Clone)]
pub struct Mapping {
    /// The place where the origin runs.
    pub place: Place,
    /// The time at which the mapping was written.
    pub modified_on: Timestamp,
    /// The address as the request spelled it. Honest answers do not show this spelling.
    pub sent_as: String,
}

/// The mappings of a zone.
#[derive(Debug, Clone, Default)]
pub struct Zone {
    /// The mappings by address. All spellings of an address are one key.
    pub mappings: BTreeMap<IpAddr, Mapping>,
    /// The time at which the set was last changed.
    pub modified_on: Option<Timestamp>,
    /// Memory for changes of behaviour. Honest code does not use it.
    pub aside: BTreeMap<String, Value>,
}

impl Zone {
    /// Returns whether `added` more mappings fit within a limit.
    #[must_use]
    pub fn has_room(&self, added: usize, limit: usize) -> bool {
        self.mappings.len() + added <= limit
    }

    /// Adds or overwrites a mapping.
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

    /// Sets the set's time, but never back: requests may be handled in another order than they arrived in.
    fn touch(&mut self, now: Timestamp) {
        self.modified_on = self.modified_on.max(Some(now));
    }

    /// Returns the time of the set, or `None` if the set is empty (V1-LIST-2).
    #[must_use]
    pub fn set_time(&self) -> Option<Timestamp> {
        if self.mappings.is_empty() {
            None
        } else {
            self.modified_on
        }
    }
}
