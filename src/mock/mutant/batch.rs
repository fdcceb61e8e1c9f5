//! Faults of batch upserts (V1-BATCH, V2-BATCH).

use std::collections::HashSet;
use std::net::IpAddr;

use serde_json::{Value, json};

use super::bend::{
    code, each, first_hundred, ip, items, list, multi_status, recode, remove, with_items,
    without_effect,
};
use super::fault::Fault;
use crate::contract::FaultRequest;
use crate::exchange::Kind;
use crate::mock::{Call, Change, On, Refusal, handle};

/// Returns the addresses of the items that have one.
fn sent_ips(call: &Call) -> Vec<IpAddr> {
    let member = call.operation.generation().request_address();
    let items = items(call);
    items.iter().filter_map(|item| ip(&item[member])).collect()
}

pub(super) const FAULTS: &[Fault] = &[
    Fault {
        name: "{generation}-batch-without-effect",
        breaks: "{generation}-BATCH-1",
        from: "an answer built from the request",
        on: On::Both(&[Kind::BatchUpsert]),
        change: Change::Handle(without_effect),
    },
    Fault {
        name: "{generation}-batch-is-all-or-nothing",
        breaks: "{generation}-BATCH-2",
        from: "one transaction around all items",
        on: On::Both(&[Kind::BatchUpsert]),
        change: Change::Handle(|rules, zone, call| {
            let before = zone.clone();
            let mut reply = handle(rules, zone, call);
            let failed = each(call, &mut reply, "failed").count();
            if failed > 0 && failed < items(call).len() {
                *zone = before;
            }
            Some(reply)
        }),
    },
    Fault {
        name: "{generation}-batch-with-a-wrong-item-is-refused",
        breaks: "{generation}-BATCH-2",
        from: "the first fault ends the request",
        on: On::Both(&[Kind::BatchUpsert]),
        change: Change::Handle(|rules, zone, call| {
            let before = zone.clone();
            let mut reply = handle(rules, zone, call);
            if each(call, &mut reply, "failed").count() > 0 {
                *zone = before;
                return Some(Refusal::PLACE.reply(call.operation));
            }
            Some(reply)
        }),
    },
    Fault {
        name: "{generation}-batch-replaces-the-collection",
        breaks: "{generation}-BATCH-3",
        from: "PUT taken for the whole collection",
        on: On::Both(&[Kind::BatchUpsert]),
        change: Change::Handle(|rules, zone, call| {
            let reply = handle(rules, zone, call);
            if reply.is_success() && !items(call).is_empty() {
                let sent = sent_ips(call);
                zone.mappings.retain(|ip, _| sent.contains(ip));
            }
            Some(reply)
        }),
    },
    Fault {
        name: "{generation}-batch-does-not-answer-the-last-failed",
        breaks: "{generation}-BATCH-4",
        from: "a loop that ends one item early",
        on: On::Both(&[Kind::BatchUpsert]),
        change: Change::Answer(|call, reply| {
            list(call, reply, "failed").and_then(Vec::pop);
        }),
    },
    Fault {
        name: "{generation}-batch-answers-an-item-in-both-lists",
        breaks: "{generation}-BATCH-4",
        from: "validated and applied in two passes that both answer",
        on: On::Both(&[Kind::BatchUpsert]),
        change: Change::Answer(|call, reply| {
            let failed = each(call, reply, "failed").next().cloned();
            if let (Some(mut item), Some(succeeded)) = (failed, list(call, reply, "succeeded")) {
                item["vendor"] = json!("aws");
                item["region"] = json!("us-east-1");
                remove(&mut item, "error");
                succeeded.push(item);
            }
        }),
    },
    Fault {
        name: "{generation}-batch-has-an-empty-error-on-succeeded",
        breaks: "{generation}-BATCH-5",
        from: "one type for both lists, and its empty text",
        on: On::Both(&[Kind::BatchUpsert]),
        change: Change::Answer(|call, reply| {
            for item in each(call, reply, "succeeded") {
                item["error"] = json!("");
            }
        }),
    },
    Fault {
        name: "{generation}-batch-answers-with-the-old-region",
        breaks: "{generation}-BATCH-5",
        from: "rows read before they are written",
        on: On::Both(&[Kind::BatchUpsert]),
        change: Change::Handle(|rules, zone, call| {
            let before = zone.mappings.clone();
            let mut reply = handle(rules, zone, call);
            let member = call.operation.generation().response_address();
            for item in each(call, &mut reply, "succeeded") {
                if let Some(old) = ip(&item[member]).and_then(|ip| before.get(&ip)) {
                    item["vendor"] = json!(old.place.vendor);
                    item["region"] = json!(old.place.region);
                }
            }
            Some(reply)
        }),
    },
    Fault {
        name: "{generation}-batch-has-no-region-on-succeeded",
        breaks: "{generation}-BATCH-5",
        from: "an answer with addresses alone",
        on: On::Both(&[Kind::BatchUpsert]),
        change: Change::Answer(|call, reply| {
            for item in each(call, reply, "succeeded") {
                remove(item, "region");
            }
        }),
    },
    Fault {
        name: "{generation}-batch-of-101-is-clipped",
        breaks: "{generation}-BATCH-7",
        from: "the first hundred, silently",
        on: On::Both(&[Kind::BatchUpsert]),
        change: Change::Handle(first_hundred),
    },
    Fault {
        name: "{generation}-batch-of-100-is-refused",
        breaks: "{generation}-BATCH-7",
        from: "`<` where `<=` was meant",
        on: On::Both(&[Kind::BatchUpsert]),
        change: Change::Handle(|_, _, call| {
            (items(call).len() == 100).then(|| Refusal::TOO_MANY.reply(call.operation))
        }),
    },
    Fault {
        name: "{generation}-batch-of-101-is-refused-and-applied",
        breaks: "{generation}-BATCH-7",
        from: "counted after the loop",
        on: On::Both(&[Kind::BatchUpsert]),
        change: Change::Handle(|rules, zone, call| {
            let reply = handle(rules, zone, call);
            first_hundred(rules, zone, call);
            Some(reply)
        }),
    },
    Fault {
        name: "{generation}-batch-mixes-doubled-items",
        breaks: "{generation}-BATCH-12",
        from: "members of two items merged into one row",
        on: On::Both(&[Kind::BatchUpsert]),
        change: Change::Handle(|rules, zone, call| {
            let [first, second]: [Value; 2] = items(call).try_into().ok()?;
            let member = call.operation.generation().request_address();
            let same = ip(&first[member]).filter(|same| ip(&second[member]) == Some(*same))?;
            let reply = handle(rules, zone, call);
            if let (Some(mapping), Some(vendor)) =
                (zone.mappings.get_mut(&same), first["vendor"].as_str())
            {
                mapping.place.vendor = vendor.to_owned();
            }
            Some(reply)
        }),
    },
    Fault {
        name: "{generation}-batch-answers-doubled-items-and-keeps-none",
        breaks: "{generation}-BATCH-12",
        from: "a second write that fails on a unique key and takes the first one with it",
        on: On::Both(&[Kind::BatchUpsert]),
        change: Change::Handle(|rules, zone, call| {
            let reply = handle(rules, zone, call);
            let mut seen = HashSet::new();
            for ip in sent_ips(call) {
                if !seen.insert(ip) {
                    zone.remove(ip, call.now);
                }
            }
            Some(reply)
        }),
    },
    Fault {
        name: "{generation}-batch-with-a-wrong-item-is-207",
        breaks: "{generation}-BATCH-2",
        from: "the status of WebDAV for an answer in parts",
        on: On::Both(&[Kind::BatchUpsert]),
        change: Change::Answer(multi_status),
    },
    Fault {
        name: "v1-batch-has-a-time-though-nothing-was-applied",
        breaks: "V1-BATCH-6",
        from: "the time of the request in place of the change",
        on: On::V1(&[Kind::BatchUpsert]),
        change: Change::Answer(|_, reply| {
            if reply.is_success() {
                reply.body["result"]["modified_on"] = json!("2026-03-01T12:00:00Z");
            }
        }),
    },
    Fault {
        name: "v1-batch-has-never-a-time",
        breaks: "V1-BATCH-6",
        from: "a member that is never filled in",
        on: On::V1(&[Kind::BatchUpsert]),
        change: Change::Answer(|_, reply| {
            if reply.is_success() {
                reply.body["result"]["modified_on"] = Value::Null;
            }
        }),
    },
    Fault {
        name: "a-failed-store-has-applied-the-first-item",
        breaks: "V1-BATCH-9",
        from: "no rollback",
        on: On::V1(&[Kind::BatchUpsert]),
        change: Change::Handle(|rules, zone, call| {
            if call.fault == Some(FaultRequest("internal-error")) {
                let mut first = with_items(call, items(call).into_iter().take(1).collect());
                first.fault = None;
                handle(rules, zone, &first);
            }
            None
        }),
    },
    Fault {
        name: "a-failed-store-is-1000",
        breaks: "V1-BATCH-9",
        from: "a general code for what was not foreseen",
        on: On::V1(&[Kind::BatchUpsert]),
        change: Change::Answer(|_, reply| recode(reply, 1140, 1000)),
    },
    Fault {
        name: "an-unreachable-check-is-taken-for-a-no",
        breaks: "V1-BATCH-10",
        from: "a time-out that means that the region does not exist",
        on: On::V1(&[Kind::BatchUpsert]),
        change: Change::Answer(|call, reply| {
            if code(reply) == Some(1156) {
                *reply = Refusal::PLACE.reply(call.operation);
            }
        }),
    },
];
