//! Faults of batch deletes (V1-BDEL, V2-BDEL).

use serde_json::json;

use super::bend::{
    each, empty_for_none, first_hundred, ip, items, list, multi_status, remove, without_effect,
};
use super::fault::Fault;
use crate::contract::FaultRequest;
use crate::exchange::Kind;
use crate::mock::{Body, Change, On, Refusal, handle};

pub(super) const FAULTS: &[Fault] = &[
    Fault {
        name: "{generation}-batch-delete-without-effect",
        breaks: "{generation}-BDEL-1",
        from: "a transaction that is never committed",
        on: On::Both(&[Kind::BatchDelete]),
        change: Change::Handle(without_effect),
    },
    Fault {
        name: "{generation}-batch-delete-of-nothing-succeeds",
        breaks: "{generation}-BDEL-2",
        from: "a delete that is idempotent by habit",
        on: On::Both(&[Kind::BatchDelete]),
        change: Change::Answer(|call, reply| {
            let member = call.operation.generation().response_address();
            let mut moved = Vec::new();
            if let Some(failed) = list(call, reply, "failed") {
                moved.extend(failed.extract_if(.., |item| ip(&item[member]).is_some()));
            }
            for item in &mut moved {
                remove(item, "error");
                item["vendor"] = json!("aws");
                item["region"] = json!("us-east-1");
            }
            if let Some(succeeded) = list(call, reply, "succeeded") {
                succeeded.append(&mut moved);
            }
        }),
    },
    Fault {
        name: "{generation}-batch-delete-with-no-address-is-refused",
        breaks: "{generation}-BDEL-2",
        from: "the body checked by a schema before the items are",
        on: On::Both(&[Kind::BatchDelete]),
        change: Change::Handle(|_, _, call| {
            let is_bad = items(call).iter().any(|item| ip(item).is_none());
            is_bad.then(|| Refusal::SHAPE.reply(call.operation))
        }),
    },
    Fault {
        name: "{generation}-batch-delete-takes-prefixes",
        breaks: "{generation}-BDEL-3",
        from: "a delete by LIKE",
        on: On::Both(&[Kind::BatchDelete]),
        change: Change::Handle(|rules, zone, call| {
            let reply = handle(rules, zone, call);
            for item in items(call).iter().filter(|item| ip(item).is_some()) {
                let text = item.as_str().unwrap_or_default();
                zone.mappings
                    .retain(|ip, _| !ip.to_string().starts_with(text));
            }
            Some(reply)
        }),
    },
    Fault {
        name: "{generation}-batch-delete-of-101-is-taken",
        breaks: "{generation}-BDEL-4",
        from: "no limit on the delete",
        on: On::Both(&[Kind::BatchDelete]),
        change: Change::Rules(|rules| rules.batch_max = usize::MAX),
    },
    Fault {
        name: "{generation}-batch-delete-of-100-is-refused",
        breaks: "{generation}-BDEL-4",
        from: "`<` where `<=` was meant",
        on: On::Both(&[Kind::BatchDelete]),
        change: Change::Handle(|_, _, call| {
            (items(call).len() == 100).then(|| Refusal::TOO_MANY.reply(call.operation))
        }),
    },
    Fault {
        name: "{generation}-batch-delete-of-101-is-refused-and-done",
        breaks: "{generation}-BDEL-4",
        from: "counted after the loop",
        on: On::Both(&[Kind::BatchDelete]),
        change: Change::Handle(|rules, zone, call| {
            let reply = handle(rules, zone, call);
            first_hundred(rules, zone, call);
            Some(reply)
        }),
    },
    Fault {
        name: "{generation}-batch-delete-without-a-body-succeeds",
        breaks: "{generation}-BDEL-6",
        from: "a body that is decoded into an empty list when it is missing",
        on: On::Both(&[Kind::BatchDelete]),
        change: Change::Ask(empty_for_none),
    },
    Fault {
        name: "{generation}-batch-delete-without-a-body-empties-the-zone",
        breaks: "{generation}-BDEL-3",
        from: "a delete of the collection behind the same path",
        on: On::Both(&[Kind::BatchDelete]),
        change: Change::Handle(|_, zone, call| {
            if call.body == Body::None {
                zone.mappings.clear();
            }
            None
        }),
    },
    Fault {
        name: "{generation}-batch-delete-of-an-unknown-address-is-207",
        breaks: "{generation}-BDEL-2",
        from: "the status of WebDAV for an answer in parts",
        on: On::Both(&[Kind::BatchDelete]),
        change: Change::Answer(multi_status),
    },
    Fault {
        name: "v1-batch-delete-hides-a-failed-store",
        breaks: "V1-BDEL-5",
        from: "an error that is caught and dropped",
        on: On::V1(&[Kind::BatchDelete]),
        change: Change::Ask(|call| {
            if call.fault == Some(FaultRequest("internal-error")) {
                call.fault = None;
            }
        }),
    },
    Fault {
        name: "v2-batch-delete-answers-without-values",
        breaks: "V2-BDEL-5",
        from: "an answer with addresses alone",
        on: On::V2(&[Kind::BatchDelete]),
        change: Change::Answer(|call, reply| {
            for item in each(call, reply, "succeeded") {
                remove(item, "vendor");
                remove(item, "region");
            }
        }),
    },
    Fault {
        name: "v2-batch-delete-answers-with-one-region",
        breaks: "V2-BDEL-5",
        from: "a variable set once outside the loop",
        on: On::V2(&[Kind::BatchDelete]),
        change: Change::Answer(|call, reply| {
            for item in each(call, reply, "succeeded") {
                item["vendor"] = json!("oci");
                item["region"] = json!("us-ashburn-1");
            }
        }),
    },
];
