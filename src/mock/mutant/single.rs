//! Faults of the single operations (V1-CREATE to V1-DELETE, V2-GET to V2-DELETE).

use std::net::IpAddr;

use serde_json::{Value, json};

use super::bend::{code, entry, list, recode, sent_address, sent_ip, without_effect};
use super::fault::Fault;
use crate::exchange::{Kind, Operation};
use crate::mock::{Call, Change, On, Place, Refusal, Reply, Zone, handle};

/// What an address is mapped to.
fn place(zone: &Zone, ip: IpAddr) -> Option<Place> {
    Some(zone.mappings.get(&ip)?.place.clone())
}

pub(super) const FAULTS: &[Fault] = &[
    Fault {
        name: "create-without-effect",
        breaks: "V1-CREATE-1",
        from: "a transaction that is never committed",
        on: On::V1(&[Kind::Create]),
        change: Change::Handle(without_effect),
    },
    Fault {
        name: "create-answers-201",
        breaks: "V1-CREATE-1",
        from: "the usual status of a creation",
        on: On::V1(&[Kind::Create]),
        change: Change::Answer(|_, reply| {
            if reply.is_success() {
                reply.status = 201;
            }
        }),
    },
    Fault {
        name: "create-overwrites",
        breaks: "V1-CREATE-2",
        from: "an insert that replaces on conflict",
        on: On::V1(&[Kind::Create]),
        change: Change::Handle(|_, zone, call| {
            zone.mappings.remove(&sent_ip(call)?);
            None
        }),
    },
    Fault {
        name: "conflict-answers-409",
        breaks: "V1-CREATE-2",
        from: "the status that HTTP has for it",
        on: On::Every,
        change: Change::Answer(|_, reply| {
            if code(reply) == Some(1145) {
                reply.status = 409;
            }
        }),
    },
    Fault {
        name: "conflict-overwrites-all-the-same",
        breaks: "V1-CREATE-2",
        from: "the conflict seen after the write",
        on: On::V1(&[Kind::Create]),
        change: Change::Handle(|rules, zone, call| {
            let reply = handle(rules, zone, call);
            if code(&reply) == Some(1145) {
                zone.mappings.remove(&sent_ip(call)?);
                handle(rules, zone, call);
            }
            Some(reply)
        }),
    },
    Fault {
        name: "create-of-no-address-is-1000",
        breaks: "V1-CREATE-3",
        from: "a general code for all faults of the body",
        on: On::V1(&[Kind::Create]),
        change: Change::Answer(|_, reply| recode(reply, 1146, 1000)),
    },
    Fault {
        name: "create-with-unknown-region-is-written",
        breaks: "V1-CREATE-4",
        from: "the refusal comes after the write",
        on: On::V1(&[Kind::Create]),
        change: Change::Handle(|rules, zone, call| {
            let reply = handle(rules, zone, call);
            if !reply.is_success() {
                let mut loose = rules.clone();
                loose.read_name = |name| {
                    if name.contains("moon") {
                        "us-east-1".into()
                    } else {
                        name.into()
                    }
                };
                handle(&loose, zone, call);
            }
            Some(reply)
        }),
    },
    Fault {
        name: "upsert-answers-with-one-entry",
        breaks: "V1-UPSERT-1",
        from: "the list of what was changed, not of what is there",
        on: On::V1(&[Kind::Upsert]),
        change: Change::Answer(|call, reply| {
            if let Some(ip) = sent_ip(call)
                && let Some(items) = list(call, reply, "")
            {
                items.retain(|item| item["origin-ip"] == json!(ip.to_string()));
            }
        }),
    },
    Fault {
        name: "upsert-without-effect-for-new",
        breaks: "V1-UPSERT-1",
        from: "an UPDATE that finds no row",
        on: On::V1(&[Kind::Upsert]),
        change: Change::Handle(|rules, zone, call| {
            let ip = sent_ip(call)?;
            let is_new = !zone.mappings.contains_key(&ip);
            is_new.then(|| without_effect(rules, zone, call)).flatten()
        }),
    },
    Fault {
        name: "upsert-keeps-the-old",
        breaks: "V1-UPSERT-2",
        from: "an INSERT that ignores conflicts",
        on: On::V1(&[Kind::Upsert]),
        change: Change::Handle(|rules, zone, call| {
            let ip = sent_ip(call)?;
            let is_there = zone.mappings.contains_key(&ip);
            is_there
                .then(|| without_effect(rules, zone, call))
                .flatten()
        }),
    },
    Fault {
        name: "upsert-toggles",
        breaks: "V1-UPSERT-2",
        from: "a repetition taken for an undo",
        on: On::V1(&[Kind::Upsert]),
        change: Change::Handle(|rules, zone, call| {
            let ip = sent_ip(call)?;
            let before = place(zone, ip);
            let reply = handle(rules, zone, call);
            if before.is_some() && place(zone, ip) == before {
                zone.mappings.remove(&ip);
            }
            Some(reply)
        }),
    },
    Fault {
        name: "upsert-forgets-beyond-256",
        breaks: "V1-UPSERT-3",
        from: "a fixed page of the set that is read and written back",
        on: On::V1(&[Kind::Upsert]),
        change: Change::Handle(|rules, zone, call| {
            let reply = handle(rules, zone, call);
            let sent = sent_ip(call);
            let mut count = 0;
            zone.mappings.retain(|ip, _| {
                count += 1;
                count <= 256 || Some(*ip) == sent
            });
            Some(reply)
        }),
    },
    Fault {
        name: "upsert-of-unknown-vendor-deletes",
        breaks: "V1-UPSERT-4",
        from: "the old mapping removed before the new one is checked",
        on: On::V1(&[Kind::Upsert]),
        change: Change::Handle(|rules, zone, call| {
            let reply = handle(rules, zone, call);
            if !reply.is_success() {
                zone.mappings.remove(&sent_ip(call)?);
            }
            Some(reply)
        }),
    },
    Fault {
        name: "get-answers-for-the-prefix",
        breaks: "V1-GET-1",
        from: "a search by prefix",
        on: On::V1(&[Kind::Get]),
        change: Change::Handle(|rules, zone, call| {
            let text = call.address.clone()?;
            let longer = zone.mappings.keys().find(|ip| {
                let shown = ip.to_string();
                shown.starts_with(&text) && shown != text
            })?;
            let other = Call {
                address: Some(longer.to_string()),
                ..call.clone()
            };
            Some(handle(rules, zone, &other))
        }),
    },
    Fault {
        name: "get-of-nothing-is-an-empty-success",
        breaks: "V1-GET-2",
        from: "no row means null, and null means well",
        on: On::V1(&[Kind::Get]),
        change: Change::Answer(|_, reply| {
            if reply.status == 404 {
                reply.status = 200;
                reply.body = json!({"success": true, "errors": [], "messages": [], "result": null});
            }
        }),
    },
    Fault {
        name: "get-of-nothing-is-400",
        breaks: "V1-GET-2",
        from: "one status for all refusals",
        on: On::V1(&[Kind::Get]),
        change: Change::Answer(|_, reply| {
            if reply.status == 404 {
                reply.status = 400;
            }
        }),
    },
    Fault {
        name: "delete-leaves-a-ghost",
        breaks: "V1-DELETE-1",
        from: "a cache that single reads use and deletes forget",
        on: On::V1(&[Kind::Delete, Kind::Get]),
        change: Change::Handle(|rules, zone, call| {
            let ip: IpAddr = call.address.as_ref()?.parse().ok()?;
            if call.operation.kind() == Kind::Delete {
                let mut get = call.clone();
                get.operation = Operation::named("v1.get");
                let seen = handle(rules, zone, &get);
                if seen.is_success() {
                    zone.aside.insert(ip.to_string(), seen.body);
                }
                return None;
            }
            let ghost = zone.aside.get(&ip.to_string())?.clone();
            (!zone.mappings.contains_key(&ip)).then(|| Reply {
                status: 200,
                body: ghost,
                headers: Vec::new(),
            })
        }),
    },
    Fault {
        name: "delete-takes-the-prefix",
        breaks: "V1-DELETE-1",
        from: "a delete by LIKE",
        on: On::V1(&[Kind::Delete]),
        change: Change::Handle(|rules, zone, call| {
            let reply = handle(rules, zone, call);
            let text = call.address.clone()?;
            if reply.is_success() {
                zone.mappings
                    .retain(|ip, _| !ip.to_string().starts_with(&text));
            }
            Some(reply)
        }),
    },
    Fault {
        name: "delete-of-nothing-succeeds",
        breaks: "V1-DELETE-2",
        from: "a delete that is idempotent by habit",
        on: On::V1(&[Kind::Delete]),
        change: Change::Handle(|rules, zone, call| {
            let reply = handle(rules, zone, call);
            if reply.status != 404 {
                return Some(reply);
            }
            let address = call.address.clone()?;
            Some(Reply::success(json!({
                "id": "origin_public_cloud_region",
                "editable": true,
                "value": {"origin-ip": address.parse::<IpAddr>().ok()?.to_string(), "vendor": "aws", "region": "us-east-1"},
            })))
        }),
    },
    Fault {
        name: "the-last-one-stays-as-a-null-entry",
        breaks: "V1-DELETE-3",
        from: "the set's time kept when its last mapping goes",
        on: On::Every,
        change: Change::Handle(|rules, zone, call| {
            let was_there = !zone.mappings.is_empty();
            let mut reply = handle(rules, zone, call);
            if was_there && zone.mappings.is_empty() {
                zone.aside.insert("emptied".into(), json!(true));
            }
            let is_list = call.operation == Operation::named("v1.list");
            if is_list && zone.aside.contains_key("emptied") && zone.mappings.is_empty() {
                reply.body["result"]["modified_on"] = json!("2026-03-01T12:00:00Z");
            }
            Some(reply)
        }),
    },
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
        change: Change::Answer(|_, reply| {
            if code(reply) == Some(1157) {
                reply.status = 500;
            }
        }),
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
