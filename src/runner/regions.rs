//! The target's own regions, and which of them the cases use.

use serde_json::Value;

use super::mapping::Place;

/// Regions to fall back to where the catalogue is out of reach: they are in the vendor's own examples.
const FALLBACK: &[(&str, &str)] = &[
    ("aws", "us-east-1"),
    ("gcp", "us-central1"),
    ("aws", "us-west-2"),
];

/// What the target lists.
#[derive(Debug, Clone)]
pub(super) struct Regions {
    /// Every listed pair.
    pub(super) listed: Vec<Place>,
    /// Those that cases use, in an order which alternates vendors.
    pub(super) picked: Vec<Place>,
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
            listed: all,
        }
    }

    /// Reads the `vendors` of a `supported_regions` result; `None` if it lists nothing.
    pub(super) fn read(vendors: &Value) -> Option<Self> {
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
            listed,
        })
    }

    /// Leaves out of the picks what the target lists but does not accept: that is REG-5's to report,
    /// once, and must not fail every other case.
    pub(super) fn keep_accepted(&mut self, is_accepted: impl Fn(&Place) -> bool) {
        let accepted: Vec<Place> = self
            .picked
            .iter()
            .filter(|p| is_accepted(p))
            .cloned()
            .collect();
        if !accepted.is_empty() {
            self.picked = accepted;
        }
    }

    /// Another region of the vendor of the first pick.
    pub(super) fn sibling(&self) -> Option<Place> {
        let first = self.picked.first()?;
        self.picked
            .iter()
            .find(|place| place.vendor == first.vendor && place.region != first.region)
            .cloned()
    }

    /// A region under a vendor that does not have it.
    pub(super) fn foreign(&self) -> Option<Place> {
        let vendor = &self.picked.first()?.vendor;
        let has = |region: &str| {
            self.listed
                .iter()
                .any(|place| place.vendor == *vendor && place.region.eq_ignore_ascii_case(region))
        };
        self.listed
            .iter()
            .find(|place| place.vendor != *vendor && !has(&place.region))
            .map(|place| Place {
                vendor: vendor.clone(),
                region: place.region.clone(),
            })
    }
}

/// One of each vendor, then the next of each.
fn alternate(by_vendor: &[Vec<Place>]) -> Vec<Place> {
    let longest = by_vendor.iter().map(Vec::len).max().unwrap_or(0);
    (0..longest)
        .flat_map(|index| by_vendor.iter().filter_map(move |places| places.get(index)))
        .cloned()
        .collect()
}
