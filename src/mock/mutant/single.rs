//! Faults of the single operations (V1-CREATE to V1-DELETE, V2-GET to V2-DELETE).

use std::net::IpAddr;

use serde_json::{Value, json};

use super::super::change::Change;
use super::super::handle::handle;
use super::super::refusal::Refusal;
use super::all::Mutant;
use super::bend::{entry, is, is_kind, list, sent_address, with_effect_of, without_effect};
use crate::exchange::{Kind, Operation};

pub(super) const MUTANTS: &[Mutant] = &[
    Mutant {
        name: "create-without-effect",
        breaks: "V1-CREATE-1",
        from: "a transaction that is never committed",
        changes: &[Change::Handle(|rules, zone, call| {
            is(call, "v1.create").then(|| without_effect(rules, zone, call))
        })],
    },
    Mutant {
        name: "create-answers-201",
        breaks: "V1-CREATE-1",
        from: "the usual status of a creation",
        changes: &[Change::Answer(|call, reply| {
            if is(call, "v1.create") && reply.is_success() {
                reply.status = 201;
            }
        })],
    },
    Mutant {
        name: "create-overwrites",
        breaks: "V1-CREATE-2",
        from: "an insert that replaces on conflict",
        changes: &[Change::Handle(|_, zone, call| {
            if is(call, "v1.create") {
                let ip: Option<IpAddr> = sent_address(call).and_then(|text| text.parse().ok());
                ip.and_then(|ip| zone.mappings.remove(&ip));
            }
            None
        })],
    },
    Mutant {
        name: "conflict-answers-409",
        breaks: "V1-CREATE-2",
        from: "the status that HTTP has for it",
        changes: &[Change::Answer(|_, reply| {
            if reply.body.pointer("/errors/0/code") == Some(&json!(1145)) {
                reply.status = 409;
            }
        })],
    },
    Mutant {
        name: "conflict-overwrites-all-the-same",
        breaks: "V1-CREATE-2",
        from: "the conflict seen after the write",
        changes: &[Change::Handle(|rules, zone, call| {
            if !is(call, "v1.create") {
                return None;
            }
            let reply = handle(rules, zone, call);
            if reply.body.pointer("/errors/0/code") == Some(&json!(1145)) {
                let ip: IpAddr = sent_address(call)?.parse().ok()?;
                zone.mappings.remove(&ip);
                handle(rules, zone, call);
            }
            Some(reply)
        })],
    },
    Mutant {
        name: "create-of-no-address-is-1000",
        breaks: "V1-CREATE-3",
        from: "a general code for all faults of the body",
        changes: &[Change::Answer(|call, reply| {
            if is(call, "v1.create") && reply.body.pointer("/errors/0/code") == Some(&json!(1146)) {
                reply.body["errors"][0]["code"] = json!(1000);
            }
        })],
    },
    Mutant {
        name: "create-with-unknown-region-is-written",
        breaks: "V1-CREATE-4",
        from: "the refusal comes after the write",
        changes: &[Change::Handle(|rules, zone, call| {
            is(call, "v1.create").then(|| {
                with_effect_of(rules, zone, call, |rules| {
                    rules.read_name = |name| {
                        if name.contains("moon") {
                            "us-east-1".into()
                        } else {
                            name.into()
                        }
                    };
                })
            })
        })],
    },
    Mutant {
        name: "upsert-answers-with-one-entry",
        breaks: "V1-UPSERT-1",
        from: "the list of what was changed, not of what is there",
        changes: &[Change::Answer(|call, reply| {
            if is(call, "v1.upsert")
                && let Some(ip) = sent_address(call).and_then(|text| text.parse::<IpAddr>().ok())
                && let Some(items) = list(call, reply, "")
            {
                items.retain(|item| item["origin-ip"] == json!(ip.to_string()));
            }
        })],
    },
    Mutant {
        name: "upsert-without-effect-for-new",
        breaks: "V1-UPSERT-1",
        from: "an UPDATE that finds no row",
        changes: &[Change::Handle(|rules, zone, call| {
            let ip: IpAddr = sent_address(call)?.parse().ok()?;
            (is(call, "v1.upsert") && !zone.mappings.contains_key(&ip))
                .then(|| without_effect(rules, zone, call))
        })],
    },
    Mutant {
        name: "upsert-keeps-the-old",
        breaks: "V1-UPSERT-2",
        from: "an INSERT that ignores conflicts",
        changes: &[Change::Handle(|rules, zone, call| {
            let ip: IpAddr = sent_address(call)?.parse().ok()?;
            (is(call, "v1.upsert") && zone.mappings.contains_key(&ip))
                .then(|| without_effect(rules, zone, call))
        })],
    },
    Mutant {
        name: "upsert-toggles",
        breaks: "V1-UPSERT-2",
        from: "a repetition taken for an undo",
        changes: &[Change::Handle(|rules, zone, call| {
            if !is(call, "v1.upsert") {
                return None;
            }
            let ip: IpAddr = sent_address(call)?.parse().ok()?;
            let before = zone.mappings.get(&ip).map(|mapping| mapping.place.clone());
            let reply = handle(rules, zone, call);
            if before.is_some() && zone.mappings.get(&ip).map(|m| m.place.clone()) == before {
                zone.mappings.remove(&ip);
            }
            Some(reply)
        })],
    },
    Mutant {
        name: "upsert-forgets-beyond-256",
        breaks: "V1-UPSERT-3",
        from: "a fixed page of the set that is read and written back",
        changes: &[Change::Handle(|rules, zone, call| {
            if !is(call, "v1.upsert") {
                return None;
            }
            let reply = handle(rules, zone, call);
            let ip: Option<IpAddr> = sent_address(call).and_then(|text| text.parse().ok());
            let surplus: Vec<IpAddr> = zone
                .mappings
                .keys()
                .copied()
                .skip(256)
                .filter(|k| Some(*k) != ip)
                .collect();
            for key in surplus {
                zone.mappings.remove(&key);
            }
            Some(reply)
        })],
    },
    Mutant {
        name: "upsert-of-unknown-vendor-deletes",
        breaks: "V1-UPSERT-4",
        from: "the old mapping removed before the new one is checked",
        changes: &[Change::Handle(|rules, zone, call| {
            if !is(call, "v1.upsert") {
                return None;
            }
            let reply = handle(rules, zone, call);
            if !reply.is_success() {
                let ip: IpAddr = sent_address(call)?.parse().ok()?;
                zone.mappings.remove(&ip);
            }
            Some(reply)
        })],
    },
    Mutant {
        name: "get-answers-for-the-prefix",
        breaks: "V1-GET-1",
        from: "a search by prefix",
        changes: &[Change::Handle(|rules, zone, call| {
            if !is(call, "v1.get") {
                return None;
            }
            let text = call.address.clone()?;
            let longer = zone.mappings.keys().find(|ip| {
                let shown = ip.to_string();
                shown.starts_with(&text) && shown != text
            })?;
            let other = super::super::call::Call {
                address: Some(longer.to_string()),
                ..call.clone()
            };
            Some(handle(rules, zone, &other))
        })],
    },
    Mutant {
        name: "get-of-nothing-is-an-empty-success",
        breaks: "V1-GET-2",
        from: "no row means null, and null means well",
        changes: &[Change::Answer(|call, reply| {
            if is(call, "v1.get") && reply.status == 404 {
                reply.status = 200;
                reply.body = json!({"success": true, "errors": [], "messages": [], "result": null});
            }
        })],
    },
    Mutant {
        name: "get-of-nothing-is-400",
        breaks: "V1-GET-2",
        from: "one status for all refusals",
        changes: &[Change::Answer(|call, reply| {
            if is(call, "v1.get") && reply.status == 404 {
                reply.status = 400;
            }
        })],
    },
    Mutant {
        name: "delete-leaves-a-ghost",
        breaks: "V1-DELETE-1",
        from: "a cache that single reads use and deletes forget",
        changes: &[Change::Handle(|rules, zone, call| {
            let ip: Option<IpAddr> = call.address.as_ref().and_then(|text| text.parse().ok());
            if is(call, "v1.delete") {
                let mut get = call.clone();
                get.operation = Operation::named("v1.get");
                let seen = handle(rules, zone, &get);
                if let (true, Some(ip)) = (seen.is_success(), ip) {
                    zone.aside.insert(ip.to_string(), seen.body);
                }
                return None;
            }
            if is(call, "v1.get") && ip.is_some_and(|ip| !zone.mappings.contains_key(&ip)) {
                let ghost = zone.aside.get(&ip?.to_string())?.clone();
                return Some(super::super::call::Reply {
                    status: 200,
                    body: ghost,
                    headers: Vec::new(),
                });
            }
            None
        })],
    },
    Mutant {
        name: "delete-takes-the-prefix",
        breaks: "V1-DELETE-1",
        from: "a delete by LIKE",
        changes: &[Change::Handle(|rules, zone, call| {
            if !is(call, "v1.delete") {
                return None;
            }
            let reply = handle(rules, zone, call);
            let text = call.address.clone()?;
            if reply.is_success() {
                zone.mappings
                    .retain(|ip, _| !ip.to_string().starts_with(&text));
            }
            Some(reply)
        })],
    },
    Mutant {
        name: "delete-of-nothing-succeeds",
        breaks: "V1-DELETE-2",
        from: "a delete that is idempotent by habit",
        changes: &[Change::Handle(|rules, zone, call| {
            if !is(call, "v1.delete") {
                return None;
            }
            let reply = handle(rules, zone, call);
            if reply.status != 404 {
                return Some(reply);
            }
            let address = call.address.clone()?;
            Some(super::super::call::Reply::success(json!({
                "id": "origin_public_cloud_region",
                "editable": true,
                "value": {"origin-ip": address.parse::<IpAddr>().ok()?.to_string(), "vendor": "aws", "region": "us-east-1"},
            })))
        })],
    },
    Mutant {
        name: "the-last-one-stays-as-a-null-entry",
        breaks: "V1-DELETE-3",
        from: "the set's time kept when its last mapping goes",
        changes: &[Change::Handle(|rules, zone, call| {
            let was_there = !zone.mappings.is_empty();
            let reply = handle(rules, zone, call);
            if was_there && zone.mappings.is_empty() {
                zone.aside.insert("emptied".into(), json!(true));
            }
            let mut reply = reply;
            if is(call, "v1.list") && zone.aside.contains_key("emptied") && zone.mappings.is_empty()
            {
                reply.body["result"]["modified_on"] = json!("2026-03-01T12:00:00Z");
            }
            Some(reply)
        })],
    },
    Mutant {
        name: "v2-get-is-stale-after-put",
        breaks: "V2-GET-1",
        from: "a read cache without invalidation",
        changes: &[Change::Handle(|rules, zone, call| {
            if !is(call, "v2.get") {
                return None;
            }
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
            Some(super::super::call::Reply {
                body: cached,
                ..fresh
            })
        })],
    },
    Mutant {
        name: "v2-get-of-nothing-is-204",
        breaks: "V2-GET-2",
        from: "no content for no mapping",
        changes: &[Change::Answer(|call, reply| {
            if is(call, "v2.get") && reply.status == 404 {
                reply.status = 204;
                reply.body = Value::String(String::new());
            }
        })],
    },
    Mutant {
        name: "put-without-effect",
        breaks: "V2-PUT-1",
        from: "an answer built from the request",
        changes: &[Change::Handle(|rules, zone, call| {
            is(call, "v2.put").then(|| without_effect(rules, zone, call))
        })],
    },
    Mutant {
        name: "put-answers-with-the-old-region",
        breaks: "V2-PUT-1",
        from: "the row read before it was written",
        changes: &[Change::Handle(|rules, zone, call| {
            if !is(call, "v2.put") {
                return None;
            }
            let ip: IpAddr = sent_address(call)?.parse().ok()?;
            let before = zone
                .mappings
                .get(&ip)
                .map(|mapping| mapping.place.region.clone());
            let mut reply = handle(rules, zone, call);
            if let (Some(before), Some(entry)) = (before, entry(call, &mut reply)) {
                entry["region"] = json!(before);
            }
            Some(reply)
        })],
    },
    Mutant {
        name: "put-replaces-the-collection",
        breaks: "V2-PUT-2",
        from: "PUT taken for the whole resource",
        changes: &[Change::Handle(|rules, zone, call| {
            if !is(call, "v2.put") {
                return None;
            }
            let reply = handle(rules, zone, call);
            if reply.is_success() {
                let ip: IpAddr = sent_address(call)?.parse().ok()?;
                zone.mappings.retain(|key, _| *key == ip);
            }
            Some(reply)
        })],
    },
    Mutant {
        name: "put-keeps-the-old-vendor",
        breaks: "V2-PUT-2",
        from: "an update of one column",
        changes: &[Change::Handle(|rules, zone, call| {
            if !is(call, "v2.put") {
                return None;
            }
            let ip: IpAddr = sent_address(call)?.parse().ok()?;
            let before = zone.mappings.get(&ip).map(|mapping| mapping.place.clone());
            let reply = handle(rules, zone, call);
            if let (Some(before), Some(mapping), true) =
                (before, zone.mappings.get_mut(&ip), reply.is_success())
            {
                mapping.place = before;
            }
            Some(reply)
        })],
    },
    Mutant {
        name: "put-again-is-a-conflict",
        breaks: "V2-PUT-3",
        from: "an unchanged row counted as no row",
        changes: &[Change::Handle(|rules, zone, call| {
            if !is(call, "v2.put") {
                return None;
            }
            let ip: IpAddr = sent_address(call)?.parse().ok()?;
            let before = zone.mappings.get(&ip).map(|mapping| mapping.place.clone());
            let reply = handle(rules, zone, call);
            let after = zone.mappings.get(&ip).map(|mapping| mapping.place.clone());
            let is_same = reply.is_success() && before.is_some() && before == after;
            Some(if is_same {
                Refusal::Exists.reply(call.operation)
            } else {
                reply
            })
        })],
    },
    Mutant {
        name: "put-takes-the-body-over-the-path",
        breaks: "V2-PUT-4",
        from: "a path that is routed and not read",
        changes: &[Change::Ask(|call| {
            if is(call, "v2.put")
                && let Some(sent) = sent_address(call)
                && sent.parse::<IpAddr>().is_ok()
            {
                call.address = Some(sent);
            }
        })],
    },
    Mutant {
        name: "mismatch-is-409",
        breaks: "V2-PUT-4",
        from: "another status for the same refusal",
        changes: &[Change::Answer(|call, reply| {
            let is_mismatch = reply
                .body
                .pointer("/errors/0/message")
                .and_then(Value::as_str)
                .is_some_and(|text| text.contains("does not match"));
            if is(call, "v2.put") && is_mismatch {
                reply.status = 409;
            }
        })],
    },
    Mutant {
        name: "put-with-unknown-region-is-1146",
        breaks: "V2-PUT-5",
        from: "one code for all faults of the body",
        changes: &[Change::Answer(|call, reply| {
            if is(call, "v2.put") && reply.body.pointer("/errors/0/code") == Some(&json!(1157)) {
                reply.body["errors"][0]["code"] = json!(1146);
            }
        })],
    },
    Mutant {
        name: "put-with-unknown-region-is-500",
        breaks: "V2-PUT-5",
        from: "a foreign key that the database refuses",
        changes: &[Change::Answer(|call, reply| {
            if is(call, "v2.put") && reply.body.pointer("/errors/0/code") == Some(&json!(1157)) {
                reply.status = 500;
            }
        })],
    },
    Mutant {
        name: "v2-delete-without-effect",
        breaks: "V2-DELETE-1",
        from: "a soft delete that reads do not know",
        changes: &[Change::Handle(|rules, zone, call| {
            is(call, "v2.delete").then(|| without_effect(rules, zone, call))
        })],
    },
    Mutant {
        name: "v2-delete-answers-null",
        breaks: "V2-DELETE-1",
        from: "nothing left to show",
        changes: &[Change::Answer(|call, reply| {
            if is(call, "v2.delete") && reply.is_success() {
                reply.body["result"] = Value::Null;
            }
        })],
    },
    Mutant {
        name: "v2-delete-of-nothing-succeeds",
        breaks: "V2-DELETE-2",
        from: "a delete that is idempotent by habit",
        changes: &[Change::Answer(|call, reply| {
            if is(call, "v2.delete") && reply.status == 404 {
                let shown = call
                    .address
                    .as_ref()
                    .and_then(|text| text.parse::<IpAddr>().ok());
                *reply = super::super::call::Reply::success(
                    json!({"origin_ip": shown.map(|ip| ip.to_string())}),
                );
            }
        })],
    },
    Mutant {
        name: "an-emptied-zone-counts-one",
        breaks: "V2-DELETE-3",
        from: "a counter that stops at one",
        changes: &[Change::Handle(|rules, zone, call| {
            let mut reply = handle(rules, zone, call);
            if is_kind(call, Kind::Delete) && reply.is_success() && zone.mappings.is_empty() {
                zone.aside.insert("emptied".into(), json!(true));
            }
            if is(call, "v2.list")
                && zone.aside.contains_key("emptied")
                && zone.mappings.is_empty()
                && reply.is_success()
            {
                reply.body["result_info"]["total_count"] = json!(1);
            }
            Some(reply)
        })],
    },
];
