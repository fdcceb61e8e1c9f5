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

    /// Reads the result of `supported_regions`. Returns `None` if it lists nothing. Forms that are not the documented
    /// one are understood as well: REG-4 reports them once, and all other cases still need regions.
    pub(super) fn read(generation: Generation, result: &Value) -> Option<Self> {
        let by_vendor: Vec<Vec<Place>> = vendors(result.get("vendors").unwrap_or(result))
            .into_iter()
            .map(|(vendor, regions)| {
                let places = names(regions).into_iter().map(|region| Place {
                    vendor: vendor.to_owned(),
                    region: region.to_owned(),
                });
                places.collect::<Vec<Place>>()
            })
            .filter(|places| !places.is_empty())
            .collect();
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

/// The members by which an entry of a catalogue may name its region or its vendor. The documented one comes first.
const NAMES: &[&str] = &["name", "region", "id", "code", "vendor"];

/// Returns the vendors of a catalogue with what it has for each: an object by vendor, or a list of named entries.
fn vendors(value: &Value) -> Vec<(&str, &Value)> {
    match value {
        Value::Object(members) => {
            let lists = members
                .iter()
                .filter(|(_, list)| list.is_array() || list.is_object());
            lists
                .map(|(vendor, list)| (vendor.as_str(), list))
                .collect()
        }
        Value::Array(entries) => {
            let named = entries.iter().filter_map(|entry| {
                Some((
                    name(entry)?,
                    entry.get("regions").or_else(|| entry.get("locations"))?,
                ))
            });
            named.collect()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
    }
}

/// Returns the names of the regions in a list of entries or of texts, or in an object by region.
fn names(regions: &Value) -> Vec<&str> {
    match regions {
        Value::Array(entries) => entries.iter().filter_map(name).collect(),
        Value::Object(members) => match members.get("regions") {
            Some(within) => names(within),
            None => members.keys().map(String::as_str).collect(),
        },
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
    }
}

fn name(entry: &Value) -> Option<&str> {
    let members = || NAMES.iter().find_map(|name| entry.get(name)?.as_str());
    entry
        .as_str()
        .or_else(members)
        .filter(|name| !name.is_empty())
}

/// Returns the first region of each vendor, then the second of each, and so on.
fn alternate(by_vendor: &[Vec<Place>]) -> Vec<Place> {
    let longest = by_vendor.iter().map(Vec::len).max().unwrap_or(0);
    (0..longest)
        .flat_map(|index| by_vendor.iter().filter_map(move |places| places.get(index)))
        .cloned()
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use test_case::test_case;

    use super::*;

    #[test_case(&json!({"vendors": {"aws": [{"name": "us-east-1"}], "gcp": [{"name": "us-central1"}]}, "obtained_codes": true}); "the documented form")]
    #[test_case(&json!({"vendors": {"aws": ["us-east-1"], "gcp": ["us-central1"]}}); "bare names")]
    #[test_case(&json!({"vendors": {"aws": {"us-east-1": ["IAD"]}, "gcp": {"us-central1": []}}}); "an object by region")]
    #[test_case(&json!({"vendors": [{"name": "aws", "regions": ["us-east-1"]}, {"vendor": "gcp", "regions": [{"region": "us-central1"}]}]}); "a list of vendors")]
    #[test_case(&json!({"aws": [{"id": "us-east-1"}], "gcp": [{"code": "us-central1"}], "obtained_codes": false}); "without the member vendors")]
    fn regions_are_understood_in_forms_that_servers_answer(result: &Value) {
        let regions = Regions::read(Generation::V2, result).map(|regions| regions.picked);
        let names = regions.map(|all| {
            let names = all.iter().map(ToString::to_string);
            names.collect::<Vec<String>>()
        });
        let expected = ["aws us-east-1", "gcp us-central1"].map(str::to_owned);
        assert_eq!(names, Some(expected.to_vec()));
    }

    #[test_case(&json!({"vendors": {}}); "no vendor")]
    #[test_case(&json!({"vendors": {"aws": []}}); "a vendor without regions")]
    #[test_case(&json!("aws"); "a text")]
    #[test_case(&json!(null); "nothing")]
    fn a_result_without_regions_lists_none(result: &Value) {
        assert!(Regions::read(Generation::V2, result).is_none());
    }
}
