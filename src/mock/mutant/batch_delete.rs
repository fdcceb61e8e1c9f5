//! Faults of batch deletes (V1-BDEL, V2-BDEL).

use std::net::IpAddr;

use serde_json::{Value, json};

use super::super::call::{Body, Call, FaultRequest, Reply};
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
                    if is(call, "v1.batch_delete") {
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
                    if is(call, "v2.batch_delete") {
                        fault(rules, zone, call)
                    } else {
                        None
                    }
                })],
            },
        ]
    };
}

const WITHOUT_EFFECT: [Mutant; 2] = both!(
    "v1-batch-delete-without-effect",
    "v2-batch-delete-without-effect",
    "BDEL-1",
    "a transaction that is never committed",
    |rules, zone, call| Some(without_effect(rules, zone, call))
);

const UNKNOWN_SUCCEEDS: [Mutant; 2] = both!(
    "v1-batch-delete-of-nothing-succeeds",
    "v2-batch-delete-of-nothing-succeeds",
    "BDEL-2",
    "a delete that is idempotent by habit",
    |rules, zone, call| {
        let mut reply = handle(rules, zone, call);
        let failed = list(call, &mut reply, "failed")
            .map(std::mem::take)
            .unwrap_or_default();
        let (moved, kept): (Vec<Value>, Vec<Value>) = failed.into_iter().partition(|item| {
            let member = call.operation.generation().response_address();
            item[member]
                .as_str()
                .is_some_and(|text| text.parse::<IpAddr>().is_ok())
        });
        if let Some(failed) = list(call, &mut reply, "failed") {
            *failed = kept;
        }
        if let Some(succeeded) = list(call, &mut reply, "succeeded") {
            for mut item in moved {
                if let Some(members) = item.as_object_mut() {
                    members.remove("error");
                    members.insert("vendor".into(), json!("aws"));
                    members.insert("region".into(), json!("us-east-1"));
                }
                succeeded.push(item);
            }
        }
        Some(reply)
    }
);

const INVALID_REFUSES: [Mutant; 2] = both!(
    "v1-batch-delete-with-no-address-is-refused",
    "v2-batch-delete-with-no-address-is-refused",
    "BDEL-2",
    "the body checked by a schema before the items are",
    |_, _, call| {
        let is_bad = |item: &Value| {
            item.as_str()
                .is_none_or(|text| text.parse::<IpAddr>().is_err())
        };
        items(call)
            .iter()
            .any(is_bad)
            .then(|| Refusal::Shape.reply(call.operation))
    }
);

const TAKES_MORE: [Mutant; 2] = both!(
    "v1-batch-delete-takes-prefixes",
    "v2-batch-delete-takes-prefixes",
    "BDEL-3",
    "a delete by LIKE",
    |rules, zone, call| {
        let reply = handle(rules, zone, call);
        for item in items(call) {
            if let Some(text) = item.as_str().filter(|text| text.parse::<IpAddr>().is_ok()) {
                zone.mappings
                    .retain(|ip, _| !ip.to_string().starts_with(text));
            }
        }
        Some(reply)
    }
);

const TAKES_101: [Mutant; 2] = both!(
    "v1-batch-delete-of-101-is-taken",
    "v2-batch-delete-of-101-is-taken",
    "BDEL-4",
    "no limit on the delete",
    |rules, zone, call| {
        let mut unlimited = rules.clone();
        unlimited.batch_max = usize::MAX;
        Some(handle(&unlimited, zone, call))
    }
);

const REFUSES_100: [Mutant; 2] = both!(
    "v1-batch-delete-of-100-is-refused",
    "v2-batch-delete-of-100-is-refused",
    "BDEL-4",
    "`<` where `<=` was meant",
    |_, _, call| (items(call).len() == 100).then(|| Refusal::TooMany.reply(call.operation))
);

const REFUSED_AND_DELETED: [Mutant; 2] = both!(
    "v1-batch-delete-of-101-is-refused-and-done",
    "v2-batch-delete-of-101-is-refused-and-done",
    "BDEL-4",
    "counted after the loop",
    |rules, zone, call| {
        let reply = handle(rules, zone, call);
        if items(call).len() > 100 {
            let first = items(call).into_iter().take(100).collect();
            handle(rules, zone, &with_items(call, first));
        }
        Some(reply)
    }
);

const BODYLESS_SUCCEEDS: [Mutant; 2] = both!(
    "v1-batch-delete-without-a-body-succeeds",
    "v2-batch-delete-without-a-body-succeeds",
    "BDEL-6",
    "a body that is decoded into an empty list when it is missing",
    |rules, zone, call| {
        (call.body == Body::None).then(|| {
            let nothing = with_items(call, Vec::new());
            handle(rules, zone, &nothing)
        })
    }
);

const BODYLESS_EMPTIES: [Mutant; 2] = both!(
    "v1-batch-delete-without-a-body-empties-the-zone",
    "v2-batch-delete-without-a-body-empties-the-zone",
    "BDEL-3",
    "a delete of the collection behind the same path",
    |_, zone, call| {
        if call.body == Body::None {
            zone.mappings.clear();
        }
        None
    }
);

const MULTI_STATUS: [Mutant; 2] = both!(
    "v1-batch-delete-of-an-unknown-address-is-207",
    "v2-batch-delete-of-an-unknown-address-is-207",
    "BDEL-2",
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
    UNKNOWN_SUCCEEDS[0],
    UNKNOWN_SUCCEEDS[1],
    INVALID_REFUSES[0],
    INVALID_REFUSES[1],
    TAKES_MORE[0],
    TAKES_MORE[1],
    TAKES_101[0],
    TAKES_101[1],
    REFUSES_100[0],
    REFUSES_100[1],
    REFUSED_AND_DELETED[0],
    REFUSED_AND_DELETED[1],
    BODYLESS_SUCCEEDS[0],
    BODYLESS_SUCCEEDS[1],
    BODYLESS_EMPTIES[0],
    BODYLESS_EMPTIES[1],
    MULTI_STATUS[0],
    MULTI_STATUS[1],
    Mutant {
        name: "v1-batch-delete-hides-a-failed-store",
        breaks: "V1-BDEL-5",
        from: "an error that is caught and dropped",
        changes: &[Change::Ask(|call| {
            if is(call, "v1.batch_delete") && call.fault == Some(FaultRequest::InternalError) {
                call.fault = None;
            }
        })],
    },
    Mutant {
        name: "v2-batch-delete-answers-without-values",
        breaks: "V2-BDEL-5",
        from: "an answer with addresses alone",
        changes: &[Change::Answer(|call, reply| {
            if is(call, "v2.batch_delete") {
                for item in list(call, reply, "succeeded").into_iter().flatten() {
                    if let Some(members) = item.as_object_mut() {
                        members.remove("vendor");
                        members.remove("region");
                    }
                }
            }
        })],
    },
    Mutant {
        name: "v2-batch-delete-answers-with-one-region",
        breaks: "V2-BDEL-5",
        from: "a variable set once outside the loop",
        changes: &[Change::Answer(|call, reply| {
            if is(call, "v2.batch_delete") {
                for item in list(call, reply, "succeeded").into_iter().flatten() {
                    item["vendor"] = json!("oci");
                    item["region"] = json!("us-ashburn-1");
                }
            }
        })],
    },
];
