//! Faults of batch upserts (V1-BATCH, V2-BATCH).

use std::net::IpAddr;

use serde_json::{Value, json};

use super::super::call::{Call, Reply};
use super::super::change::Change;
use super::super::handle::handle;
use super::super::refusal::Refusal;
use super::super::rules::Rules;
use super::super::store::Zone;
use super::all::Mutant;
use super::bend::{is, items, list, with_items, without_effect};

/// A mutant of each generation from one fault.
macro_rules! both {
    ($v1:literal, $v2:literal, $suffix:literal, $from:literal, $fault:expr) => {
        [
            Mutant {
                name: $v1,
                breaks: concat!("V1-", $suffix),
                from: $from,
                changes: &[Change::Handle(|rules, zone, call| {
                    let fault: fn(&Rules, &mut Zone, &Call) -> Option<Reply> = $fault;
                    if is(call, "v1.batch_upsert") {
                        fault(rules, zone, call)
                    } else {
                        None
                    }
                })],
            },
            Mutant {
                name: $v2,
                breaks: concat!("V2-", $suffix),
                from: $from,
                changes: &[Change::Handle(|rules, zone, call| {
                    let fault: fn(&Rules, &mut Zone, &Call) -> Option<Reply> = $fault;
                    if is(call, "v2.batch_put") {
                        fault(rules, zone, call)
                    } else {
                        None
                    }
                })],
            },
        ]
    };
}

fn cut_body(rules: &Rules, zone: &mut Zone, call: &Call) -> Option<Reply> {
    let mut items = items(call);
    if items.len() <= 100 {
        return None;
    }
    items.truncate(100);
    Some(handle(rules, zone, &with_items(call, items)))
}

const WITHOUT_EFFECT: [Mutant; 2] = both!(
    "v1-batch-without-effect",
    "v2-batch-without-effect",
    "BATCH-1",
    "an answer built from the request",
    |rules, zone, call| Some(without_effect(rules, zone, call))
);

const ALL_OR_NOTHING: [Mutant; 2] = both!(
    "v1-batch-is-all-or-nothing",
    "v2-batch-is-all-or-nothing",
    "BATCH-2",
    "one transaction around all items",
    |rules, zone, call| {
        let before = zone.clone();
        let mut reply = handle(rules, zone, call);
        let failed = list(call, &mut reply, "failed").map_or(0, |items| items.len());
        let total = items(call).len();
        if failed > 0 && failed < total {
            *zone = before;
        }
        Some(reply)
    }
);

const REFUSED_WHOLE: [Mutant; 2] = both!(
    "v1-batch-with-a-wrong-item-is-refused",
    "v2-batch-with-a-wrong-item-is-refused",
    "BATCH-2",
    "the first fault ends the request",
    |rules, zone, call| {
        let before = zone.clone();
        let mut reply = handle(rules, zone, call);
        let failed = list(call, &mut reply, "failed").map_or(0, |items| items.len());
        if failed > 0 {
            *zone = before;
            return Some(Refusal::Place.reply(call.operation));
        }
        Some(reply)
    }
);

const REPLACES: [Mutant; 2] = both!(
    "v1-batch-replaces-the-collection",
    "v2-batch-replaces-the-collection",
    "BATCH-3",
    "PUT taken for the whole collection",
    |rules, zone, call| {
        let reply = handle(rules, zone, call);
        if reply.is_success() && !items(call).is_empty() {
            let member = call.operation.generation().request_address();
            let sent: Vec<IpAddr> = items(call)
                .iter()
                .filter_map(|item| item[member].as_str()?.parse().ok())
                .collect();
            zone.mappings.retain(|ip, _| sent.contains(ip));
        }
        Some(reply)
    }
);

const LOST_ITEM: [Mutant; 2] = both!(
    "v1-batch-does-not-answer-the-last-failed",
    "v2-batch-does-not-answer-the-last-failed",
    "BATCH-4",
    "a loop that ends one item early",
    |rules, zone, call| {
        let mut reply = handle(rules, zone, call);
        list(call, &mut reply, "failed").and_then(Vec::pop);
        Some(reply)
    }
);

const DOUBLED_ANSWER: [Mutant; 2] = both!(
    "v1-batch-answers-an-item-in-both-lists",
    "v2-batch-answers-an-item-in-both-lists",
    "BATCH-4",
    "validated and applied in two passes that both answer",
    |rules, zone, call| {
        let mut reply = handle(rules, zone, call);
        let failed = list(call, &mut reply, "failed").and_then(|items| items.first().cloned());
        if let (Some(mut item), Some(succeeded)) = (failed, list(call, &mut reply, "succeeded")) {
            item["vendor"] = json!("aws");
            item["region"] = json!("us-east-1");
            if let Some(members) = item.as_object_mut() {
                members.remove("error");
            }
            succeeded.push(item);
        }
        Some(reply)
    }
);

const ERROR_ON_SUCCEEDED: [Mutant; 2] = both!(
    "v1-batch-has-an-empty-error-on-succeeded",
    "v2-batch-has-an-empty-error-on-succeeded",
    "BATCH-5",
    "one type for both lists, and its empty text",
    |rules, zone, call| {
        let mut reply = handle(rules, zone, call);
        for item in list(call, &mut reply, "succeeded").into_iter().flatten() {
            item["error"] = json!("");
        }
        Some(reply)
    }
);

const OLD_VALUES: [Mutant; 2] = both!(
    "v1-batch-answers-with-the-old-region",
    "v2-batch-answers-with-the-old-region",
    "BATCH-5",
    "rows read before they are written",
    |rules, zone, call| {
        let before = zone.clone();
        let mut reply = handle(rules, zone, call);
        let member = call.operation.generation().response_address();
        for item in list(call, &mut reply, "succeeded").into_iter().flatten() {
            let ip: Option<IpAddr> = item[member].as_str().and_then(|text| text.parse().ok());
            if let Some(old) = ip.and_then(|ip| before.mappings.get(&ip)) {
                item["vendor"] = json!(old.place.vendor);
                item["region"] = json!(old.place.region);
            }
        }
        Some(reply)
    }
);

const NO_REGION: [Mutant; 2] = both!(
    "v1-batch-has-no-region-on-succeeded",
    "v2-batch-has-no-region-on-succeeded",
    "BATCH-5",
    "an answer with addresses alone",
    |rules, zone, call| {
        let mut reply = handle(rules, zone, call);
        for item in list(call, &mut reply, "succeeded").into_iter().flatten() {
            if let Some(members) = item.as_object_mut() {
                members.remove("region");
            }
        }
        Some(reply)
    }
);

const CLIPPED: [Mutant; 2] = both!(
    "v1-batch-of-101-is-clipped",
    "v2-batch-of-101-is-clipped",
    "BATCH-7",
    "the first hundred, silently",
    cut_body
);

const REFUSED_100: [Mutant; 2] = both!(
    "v1-batch-of-100-is-refused",
    "v2-batch-of-100-is-refused",
    "BATCH-7",
    "`<` where `<=` was meant",
    |_, _, call| (items(call).len() == 100).then(|| Refusal::TooMany.reply(call.operation))
);

const REFUSED_AND_APPLIED: [Mutant; 2] = both!(
    "v1-batch-of-101-is-refused-and-applied",
    "v2-batch-of-101-is-refused-and-applied",
    "BATCH-7",
    "counted after the loop",
    |rules, zone, call| {
        let reply = handle(rules, zone, call);
        cut_body(rules, zone, call);
        Some(reply)
    }
);

const DOUBLED_KEEPS_ANOTHER: [Mutant; 2] = both!(
    "v1-batch-mixes-doubled-items",
    "v2-batch-mixes-doubled-items",
    "BATCH-12",
    "members of two items merged into one row",
    |rules, zone, call| {
        let sent = items(call);
        let member = call.operation.generation().request_address();
        let ip = |item: &Value| {
            item[member]
                .as_str()
                .and_then(|text| text.parse::<IpAddr>().ok())
        };
        let [first, second] = sent.as_slice() else {
            return None;
        };
        let same = ip(first)?;
        if ip(second) != Some(same) {
            return None;
        }
        let reply = handle(rules, zone, call);
        if let (Some(mapping), Some(vendor)) =
            (zone.mappings.get_mut(&same), first["vendor"].as_str())
        {
            mapping.place.vendor = vendor.to_owned();
        }
        Some(reply)
    }
);

const DOUBLED_VANISHES: [Mutant; 2] = both!(
    "v1-batch-answers-doubled-items-and-keeps-none",
    "v2-batch-answers-doubled-items-and-keeps-none",
    "BATCH-12",
    "a second write that fails on a unique key and takes the first one with it",
    |rules, zone, call| {
        let sent = items(call);
        let member = call.operation.generation().request_address();
        let ip = |item: &Value| item[member].as_str()?.parse::<IpAddr>().ok();
        let reply = handle(rules, zone, call);
        let mut seen = std::collections::HashSet::new();
        for ip in sent.iter().filter_map(ip) {
            if !seen.insert(ip) {
                zone.remove(ip, call.now);
            }
        }
        Some(reply)
    }
);

const MULTI_STATUS: [Mutant; 2] = both!(
    "v1-batch-with-a-wrong-item-is-207",
    "v2-batch-with-a-wrong-item-is-207",
    "BATCH-2",
    "the status of WebDAV for an answer in parts",
    |rules, zone, call| {
        let mut reply = handle(rules, zone, call);
        let has_failed = list(call, &mut reply, "failed").is_some_and(|failed| !failed.is_empty());
        if has_failed {
            reply.status = 207;
        }
        Some(reply)
    }
);

pub(super) const MUTANTS: &[Mutant] = &[
    WITHOUT_EFFECT[0],
    WITHOUT_EFFECT[1],
    ALL_OR_NOTHING[0],
    ALL_OR_NOTHING[1],
    REFUSED_WHOLE[0],
    REFUSED_WHOLE[1],
    REPLACES[0],
    REPLACES[1],
    LOST_ITEM[0],
    LOST_ITEM[1],
    DOUBLED_ANSWER[0],
    DOUBLED_ANSWER[1],
    ERROR_ON_SUCCEEDED[0],
    ERROR_ON_SUCCEEDED[1],
    OLD_VALUES[0],
    OLD_VALUES[1],
    NO_REGION[0],
    NO_REGION[1],
    CLIPPED[0],
    CLIPPED[1],
    REFUSED_100[0],
    REFUSED_100[1],
    REFUSED_AND_APPLIED[0],
    REFUSED_AND_APPLIED[1],
    DOUBLED_KEEPS_ANOTHER[0],
    DOUBLED_KEEPS_ANOTHER[1],
    DOUBLED_VANISHES[0],
    DOUBLED_VANISHES[1],
    MULTI_STATUS[0],
    MULTI_STATUS[1],
    Mutant {
        name: "v1-batch-has-a-time-though-nothing-was-applied",
        breaks: "V1-BATCH-6",
        from: "the time of the request in place of the change",
        changes: &[Change::Answer(|call, reply| {
            if is(call, "v1.batch_upsert") && reply.is_success() {
                reply.body["result"]["modified_on"] = json!("2026-03-01T12:00:00Z");
            }
        })],
    },
    Mutant {
        name: "v1-batch-has-never-a-time",
        breaks: "V1-BATCH-6",
        from: "a member that is never filled in",
        changes: &[Change::Answer(|call, reply| {
            if is(call, "v1.batch_upsert") && reply.is_success() {
                reply.body["result"]["modified_on"] = Value::Null;
            }
        })],
    },
    Mutant {
        name: "a-failed-store-has-applied-the-first-item",
        breaks: "V1-BATCH-9",
        from: "no rollback",
        changes: &[Change::Handle(|rules, zone, call| {
            if !is(call, "v1.batch_upsert")
                || call.fault != Some(super::super::call::FaultRequest::InternalError)
            {
                return None;
            }
            let calm = Call {
                fault: None,
                ..call.clone()
            };
            let first = with_items(&calm, items(call).into_iter().take(1).collect());
            handle(rules, zone, &first);
            Some(handle(rules, zone, call))
        })],
    },
    Mutant {
        name: "a-failed-store-is-1000",
        breaks: "V1-BATCH-9",
        from: "a general code for what was not foreseen",
        changes: &[Change::Answer(|call, reply| {
            if is(call, "v1.batch_upsert")
                && reply.body.pointer("/errors/0/code") == Some(&json!(1140))
            {
                reply.body["errors"][0]["code"] = json!(1000);
            }
        })],
    },
    Mutant {
        name: "an-unreachable-check-is-taken-for-a-no",
        breaks: "V1-BATCH-10",
        from: "a time-out that means that the region does not exist",
        changes: &[Change::Answer(|call, reply| {
            if is(call, "v1.batch_upsert")
                && reply.body.pointer("/errors/0/code") == Some(&json!(1156))
            {
                *reply = Refusal::Place.reply(call.operation);
            }
        })],
    },
];
