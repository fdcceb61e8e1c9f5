//! Deleted mappings that are only partly gone, and mappings that are created again but only partly there.

use serde_json::Value;

use super::super::bend::{ip, list};
use super::Slip;
use super::memory::{
    deletes, forget, has, is, keep_place, kept_place, named, note, number, only_says, set_number,
    sneak, unnote,
};
use crate::mock::{Call, Change, Refusal, Rules, Zone, handle};

/// Carries out a call and notes the addresses whose mappings it deleted.
fn note_deleted(rules: &Rules, zone: &mut Zone, call: &Call) -> crate::mock::Reply {
    let there: Vec<_> = named(call)
        .into_iter()
        .filter(|ip| zone.mappings.contains_key(ip))
        .collect();
    let reply = handle(rules, zone, call);
    for ip in there {
        if !zone.mappings.contains_key(&ip) {
            note(zone, "gone", ip);
        }
    }
    reply
}

/// Removes the entries from a list's answer whose address is noted under a name.
fn leave_out(zone: &Zone, call: &Call, reply: &mut crate::mock::Reply, name: &str) {
    let before = list(call, reply, "").map_or(0, |entries| entries.len());
    let mut after = before;
    if let Some(entries) = list(call, reply, "") {
        entries.retain(|entry| {
            let member = call.operation.generation().response_address();
            ip(&entry[member]).is_none_or(|ip| !has(zone, name, ip))
        });
        after = entries.len();
    }
    let gone = before - after;
    if let Some(info) = reply.body.get_mut("result_info").filter(|_| gone > 0) {
        for member in ["count", "total_count"] {
            let less = info[member]
                .as_u64()
                .unwrap_or(0)
                .saturating_sub(gone as u64);
            info[member] = less.into();
        }
        let size = info["per_page"].as_u64().unwrap_or(20).max(1);
        let pages = info["total_count"].as_u64().unwrap_or(0).div_ceil(size);
        info["total_pages"] = pages.into();
    }
}

pub(super) const SLIPS: &[Slip] = &[
    Slip {
        name: "v2-list-lacks-what-came-again",
        breaks: "V2-LIST-5",
        also: &["V2-PUT-1", "V2-BATCH-1"],
        from: "the index keeps the mark of a deletion",
        shortest: 4,
        changes: &[Change::Handle(|rules, zone, call| {
            if deletes(call) {
                return Some(note_deleted(rules, zone, call));
            }
            if is(call, "v2.list") {
                let mut reply = handle(rules, zone, call);
                leave_out(zone, call, &mut reply, "gone");
                return Some(reply);
            }
            None
        })],
    },
    Slip {
        name: "v1-create-refuses-what-was-deleted",
        breaks: "V1-CREATE-1",
        also: &[],
        from: "the conflict is looked for among deleted rows as well",
        shortest: 3,
        changes: &[Change::Handle(|rules, zone, call| {
            if deletes(call) {
                return Some(note_deleted(rules, zone, call));
            }
            let ip = named(call).first().copied()?;
            if is(call, "v1.create") && has(zone, "gone", ip) && !zone.mappings.contains_key(&ip) {
                return Some(Refusal::EXISTS.reply(call.operation));
            }
            None
        })],
    },
    Slip {
        name: "v2-delete-does-not-find-what-came-again",
        breaks: "V2-DELETE-1",
        also: &["V2-DELETE-2"],
        from: "the mark of a deletion is looked at first",
        shortest: 4,
        changes: &[Change::Handle(|rules, zone, call| {
            if is(call, "v2.delete") {
                let ip = named(call).first().copied()?;
                if has(zone, "gone", ip) {
                    return Some(Refusal::NOT_FOUND.reply(call.operation));
                }
                return Some(note_deleted(rules, zone, call));
            }
            None
        })],
    },
    Slip {
        name: "v2-batch-put-brings-the-old-place-back",
        breaks: "V2-BATCH-1",
        also: &["V2-GET-1", "V2-LIST-5", "V2-DELETE-1", "V2-BDEL-5"],
        from: "a deleted row is taken up again as it was",
        shortest: 4,
        changes: &[Change::Handle(|rules, zone, call| {
            if deletes(call) {
                for ip in named(call) {
                    keep_place(zone, "old", ip);
                }
                return None;
            }
            if is(call, "v2.batch_put") {
                let new: Vec<_> = named(call)
                    .into_iter()
                    .filter(|ip| !zone.mappings.contains_key(ip))
                    .collect();
                let reply = handle(rules, zone, call);
                for ip in new {
                    if let Some(place) = kept_place(zone, "old", ip)
                        && zone.mappings.contains_key(&ip)
                    {
                        sneak(zone, ip, place, call);
                    }
                }
                return Some(reply);
            }
            None
        })],
    },
    Slip {
        name: "v2-get-brings-a-deleted-mapping-back",
        breaks: "V2-GET-2",
        also: &[
            "V2-DELETE-1",
            "V2-LIST-5",
            "V1-LIST-3",
            "V1-GET-2",
            "V2-DELETE-3",
            "X-1",
        ],
        from: "a read repairs the row that it misses",
        shortest: 4,
        changes: &[Change::Handle(|rules, zone, call| {
            let ip = named(call).first().copied();
            if is(call, "v2.delete") {
                keep_place(zone, "repair", ip?);
                return None;
            }
            if is(call, "v2.get") {
                let ip = ip?;
                let reply = handle(rules, zone, call);
                if reply.status == 404
                    && let Some(place) = kept_place(zone, "repair", ip)
                {
                    sneak(zone, ip, place, call);
                }
                return Some(reply);
            }
            if call.operation.kind().writes() {
                for ip in named(call) {
                    unnote(zone, "repair", ip);
                }
            }
            None
        })],
    },
    Slip {
        name: "a-delete-is-carried-out-late",
        breaks: "V2-PUT-1",
        also: &[
            "CONC-1",
            "V2-GET-1",
            "V2-LIST-5",
            "V2-PUT-2",
            "V2-PUT-3",
            "V2-DELETE-1",
        ],
        from: "a sweeper removes what was marked, whatever is there by then",
        shortest: 4,
        changes: &[Change::Handle(|rules, zone, call| {
            if is(call, "v2.delete") {
                let ip = named(call).first().copied()?;
                let reply = handle(rules, zone, call);
                if reply.is_success() {
                    note(zone, "sweep", ip);
                }
                return Some(reply);
            }
            if is(call, "v2.put") {
                let ip = named(call).first().copied()?;
                let reply = handle(rules, zone, call);
                if has(zone, "sweep", ip) {
                    unnote(zone, "sweep", ip);
                    zone.mappings.remove(&ip);
                }
                return Some(reply);
            }
            None
        })],
    },
    Slip {
        name: "what-emptied-the-zone-comes-back-with-the-next-put",
        breaks: "V2-BDEL-1",
        also: &[
            "V2-LIST-5",
            "V2-GET-2",
            "V2-DELETE-3",
            "V2-PUT-2",
            "V2-BDEL-3",
            "V1-LIST-3",
            "V1-GET-2",
            "V1-BDEL-1",
            "V2-PUT-1",
            "X-1",
            "V2-DELETE-2",
            "V1-DELETE-2",
        ],
        from: "an emptied zone is put back from its last state when it is used again",
        shortest: 4,
        changes: &[Change::Handle(|rules, zone, call| {
            if is(call, "v2.batch_delete") {
                for ip in named(call) {
                    keep_place(zone, "last", ip);
                }
                let reply = handle(rules, zone, call);
                if !zone.mappings.is_empty() {
                    forget(zone, "last ");
                }
                return Some(reply);
            }
            if is(call, "v2.put") {
                let reply = handle(rules, zone, call);
                let names: Vec<String> = zone
                    .aside
                    .keys()
                    .filter(|name| name.starts_with("last "))
                    .cloned()
                    .collect();
                for name in names {
                    let text = Value::from(name.trim_start_matches("last "));
                    if let Some(ip) = ip(&text)
                        && let Some(place) = kept_place(zone, "last", ip)
                        && !named(call).contains(&ip)
                    {
                        sneak(zone, ip, place, call);
                    }
                }
                forget(zone, "last ");
                return Some(reply);
            }
            None
        })],
    },
    Slip {
        name: "the-third-life-of-a-mapping-is-not-stored",
        breaks: "V2-PUT-1",
        also: &["V2-GET-1", "V2-LIST-5", "V1-GET-1"],
        from: "a row that was deleted twice is purged",
        shortest: 6,
        changes: &[Change::Handle(|rules, zone, call| {
            let ip = named(call).first().copied()?;
            if is(call, "v2.delete") {
                let name = format!("lives {ip}");
                let reply = handle(rules, zone, call);
                if reply.is_success() {
                    let lives = number(zone, &name);
                    set_number(zone, &name, lives + 1);
                }
                return Some(reply);
            }
            let lives = number(zone, &format!("lives {ip}"));
            (is(call, "v2.put") && lives >= 2 && !zone.mappings.contains_key(&ip))
                .then(|| only_says(rules, zone, call))
        })],
    },
    Slip {
        name: "v1-upsert-lists-what-v2-deleted",
        breaks: "V1-UPSERT-3",
        also: &["X-1", "V1-UPSERT-1", "V1-LIST-3"],
        from: "v1 answers from a list of its own, which v2 does not know",
        shortest: 3,
        changes: &[Change::Handle(|rules, zone, call| {
            if is(call, "v2.delete") {
                for ip in named(call) {
                    keep_place(zone, "ghost", ip);
                }
                return None;
            }
            if is(call, "v1.upsert") {
                let mut reply = handle(rules, zone, call);
                let ghosts: Vec<(String, Value)> = zone
                    .aside
                    .iter()
                    .filter(|(name, _)| name.starts_with("ghost "))
                    .map(|(name, place)| (name.replace("ghost ", ""), place.clone()))
                    .collect();
                if let Some(entries) = list(call, &mut reply, "") {
                    for (ip, place) in ghosts {
                        let is_there = entries
                            .iter()
                            .any(|entry| entry["origin-ip"] == ip.as_str());
                        if !is_there {
                            entries.push(serde_json::json!({"origin-ip": ip, "vendor": place[0], "region": place[1]}));
                        }
                    }
                }
                return Some(reply);
            }
            if call.operation.kind().writes() {
                for ip in named(call) {
                    unnote(zone, "ghost", ip);
                }
            }
            None
        })],
    },
];
