//! Faults of vendors and regions (REG).

use serde_json::{Value, json};

use super::super::call::Body;
use super::super::change::Change;
use super::super::handle::handle;
use super::super::rules::Rules;
use super::all::Mutant;
use super::bend::{is, is_kind};
use crate::exchange::Kind;

/// Handles a call with a catalogue that also has the pair which the call names.
fn lenient(
    rules: &Rules,
    zone: &mut super::super::store::Zone,
    call: &super::super::call::Call,
    is_let_in: fn(&Rules, &str, &str) -> bool,
) -> super::super::call::Reply {
    let mut rules = rules.clone();
    let items = match &call.body {
        Body::Json(Value::Array(items)) => items.clone(),
        Body::Json(item) => vec![item.clone()],
        Body::None | Body::Malformed(_) => Vec::new(),
    };
    for item in items {
        let text = |name: &str| {
            item.get(name)
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        let (vendor, region) = (text("vendor"), text("region"));
        if is_let_in(&rules, &vendor, &region) {
            rules
                .catalogue
                .vendors
                .entry(vendor)
                .or_default()
                .insert(region, Vec::new());
        }
    }
    handle(&rules, zone, call)
}

fn has_vendor(rules: &Rules, vendor: &str) -> bool {
    rules.catalogue.vendors.contains_key(vendor)
}

fn has_region(rules: &Rules, region: &str) -> bool {
    rules
        .catalogue
        .vendors
        .values()
        .any(|regions| regions.contains_key(region))
}

pub(super) const MUTANTS: &[Mutant] = &[
    Mutant {
        name: "upsert-takes-any-vendor",
        breaks: "REG-1",
        from: "a region checked only where its vendor is known",
        changes: &[Change::Handle(|rules, zone, call| {
            is(call, "v1.upsert").then(|| {
                lenient(rules, zone, call, |rules, vendor, region| {
                    !has_vendor(rules, vendor) && !region.is_empty() && !vendor.is_empty()
                })
            })
        })],
    },
    Mutant {
        name: "batch-takes-any-vendor",
        breaks: "REG-1",
        from: "the batch has a check of its own",
        changes: &[Change::Handle(|rules, zone, call| {
            is_kind(call, Kind::BatchUpsert).then(|| {
                lenient(rules, zone, call, |rules, vendor, region| {
                    !has_vendor(rules, vendor) && !region.is_empty() && !vendor.is_empty()
                })
            })
        })],
    },
    Mutant {
        name: "put-takes-any-region",
        breaks: "REG-2",
        from: "regions that are free text",
        changes: &[Change::Handle(|rules, zone, call| {
            is(call, "v2.put").then(|| {
                lenient(rules, zone, call, |rules, vendor, region| {
                    has_vendor(rules, vendor) && !region.is_empty() && !has_region(rules, region)
                })
            })
        })],
    },
    Mutant {
        name: "create-takes-any-region",
        breaks: "REG-2",
        from: "validation that was added to the update only",
        changes: &[Change::Handle(|rules, zone, call| {
            is(call, "v1.create").then(|| {
                lenient(rules, zone, call, |rules, vendor, region| {
                    has_vendor(rules, vendor) && !region.is_empty() && !has_region(rules, region)
                })
            })
        })],
    },
    Mutant {
        name: "one-vendor-takes-any-region",
        breaks: "REG-2",
        from: "a vendor whose list was not at hand yet",
        changes: &[Change::Handle(|rules, zone, call| {
            is_kind(call, Kind::Upsert).then(|| {
                lenient(rules, zone, call, |rules, vendor, region| {
                    vendor == "oci" && !region.is_empty() && !has_region(rules, region)
                })
            })
        })],
    },
    Mutant {
        name: "regions-by-their-start",
        breaks: "REG-2",
        from: "a look-up by prefix",
        changes: &[Change::Handle(|rules, zone, call| {
            let writes = matches!(
                call.operation.kind(),
                Kind::Upsert | Kind::BatchUpsert | Kind::Create
            );
            writes.then(|| {
                lenient(rules, zone, call, |rules, vendor, region| {
                    let regions = rules.catalogue.vendors.get(vendor);
                    !region.is_empty()
                        && regions
                            .is_some_and(|all| all.keys().any(|name| name.starts_with(region)))
                })
            })
        })],
    },
    Mutant {
        name: "two-vendors-share-their-regions",
        breaks: "REG-3",
        from: "a table that was copied for a new vendor",
        changes: &[Change::Handle(|rules, zone, call| {
            let writes = matches!(call.operation.kind(), Kind::Upsert | Kind::Create);
            writes.then(|| {
                lenient(rules, zone, call, |rules, vendor, region| {
                    let gcp = rules.catalogue.vendors.get("gcp");
                    vendor == "oci" && gcp.is_some_and(|regions| regions.contains_key(region))
                })
            })
        })],
    },
    Mutant {
        name: "region-of-any-vendor",
        breaks: "REG-3",
        from: "one flat list of regions",
        changes: &[Change::Handle(|rules, zone, call| {
            is_kind(call, Kind::Upsert).then(|| {
                lenient(rules, zone, call, |rules, vendor, region| {
                    has_vendor(rules, vendor) && has_region(rules, region)
                })
            })
        })],
    },
    Mutant {
        name: "batch-takes-a-region-of-any-vendor",
        breaks: "REG-3",
        from: "one flat list of regions, in the batch",
        changes: &[Change::Handle(|rules, zone, call| {
            is_kind(call, Kind::BatchUpsert).then(|| {
                lenient(rules, zone, call, |rules, vendor, region| {
                    has_vendor(rules, vendor) && has_region(rules, region)
                })
            })
        })],
    },
    Mutant {
        name: "regions-as-bare-names",
        breaks: "REG-4",
        from: "a list of names, as it was before colos came",
        changes: &[Change::Answer(|call, reply| {
            if is(call, "v2.supported_regions")
                && let Some(vendors) = reply.body["result"]["vendors"].as_object_mut()
            {
                for region in vendors
                    .values_mut()
                    .filter_map(Value::as_array_mut)
                    .flatten()
                {
                    *region = region["name"].take();
                }
            }
        })],
    },
    Mutant {
        name: "regions-without-obtained-codes",
        breaks: "REG-4",
        from: "a false flag that the serializer leaves out",
        changes: &[Change::Answer(|call, reply| {
            if is(call, "v1.supported_regions")
                && let Some(result) = reply.body["result"].as_object_mut()
            {
                result.remove("obtained_codes");
            }
        })],
    },
    Mutant {
        name: "lists-a-region-that-it-refuses",
        breaks: "REG-5",
        from: "two copies of the list, one of them older",
        changes: &[Change::Answer(|call, reply| {
            if let Some(regions) = reply
                .body
                .pointer_mut("/result/vendors/oci")
                .and_then(Value::as_array_mut)
                && is_kind(call, Kind::SupportedRegions)
            {
                regions.push(json!({"name": "oc-retired-1", "upper_tier_colos": ["AMS"]}));
            }
        })],
    },
    Mutant {
        name: "missing-region-is-taken",
        breaks: "REG-9",
        from: "a default in place of a missing member",
        changes: &[Change::Ask(|call| {
            let is_upsert = is_kind(call, Kind::Upsert);
            if let Body::Json(Value::Object(body)) = &mut call.body
                && is_upsert
                && !body.contains_key("region")
            {
                body.insert("vendor".into(), json!("aws"));
                body.insert("region".into(), json!("us-east-1"));
            }
        })],
    },
    Mutant {
        name: "missing-vendor-is-guessed",
        breaks: "REG-9",
        from: "the vendor derived from the region",
        changes: &[Change::Ask(|call| {
            if let Body::Json(Value::Array(items)) = &mut call.body {
                for item in items.iter_mut().filter_map(Value::as_object_mut) {
                    if item.contains_key("region") && !item.contains_key("vendor") {
                        item.insert("vendor".into(), json!("azure"));
                    }
                }
            }
        })],
    },
];
