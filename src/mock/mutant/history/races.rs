//! Faults that only requests at the same time show.

use std::time::Duration;

use serde_json::{Value, json};

use super::super::bend::list;
use super::Slip;
use super::memory::{
    cached, deletes, forget, has, is, name_of, named, note, number, only_says, set_number,
};
use crate::exchange::Kind;
use crate::mock::{Call, Change, Locking, On, Refusal, Reply, Rules, Zone, handle};

/// The time for which a request waits, so that others may arrive meanwhile.
const PAUSE: Duration = Duration::from_millis(4);

fn copied_back(rules: &mut Rules) {
    rules.locking = Locking::CopiedBack(PAUSE);
}

fn decided_early(rules: &mut Rules) {
    rules.locking = Locking::DecidedEarly(PAUSE);
}

fn remembered_late(rules: &mut Rules) {
    rules.locking = Locking::RememberedLate(PAUSE);
}

fn announced(rules: &mut Rules) {
    rules.locking = Locking::Announced(PAUSE);
}

/// Returns whether another write to the same address waits at this moment.
fn meets_another(zone: &Zone, call: &Call) -> bool {
    let waiting = zone.aside.get(Locking::WAITING).and_then(Value::as_array);
    let own = named(call);
    let here = |waiting: &&Value| {
        let ip = waiting["ip"].as_str().and_then(|text| text.parse().ok());
        ip.is_some_and(|ip| own.contains(&ip))
    };
    waiting.is_some_and(|all| all.iter().filter(here).count() > 1)
}

/// Returns the number of waiting writes, including this one.
fn waiting(zone: &Zone) -> usize {
    let waiting = zone.aside.get(Locking::WAITING).and_then(Value::as_array);
    waiting.map_or(0, Vec::len)
}

/// Caches the answers of the operation `read`. Writes clear the cache, but with `remembered_late` an answer is stored
/// after a pause, whatever was written meanwhile.
fn late_cache(rules: &Rules, zone: &mut Zone, call: &Call, read: &'static str) -> Option<Reply> {
    if is(call, read) {
        return Some(cached(
            rules,
            zone,
            call,
            &format!("late {}", name_of(call)),
        ));
    }
    if call.operation.kind().writes() {
        forget(zone, "late ");
    }
    None
}

pub(super) const SLIPS: &[Slip] = &[
    Slip {
        name: "deletes-write-back-the-whole-set",
        breaks: "CONC-1",
        also: &[
            "V1-DELETE-1",
            "V1-BDEL-1",
            "V2-DELETE-1",
            "V2-BDEL-1",
            "V1-DELETE-3",
            "V2-DELETE-3",
            "V2-PUT-1",
            "V2-PUT-2",
            "V2-BATCH-1",
            "V2-GET-1",
            "V2-LIST-5",
            "V1-UPSERT-1",
            "V1-BATCH-1",
            "V1-CREATE-1",
        ],
        from: "read, await, write back",
        shortest: 4,
        changes: &[Change::Only(
            On::V2(&[Kind::Delete]),
            &Change::Rules(copied_back),
        )],
    },
    Slip {
        name: "v1-deletes-write-back-the-whole-set",
        breaks: "CONC-1",
        also: &[
            "V1-DELETE-1",
            "V1-BDEL-1",
            "V2-DELETE-1",
            "V2-BDEL-1",
            "V1-DELETE-3",
            "V2-DELETE-3",
            "V2-PUT-1",
            "V2-PUT-2",
            "V2-BATCH-1",
            "V1-GET-1",
            "V1-LIST-3",
            "V1-UPSERT-1",
            "V1-UPSERT-2",
            "V1-BATCH-1",
            "V1-CREATE-1",
            "X-1",
        ],
        from: "read, await, write back",
        shortest: 4,
        changes: &[Change::Only(
            On::V1(&[Kind::Delete]),
            &Change::Rules(copied_back),
        )],
    },
    Slip {
        name: "batch-deletes-write-back-the-whole-set",
        breaks: "CONC-1",
        also: &[
            "V1-DELETE-1",
            "V1-BDEL-1",
            "V2-DELETE-1",
            "V2-BDEL-1",
            "V1-DELETE-3",
            "V2-DELETE-3",
            "V2-PUT-1",
            "V2-PUT-2",
            "V2-BATCH-1",
            "V1-UPSERT-1",
            "V1-BATCH-1",
            "V1-CREATE-1",
            "V2-DELETE-1",
            "V1-DELETE-1",
        ],
        from: "read, await, write back",
        shortest: 4,
        changes: &[Change::Only(
            On::Both(&[Kind::BatchDelete]),
            &Change::Rules(copied_back),
        )],
    },
    Slip {
        name: "v2-get-keeps-what-a-put-overtook",
        breaks: "V2-GET-1",
        also: &[
            "V2-PUT-1",
            "V2-PUT-2",
            "V2-GET-2",
            "V2-BATCH-1",
            "CONC-1",
            "V2-DELETE-1",
            "V2-BDEL-1",
            "X-1",
            "V2-PUT-3",
        ],
        from: "the cache is filled after the read, whatever was written between",
        shortest: 3,
        changes: &[
            Change::Handle(|rules, zone, call| late_cache(rules, zone, call, "v2.get")),
            Change::Only(On::V2(&[Kind::Get]), &Change::Rules(remembered_late)),
        ],
    },
    Slip {
        name: "v1-get-keeps-what-a-write-overtook",
        breaks: "V1-GET-1",
        also: &[
            "V1-UPSERT-1",
            "V1-UPSERT-2",
            "V1-GET-2",
            "V1-BATCH-1",
            "CONC-1",
            "V1-DELETE-1",
            "V1-BDEL-1",
            "V1-CREATE-1",
            "X-1",
        ],
        from: "the cache is filled after the read, whatever was written between",
        shortest: 3,
        changes: &[
            Change::Handle(|rules, zone, call| late_cache(rules, zone, call, "v1.get")),
            Change::Only(On::V1(&[Kind::Get]), &Change::Rules(remembered_late)),
        ],
    },
    Slip {
        name: "creates-look-before-they-wait-in-a-zone-in-use",
        breaks: "CONC-3",
        also: &["CONC-2", "V1-CREATE-2"],
        from: "the conflict looked for, then awaited, then written",
        shortest: 3,
        changes: &[
            Change::Only(
                On::V1(&[Kind::Create]),
                &Change::Handle(|_, zone, call| {
                    // The first mappings of a zone are written under its lock.
                    (zone.mappings.is_empty() && waiting(zone) > 1)
                        .then(|| Refusal::EXISTS.reply(call.operation))
                }),
            ),
            Change::Only(On::V1(&[Kind::Create]), &Change::Rules(decided_early)),
        ],
    },
    Slip {
        name: "a-second-writer-is-answered-500",
        breaks: "CONC-1",
        also: &["V2-PUT-1", "V2-PUT-2", "V2-BATCH-1", "V2-PUT-3"],
        from: "a lock that is tried once",
        shortest: 2,
        changes: &[
            Change::Only(
                On::V2(&[Kind::Upsert]),
                &Change::Handle(|_, zone, call| {
                    (waiting(zone) > 1).then(|| {
                        let mut reply = Refusal::NOT_FOUND.reply(call.operation);
                        reply.status = 500;
                        reply.body["errors"] =
                            json!([{"code": 10_500, "message": "database is locked"}]);
                        reply
                    })
                }),
            ),
            Change::Only(On::V2(&[Kind::Upsert]), &Change::Rules(announced)),
        ],
    },
    Slip {
        name: "writes-that-meet-leave-a-mapping-twice",
        breaks: "V2-LIST-5",
        also: &["V1-LIST-3"],
        from: "two inserts without a unique key",
        shortest: 3,
        changes: &[
            Change::Handle(|rules, zone, call| {
                if is(call, "v2.put") && meets_another(zone, call) {
                    for ip in named(call) {
                        note(zone, "twin", ip);
                    }
                }
                if deletes(call) {
                    forget(zone, "twin ");
                }
                if !is(call, "v2.list") {
                    return None;
                }
                let twins: Vec<String> = zone
                    .mappings
                    .keys()
                    .filter(|ip| has(zone, "twin", **ip))
                    .map(ToString::to_string)
                    .collect();
                let mut reply = handle(rules, zone, call);
                let entries = list(call, &mut reply, "")?;
                let again: Vec<Value> = entries
                    .iter()
                    .filter(|entry| twins.iter().any(|ip| entry["origin_ip"] == ip.as_str()))
                    .cloned()
                    .collect();
                let more = again.len() as u64;
                entries.extend(again);
                for member in ["count", "total_count"] {
                    let number = reply.body["result_info"][member].as_u64().unwrap_or(0);
                    reply.body["result_info"][member] = (number + more).into();
                }
                Some(reply)
            }),
            Change::Only(On::V2(&[Kind::Upsert]), &Change::Rules(announced)),
        ],
    },
    Slip {
        name: "writes-that-meet-lock-the-address",
        breaks: "V2-PUT-2",
        also: &[
            "V2-PUT-1",
            "V2-PUT-3",
            "V2-GET-1",
            "V2-LIST-5",
            "CONC-1",
            "V1-GET-1",
        ],
        from: "a lock that nobody lets go",
        shortest: 4,
        changes: &[
            Change::Handle(|rules, zone, call| {
                if !is(call, "v2.put") {
                    return None;
                }
                let ip = named(call).first().copied()?;
                if meets_another(zone, call) {
                    note(zone, "locked", ip);
                    return None;
                }
                has(zone, "locked", ip).then(|| only_says(rules, zone, call))
            }),
            Change::Only(On::V2(&[Kind::Upsert]), &Change::Rules(announced)),
        ],
    },
    Slip {
        name: "the-total-misses-puts-that-meet",
        breaks: "V2-LIST-5",
        also: &[],
        from: "a counter that is read, then written",
        shortest: 3,
        changes: &[
            Change::Handle(|rules, zone, call| {
                if is(call, "v2.put") {
                    let is_new = named(call)
                        .first()
                        .is_some_and(|ip| !zone.mappings.contains_key(ip));
                    if is_new && waiting(zone) > 1 {
                        let missed = number(zone, "missed");
                        set_number(zone, "missed", missed + 1);
                    }
                    return None;
                }
                let missed = number(zone, "missed");
                if !is(call, "v2.list") || missed == 0 {
                    return None;
                }
                let mut reply = handle(rules, zone, call);
                let info = reply.body.get_mut("result_info")?;
                let size = info["per_page"].as_i64().unwrap_or(20).max(1);
                let total = (info["total_count"].as_i64().unwrap_or(0) - missed).max(0);
                info["total_count"] = total.into();
                info["total_pages"] = ((total + size - 1) / size).into();
                Some(reply)
            }),
            Change::Only(On::V2(&[Kind::Upsert]), &Change::Rules(announced)),
        ],
    },
    Slip {
        name: "batches-that-meet-lose-their-last-item",
        breaks: "CONC-1",
        also: &[
            "V2-BATCH-1",
            "V2-GET-1",
            "V2-LIST-5",
            "V1-GET-1",
            "V1-LIST-3",
        ],
        from: "a buffer that two batches share",
        shortest: 3,
        changes: &[
            Change::Only(
                On::V2(&[Kind::BatchUpsert]),
                &Change::Handle(|rules, zone, call| {
                    if waiting(zone) < 2 {
                        return None;
                    }
                    let before = zone.mappings.clone();
                    let reply = handle(rules, zone, call);
                    let last = named(call).last().copied()?;
                    zone.mappings.remove(&last);
                    zone.mappings
                        .extend(before.get(&last).map(|mapping| (last, mapping.clone())));
                    Some(reply)
                }),
            ),
            Change::Only(On::V2(&[Kind::BatchUpsert]), &Change::Rules(announced)),
        ],
    },
];
