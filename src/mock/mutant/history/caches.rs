//! Caches that one kind of write does not invalidate.

use super::Slip;
use super::memory::{cached, deletes, forget, is, name_of, named};
use crate::exchange::{Generation, Kind};
use crate::mock::{Call, Change, Reply, Rules, Zone};

/// Caches the answers of one operation by address and query. Every write clears the cache, except those that `forgets`
/// selects.
fn cache(
    rules: &Rules,
    zone: &mut Zone,
    call: &Call,
    read: &'static str,
    forgets: fn(&Call) -> bool,
) -> Option<Reply> {
    if is(call, read) {
        let name = format!("cache {}", name_of(call));
        return Some(cached(rules, zone, call, &name));
    }
    if call.operation.kind().writes() && !forgets(call) {
        forget(zone, "cache ");
    }
    None
}

pub(super) const SLIPS: &[Slip] = &[
    Slip {
        name: "v2-get-is-cached-over-a-delete",
        breaks: "V2-GET-2",
        also: &["V2-DELETE-1"],
        from: "a delete that does not empty the cache",
        shortest: 4,
        changes: &[Change::Handle(|rules, zone, call| {
            cache(rules, zone, call, "v2.get", |call| is(call, "v2.delete"))
        })],
    },
    Slip {
        name: "v2-get-is-cached-over-a-batch",
        breaks: "V2-GET-1",
        also: &["V2-BATCH-1"],
        from: "a batch that does not empty the cache",
        shortest: 4,
        changes: &[Change::Handle(|rules, zone, call| {
            cache(rules, zone, call, "v2.get", |call| is(call, "v2.batch_put"))
        })],
    },
    Slip {
        name: "v2-get-is-cached-over-a-batch-delete",
        breaks: "V2-GET-2",
        also: &["V2-BDEL-1"],
        from: "a batch delete that does not empty the cache",
        shortest: 4,
        changes: &[Change::Handle(|rules, zone, call| {
            cache(rules, zone, call, "v2.get", |call| {
                is(call, "v2.batch_delete")
            })
        })],
    },
    Slip {
        name: "v1-get-is-cached-over-a-batch",
        breaks: "V1-GET-1",
        also: &["V1-BATCH-1"],
        from: "a batch that does not empty the cache",
        shortest: 4,
        changes: &[Change::Handle(|rules, zone, call| {
            cache(rules, zone, call, "v1.get", |call| {
                is(call, "v1.batch_upsert")
            })
        })],
    },
    Slip {
        name: "v1-get-remembers-that-nothing-was-there",
        breaks: "V1-GET-1",
        also: &["V1-CREATE-1"],
        from: "a negative answer that a create does not empty",
        shortest: 3,
        changes: &[Change::Handle(|rules, zone, call| {
            cache(rules, zone, call, "v1.get", |call| is(call, "v1.create"))
        })],
    },
    Slip {
        name: "v1-list-is-cached-over-a-delete",
        breaks: "V1-LIST-3",
        also: &["V1-DELETE-1", "V1-DELETE-3"],
        from: "a delete that does not empty the cache",
        shortest: 4,
        changes: &[Change::Handle(|rules, zone, call| {
            cache(rules, zone, call, "v1.list", |call| is(call, "v1.delete"))
        })],
    },
    Slip {
        name: "v1-list-is-cached-over-an-overwriting-upsert",
        breaks: "V1-LIST-3",
        also: &["V1-UPSERT-2"],
        from: "a cache that is emptied when the number of mappings changes",
        shortest: 4,
        changes: &[Change::Handle(|rules, zone, call| {
            if is(call, "v1.list") {
                let name = format!("cache {}", zone.mappings.len());
                return Some(cached(rules, zone, call, &name));
            }
            if call.operation.kind().writes() && !is(call, "v1.upsert") {
                forget(zone, "cache ");
            }
            None
        })],
    },
    Slip {
        name: "v2-list-is-cached-by-page-and-emptied-on-the-first",
        breaks: "V2-LIST-5",
        also: &[
            "V2-PUT-1",
            "V2-DELETE-1",
            "V2-BATCH-1",
            "V2-BDEL-1",
            "V2-BATCH-3",
            "V2-BDEL-3",
            "V2-PUT-2",
        ],
        from: "only the first page is emptied by a write",
        shortest: 5,
        changes: &[Change::Handle(|rules, zone, call| {
            if is(call, "v2.list") {
                let page = call.query("page").unwrap_or("1").to_owned();
                let name = format!("page {page} {}", name_of(call));
                return Some(cached(rules, zone, call, &name));
            }
            if call.operation.kind().writes() {
                forget(zone, "page 1 ");
            }
            None
        })],
    },
    Slip {
        name: "v2-get-is-cached-by-spelling",
        breaks: "V2-GET-1",
        also: &[
            "V2-GET-2",
            "V2-PUT-1",
            "V2-PUT-2",
            "V2-DELETE-1",
            "V2-BATCH-1",
            "V2-BDEL-1",
            "IP-3",
        ],
        from: "the cache has the address as it was asked for, and is emptied by the usual spelling",
        shortest: 4,
        changes: &[Change::Handle(|rules, zone, call| {
            if is(call, "v2.get") {
                let asked = call.address.clone().unwrap_or_default();
                return Some(cached(rules, zone, call, &format!("spelt {asked} ")));
            }
            if call.operation.kind().writes() {
                for ip in named(call) {
                    forget(zone, &format!("spelt {ip} "));
                }
            }
            None
        })],
    },
    Slip {
        name: "v1-list-is-cached-until-v1-writes",
        breaks: "X-1",
        also: &["V1-LIST-3"],
        from: "each generation empties its own cache",
        shortest: 3,
        changes: &[Change::Handle(|rules, zone, call| {
            cache(rules, zone, call, "v1.list", |call| {
                call.operation.generation() == Generation::V2
            })
        })],
    },
    Slip {
        name: "v2-get-is-cached-until-it-is-written-singly-twice",
        breaks: "V2-GET-1",
        also: &["V2-PUT-1", "V2-PUT-2", "V2-PUT-3", "V2-GET-2"],
        from: "the first put after a read only marks the answer as old",
        shortest: 3,
        changes: &[Change::Handle(|rules, zone, call| {
            let ip = named(call).first().copied()?;
            let name = format!("kept {ip} ");
            if is(call, "v2.get") {
                return Some(cached(rules, zone, call, &name));
            }
            if is(call, "v2.put") && zone.aside.contains_key(&name) {
                let old = format!("old {ip}");
                if zone.aside.remove(&old).is_some() {
                    forget(zone, &name);
                } else {
                    zone.aside.insert(old, true.into());
                }
                return None;
            }
            if call.operation.kind().writes() {
                forget(zone, "kept ");
                forget(zone, "old ");
            }
            None
        })],
    },
    Slip {
        name: "a-refused-write-fills-the-cache",
        breaks: "V2-GET-1",
        also: &["V2-PUT-5", "V2-GET-2"],
        from: "the cache is written before the region is checked",
        shortest: 2,
        changes: &[Change::Handle(|rules, zone, call| {
            if is(call, "v2.get") {
                let ip = named(call).first().copied()?;
                let kept = zone.aside.get(&format!("wrong {ip}"))?.clone();
                let mut call = call.clone();
                call.operation = crate::exchange::Operation::of(Generation::V2, Kind::Get)?;
                let mut reply = crate::mock::handle(rules, zone, &call);
                if reply.is_success() {
                    reply.body["result"]["region"] = kept;
                }
                return Some(reply);
            }
            if is(call, "v2.put") {
                let ip = named(call).first().copied()?;
                let reply = crate::mock::handle(rules, zone, call);
                if let crate::mock::Body::Json(body) = &call.body
                    && !reply.is_success()
                    && body["region"].is_string()
                {
                    let region = body["region"].clone();
                    zone.aside.insert(format!("wrong {ip}"), region);
                } else {
                    forget(zone, "wrong ");
                }
                return Some(reply);
            }
            if call.operation.kind().writes() && (deletes(call) || is(call, "v2.batch_put")) {
                forget(zone, "wrong ");
            }
            None
        })],
    },
];
