//! Refused requests that change something anyway.

use super::super::bend::{ip, items};
use super::Slip;
use super::memory::{is, named};
use crate::mock::{Body, Change, Place, handle};

pub(super) const SLIPS: &[Slip] = &[
    Slip {
        name: "a-put-with-a-wrong-region-changes-the-mapping",
        breaks: "V2-PUT-5",
        also: &["V2-GET-1", "V2-LIST-5", "V1-GET-1", "V1-LIST-3"],
        from: "the vendor is set before the region is checked",
        shortest: 3,
        changes: &[Change::Handle(|rules, zone, call| {
            let ip = named(call).first().copied()?;
            if !is(call, "v2.put") || !zone.mappings.contains_key(&ip) {
                return None;
            }
            let reply = handle(rules, zone, call);
            if let Body::Json(body) = &call.body
                && reply.status != 200
                && call.address.as_deref() == body["origin_ip"].as_str()
                && let (Some(vendor), Some(region)) =
                    (body["vendor"].as_str(), body["region"].as_str())
                && let Some(mapping) = zone.mappings.get_mut(&ip)
            {
                mapping.place = Place {
                    vendor: vendor.to_owned(),
                    region: region.to_owned(),
                };
            }
            Some(reply)
        })],
    },
    Slip {
        name: "a-create-that-is-refused-overwrites-another-vendor",
        breaks: "V1-CREATE-2",
        also: &["V1-GET-1", "V1-LIST-3", "V2-GET-1", "V2-LIST-5", "X-1"],
        from: "the row is written, and then the conflict is seen",
        shortest: 3,
        changes: &[Change::Handle(|rules, zone, call| {
            let ip = named(call).first().copied()?;
            let before = zone.mappings.get(&ip)?.clone();
            if !is(call, "v1.create") {
                return None;
            }
            let reply = handle(rules, zone, call);
            if let Body::Json(body) = &call.body
                && let (Some(vendor), Some(region)) =
                    (body["vendor"].as_str(), body["region"].as_str())
                && vendor != before.place.vendor
                && rules.catalogue.has(vendor, region)
                && let Some(mapping) = zone.mappings.get_mut(&ip)
            {
                mapping.place = Place {
                    vendor: vendor.to_owned(),
                    region: region.to_owned(),
                };
            }
            Some(reply)
        })],
    },
    Slip {
        name: "a-put-of-another-address-deletes-that-of-the-path",
        breaks: "V2-PUT-4",
        also: &[
            "V2-GET-1",
            "V2-LIST-5",
            "V1-GET-1",
            "V1-LIST-3",
            "X-1",
            "V2-DELETE-2",
            "V2-DELETE-1",
            "V2-BDEL-1",
            "V1-DELETE-1",
            "V1-BDEL-1",
        ],
        from: "the old row is removed before the new one is checked",
        shortest: 3,
        changes: &[Change::Handle(|rules, zone, call| {
            if !is(call, "v2.put") {
                return None;
            }
            let reply = handle(rules, zone, call);
            let path = call.address.as_deref().and_then(|path| path.parse().ok());
            if let (Some(path), 400) = (path, reply.status)
                && named(call).first() != Some(&path)
            {
                zone.mappings.remove(&path);
            }
            Some(reply)
        })],
    },
    Slip {
        name: "a-failed-item-removes-its-mapping",
        breaks: "V2-BATCH-2",
        also: &[
            "V2-GET-1",
            "V2-LIST-5",
            "V1-GET-1",
            "V1-LIST-3",
            "X-1",
            "V2-DELETE-1",
            "V2-BDEL-1",
            "V1-DELETE-1",
        ],
        from: "the old row is removed before the new one is checked",
        shortest: 3,
        changes: &[Change::Handle(|rules, zone, call| {
            if !is(call, "v2.batch_put") {
                return None;
            }
            let reply = handle(rules, zone, call);
            for item in items(call) {
                let known = item["vendor"].as_str().zip(item["region"].as_str());
                let is_wrong =
                    known.is_none_or(|(vendor, region)| !rules.catalogue.has(vendor, region));
                if let Some(ip) = ip(&item["origin_ip"]).filter(|_| is_wrong) {
                    zone.mappings.remove(&ip);
                }
            }
            Some(reply)
        })],
    },
    Slip {
        name: "a-batch-that-is-too-long-empties-what-it-names",
        breaks: "V2-BATCH-7",
        also: &[
            "V2-GET-1",
            "V2-LIST-5",
            "V1-GET-1",
            "V1-LIST-3",
            "X-1",
            "V2-DELETE-1",
            "V2-BDEL-1",
            "V1-BDEL-1",
            "V1-DELETE-1",
        ],
        from: "the old rows are removed before the length is checked",
        shortest: 3,
        changes: &[Change::Handle(|rules, zone, call| {
            let all = items(call);
            if !is(call, "v2.batch_put") || all.len() <= 100 {
                return None;
            }
            let reply = handle(rules, zone, call);
            for ip in all.iter().filter_map(|item| ip(&item["origin_ip"])) {
                zone.mappings.remove(&ip);
            }
            Some(reply)
        })],
    },
    Slip {
        name: "a-delete-of-nothing-deletes-the-neighbour",
        breaks: "V2-DELETE-2",
        also: &[
            "V2-GET-1",
            "V2-LIST-5",
            "V1-GET-1",
            "V1-LIST-3",
            "X-1",
            "V2-DELETE-1",
            "V2-BDEL-1",
            "V1-DELETE-1",
            "V1-BDEL-1",
            "V2-PUT-2",
            "V2-PUT-1",
            "V2-BATCH-1",
            "V2-BATCH-3",
        ],
        from: "a look for the next key at or after the address",
        shortest: 3,
        changes: &[Change::Handle(|rules, zone, call| {
            if !is(call, "v2.delete") {
                return None;
            }
            let ip = named(call).first().copied()?;
            let reply = handle(rules, zone, call);
            if reply.status == 404
                && let Some(next) = zone.mappings.range(ip..).next().map(|(next, _)| *next)
                && next.is_ipv4() == ip.is_ipv4()
            {
                zone.mappings.remove(&next);
            }
            Some(reply)
        })],
    },
];
