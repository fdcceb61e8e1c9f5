//! Faults in which earlier requests or items decide what is stored: repeated requests, values that return, and
//! positions in a batch.

use std::net::IpAddr;

use serde_json::{Value, json};

use super::super::bend::{ip, items, place};
use super::Slip;
use super::memory::{
    cached, deletes, forget, is, keep_place, kept_place, named, number, only_says, set_number,
    sneak,
};
use crate::mock::{Body, Call, Change, Reply, Rules, Zone, handle};

/// Answers a request from memory if its body is the same as an earlier one.
fn answered_before(rules: &Rules, zone: &mut Zone, call: &Call, id: &'static str) -> Option<Reply> {
    if !is(call, id) {
        return None;
    }
    let Body::Json(body) = &call.body else {
        return None;
    };
    let name = format!("same {body}");
    Some(cached(rules, zone, call, &name))
}

/// Parses the address of an item of a v2 batch.
fn address(item: &Value) -> Option<IpAddr> {
    ip(item)
        .or_else(|| ip(item.get("origin_ip")?))
        .or_else(|| ip(item.get("ip")?))
}

pub(super) const SLIPS: &[Slip] = &[
    Slip {
        name: "the-same-put-is-answered-from-memory",
        breaks: "V2-PUT-1",
        also: &[
            "CONC-1",
            "V2-PUT-2",
            "V2-PUT-3",
            "V2-GET-1",
            "V2-LIST-5",
            "V1-GET-1",
            "V1-LIST-3",
            "X-1",
            "V2-DELETE-2",
            "V2-DELETE-1",
        ],
        from: "requests are told apart by their body alone",
        shortest: 4,
        changes: &[Change::Handle(|rules, zone, call| {
            answered_before(rules, zone, call, "v2.put")
        })],
    },
    Slip {
        name: "the-same-batch-is-answered-from-memory",
        breaks: "V2-BATCH-1",
        also: &[
            "CONC-1",
            "V2-GET-1",
            "V2-LIST-5",
            "V1-GET-1",
            "V1-LIST-3",
            "X-1",
            "V2-DELETE-2",
        ],
        from: "requests are told apart by their body alone",
        shortest: 4,
        changes: &[Change::Handle(|rules, zone, call| {
            answered_before(rules, zone, call, "v2.batch_put")
        })],
    },
    Slip {
        name: "the-same-batch-delete-is-answered-from-memory",
        breaks: "V2-BDEL-2",
        also: &["V2-BDEL-1", "V2-GET-2", "V2-LIST-5", "V2-BDEL-5"],
        from: "requests are told apart by their body alone",
        shortest: 3,
        changes: &[Change::Handle(|rules, zone, call| {
            answered_before(rules, zone, call, "v2.batch_delete")
        })],
    },
    Slip {
        name: "a-value-that-returns-is-not-written",
        breaks: "V2-PUT-2",
        also: &["V2-PUT-1", "V2-GET-1", "V2-LIST-5", "V2-PUT-3"],
        from: "a write is compared with the value before the last",
        shortest: 4,
        changes: &[Change::Handle(|rules, zone, call| {
            if !is(call, "v2.put") {
                return None;
            }
            let ip = named(call).first().copied()?;
            let before = kept_place(zone, "first", ip);
            let Body::Json(body) = &call.body else {
                return None;
            };
            let returns = before.is_some_and(|place| {
                body["vendor"] == place.vendor.as_str() && body["region"] == place.region.as_str()
            });
            let now = place(zone, ip);
            let is_other = now.is_some_and(|now| body["region"] != now.region.as_str());
            if returns && is_other {
                return Some(only_says(rules, zone, call));
            }
            keep_place(zone, "first", ip);
            None
        })],
    },
    Slip {
        name: "every-eleventh-write-is-lost",
        breaks: "V2-PUT-1",
        also: &[
            "CONC-1",
            "V2-PUT-2",
            "V2-PUT-3",
            "V2-GET-1",
            "V2-LIST-5",
            "V1-GET-1",
            "V1-LIST-3",
            "X-1",
        ],
        from: "a queue that drops what does not fit in a turn",
        shortest: 12,
        changes: &[Change::Handle(|rules, zone, call| {
            if !call.operation.kind().writes() {
                return None;
            }
            let count = number(zone, "writes") + 1;
            set_number(zone, "writes", count);
            (count % 11 == 0 && is(call, "v2.put")).then(|| only_says(rules, zone, call))
        })],
    },
    Slip {
        name: "a-wrong-item-at-the-start-moves-the-others",
        breaks: "V2-BATCH-2",
        also: &[
            "V2-BATCH-1",
            "V2-GET-1",
            "V2-LIST-5",
            "V2-BATCH-5",
            "V1-GET-1",
            "V1-LIST-3",
        ],
        from: "results are put to items by their number among the valid ones",
        shortest: 2,
        changes: &[Change::Handle(|rules, zone, call| {
            if !is(call, "v2.batch_put") {
                return None;
            }
            let all = items(call);
            let is_wrong = |item: &Value| address(item).is_none();
            if all.len() < 3 || !all.first().is_some_and(is_wrong) {
                return None;
            }
            let reply = handle(rules, zone, call);
            let valid: Vec<&Value> = all.iter().filter(|item| !is_wrong(item)).collect();
            for pair in valid.windows(2) {
                if let (Some(first), Some(second)) = (address(pair[0]), address(pair[1]))
                    && let Some(place) = place(zone, first)
                    && zone.mappings.contains_key(&second)
                {
                    sneak(zone, second, place, call);
                    break;
                }
            }
            Some(reply)
        })],
    },
    Slip {
        name: "a-wrong-item-at-the-end-takes-the-one-before-with-it",
        breaks: "V1-BATCH-2",
        also: &[
            "V1-BATCH-1",
            "V1-GET-1",
            "V1-LIST-3",
            "V2-GET-1",
            "V2-LIST-5",
            "X-1",
        ],
        from: "a transaction that is rolled back to its last mark",
        shortest: 2,
        changes: &[Change::Handle(|rules, zone, call| {
            if !is(call, "v1.batch_upsert") {
                return None;
            }
            let all = items(call);
            if all.len() < 2 || all.last().is_none_or(|item| address(item).is_some()) {
                return None;
            }
            let before = zone.mappings.clone();
            let reply = handle(rules, zone, call);
            let last = all
                .iter()
                .rev()
                .filter_map(address)
                .find(|ip| zone.mappings.contains_key(ip));
            if let Some(ip) = last {
                zone.mappings.remove(&ip);
                zone.mappings
                    .extend(before.get(&ip).map(|mapping| (ip, mapping.clone())));
            }
            Some(reply)
        })],
    },
    Slip {
        name: "a-batch-of-a-hundred-loses-its-last",
        breaks: "V2-BATCH-1",
        also: &["V2-BATCH-7", "V2-GET-1", "V2-LIST-5", "V1-LIST-3", "X-1"],
        from: "a chunk's border",
        shortest: 2,
        changes: &[Change::Handle(|rules, zone, call| {
            let all = items(call);
            if !is(call, "v2.batch_put") || all.len() != 100 {
                return None;
            }
            let before = zone.mappings.clone();
            let reply = handle(rules, zone, call);
            if let Some(ip) = all.last().and_then(address)
                && !before.contains_key(&ip)
            {
                zone.mappings.remove(&ip);
            }
            Some(reply)
        })],
    },
    Slip {
        name: "a-batch-delete-ends-after-fifty",
        breaks: "V2-BDEL-1",
        also: &[
            "V2-GET-2",
            "V2-LIST-5",
            "V2-BDEL-2",
            "V1-LIST-3",
            "V2-BDEL-4",
            "X-1",
        ],
        from: "a chunk's border",
        shortest: 3,
        changes: &[Change::Handle(|rules, zone, call| {
            let all = items(call);
            if !is(call, "v2.batch_delete") || all.len() <= 50 {
                return None;
            }
            let before = zone.mappings.clone();
            let reply = handle(rules, zone, call);
            for ip in all.iter().skip(50).filter_map(address) {
                zone.mappings
                    .extend(before.get(&ip).map(|mapping| (ip, mapping.clone())));
            }
            Some(reply)
        })],
    },
    Slip {
        name: "an-unchanged-item-ends-a-batch",
        breaks: "V2-BATCH-1",
        also: &[
            "CONC-1",
            "V2-GET-1",
            "V2-LIST-5",
            "V2-BATCH-2",
            "V1-GET-1",
            "V1-LIST-3",
            "X-1",
        ],
        from: "`return` where `continue` was meant",
        shortest: 3,
        changes: &[Change::Handle(|rules, zone, call| {
            if !is(call, "v2.batch_put") {
                return None;
            }
            let all = items(call);
            let unchanged = all.iter().position(|item| {
                let known = address(item).and_then(|ip| place(zone, ip));
                known.is_some_and(|known| item["region"] == known.region.as_str())
            })?;
            let before = zone.mappings.clone();
            let reply = handle(rules, zone, call);
            for ip in all.iter().skip(unchanged + 1).filter_map(address) {
                zone.mappings.remove(&ip);
                zone.mappings
                    .extend(before.get(&ip).map(|mapping| (ip, mapping.clone())));
            }
            Some(reply)
        })],
    },
    Slip {
        name: "the-write-after-a-refusal-is-lost",
        breaks: "V2-PUT-1",
        also: &[
            "V2-PUT-2",
            "V2-PUT-3",
            "V2-GET-1",
            "V2-LIST-5",
            "V1-GET-1",
            "V1-LIST-3",
            "X-1",
        ],
        from: "a transaction that a refusal leaves aborted",
        shortest: 3,
        changes: &[Change::Handle(|rules, zone, call| {
            if !is(call, "v2.put") {
                return None;
            }
            if number(zone, "aborted") == 1 {
                set_number(zone, "aborted", 0);
                return Some(only_says(rules, zone, call));
            }
            let reply = handle(rules, zone, call);
            set_number(zone, "aborted", i64::from(!reply.is_success()));
            Some(reply)
        })],
    },
    Slip {
        name: "a-delete-forgets-the-last-write-of-another",
        breaks: "V2-PUT-1",
        also: &[
            "V2-PUT-2",
            "V2-PUT-3",
            "V2-GET-1",
            "V2-LIST-5",
            "V1-GET-1",
            "V1-LIST-3",
            "V2-GET-2",
            "X-1",
            "V2-DELETE-1",
            "V2-DELETE-2",
        ],
        from: "a delete throws away a buffer of one write",
        shortest: 4,
        changes: &[Change::Handle(|rules, zone, call| {
            if is(call, "v2.put") {
                let ip = named(call).first().copied()?;
                let is_new = !zone.mappings.contains_key(&ip);
                let reply = handle(rules, zone, call);
                forget(zone, "buffer");
                if reply.is_success() && is_new {
                    zone.aside
                        .insert("buffer".to_owned(), json!(ip.to_string()));
                }
                return Some(reply);
            }
            if is(call, "v2.delete") {
                let own = named(call);
                let buffer = zone.aside.remove("buffer").and_then(|text| ip(&text));
                let reply = handle(rules, zone, call);
                if let Some(ip) = buffer
                    && reply.is_success()
                    && !own.contains(&ip)
                {
                    zone.mappings.remove(&ip);
                }
                return Some(reply);
            }
            if call.operation.kind().writes() || deletes(call) {
                forget(zone, "buffer");
            }
            None
        })],
    },
];
