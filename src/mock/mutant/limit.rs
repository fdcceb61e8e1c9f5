//! Faults of the limit of 3,500 mappings (V1-UPSERT-5, V2-PUT-6, BATCH-8).

use serde_json::json;

use super::bend::{items, recode, restatus, sent_ip};
use super::fault::Fault;
use crate::exchange::Kind;
use crate::mock::{Change, On, Refusal, handle};

pub(super) const FAULTS: &[Fault] = &[
    Fault {
        name: "upsert-limit-is-one-too-high",
        breaks: "V1-UPSERT-5",
        from: "`>` where `>=` was meant",
        on: On::V1(&[Kind::Upsert]),
        change: Change::Rules(|rules| rules.limit = 3_501),
    },
    Fault {
        name: "upsert-limit-is-one-too-low",
        breaks: "V1-UPSERT-5",
        from: "the new mapping counted twice",
        on: On::V1(&[Kind::Upsert]),
        change: Change::Rules(|rules| rules.limit = 3_499),
    },
    Fault {
        name: "upsert-has-no-limit",
        breaks: "V1-UPSERT-5",
        from: "a limit that was added to the other operations",
        on: On::V1(&[Kind::Upsert]),
        change: Change::Rules(|rules| rules.limit = usize::MAX),
    },
    Fault {
        name: "upsert-at-the-limit-is-400",
        breaks: "V1-UPSERT-5",
        from: "one status for all refusals",
        on: On::V1(&[Kind::Upsert]),
        change: Change::Answer(|_, reply| restatus(reply, 1164, 400)),
    },
    Fault {
        name: "put-limit-is-one-too-high",
        breaks: "V2-PUT-6",
        from: "`>` where `>=` was meant",
        on: On::V2(&[Kind::Upsert]),
        change: Change::Rules(|rules| rules.limit = 3_501),
    },
    Fault {
        name: "put-limit-is-one-too-low",
        breaks: "V2-PUT-6",
        from: "the new mapping counted twice",
        on: On::V2(&[Kind::Upsert]),
        change: Change::Rules(|rules| rules.limit = 3_499),
    },
    Fault {
        name: "put-at-the-limit-is-409",
        breaks: "V2-PUT-6",
        from: "a full zone taken for a conflict",
        on: On::V2(&[Kind::Upsert]),
        change: Change::Answer(|_, reply| restatus(reply, 1164, 409)),
    },
    Fault {
        name: "deletes-do-not-free-places",
        breaks: "V2-PUT-6",
        from: "a counter that only grows",
        on: On::V2(&[Kind::Delete, Kind::Upsert]),
        change: Change::Handle(|_, zone, call| {
            if call.operation.kind() == Kind::Delete {
                if zone.mappings.len() >= 3_500 {
                    zone.aside.insert("full".into(), json!(true));
                }
                return None;
            }
            let is_new = sent_ip(call).is_some_and(|ip| !zone.mappings.contains_key(&ip));
            (is_new && zone.aside.contains_key("full")).then(|| Refusal::FULL.reply(call.operation))
        }),
    },
    Fault {
        name: "{generation}-batch-has-no-limit",
        breaks: "{generation}-BATCH-8",
        from: "a limit that only single writes check",
        on: On::Both(&[Kind::BatchUpsert]),
        change: Change::Rules(|rules| rules.limit = usize::MAX),
    },
    Fault {
        name: "v1-batch-limit-is-looked-at-once",
        breaks: "V1-BATCH-8",
        from: "the zone counted before the batch and not within it",
        on: On::V1(&[Kind::BatchUpsert]),
        change: Change::Handle(|rules, zone, call| {
            if zone.mappings.len() >= rules.limit {
                return None;
            }
            let mut other = rules.clone();
            other.limit = usize::MAX;
            Some(handle(&other, zone, call))
        }),
    },
    Fault {
        name: "v2-batch-limit-is-one-too-high",
        breaks: "V2-BATCH-8",
        from: "`>` where `>=` was meant",
        on: On::V2(&[Kind::BatchUpsert]),
        change: Change::Rules(|rules| rules.limit = 3_501),
    },
    Fault {
        name: "v2-batch-limit-counts-every-item",
        breaks: "V2-BATCH-8",
        from: "refused when the zone and the body are 3,500 together or more",
        on: On::V2(&[Kind::BatchUpsert]),
        change: Change::Handle(|rules, zone, call| {
            let sent = items(call).len();
            (sent <= 100 && zone.mappings.len() + sent >= rules.limit)
                .then(|| Refusal::FULL.reply(call.operation))
        }),
    },
    Fault {
        name: "v1-batch-beyond-the-limit-drops-others",
        breaks: "V1-BATCH-8",
        from: "the oldest make room for the newest",
        on: On::V1(&[Kind::BatchUpsert]),
        change: Change::Handle(|rules, zone, call| {
            let sent = items(call).len();
            if sent <= 100 {
                let excess = (zone.mappings.len() + sent).saturating_sub(rules.limit);
                for _ in 0..excess {
                    zone.mappings.pop_first();
                }
            }
            None
        }),
    },
    Fault {
        name: "v2-batch-at-the-limit-is-1157",
        breaks: "V2-BATCH-8",
        from: "one code for all refusals of a batch",
        on: On::V2(&[Kind::BatchUpsert]),
        change: Change::Answer(|_, reply| recode(reply, 1164, 1157)),
    },
];
