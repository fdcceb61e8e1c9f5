//! Faults of vendors and regions (REG).

use serde_json::{Value, json};

use super::bend::remove;
use super::fault::Fault;
use crate::exchange::Kind;
use crate::mock::{Body, Call, Catalogue, Change, On, Reply, Rules, Zone, handle};

/// Handles a call with a catalogue that also has the call's pairs that `is_let_in` accepts. Pairs without a region
/// are never added.
#[expect(
    clippy::unnecessary_wraps,
    reason = "it is a whole fault, in the form of `Change::Handle`"
)]
fn lenient(
    rules: &Rules,
    zone: &mut Zone,
    call: &Call,
    is_let_in: fn(&Catalogue, &str, &str) -> bool,
) -> Option<Reply> {
    let mut rules = rules.clone();
    let items = match &call.body {
        Body::Json(Value::Array(items)) => items.as_slice(),
        Body::Json(item) => std::slice::from_ref(item),
        Body::None | Body::Malformed(_) => &[],
    };
    for item in items {
        let text = |name: &str| item.get(name).and_then(Value::as_str).unwrap_or_default();
        let (vendor, region) = (text("vendor"), text("region"));
        if !region.is_empty() && is_let_in(&rules.catalogue, vendor, region) {
            let regions = rules
                .catalogue
                .vendors
                .entry(vendor.to_owned())
                .or_default();
            regions.insert(region.to_owned(), Vec::new());
        }
    }
    Some(handle(&rules, zone, call))
}

/// Accepts any region of an unknown vendor.
fn any_vendor(rules: &Rules, zone: &mut Zone, call: &Call) -> Option<Reply> {
    lenient(rules, zone, call, |known, vendor, _| {
        !vendor.is_empty() && !known.vendors.contains_key(vendor)
    })
}

/// Accepts any unknown region of a known vendor.
fn any_region(rules: &Rules, zone: &mut Zone, call: &Call) -> Option<Reply> {
    lenient(rules, zone, call, |known, vendor, region| {
        known.vendors.contains_key(vendor) && !has_region(known, region)
    })
}

/// Accepts every known region for every known vendor.
fn region_of_any_vendor(rules: &Rules, zone: &mut Zone, call: &Call) -> Option<Reply> {
    lenient(rules, zone, call, |known, vendor, region| {
        known.vendors.contains_key(vendor) && has_region(known, region)
    })
}

fn has_region(known: &Catalogue, region: &str) -> bool {
    known.vendors.keys().any(|vendor| known.has(vendor, region))
}

/// Fills in a default pair if the region is missing.
pub(super) fn default_region(call: &mut Call) {
    if let Body::Json(Value::Object(body)) = &mut call.body
        && !body.contains_key("region")
    {
        body.insert("vendor".into(), json!("aws"));
        body.insert("region".into(), json!("us-east-1"));
    }
}

pub(super) const FAULTS: &[Fault] = &[
    Fault {
        name: "upsert-takes-any-vendor",
        breaks: "REG-1",
        from: "a region checked only where its vendor is known",
        on: On::V1(&[Kind::Upsert]),
        change: Change::Handle(any_vendor),
    },
    Fault {
        name: "batch-takes-any-vendor",
        breaks: "REG-1",
        from: "the batch has a check of its own",
        on: On::Both(&[Kind::BatchUpsert]),
        change: Change::Handle(any_vendor),
    },
    Fault {
        name: "put-takes-any-region",
        breaks: "REG-2",
        from: "regions that are free text",
        on: On::V2(&[Kind::Upsert]),
        change: Change::Handle(any_region),
    },
    Fault {
        name: "create-takes-any-region",
        breaks: "REG-2",
        from: "validation that was added to the update only",
        on: On::V1(&[Kind::Create]),
        change: Change::Handle(any_region),
    },
    Fault {
        name: "one-vendor-takes-any-region",
        breaks: "REG-2",
        from: "a vendor whose list was not at hand yet",
        on: On::Both(&[Kind::Upsert]),
        change: Change::Handle(|rules, zone, call| {
            lenient(rules, zone, call, |known, vendor, region| {
                vendor == "oci" && !has_region(known, region)
            })
        }),
    },
    Fault {
        name: "regions-by-their-start",
        breaks: "REG-2",
        from: "a look-up by prefix",
        on: On::Both(&[Kind::Upsert, Kind::BatchUpsert, Kind::Create]),
        change: Change::Handle(|rules, zone, call| {
            lenient(rules, zone, call, |known, vendor, region| {
                let regions = known.vendors.get(vendor);
                regions.is_some_and(|all| all.keys().any(|name| name.starts_with(region)))
            })
        }),
    },
    Fault {
        name: "two-vendors-share-their-regions",
        breaks: "REG-3",
        from: "a table that was copied for a new vendor",
        on: On::Both(&[Kind::Upsert, Kind::Create]),
        change: Change::Handle(|rules, zone, call| {
            lenient(rules, zone, call, |known, vendor, region| {
                vendor == "oci" && known.has("gcp", region)
            })
        }),
    },
    Fault {
        name: "region-of-any-vendor",
        breaks: "REG-3",
        from: "one flat list of regions",
        on: On::Both(&[Kind::Upsert]),
        change: Change::Handle(region_of_any_vendor),
    },
    Fault {
        name: "batch-takes-a-region-of-any-vendor",
        breaks: "REG-3",
        from: "one flat list of regions, in the batch",
        on: On::Both(&[Kind::BatchUpsert]),
        change: Change::Handle(region_of_any_vendor),
    },
    Fault {
        name: "regions-as-bare-names",
        breaks: "REG-4",
        from: "a list of names, as it was before colos came",
        on: On::V2(&[Kind::SupportedRegions]),
        change: Change::Answer(|_, reply| {
            let vendors = reply.body["result"]["vendors"].as_object_mut();
            let lists = vendors.into_iter().flat_map(|all| all.values_mut());
            for region in lists.filter_map(Value::as_array_mut).flatten() {
                *region = region["name"].take();
            }
        }),
    },
    Fault {
        name: "regions-without-obtained-codes",
        breaks: "REG-4",
        from: "a false flag that the serializer leaves out",
        on: On::V1(&[Kind::SupportedRegions]),
        change: Change::Answer(|_, reply| {
            remove(&mut reply.body["result"], "obtained_codes");
        }),
    },
    Fault {
        name: "lists-a-region-that-it-refuses",
        breaks: "REG-5",
        from: "two copies of the list, one of them older",
        on: On::Both(&[Kind::SupportedRegions]),
        change: Change::Answer(|_, reply| {
            let regions = reply.body.pointer_mut("/result/vendors/oci");
            if let Some(regions) = regions.and_then(Value::as_array_mut) {
                regions.push(json!({"name": "oc-retired-1", "upper_tier_colos": ["AMS"]}));
            }
        }),
    },
    Fault {
        name: "missing-region-is-taken",
        breaks: "REG-9",
        from: "a default in place of a missing member",
        on: On::Both(&[Kind::Upsert]),
        change: Change::Ask(default_region),
    },
    Fault {
        name: "missing-vendor-is-guessed",
        breaks: "REG-9",
        from: "the vendor derived from the region",
        on: On::Every,
        change: Change::Ask(|call| {
            if let Body::Json(Value::Array(items)) = &mut call.body {
                for item in items.iter_mut().filter_map(Value::as_object_mut) {
                    if item.contains_key("region") && !item.contains_key("vendor") {
                        item.insert("vendor".into(), json!("azure"));
                    }
                }
            }
        }),
    },
];
