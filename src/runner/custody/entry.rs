//! The mappings of a zone, by generation.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::contract::Place;
use crate::exchange::Generation;
use crate::zone::State;

/// One mapping as a list or a single read shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::runner) struct Entry {
    /// Vendor and region.
    pub(in crate::runner) place: Place,
    /// The address as the target spells it.
    pub(super) spelled: String,
    /// Names of members that the contract does not define, such as a comment. A write through this API may drop them.
    pub(super) extra: Vec<String>,
}

impl Entry {
    /// Returns an entry with the standard spelling of the address and without extra members.
    pub(super) fn plain(ip: IpAddr, place: Place) -> Self {
        Self {
            place,
            spelled: ip.to_string(),
            extra: Vec::new(),
        }
    }
}

/// Mappings by address. An IPv4-mapped address is kept apart from its IPv4 address: a server may hold both, and both
/// must be put back.
pub(in crate::runner) type Mappings = BTreeMap<IpAddr, Entry>;

/// One mapping as a journal stores it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// The address.
    pub ip: IpAddr,
    /// The vendor.
    pub vendor: String,
    /// The region.
    pub region: String,
    /// Names of members that the contract does not define.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub extra: Vec<String>,
}

impl Row {
    pub(super) fn new(ip: IpAddr, place: &Place) -> Self {
        Self {
            ip,
            vendor: place.vendor.clone(),
            region: place.region.clone(),
            extra: Vec::new(),
        }
    }

    /// Returns the vendor and the region.
    pub(super) fn place(&self) -> Place {
        Place {
            vendor: self.vendor.clone(),
            region: self.region.clone(),
        }
    }
}

impl std::fmt::Display for Row {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} {}", self.ip, self.vendor, self.region)
    }
}

/// The mappings of a zone as each routed generation shows them. Both generations usually share one store, but two
/// stores are lawful. So each generation is read and recorded separately.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    from = "BTreeMap<Generation, Vec<Row>>",
    into = "BTreeMap<Generation, Vec<Row>>"
)]
pub(in crate::runner) struct Holding {
    pub(super) by_generation: BTreeMap<Generation, Mappings>,
}

impl Holding {
    /// Returns the largest number of mappings that any generation shows.
    pub(in crate::runner) fn len(&self) -> usize {
        let lengths = self.by_generation.values().map(Mappings::len);
        lengths.max().unwrap_or(0)
    }

    /// Returns whether the generations show the same mappings, which suggests that they share one store. Two empty
    /// lists do not suggest it.
    pub(super) fn is_shared(&self) -> bool {
        if self.len() == 0 {
            return self.by_generation.len() < 2;
        }
        let mut all = self.by_generation.values();
        let first = all.next();
        all.all(|other| {
            first.is_some_and(|first| {
                let places = |mappings: &Mappings| -> Vec<(IpAddr, Place)> {
                    let row = |(ip, entry): (&IpAddr, &Entry)| (*ip, entry.place.clone());
                    mappings.iter().map(row).collect()
                };
                first.len() == other.len() && places(first) == places(other)
            })
        })
    }
}

/// Converts mappings to the form that cases compare.
pub(super) fn state(mappings: &Mappings) -> State {
    mappings
        .iter()
        .map(|(ip, entry)| (ip.to_canonical(), entry.place.clone()))
        .collect()
}

impl From<BTreeMap<Generation, Vec<Row>>> for Holding {
    fn from(rows: BTreeMap<Generation, Vec<Row>>) -> Self {
        let entry = |row: Row| {
            let entry = Entry {
                place: row.place(),
                spelled: row.ip.to_string(),
                extra: row.extra,
            };
            (row.ip, entry)
        };
        let by_generation = rows
            .into_iter()
            .map(|(generation, rows)| (generation, rows.into_iter().map(entry).collect()))
            .collect();
        Self { by_generation }
    }
}

impl From<Holding> for BTreeMap<Generation, Vec<Row>> {
    fn from(holding: Holding) -> Self {
        let row = |(ip, entry): (IpAddr, Entry)| Row {
            extra: entry.extra,
            ..Row::new(ip, &entry.place)
        };
        holding
            .by_generation
            .into_iter()
            .map(|(generation, mappings)| (generation, mappings.into_iter().map(row).collect()))
            .collect()
    }
}
