//! The vendors' regions and the colos near them.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::diagnostic::yaml;

/// The public regions; the file names their sources.
const TEXT: &str = include_str!("catalogue.yaml");

/// The regions that exist, by vendor.
#[derive(Debug, Clone, Default)]
pub struct Catalogue {
    /// The colos of each region, by vendor and region.
    pub vendors: BTreeMap<String, BTreeMap<String, Vec<String>>>,
    /// True if the colos are known.
    pub obtained_codes: bool,
}

impl Catalogue {
    /// Returns the embedded catalogue. It would be empty only if the embedded file were faulty, which a test rules out.
    #[must_use]
    pub fn embedded() -> Self {
        let vendors = yaml::parse(TEXT)
            .ok()
            .and_then(|node| serde_json::from_value(node.to_json()).ok())
            .unwrap_or_default();
        Self {
            vendors,
            obtained_codes: true,
        }
    }

    /// Builds a small catalogue by hand, with one colo (`AMS`) for each region.
    #[must_use]
    pub fn of(vendors: &[(&str, &[&str])]) -> Self {
        let regions = |names: &[&str]| {
            names
                .iter()
                .map(|name| ((*name).to_owned(), vec!["AMS".to_owned()]))
                .collect()
        };
        Self {
            vendors: vendors
                .iter()
                .map(|(vendor, names)| ((*vendor).to_owned(), regions(names)))
                .collect(),
            obtained_codes: true,
        }
    }

    /// Returns whether this vendor has this region.
    #[must_use]
    pub fn has(&self, vendor: &str, region: &str) -> bool {
        self.vendors
            .get(vendor)
            .is_some_and(|regions| regions.contains_key(region))
    }

    /// Returns the catalogue as the result of `supported_regions`.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let vendors: serde_json::Map<String, Value> = self
            .vendors
            .iter()
            .map(|(vendor, regions)| {
                let regions: Vec<Value> = regions
                    .iter()
                    .map(|(name, colos)| json!({"name": name, "upper_tier_colos": colos}))
                    .collect();
                (vendor.clone(), Value::from(regions))
            })
            .collect();
        json!({"obtained_codes": self.obtained_codes, "vendors": vendors})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_catalogue_has_the_four_vendors_and_their_regions() {
        let catalogue = Catalogue::embedded();
        let counts: Vec<(&str, bool)> = [("aws", 30), ("azure", 45), ("gcp", 40), ("oci", 35)]
            .iter()
            .map(|(vendor, least)| {
                (
                    *vendor,
                    catalogue
                        .vendors
                        .get(*vendor)
                        .is_some_and(|r| r.len() >= *least),
                )
            })
            .collect();
        assert!(counts.iter().all(|(_, enough)| *enough), "{counts:?}");
        let colos = catalogue.vendors.values().flat_map(BTreeMap::values);
        assert!(colos.into_iter().all(|colos| !colos.is_empty()));
    }
}
