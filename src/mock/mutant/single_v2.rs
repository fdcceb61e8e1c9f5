//! Faults of the single operations of v2 (V2-GET to V2-DELETE), and of deletes in both generations.

use std::net::IpAddr;

use serde_json::{Value, json};

use super::bend::{entry, place, recode, restatus, sent_address, sent_ip, without_effect};
use super::fault::Fault;
use crate::exchange::{Kind, Operation};
use crate::mock::{Change, On, Refusal, Reply, handle};

pub(super) const FAULTS: &[Fault] = &[
    Fault {
        name: "v2-get-is-stale-after-put",
        breaks: "V2-GET-1",
        from: "a read cache without invalidation",
        on: On::V2(&[Kind::Get]),
        change: Change::Handle(|rules, zone, call| {
            let key = format!("get {}", call.address.clone()?);
            let fresh = handle(rules, zone, call);
            if !fresh.is_success() {
                zone.aside.remove(&key);
                return Some(fresh);
            }
            let cached = zone
                .aside
                .entry(key)
                .or_insert_with(|| fresh.body.clone())
                .clone();
            Some(Reply {
                body: cached,
                ..fresh
            })
        }),
    },
    Fault {
        name: "v2-get-of-nothing-is-204",
        breaks: "V2-GET-2",
        from: "no content for no mapping",
        on: On::V2(&[Kind::Get]),
        change: Change::Answer(|_, reply| {
            if reply.status == 404 {
                reply.status = 204;
                reply.body = Value::String(String::new());
            }
        }),
    },
    Fault {
        name: "put-without-effect",
        breaks: "V2-PUT-1",
        from: "an answer built from the request",
        on: On::V2(&[Kind::Upsert]),
        change: Change::Handle(without_effect),
    },
    Fault {
        name: "put-answers-with-the-old-region",
        breaks: "V2-PUT-1",
        from: "the row read before it was written",
        on: On::V2(&[Kind::Upsert]),
        change: Change::Handle(|rules, zone, call| {
            let ip = sent_ip(call)?;
            let before = place(zone, ip);
            let mut reply = handle(rules, zone, call);
            if let (Some(before), Some(entry)) = (before, entry(call, &mut reply)) {
                entry["region"] = json!(before.region);
            }
            Some(reply)
        }),
    },
    Fault {
        name: "put-replaces-the-collection",
        breaks: "V2-PUT-2",
        from: "PUT taken for the whole resource",
        on: On::V2(&[Kind::Upsert]),
        change: Change::Handle(|rules, zone, call| {
            let reply = handle(rules, zone, call);
            if reply.is_success() {
                let ip = sent_ip(call)?;
                zone.mappings.retain(|key, _| *key == ip);
            }
            Some(reply)
        }),
    },
    Fault {
        name: "put-keeps-the-old-vendor",
        breaks: "V2-PUT-2",
        from: "an update of one column",
        on: On::V2(&[Kind::Upsert]),
        change: Change::Handle(|rules, zone, call| {
            let ip = sent_ip(call)?;
            let before = place(zone, ip);
            let reply = handle(rules, zone, call);
            if let (Some(before), Some(mapping), true) =
                (before, zone.mappings.get_mut(&ip), reply.is_success())
            {
                mapping.place = before;
            }
            Some(reply)
        }),
    },
    Fault {
        name: "put-again-is-a-conflict",
        breaks: "V2-PUT-3",
        from: "an unchanged row counted as no row",
        on: On::V2(&[Kind::Upsert]),
        change: Change::Handle(|rules, zone, call| {
            let ip = sent_ip(call)?;
            let before = place(zone, ip);
            let reply = handle(rules, zone, call);
            let after = place(zone, ip);
            let is_same = reply.is_success() && before.is_some() && before == after;
            Some(if is_same {
                Refusal::EXISTS.reply(call.operation)
            } else {
                reply
            })
        }),
    },
    Fault {
        name: "put-takes-the-body-over-the-path",
        breaks: "V2-PUT-4",
        from: "a path that is routed and not read",
        on: On::V2(&[Kind::Upsert]),
        change: Change::Ask(|call| {
            if let Some(sent) = sent_address(call)
                && sent.parse::<IpAddr>().is_ok()
            {
                call.address = Some(sent);
            }
        }),
    },
    Fault {
        name: "mismatch-is-409",
        breaks: "V2-PUT-4",
        from: "another status for the same refusal",
        on: On::V2(&[Kind::Upsert]),
        change: Change::Answer(|_, reply| {
            let text = reply.body.pointer("/errors/0/message");
            let text = text.and_then(Value::as_str).unwrap_or_default();
            if text.contains("does not match") {
                reply.status = 409;
            }
        }),
    },
    Fault {
        name: "put-with-unknown-region-is-1146",
        breaks: "V2-PUT-5",
        from: "one code for all faults of the body",
        on: On::V2(&[Kind::Upsert]),
        change: Change::Answer(|_, reply| recode(reply, 1157, 1146)),
    },
    Fault {
        name: "put-with-unknown-region-is-500",
        breaks: "V2-PUT-5",
        from: "a foreign key that the database refuses",
        on: On::V2(&[Kind::Upsert]),
        change: Change::Answer(|_, reply| restatus(reply, 1157, 500)),
    },
    Fault {
        name: "v2-delete-without-effect",
        breaks: "V2-DELETE-1",
        from: "a soft delete that reads do not know",
        on: On::V2(&[Kind::Delete]),
        change: Change::Handle(without_effect),
    },
    Fault {
        name: "v2-delete-answers-null",
        breaks: "V2-DELETE-1",
        from: "nothing left to show",
        on: On::V2(&[Kind::Delete]),
        change: Change::Answer(|_, reply| {
            if reply.is_success() {
                reply.body["result"] = Value::Null;
            }
        }),
    },
    Fault {
        name: "v2-delete-of-nothing-succeeds",
        breaks: "V2-DELETE-2",
        from: "a delete that is idempotent by habit",
        on: On::V2(&[Kind::Delete]),
        change: Change::Answer(|call, reply| {
            if reply.status == 404 {
                let text = call.address.as_deref().unwrap_or_default();
                let shown = text.parse::<IpAddr>().ok().map(|ip| ip.to_string());
                *reply = Reply::success(json!({"origin_ip": shown}));
            }
        }),
    },
    Fault {
        name: "an-emptied-zone-counts-one",
        breaks: "V2-DELETE-3",
        from: "a counter that stops at one",
        on: On::Every,
        change: Change::Handle(|rules, zone, call| {
            let mut reply = handle(rules, zone, call);
            let is_delete = call.operation.kind() == Kind::Delete;
            if is_delete && reply.is_success() && zone.mappings.is_empty() {
                zone.aside.insert("emptied".into(), json!(true));
            }
            if call.operation == Operation::named("v2.list")
                && zone.aside.contains_key("emptied")
                && zone.mappings.is_empty()
                && reply.is_success()
            {
                reply.body["result_info"]["total_count"] = json!(1);
            }
            Some(reply)
        }),
    },
    Fault {
        name: "{generation}-the-last-mapping-stays",
        breaks: "{generation}-DELETE-3",
        from: "an empty set that is taken for no change",
        on: On::Both(&[Kind::Delete]),
        change: Change::Handle(|rules, zone, call| {
            let is_last = zone.mappings.len() == 1;
            is_last.then(|| without_effect(rules, zone, call)).flatten()
        }),
    },
    Fault {
        name: "{generation}-the-last-delete-is-404",
        breaks: "{generation}-DELETE-3",
        from: "a setting that is looked up again after its last value went",
        on: On::Both(&[Kind::Delete]),
        change: Change::Handle(|rules, zone, call| {
            let is_last = zone.mappings.len() == 1;
            let reply = handle(rules, zone, call);
            Some(if is_last && reply.is_success() {
                Refusal::NOT_FOUND.reply(call.operation)
            } else {
                reply
            })
        }),
    },
];
