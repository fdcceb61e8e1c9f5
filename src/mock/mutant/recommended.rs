//! Faults against clauses that are only recommended (`should`), and faults that only two zones can
//! show.

use std::net::{IpAddr, Ipv6Addr};

use serde_json::{Value, json};

use super::bend::{empty_for_none, items, list, of_other_zones, sent_ip};
use super::concurrency::decided_early;
use super::fault::Fault;
use super::region::default_region;
use crate::exchange::{Generation, Kind, Operation};
use crate::mock::{Body, Call, Change, On, Refusal, Reply, Rules, Zone, handle};

/// Returns whether a JSON body has the shape that the operation takes. Bodies that are not JSON pass.
fn has_shape(call: &Call) -> bool {
    match &call.body {
        Body::Json(value) if call.operation.kind().is_batch() => value.is_array(),
        Body::Json(value) => value.is_object(),
        Body::None | Body::Malformed(_) => true,
    }
}

/// Refuses any call when the zone is full, even one that would only overwrite.
fn full_before_looking(rules: &Rules, zone: &mut Zone, call: &Call) -> Option<Reply> {
    (zone.mappings.len() >= rules.limit).then(|| Refusal::FULL.reply(call.operation))
}

fn server_error(call: &Call) -> Reply {
    Reply {
        status: 500,
        ..Refusal::SHAPE.reply(call.operation)
    }
}

pub(super) const FAULTS: &[Fault] = &[
    Fault {
        name: "keys-are-refused",
        breaks: "AUTH-3",
        from: "the older scheme that was never built",
        on: On::Every,
        change: Change::Handle(|_, _, call| {
            call.credentials
                .token
                .is_none()
                .then(|| Reply::failure(403, 10_000, "Authentication error"))
        }),
    },
    Fault {
        name: "own-texts",
        breaks: "ENV-7",
        from: "texts written anew",
        on: On::Every,
        change: Change::Answer(|_, reply| {
            if let Some(error) = reply.body.pointer_mut("/errors/0") {
                error["message"] = json!("The request was refused");
            }
        }),
    },
    Fault {
        name: "a-success-warns-in-errors",
        breaks: "ENV-6",
        from: "warnings put where errors go",
        on: On::Every,
        change: Change::Answer(|_, reply| {
            if reply.is_success() {
                reply.body["errors"] = json!([{"code": 1000, "message": "deprecated"}]);
            }
        }),
    },
    Fault {
        name: "no-route-is-a-server-error",
        breaks: "HTTP-3",
        from: "a router without a last resort",
        on: On::Every,
        change: Change::Rules(|rules| {
            rules.router_says = |reply| Reply {
                status: 500,
                ..reply
            }
        }),
    },
    Fault {
        name: "any-method-is-welcome",
        breaks: "HTTP-4",
        from: "a handler that answers before it looks at the method",
        on: On::Every,
        change: Change::Rules(|rules| {
            rules.router_says = |_| Reply::success(json!({}));
        }),
    },
    Fault {
        name: "long-zone-ids-are-welcome",
        breaks: "ZONE-2",
        from: "a zone id that is never looked at",
        on: On::Every,
        change: Change::Rules(|rules| {
            rules.router_says = |_| Reply::success(json!([]));
        }),
    },
    Fault {
        name: "no-json-is-a-server-error",
        breaks: "HTTP-1",
        from: "a parse error that nobody catches",
        on: On::Every,
        change: Change::Handle(|_, _, call| {
            matches!(call.body, Body::Malformed(_)).then(|| server_error(call))
        }),
    },
    Fault {
        name: "wrong-shapes-are-a-server-error",
        breaks: "HTTP-2",
        from: "a cast that nobody checks",
        on: On::Every,
        change: Change::Handle(|_, _, call| (!has_shape(call)).then(|| server_error(call))),
    },
    Fault {
        name: "wrong-types-are-a-server-error",
        breaks: "HTTP-2",
        from: "a text method called on a number",
        on: On::Every,
        change: Change::Handle(|_, _, call| {
            let Body::Json(Value::Object(body)) = &call.body else {
                return None;
            };
            let is_odd = |name: &str| body.get(name).is_some_and(|value| !value.is_string());
            (is_odd("vendor") || is_odd("region")).then(|| server_error(call))
        }),
    },
    Fault {
        name: "spellings-of-mapped-addresses-are-apart",
        breaks: "IP-6",
        from: "mixed notation kept as text",
        on: On::Every,
        change: Change::Rules(|rules| {
            rules.read_address = |text| {
                let text = if text.starts_with("::ffff:c000") {
                    "::ffff:192.0.2.34"
                } else {
                    text
                };
                text.parse().ok()
            };
            rules.read_path = rules.read_address;
        }),
    },
    Fault {
        name: "odd-forms-are-understood",
        breaks: "IP-7",
        from: "a lenient parser",
        on: On::Every,
        change: Change::Rules(|rules| {
            rules.read_address = |text| {
                let bare = text.trim().trim_matches(['[', ']']);
                bare.split(['/', '%']).next()?.parse().ok()
            };
        }),
    },
    Fault {
        name: "numbers-are-addresses",
        breaks: "IP-7",
        from: "an IPv4 address taken as the number that it is",
        on: On::Every,
        change: Change::Ask(|call| {
            let member = call.operation.generation().request_address();
            let mend = |item: &mut Value| {
                if item.get(member).is_some_and(Value::is_number) {
                    item[member] = json!("192.0.2.10");
                }
            };
            match &mut call.body {
                Body::Json(Value::Array(items)) => items.iter_mut().for_each(mend),
                Body::Json(item) => mend(item),
                Body::None | Body::Malformed(_) => {}
            }
        }),
    },
    Fault {
        name: "upsert-at-the-limit-refuses-to-overwrite",
        breaks: "V1-UPSERT-6",
        from: "the limit looked at before the mapping",
        on: On::V1(&[Kind::Upsert]),
        change: Change::Handle(full_before_looking),
    },
    Fault {
        name: "put-at-the-limit-refuses-to-overwrite",
        breaks: "V2-PUT-7",
        from: "the limit looked at before the mapping",
        on: On::V2(&[Kind::Upsert]),
        change: Change::Handle(full_before_looking),
    },
    Fault {
        name: "batch-at-the-limit-refuses-to-overwrite",
        breaks: "V2-BATCH-8",
        from: "the limit looked at before the mappings",
        on: On::V2(&[Kind::BatchUpsert]),
        change: Change::Handle(full_before_looking),
    },
    Fault {
        name: "stores-apart",
        breaks: "X-1",
        from: "two services behind one name",
        on: On::Every,
        change: Change::Rules(|rules| {
            rules.zone_key = |operation, zone| format!("{}-{zone}", operation.generation().id());
        }),
    },
    Fault {
        name: "limits-apart",
        breaks: "X-2",
        from: "two services that count for themselves",
        on: On::Every,
        change: Change::Rules(|rules| {
            rules.zone_key = |operation, zone| match operation.generation() {
                Generation::V1 => zone.to_owned(),
                Generation::V2 => format!("v2-{zone}"),
            };
        }),
    },
    Fault {
        name: "order-changes-each-time",
        breaks: "V2-LIST-8",
        from: "the order of a hash map",
        on: On::V2(&[Kind::List]),
        change: Change::Handle(|rules, zone, call| {
            let is_odd = zone.aside.remove("odd").is_none();
            if is_odd {
                zone.aside.insert("odd".into(), json!(true));
            }
            let mut reply = handle(rules, zone, call);
            if let (true, Some(items)) = (is_odd, list(call, &mut reply, "")) {
                items.reverse();
            }
            Some(reply)
        }),
    },
    Fault {
        name: "past-the-end-is-not-found",
        breaks: "V2-LIST-7",
        from: "a page that is looked up",
        on: On::V2(&[Kind::List]),
        change: Change::Answer(|call, reply| {
            let is_empty = reply.body["result"].as_array().is_some_and(Vec::is_empty);
            if is_empty && call.query("page").is_some_and(|page| page != "1") {
                *reply = Refusal::NOT_FOUND.reply(call.operation);
            }
        }),
    },
    Fault {
        name: "v1-lists-fewer-regions",
        breaks: "REG-8",
        from: "a list that is no longer kept up",
        on: On::V1(&[Kind::SupportedRegions]),
        change: Change::Answer(|_, reply| {
            let regions = reply.body.pointer_mut("/result/vendors/aws");
            regions.and_then(Value::as_array_mut).and_then(Vec::pop);
        }),
    },
    Fault {
        name: "create-without-region-is-taken",
        breaks: "REG-9",
        from: "a default in place of a missing member",
        on: On::V1(&[Kind::Create]),
        change: Change::Ask(default_region),
    },
    Fault {
        name: "any-token-creates",
        breaks: "AUTH-2",
        from: "a token that is looked for and not looked up",
        on: On::V1(&[Kind::Create]),
        change: Change::Admit(|call| {
            call.credentials.token.is_some() || call.credentials.key.is_some()
        }),
    },
    Fault {
        name: "a-batch-without-a-body-is-an-empty-one",
        breaks: "HTTP-1",
        from: "a missing body decoded into an empty list",
        on: On::V2(&[Kind::BatchUpsert]),
        change: Change::Ask(empty_for_none),
    },
    Fault {
        name: "an-empty-batch-empties-the-zone",
        breaks: "V2-BATCH-3",
        from: "PUT taken for the whole collection, of nothing",
        on: On::V2(&[Kind::BatchUpsert]),
        change: Change::Handle(|_, zone, call| {
            if items(call).is_empty() && has_shape(call) && call.body != Body::None {
                zone.mappings.clear();
            }
            None
        }),
    },
    Fault {
        name: "an-empty-batch-delete-empties-the-zone",
        breaks: "V2-BDEL-3",
        from: "a filter without values, which fits every row",
        on: On::V2(&[Kind::BatchDelete]),
        change: Change::Handle(|_, zone, call| {
            if items(call).is_empty() && call.body != Body::None {
                zone.mappings.clear();
            }
            None
        }),
    },
    Fault {
        name: "upsert-drops-what-ends-alike",
        breaks: "V1-UPSERT-3",
        from: "an IPv6 address kept in 64 bits",
        on: On::V1(&[Kind::Upsert]),
        change: Change::Handle(|rules, zone, call| {
            let reply = handle(rules, zone, call);
            let low = |ip: &Ipv6Addr| u128::from(*ip) & u128::from(u64::MAX);
            if let Some(IpAddr::V6(ip)) = sent_ip(call) {
                zone.mappings.retain(|key, _| match key {
                    IpAddr::V6(other) => *other == ip || low(other) != low(&ip),
                    IpAddr::V4(_) => true,
                });
            }
            Some(reply)
        }),
    },
    Fault {
        name: "creates-count-before-they-wait",
        breaks: "CONC-2",
        from: "the limit checked, then awaited, then written",
        on: On::V1(&[Kind::Create]),
        change: Change::Rules(decided_early),
    },
    Fault {
        name: "create-sees-conflicts-in-other-zones",
        breaks: "ZONE-1",
        from: "a unique index without the zone",
        on: On::Every,
        change: Change::Handle(|rules, zone, call| {
            let is_create = call.operation == Operation::named("v1.create");
            let others = of_other_zones(rules, zone, call, is_create);
            (is_create && others.contains_key(&sent_ip(call)?))
                .then(|| Refusal::EXISTS.reply(call.operation))
        }),
    },
    Fault {
        name: "the-limit-counts-all-zones",
        breaks: "ZONE-1",
        from: "a count without the zone",
        on: On::Every,
        change: Change::Handle(|rules, zone, call| {
            let is_write = call.operation.kind() == Kind::Upsert;
            let others = of_other_zones(rules, zone, call, is_write && zone.mappings.len() < 10);
            (is_write && zone.mappings.len() + others.len() >= rules.limit)
                .then(|| Refusal::FULL.reply(call.operation))
        }),
    },
];
