//! Faults against clauses that are only recommended (`should`), and faults that two zones are needed
//! to see.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use serde_json::{Value, json};

use super::super::call::{Body, Call, Reply};
use super::super::change::Change;
use super::super::handle::handle;
use super::super::refusal::Refusal;
use super::super::rules::Rules;
use super::super::store::{Mapping, Zone};
use super::all::Mutant;
use super::bend::{is, is_kind, list, sent_address};
use crate::exchange::{Generation, Kind, Operation};

/// What the zones hold, for mutants that mix zones up.
static SEEN: Mutex<BTreeMap<String, BTreeMap<IpAddr, Mapping>>> = Mutex::new(BTreeMap::new());

/// The mappings of the other zones of the same case: their ids begin alike.
fn of_other_zones(
    rules: &Rules,
    zone: &mut Zone,
    call: &Call,
    is_looked_at: bool,
) -> BTreeMap<IpAddr, Mapping> {
    let mut seen = SEEN.lock().unwrap_or_else(PoisonError::into_inner);
    if !is_looked_at {
        if call.operation.kind().writes() {
            let mut after = zone.clone();
            handle(rules, &mut after, call);
            seen.insert(call.zone.clone(), after.mappings);
        }
        return BTreeMap::new();
    }
    seen.iter()
        .filter(|(key, _)| key.get(..28) == call.zone.get(..28) && **key != call.zone)
        .flat_map(|(_, mappings)| mappings.clone())
        .collect()
}

/// Whether a JSON body has the shape of the operation.
fn has_shape(call: &Call) -> bool {
    match &call.body {
        Body::Json(value) if call.operation.kind().is_batch() => value.is_array(),
        Body::Json(value) => value.is_object(),
        Body::None | Body::Malformed(_) => true,
    }
}

/// A refusal to overwrite when the zone is full.
fn full_before_looking(rules: &Rules, zone: &Zone, call: &Call, operation: &str) -> Option<Reply> {
    (is(call, operation) && zone.mappings.len() >= rules.limit)
        .then(|| Refusal::Full.reply(call.operation))
}

fn server_error(call: &Call) -> Reply {
    Reply {
        status: 500,
        ..Refusal::Shape.reply(call.operation)
    }
}

pub(super) const MUTANTS: &[Mutant] = &[
    Mutant {
        name: "keys-are-refused",
        breaks: "AUTH-3",
        from: "the older scheme that was never built",
        changes: &[Change::Handle(|_, _, call| {
            call.credentials
                .token
                .is_none()
                .then(|| Reply::failure(403, 10_000, "Authentication error"))
        })],
    },
    Mutant {
        name: "own-texts",
        breaks: "ENV-7",
        from: "texts written anew",
        changes: &[Change::Answer(|_, reply| {
            if let Some(error) = reply.body.pointer_mut("/errors/0") {
                error["message"] = json!("The request was refused");
            }
        })],
    },
    Mutant {
        name: "a-success-warns-in-errors",
        breaks: "ENV-6",
        from: "warnings put where errors go",
        changes: &[Change::Answer(|_, reply| {
            if reply.is_success() {
                reply.body["errors"] = json!([{"code": 1000, "message": "deprecated"}]);
            }
        })],
    },
    Mutant {
        name: "no-route-is-a-server-error",
        breaks: "HTTP-3",
        from: "a router without a last resort",
        changes: &[Change::Rules(|rules| {
            rules.router_says = |reply| Reply {
                status: 500,
                ..reply
            }
        })],
    },
    Mutant {
        name: "any-method-is-welcome",
        breaks: "HTTP-4",
        from: "a handler that answers before it looks at the method",
        changes: &[Change::Rules(|rules| {
            rules.router_says = |_| Reply::success(json!({}));
        })],
    },
    Mutant {
        name: "long-zone-ids-are-welcome",
        breaks: "ZONE-2",
        from: "a zone id that is never looked at",
        changes: &[Change::Rules(|rules| {
            rules.router_says = |_| Reply::success(json!([]));
        })],
    },
    Mutant {
        name: "no-json-is-a-server-error",
        breaks: "HTTP-1",
        from: "a parse error that nobody catches",
        changes: &[Change::Handle(|_, _, call| {
            matches!(call.body, Body::Malformed(_)).then(|| server_error(call))
        })],
    },
    Mutant {
        name: "wrong-shapes-are-a-server-error",
        breaks: "HTTP-2",
        from: "a cast that nobody checks",
        changes: &[Change::Handle(|_, _, call| {
            (!has_shape(call)).then(|| server_error(call))
        })],
    },
    Mutant {
        name: "wrong-types-are-a-server-error",
        breaks: "HTTP-2",
        from: "a text method called on a number",
        changes: &[Change::Handle(|_, _, call| {
            let Body::Json(Value::Object(body)) = &call.body else {
                return None;
            };
            let is_odd = |name: &str| body.get(name).is_some_and(|value| !value.is_string());
            (is_odd("vendor") || is_odd("region")).then(|| server_error(call))
        })],
    },
    Mutant {
        name: "spellings-of-mapped-addresses-are-apart",
        breaks: "IP-6",
        from: "mixed notation kept as text",
        changes: &[Change::Rules(|rules| {
            rules.read_address = |text| {
                let text = if text.starts_with("::ffff:c000") {
                    "::ffff:192.0.2.34"
                } else {
                    text
                };
                text.parse().ok()
            };
            rules.read_path = rules.read_address;
        })],
    },
    Mutant {
        name: "odd-forms-are-understood",
        breaks: "IP-7",
        from: "a lenient parser",
        changes: &[Change::Rules(|rules| {
            rules.read_address = |text| {
                let bare = text.trim().trim_matches(['[', ']']);
                bare.split(['/', '%']).next()?.parse().ok()
            };
        })],
    },
    Mutant {
        name: "numbers-are-addresses",
        breaks: "IP-7",
        from: "an IPv4 address taken as the number that it is",
        changes: &[Change::Ask(|call| {
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
        })],
    },
    Mutant {
        name: "upsert-at-the-limit-refuses-to-overwrite",
        breaks: "V1-UPSERT-6",
        from: "the limit looked at before the mapping",
        changes: &[Change::Handle(|rules, zone, call| {
            full_before_looking(rules, zone, call, "v1.upsert")
        })],
    },
    Mutant {
        name: "put-at-the-limit-refuses-to-overwrite",
        breaks: "V2-PUT-7",
        from: "the limit looked at before the mapping",
        changes: &[Change::Handle(|rules, zone, call| {
            full_before_looking(rules, zone, call, "v2.put")
        })],
    },
    Mutant {
        name: "batch-at-the-limit-refuses-to-overwrite",
        breaks: "V2-BATCH-8",
        from: "the limit looked at before the mappings",
        changes: &[Change::Handle(|rules, zone, call| {
            full_before_looking(rules, zone, call, "v2.batch_put")
        })],
    },
    Mutant {
        name: "stores-apart",
        breaks: "X-1",
        from: "two services behind one name",
        changes: &[Change::Rules(|rules| {
            rules.zone_key = |operation, zone| format!("{}-{zone}", operation.generation().id());
        })],
    },
    Mutant {
        name: "limits-apart",
        breaks: "X-2",
        from: "two services that count for themselves",
        changes: &[Change::Rules(|rules| {
            rules.zone_key = |operation, zone| match operation.generation() {
                Generation::V1 => zone.to_owned(),
                Generation::V2 => format!("v2-{zone}"),
            };
        })],
    },
    Mutant {
        name: "order-changes-each-time",
        breaks: "V2-LIST-8",
        from: "the order of a hash map",
        changes: &[Change::Handle(|rules, zone, call| {
            if !is(call, "v2.list") {
                return None;
            }
            let is_odd = zone.aside.remove("odd").is_none();
            if is_odd {
                zone.aside.insert("odd".into(), json!(true));
            }
            let mut reply = handle(rules, zone, call);
            if let (true, Some(items)) = (is_odd, list(call, &mut reply, "")) {
                items.reverse();
            }
            Some(reply)
        })],
    },
    Mutant {
        name: "past-the-end-is-not-found",
        breaks: "V2-LIST-7",
        from: "a page that is looked up",
        changes: &[Change::Answer(|call, reply| {
            let is_empty = reply.body["result"].as_array().is_some_and(Vec::is_empty);
            if is(call, "v2.list") && is_empty && call.query("page").is_some_and(|page| page != "1")
            {
                *reply = Refusal::NotFound.reply(call.operation);
            }
        })],
    },
    Mutant {
        name: "v1-lists-fewer-regions",
        breaks: "REG-8",
        from: "a list that is no longer kept up",
        changes: &[Change::Answer(|call, reply| {
            if is(call, "v1.supported_regions")
                && let Some(regions) = reply
                    .body
                    .pointer_mut("/result/vendors/aws")
                    .and_then(Value::as_array_mut)
            {
                regions.pop();
            }
        })],
    },
    Mutant {
        name: "create-without-region-is-taken",
        breaks: "REG-9",
        from: "a default in place of a missing member",
        changes: &[Change::Ask(|call| {
            if call.operation == Operation::named("v1.create")
                && let Body::Json(Value::Object(body)) = &mut call.body
                && !body.contains_key("region")
            {
                body.insert("vendor".into(), json!("aws"));
                body.insert("region".into(), json!("us-east-1"));
            }
        })],
    },
    Mutant {
        name: "any-token-creates",
        breaks: "AUTH-2",
        from: "a token that is looked for and not looked up",
        changes: &[Change::Admit(|call| {
            is(call, "v1.create")
                && (call.credentials.token.is_some() || call.credentials.key.is_some())
        })],
    },
    Mutant {
        name: "a-batch-without-a-body-is-an-empty-one",
        breaks: "HTTP-1",
        from: "a missing body decoded into an empty list",
        changes: &[Change::Ask(|call| {
            if is(call, "v2.batch_put") && call.body == Body::None {
                call.body = Body::Json(json!([]));
            }
        })],
    },
    Mutant {
        name: "an-empty-batch-empties-the-zone",
        breaks: "V2-BATCH-3",
        from: "PUT taken for the whole collection, of nothing",
        changes: &[Change::Handle(|_, zone, call| {
            if is(call, "v2.batch_put")
                && super::bend::items(call).is_empty()
                && has_shape(call)
                && call.body != Body::None
            {
                zone.mappings.clear();
            }
            None
        })],
    },
    Mutant {
        name: "an-empty-batch-delete-empties-the-zone",
        breaks: "V2-BDEL-3",
        from: "a filter without values, which fits every row",
        changes: &[Change::Handle(|_, zone, call| {
            if is(call, "v2.batch_delete")
                && super::bend::items(call).is_empty()
                && call.body != Body::None
            {
                zone.mappings.clear();
            }
            None
        })],
    },
    Mutant {
        name: "upsert-drops-what-ends-alike",
        breaks: "V1-UPSERT-3",
        from: "an IPv6 address kept in 64 bits",
        changes: &[Change::Handle(|rules, zone, call| {
            if !is(call, "v1.upsert") {
                return None;
            }
            let reply = handle(rules, zone, call);
            let Ok(IpAddr::V6(ip)) = sent_address(call)?.parse::<IpAddr>() else {
                return Some(reply);
            };
            let low = |ip: &std::net::Ipv6Addr| u128::from(*ip) & u128::from(u64::MAX);
            zone.mappings.retain(|key, _| match key {
                IpAddr::V6(other) => *other == ip || low(other) != low(&ip),
                IpAddr::V4(_) => true,
            });
            Some(reply)
        })],
    },
    Mutant {
        name: "creates-count-before-they-wait",
        breaks: "CONC-2",
        from: "the limit checked, then awaited, then written",
        changes: &[Change::Rules(|rules| {
            rules.locking = |operation| match operation.id() {
                "v1.create" => {
                    super::super::rules::Locking::DecidedEarly(super::concurrency::PAUSE)
                }
                _ => super::super::rules::Locking::Held,
            };
        })],
    },
    Mutant {
        name: "create-sees-conflicts-in-other-zones",
        breaks: "ZONE-1",
        from: "a unique index without the zone",
        changes: &[Change::Handle(|rules, zone, call| {
            let others = of_other_zones(rules, zone, call, is(call, "v1.create"));
            let ip: IpAddr = sent_address(call)?.parse().ok()?;
            (is(call, "v1.create") && others.contains_key(&ip))
                .then(|| Refusal::Exists.reply(call.operation))
        })],
    },
    Mutant {
        name: "the-limit-counts-all-zones",
        breaks: "ZONE-1",
        from: "a count without the zone",
        changes: &[Change::Handle(|rules, zone, call| {
            let is_write = is_kind(call, Kind::Upsert);
            let others = of_other_zones(rules, zone, call, is_write && zone.mappings.len() < 10);
            (is_write && zone.mappings.len() + others.len() >= rules.limit)
                .then(|| Refusal::Full.reply(call.operation))
        })],
    },
];
