//! Counters that are kept beside the mappings, and searches that end too early.

use std::net::IpAddr;

use super::super::bend::items;
use super::Slip;
use super::memory::{deletes, is, named, number, set_number};
use crate::exchange::Kind;
use crate::mock::{Call, Change, Refusal, Reply, Rules, Zone, handle};

/// Returns whether an address is mapped, but not among the first `seen` mappings.
fn is_beyond(zone: &Zone, ip: IpAddr, seen: usize) -> bool {
    zone.mappings.keys().skip(seen).any(|other| *other == ip)
}

/// Returns the honest answer of a list with a wrong total.
fn with_total(rules: &Rules, zone: &mut Zone, call: &Call, add: i64) -> Reply {
    let mut reply = handle(rules, zone, call);
    if let Some(info) = reply.body.get_mut("result_info") {
        let total = info["total_count"].as_i64().unwrap_or(0) + add;
        let size = info["per_page"].as_i64().unwrap_or(20).max(1);
        info["total_count"] = total.max(0).into();
        info["total_pages"] = ((total.max(0) + size - 1) / size).into();
    }
    reply
}

/// Counts the mappings with the formula `change`, and refuses new ones once that count reaches the limit.
fn counted(
    rules: &Rules,
    zone: &mut Zone,
    call: &Call,
    change: fn(before: i64, after: i64, named: i64) -> i64,
) -> Option<Reply> {
    if !call.operation.kind().writes() {
        return None;
    }
    let name = "counted";
    let limit = i64::try_from(rules.limit).unwrap_or(i64::MAX);
    let single = matches!(call.operation.kind(), Kind::Upsert | Kind::Create);
    let is_new = named(call)
        .first()
        .is_some_and(|ip| !zone.mappings.contains_key(ip));
    if single && is_new && number(zone, name) >= limit {
        return Some(Refusal::FULL.reply(call.operation));
    }
    let size = |zone: &Zone| i64::try_from(zone.mappings.len()).unwrap_or(0);
    let before = size(zone);
    let reply = handle(rules, zone, call);
    if reply.is_success() {
        let named = i64::try_from(named(call).len()).unwrap_or(0);
        let counted = number(zone, name) + change(before, size(zone), named);
        set_number(zone, name, counted);
    }
    Some(reply)
}

pub(super) const SLIPS: &[Slip] = &[
    Slip {
        name: "v2-get-looks-at-the-first-hundred",
        breaks: "V2-GET-1",
        also: &["X-1"],
        from: "the look-up reads one page",
        shortest: 3,
        changes: &[Change::Handle(|_, zone, call| {
            let ip = named(call).first().copied()?;
            (is(call, "v2.get") && is_beyond(zone, ip, 100))
                .then(|| Refusal::NOT_FOUND.reply(call.operation))
        })],
    },
    Slip {
        name: "v2-delete-looks-at-the-first-twenty",
        breaks: "V2-DELETE-1",
        also: &["V2-DELETE-2", "X-1"],
        from: "the look-up reads one page of the usual size",
        shortest: 2,
        changes: &[Change::Handle(|_, zone, call| {
            let ip = named(call).first().copied()?;
            (is(call, "v2.delete") && is_beyond(zone, ip, 20))
                .then(|| Refusal::NOT_FOUND.reply(call.operation))
        })],
    },
    Slip {
        name: "v1-create-looks-at-the-first-twenty",
        breaks: "V1-CREATE-2",
        also: &["X-1"],
        from: "the conflict is looked for on one page",
        shortest: 2,
        changes: &[Change::Handle(|rules, zone, call| {
            let ip = named(call).first().copied()?;
            if is(call, "v1.create") && is_beyond(zone, ip, 20) {
                let mapping = zone.mappings.remove(&ip);
                let reply = handle(rules, zone, call);
                if !reply.is_success() {
                    zone.mappings.extend(mapping.map(|mapping| (ip, mapping)));
                }
                return Some(reply);
            }
            None
        })],
    },
    Slip {
        name: "the-total-keeps-what-a-delete-took",
        breaks: "V2-LIST-5",
        also: &[],
        from: "a counter that one way to delete leaves as it is",
        shortest: 3,
        changes: &[Change::Handle(|rules, zone, call| {
            if is(call, "v2.list") {
                let add = number(zone, "deleted");
                return (add > 0).then(|| with_total(rules, zone, call, add));
            }
            if is(call, "v2.delete") {
                let reply = handle(rules, zone, call);
                if reply.is_success() {
                    let count = number(zone, "deleted");
                    set_number(zone, "deleted", count + 1);
                }
                return Some(reply);
            }
            None
        })],
    },
    Slip {
        name: "the-total-counts-an-overwriting-batch",
        breaks: "V2-LIST-5",
        also: &[],
        from: "a counter that grows by the items of a batch",
        shortest: 3,
        changes: &[Change::Handle(|rules, zone, call| {
            if is(call, "v2.list") {
                let add = number(zone, "surplus");
                return (add > 0).then(|| with_total(rules, zone, call, add));
            }
            if is(call, "v2.batch_put") {
                let there = named(call)
                    .iter()
                    .filter(|ip| zone.mappings.contains_key(ip))
                    .count();
                let count = number(zone, "surplus") + i64::try_from(there).unwrap_or(0);
                set_number(zone, "surplus", count);
            }
            None
        })],
    },
    Slip {
        name: "the-second-page-begins-late-after-a-delete",
        breaks: "V2-LIST-5",
        also: &[],
        from: "a cursor that a deletion before it does not move",
        shortest: 4,
        changes: &[Change::Handle(|rules, zone, call| {
            if is(call, "v2.delete") {
                let reply = handle(rules, zone, call);
                set_number(zone, "late", i64::from(reply.is_success()));
                return Some(reply);
            }
            if call.operation.kind().writes() {
                set_number(zone, "late", 0);
            }
            let page: usize = call.query("page").and_then(|page| page.parse().ok())?;
            if !is(call, "v2.list") || page < 2 || number(zone, "late") == 0 {
                return None;
            }
            let size: usize = call
                .query("per_page")
                .and_then(|size| size.parse().ok())
                .unwrap_or(20);
            let mut reply = handle(rules, zone, call);
            // The fault skips the entry that should now be the first one of this page.
            let mut later = zone.clone();
            let skipped = zone.mappings.keys().nth((page - 1) * size).copied()?;
            later.mappings.remove(&skipped);
            let honest = handle(rules, &mut later, call);
            reply.body["result"] = honest.body["result"].clone();
            reply.body["result_info"]["count"] = honest.body["result_info"]["count"].clone();
            Some(reply)
        })],
    },
    Slip {
        name: "the-limit-counts-what-was-deleted",
        breaks: "V2-PUT-1",
        also: &["V1-CREATE-1", "V1-UPSERT-1"],
        from: "a counter of all that was ever written",
        shortest: 38,
        changes: &[Change::Handle(|rules, zone, call| {
            counted(rules, zone, call, |before, after, _| {
                (after - before).max(0)
            })
        })],
    },
    Slip {
        name: "the-limit-counts-overwriting",
        breaks: "V2-PUT-1",
        also: &["V1-CREATE-1", "V1-UPSERT-1"],
        from: "a counter of writes",
        shortest: 38,
        changes: &[Change::Handle(|rules, zone, call| {
            if deletes(call) {
                return counted(rules, zone, call, |before, after, _| after - before);
            }
            counted(rules, zone, call, |_, _, named| named)
        })],
    },
    Slip {
        name: "a-zone-of-more-than-a-hundred-lists-no-new-ones",
        breaks: "V1-LIST-3",
        also: &[
            "X-1",
            "V1-BATCH-1",
            "V1-UPSERT-1",
            "V1-CREATE-1",
            "V1-UPSERT-3",
        ],
        from: "the list is cut at a hundred and the rest is asked for once",
        shortest: 3,
        changes: &[Change::Handle(|rules, zone, call| {
            if !is(call, "v1.list") || zone.mappings.len() <= 100 {
                if call.operation.kind() == Kind::BatchUpsert && items(call).len() > 90 {
                    let size = i64::try_from(zone.mappings.len()).unwrap_or(0);
                    set_number(zone, "seen", size + 100);
                }
                return None;
            }
            let most = usize::try_from(number(zone, "seen").max(100)).unwrap_or(100);
            let mut first = zone.clone();
            first.mappings = zone.mappings.clone().into_iter().take(most).collect();
            Some(handle(rules, &mut first, call))
        })],
    },
];
