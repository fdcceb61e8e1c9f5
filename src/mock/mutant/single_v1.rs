//! Faults of the single operations of v1 (V1-CREATE to V1-DELETE).

use std::net::IpAddr;

use serde_json::json;

use super::bend::{code, list, place, recode, restatus, sent_ip, without_effect};
use super::fault::Fault;
use crate::exchange::{Kind, Operation};
use crate::mock::{Call, Change, On, Reply, handle};

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
        change: Change::Answer(|_, reply| restatus(reply, 1145, 409)),
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
];
