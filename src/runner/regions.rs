//! The regions of the target, and those that the cases use.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::contract::Place;
use crate::exchange::Generation;

/// Fallback regions for a target whose catalogue is empty or out of reach. They come from the vendor's own examples.
const FALLBACK: &[(&str, &str)] = &[
    ("aws", "us-east-1"),
    ("gcp", "us-central1"),
    ("aws", "us-west-2"),
];

/// The regions that the target lists.
#[derive(Debug, Clone)]
pub(super) struct Regions {
    /// Every pair of vendor and region that a generation lists.
    listed: BTreeMap<Generation, Vec<Place>>,
    /// The pairs that cases use, in an order that alternates vendors.
    pub(super) picked: Vec<Place>,
    /// Whether no regions could be read from the target, so that the vendor's examples are used.
    is_fallback: bool,
}

impl Regions {
    pub(super) fn fallback() -> Self {
        let all: Vec<Place> = FALLBACK
            .iter()
            .map(|(vendor, region)| Place {
                vendor: (*vendor).to_owned(),
                region: (*region).to_owned(),
            })
            .collect();
        Self {
            picked: all.clone(),
            listed: BTreeMap::from([(Generation::V2, all)]),
            is_fallback: true,
        }
    }

    /// Clears the listed regions, after the target answered with an empty list.
    pub(super) fn none_is_listed(&mut self) {
        self.listed.clear();
    }

    /// Returns what a generation lists, or what the other one lists if it lists nothing.
    pub(super) fn listed(&self, generation: Generation) -> &[Place] {
        let own = self.listed.get(&generation);
        own.or_else(|| self.listed.values().next())
            .map_or(&[], Vec::as_slice)
    }

    /// Returns every pair that any generation lists.
    pub(super) fn all(&self) -> impl Iterator<Item = &Place> {
        self.listed.values().flatten()
    }

    /// Returns whether a vendor is listed, in any letter case.
    pub(super) fn lists_vendor(&self, name: &str) -> bool {
        self.all()
            .any(|place| place.vendor.eq_ignore_ascii_case(name))
    }

    fn lists(&self, vendor: &str, region: &str) -> bool {
        self.all()
            .any(|place| place.vendor == vendor && place.region.eq_ignore_ascii_case(region))
    }

    /// Adds the regions that another generation lists.
    pub(super) fn and(mut self, other: Self) -> Self {
        self.listed.extend(other.listed);
        self
    }

    /// Reads the `vendors` of a `supported_regions` result. Returns `None` if it lists nothing.
    pub(super) fn read(generation: Generation, vendors: &Value) -> Option<Self> {
        let mut by_vendor: Vec<Vec<Place>> = Vec::new();
        for (vendor, regions) in vendors.as_object()? {
            let places: Vec<Place> = regions
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(|region| {
                    Some(Place {
                        vendor: vendor.clone(),
                        region: region.get("name")?.as_str()?.to_owned(),
                    })
                })
                .collect();
            if !places.is_empty() {
                by_vendor.push(places);
            }
        }
        let listed: Vec<Place> = by_vendor.concat();
        if listed.is_empty() {
            return None;
        }
        Some(Self {
            picked: alternate(&by_vendor),
            listed: BTreeMap::from([(generation, listed)]),
            is_fallback: false,
        })
    }

    /// Removes picked regions that the target does not accept. REG-5 reports such regions once, so they must not fail
    /// every other case. Fallback regions may all be rejected. Returns whether any region was accepted.
    pub(super) fn keep_accepted(&mut self, is_accepted: impl Fn(&Place) -> bool) -> bool {
        let accepted: Vec<Place> = self
            .picked
            .iter()
            .filter(|p| is_accepted(p))
            .cloned()
            .collect();
        let is_any = !accepted.is_empty();
        if is_any || self.is_fallback {
            self.picked = accepted;
        }
        is_any
    }

    /// Returns another region of the first picked region's vendor.
    pub(super) fn sibling(&self) -> Option<Place> {
        let first = self.picked.first()?;
        self.picked
            .iter()
            .find(|place| place.vendor == first.vendor && place.region != first.region)
            .cloned()
    }

    /// Returns a region under the name of a vendor that does not have it.
    pub(super) fn foreign(&self) -> Option<Place> {
        let vendor = &self.picked.first()?.vendor;
        self.foreign_to(vendor).next()
    }

    /// Returns all regions of other vendors that this vendor does not have, under its name.
    fn foreign_to(&self, vendor: &str) -> impl Iterator<Item = Place> {
        self.all()
            .filter(move |place| place.vendor != vendor && !self.lists(vendor, &place.region))
            .map(move |place| Place {
                vendor: vendor.to_owned(),
                region: place.region.clone(),
            })
    }

    /// Returns every region under every vendor that does not have it.
    pub(super) fn all_foreign(&self) -> Vec<Place> {
        let mut all: Vec<Place> = Vec::new();
        for vendor in self.vendors() {
            all.extend(self.foreign_to(&vendor));
        }
        all.dedup();
        all
    }

    /// Returns, for each pair of vendors, the first region that the second has and the first does not.
    pub(super) fn foreign_pairs(&self) -> Vec<Place> {
        let vendors = self.vendors();
        let mut pairs = Vec::new();
        for first in &vendors {
            for second in vendors.iter().filter(|second| *second != first) {
                let region = self
                    .all()
                    .find(|place| place.vendor == *second && !self.lists(first, &place.region));
                pairs.extend(region.map(|place| Place {
                    vendor: first.clone(),
                    region: place.region.clone(),
                }));
            }
        }
        pairs
    }

    /// Returns the first usable region of each vendor.
    pub(super) fn one_of_each(&self) -> Vec<Place> {
        let vendors = self.vendors();
        let first = |vendor: &String| self.picked.iter().find(|place| place.vendor == *vendor);
        vendors.iter().filter_map(first).cloned().collect()
    }

    fn vendors(&self) -> Vec<String> {
        let mut vendors: Vec<String> = self.all().map(|place| place.vendor.clone()).collect();
        vendors.sort();
        vendors.dedup();
        vendors
    }
}

/// Returns the first region of each vendor, then the second of each, and so on.
fn alternate(by_vendor: &[Vec<Place>]) -> Vec<Place> {
    let longest = by_vendor.iter().map(Vec::len).max().unwrap_or(0);
    (0..longest)
        .flat_map(|index| by_vendor.iter().filter_map(move |places| places.get(index)))
        .cloned()
        .collect()
}
