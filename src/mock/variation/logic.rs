//! Freedoms of logic: statuses within their class, the order of checks, batches, regions and routing.

use std::net::IpAddr;

use serde_json::json;

use super::super::call::{Body, Call, Reply};
use super::super::catalogue::Catalogue;
use super::super::change::Change;
use super::super::handle::handle;
use super::super::refusal::Refusal;
use super::super::rules::{Doubled, Rules};
use super::all::Variation;
use crate::exchange::{Generation, Kind, Operation};

/// Sets another status for a code, where the contract only gives the status class.
fn status(reply: &mut Reply, code: i64, status: u16) {
    if reply.body.pointer("/errors/0/code") == Some(&json!(code)) {
        reply.status = status;
    }
}

pub(super) fn unprocessable(call: &Call, reply: &mut Reply) {
    status(reply, 1157, 422);
    status(reply, 10_001, 422);
    // In `v2.put`, this code may also mean a mismatch of path and body, which has a fixed status.
    if call.operation != Operation::named("v2.put") {
        status(reply, 1146, 422);
    }
}

pub(super) fn surplus_fails(rules: &mut Rules) {
    rules.surplus_fails = true;
}

pub(super) fn few_regions(rules: &mut Rules) {
    rules.catalogue = Catalogue::of(&[
        ("aws", &["Atlantis-North-1", "atlantis-south-2"]),
        ("oci", &["oc-lemuria-1"]),
    ]);
}

fn no_codes(rules: &mut Rules) {
    rules.catalogue.obtained_codes = false;
    for regions in rules.catalogue.vendors.values_mut() {
        for colos in regions.values_mut() {
            colos.clear();
        }
    }
}

/// Returns whether the call names an IPv4-mapped address.
fn names_mapped(call: &Call) -> bool {
    let text = format!("{:?} {:?}", call.address, call.body).to_lowercase();
    text.contains("::ffff:") || text.contains("0:ffff:")
}

pub(super) const VARIATIONS: &[Variation] = &[
    Variation {
        name: "unprocessable-entity",
        allowed_by: "where a status is only given as 4xx, any of the class will do",
        deviates: &[],
        changes: &[Change::Answer(unprocessable)],
    },
    Variation {
        name: "not-found-for-unknown-regions",
        allowed_by: "where a status is only given as 4xx, any of the class will do",
        deviates: &[],
        changes: &[Change::Answer(|_, reply| status(reply, 1157, 404))],
    },
    Variation {
        name: "too-large-for-101-items",
        allowed_by: "where a status is only given as 4xx, any of the class will do",
        deviates: &[],
        changes: &[Change::Answer(|_, reply| status(reply, 10_001, 413))],
    },
    Variation {
        name: "bad-gateway-for-a-failed-store",
        allowed_by: "where a status is only given as 5xx, any of the class will do",
        deviates: &[],
        changes: &[Change::Answer(|_, reply| {
            status(reply, 1140, 502);
            status(reply, 1156, 504);
        })],
    },
    Variation {
        name: "unauthorized-for-bad-credentials",
        allowed_by: "400, 401 or 403",
        deviates: &[],
        changes: &[Change::Answer(|_, reply| {
            status(reply, 10_000, 401);
            status(reply, 9106, 401);
        })],
    },
    Variation {
        name: "batch-at-the-limit-is-409",
        allowed_by: "BATCH-8 gives 4xx",
        deviates: &[],
        changes: &[Change::Answer(|call, reply| {
            if call.operation.kind() == Kind::BatchUpsert {
                status(reply, 1164, 409);
            }
        })],
    },
    Variation {
        name: "surplus-items-fail",
        allowed_by: "BATCH-8: refused, or the surplus items fail",
        deviates: &[],
        changes: &[Change::Rules(surplus_fails)],
    },
    Variation {
        name: "second-of-doubled-items-fails",
        allowed_by: "BATCH-12 leaves doubled items open",
        deviates: &[],
        changes: &[Change::Rules(|rules| rules.doubled = Doubled::SecondFails)],
    },
    Variation {
        name: "both-of-doubled-items-fail",
        allowed_by: "BATCH-12 leaves doubled items open",
        deviates: &[],
        changes: &[Change::Rules(|rules| rules.doubled = Doubled::BothFail)],
    },
    Variation {
        name: "doubled-items-refuse-the-batch",
        allowed_by: "BATCH-12 leaves doubled items open",
        deviates: &[],
        changes: &[Change::Rules(|rules| rules.doubled = Doubled::Refused)],
    },
    Variation {
        name: "a-batch-delete-without-a-body-deletes-nothing",
        allowed_by: "BDEL-6 only recommends to refuse it",
        deviates: &["V1-BDEL-6", "V2-BDEL-6"],
        changes: &[Change::Ask(|call| {
            if call.operation.kind() == Kind::BatchDelete && call.body == Body::None {
                call.body = Body::Json(json!([]));
            }
        })],
    },
    Variation {
        name: "empty-batches-are-refused",
        allowed_by: "BATCH-11 leaves empty batches open",
        deviates: &[],
        changes: &[Change::Rules(|rules| rules.empty_batch_refused = true)],
    },
    Variation {
        name: "other-regions",
        allowed_by: "regions are the target's own",
        deviates: &[],
        changes: &[Change::Rules(few_regions)],
    },
    Variation {
        name: "one-vendor-alone",
        allowed_by: "regions are the target's own",
        deviates: &[],
        changes: &[Change::Rules(|rules| {
            rules.catalogue = Catalogue::of(&[("gcp", &["us-central1", "europe-west9"])]);
        })],
    },
    Variation {
        name: "a-vendor-without-regions",
        allowed_by: "regions are the target's own",
        deviates: &[],
        changes: &[Change::Rules(|rules| {
            rules.catalogue = Catalogue::of(&[
                ("aws", &[]),
                ("azure", &["eastus"]),
                ("gcp", &["us-west1", "eastus"]),
            ]);
        })],
    },
    Variation {
        name: "a-fifth-vendor",
        allowed_by: "REG-6 only recommends the four vendors",
        deviates: &["REG-6"],
        changes: &[Change::Rules(|rules| {
            let regions = [("de-fsn-1".to_owned(), vec!["FRA".to_owned()])]
                .into_iter()
                .collect();
            rules.catalogue.vendors.insert("ibm".to_owned(), regions);
        })],
    },
    Variation {
        name: "no-colos-known",
        allowed_by: "with obtained_codes false the colos may be empty",
        deviates: &[],
        changes: &[Change::Rules(no_codes)],
    },
    Variation {
        name: "letter-case-of-places-folded",
        allowed_by: "REG-10 leaves letter case open",
        deviates: &[],
        changes: &[Change::Rules(|rules| rules.read_name = str::to_lowercase)],
    },
    Variation {
        name: "mapped-addresses-are-refused",
        allowed_by: "IP-6: refused, or kept in one form",
        deviates: &[],
        changes: &[Change::Handle(|_, _, call| {
            (names_mapped(call) && !call.operation.kind().is_batch())
                .then(|| Refusal::ADDRESS.reply(call.operation))
        })],
    },
    Variation {
        name: "mapped-addresses-are-folded",
        allowed_by: "IP-6: mixed, hexadecimal or folded to IPv4",
        deviates: &[],
        changes: &[Change::Rules(|rules| {
            rules.read_address = |text| text.parse().ok().map(|ip: IpAddr| ip.to_canonical());
            rules.read_path = |text| text.parse().ok().map(|ip: IpAddr| ip.to_canonical());
        })],
    },
    Variation {
        name: "mapped-addresses-in-hexadecimal",
        allowed_by: "IP-6: mixed, hexadecimal or folded to IPv4",
        deviates: &[],
        changes: &[Change::Rules(|rules| {
            rules.show = |ip, _| match ip {
                IpAddr::V6(ip) if ip.to_ipv4_mapped().is_some() => {
                    let groups = ip.segments();
                    format!("::ffff:{:x}:{:x}", groups[6], groups[7])
                }
                ip => ip.to_string(),
            };
        })],
    },
    Variation {
        name: "put-must-spell-path-and-body-alike",
        allowed_by: "IP-8 leaves it open",
        deviates: &[],
        changes: &[Change::Handle(|_, _, call| {
            let body = match &call.body {
                super::super::call::Body::Json(body) => {
                    body.get("origin_ip").and_then(|ip| ip.as_str())
                }
                _ => None,
            };
            let differs = call.operation == Operation::named("v2.put")
                && body.is_some()
                && body != call.address.as_deref();
            differs.then(|| Refusal::ADDRESS_DIFFERS.reply(call.operation))
        })],
    },
    Variation {
        name: "list-in-order-of-writing",
        allowed_by: "the order of lists is free",
        deviates: &[],
        changes: &[Change::Answer(|call, reply| {
            if call.operation == Operation::named("v1.list")
                && let Some(items) = reply
                    .body
                    .pointer_mut("/result/value")
                    .and_then(|v| v.as_array_mut())
            {
                items.sort_by_key(|item| item["modified_on"].to_string());
            }
        })],
    },
    Variation {
        name: "region-is-checked-before-the-address",
        allowed_by: "where a request is wrong in two ways, either fault may be answered",
        deviates: &[],
        changes: &[Change::Handle(|rules, zone, call| {
            let reply = handle(rules, &mut zone.clone(), call);
            let super::super::call::Body::Json(body) = &call.body else {
                return None;
            };
            let text = |name: &str| body.get(name).and_then(|v| v.as_str()).unwrap_or_default();
            let is_unknown =
                !text("vendor").is_empty() && !rules.catalogue.has(text("vendor"), text("region"));
            let is_single = matches!(call.operation.kind(), Kind::Create | Kind::Upsert);
            (is_single && is_unknown && !reply.is_success())
                .then(|| Refusal::PLACE.reply(call.operation))
        })],
    },
    Variation {
        name: "v1-is-not-routed",
        allowed_by: "v1 is deprecated; a real target may lack it",
        deviates: &[],
        changes: &[Change::Rules(|rules| {
            rules.unrouted = |operation| operation.generation() == Generation::V1;
            rules.capabilities.retain(|name| *name != "v1");
        })],
    },
    Variation {
        name: "v2-is-not-routed",
        allowed_by: "older deployments serve v1 alone",
        deviates: &[],
        changes: &[Change::Rules(|rules| {
            rules.unrouted = |operation| operation.generation() == Generation::V2;
            rules.capabilities.retain(|name| *name != "v2");
        })],
    },
    Variation {
        name: "hook-names-fresh-zones-alone",
        allowed_by: "hooks are offered or not",
        deviates: &[],
        changes: &[Change::Rules(|rules| {
            rules.capabilities = vec!["fresh-zones"];
        })],
    },
    Variation {
        name: "tiered-cache-is-off",
        allowed_by: "supported_regions needs Tiered Cache on the zone",
        deviates: &[],
        changes: &[
            Change::Rules(|rules| rules.capabilities.retain(|name| *name != "tiered-cache")),
            Change::Handle(|_, _, call| {
                (call.operation.kind() == Kind::SupportedRegions)
                    .then(|| Reply::failure(403, 1_135, "Tiered Cache is not enabled for the zone"))
            }),
        ],
    },
    Variation {
        name: "generations-apart",
        allowed_by: "X-1 and X-2 only recommend one store",
        deviates: &["X-1", "X-2"],
        changes: &[Change::Rules(|rules| {
            rules.zone_key = |operation, zone| format!("{}-{zone}", operation.generation().id());
        })],
    },
    Variation {
        name: "addresses-with-brackets-are-understood",
        allowed_by: "IP-7 only recommends to refuse odd forms",
        deviates: &["IP-7"],
        changes: &[Change::Rules(|rules| {
            rules.read_address = |text| text.trim().trim_matches(['[', ']']).parse().ok();
        })],
    },
    Variation {
        name: "past-the-end-is-refused",
        allowed_by: "V2-LIST-7 only recommends an empty success",
        deviates: &["V2-LIST-7"],
        changes: &[Change::Answer(|call, reply| {
            let is_empty = reply.body["result"].as_array().is_some_and(Vec::is_empty);
            let page = call.query("page").and_then(|page| page.parse::<u64>().ok());
            if call.operation == Operation::named("v2.list")
                && is_empty
                && page.is_some_and(|page| page > 1)
            {
                *reply = Refusal::PAGE.reply(call.operation);
            }
        })],
    },
    Variation {
        name: "no-overwriting-at-the-limit",
        allowed_by: "overwriting at the limit is only recommended",
        deviates: &["V1-UPSERT-6", "V2-PUT-7", "V1-BATCH-8", "V2-BATCH-8"],
        changes: &[Change::Handle(|rules, zone, call| {
            let adds = matches!(call.operation.kind(), Kind::Upsert | Kind::BatchUpsert);
            if !adds || zone.mappings.len() < rules.limit {
                return None;
            }
            let reply = handle(rules, &mut zone.clone(), call);
            reply
                .is_success()
                .then(|| Refusal::FULL.reply(call.operation))
        })],
    },
];
