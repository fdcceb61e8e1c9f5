//! Faults of the limit of 3,500 (V1-UPSERT-5, V2-PUT-6, BATCH-8).

use serde_json::json;

use super::super::change::Change;
use super::super::handle::handle;
use super::super::refusal::Refusal;
use super::all::Mutant;
use super::bend::{is, is_kind, items};
use crate::exchange::Kind;

/// Handles one operation under another limit.
macro_rules! limited {
    ($operation:expr, $limit:expr) => {
        &[Change::Handle(|rules, zone, call| {
            if !is(call, $operation) {
                return None;
            }
            let mut other = rules.clone();
            other.limit = $limit;
            Some(handle(&other, zone, call))
        })]
    };
}

pub(super) const MUTANTS: &[Mutant] = &[
    Mutant {
        name: "upsert-limit-is-one-too-high",
        breaks: "V1-UPSERT-5",
        from: "`>` where `>=` was meant",
        changes: limited!("v1.upsert", 3_501),
    },
    Mutant {
        name: "upsert-limit-is-one-too-low",
        breaks: "V1-UPSERT-5",
        from: "the new mapping counted twice",
        changes: limited!("v1.upsert", 3_499),
    },
    Mutant {
        name: "upsert-has-no-limit",
        breaks: "V1-UPSERT-5",
        from: "a limit that was added to the other operations",
        changes: limited!("v1.upsert", usize::MAX),
    },
    Mutant {
        name: "upsert-at-the-limit-is-400",
        breaks: "V1-UPSERT-5",
        from: "one status for all refusals",
        changes: &[Change::Answer(|call, reply| {
            if is(call, "v1.upsert") && reply.body.pointer("/errors/0/code") == Some(&json!(1164)) {
                reply.status = 400;
            }
        })],
    },
    Mutant {
        name: "put-limit-is-one-too-high",
        breaks: "V2-PUT-6",
        from: "`>` where `>=` was meant",
        changes: limited!("v2.put", 3_501),
    },
    Mutant {
        name: "put-limit-is-one-too-low",
        breaks: "V2-PUT-6",
        from: "the new mapping counted twice",
        changes: limited!("v2.put", 3_499),
    },
    Mutant {
        name: "put-at-the-limit-is-429",
        breaks: "V2-PUT-6",
        from: "too many, in another sense",
        changes: &[Change::Answer(|call, reply| {
            if is(call, "v2.put") && reply.body.pointer("/errors/0/code") == Some(&json!(1164)) {
                reply.status = 409;
            }
        })],
    },
    Mutant {
        name: "deletes-do-not-free-places",
        breaks: "V2-PUT-6",
        from: "a counter that only grows",
        changes: &[Change::Handle(|_, zone, call| {
            if is(call, "v2.delete") && zone.mappings.len() >= 3_500 {
                zone.aside.insert("full".into(), json!(true));
            }
            let is_new = super::bend::sent_address(call)
                .and_then(|text| text.parse().ok())
                .is_some_and(|ip| !zone.mappings.contains_key(&ip));
            if is(call, "v2.put") && zone.aside.contains_key("full") && is_new {
                return Some(Refusal::Full.reply(call.operation));
            }
            None
        })],
    },
    Mutant {
        name: "v1-batch-has-no-limit",
        breaks: "V1-BATCH-8",
        from: "a limit that only single writes check",
        changes: limited!("v1.batch_upsert", usize::MAX),
    },
    Mutant {
        name: "v2-batch-has-no-limit",
        breaks: "V2-BATCH-8",
        from: "a limit that only single writes check",
        changes: limited!("v2.batch_put", usize::MAX),
    },
    Mutant {
        name: "v1-batch-limit-is-looked-at-once",
        breaks: "V1-BATCH-8",
        from: "the zone counted before the batch and not within it",
        changes: &[Change::Handle(|rules, zone, call| {
            if !is(call, "v1.batch_upsert") || zone.mappings.len() >= rules.limit {
                return None;
            }
            let mut other = rules.clone();
            other.limit = usize::MAX;
            Some(handle(&other, zone, call))
        })],
    },
    Mutant {
        name: "v2-batch-limit-is-one-too-high",
        breaks: "V2-BATCH-8",
        from: "`>` where `>=` was meant",
        changes: limited!("v2.batch_put", 3_501),
    },
    Mutant {
        name: "v2-batch-limit-counts-every-item",
        breaks: "V2-BATCH-8",
        from: "refused when the zone and the body are 3,500 together or more",
        changes: &[Change::Handle(|rules, zone, call| {
            let sum = zone.mappings.len() + items(call).len();
            (is(call, "v2.batch_put") && sum >= rules.limit && items(call).len() <= 100)
                .then(|| Refusal::Full.reply(call.operation))
        })],
    },
    Mutant {
        name: "v1-batch-beyond-the-limit-drops-others",
        breaks: "V1-BATCH-8",
        from: "the oldest make room for the newest",
        changes: &[Change::Handle(|rules, zone, call| {
            if !is(call, "v1.batch_upsert") || items(call).len() > 100 {
                return None;
            }
            let excess = (zone.mappings.len() + items(call).len()).saturating_sub(rules.limit);
            let oldest: Vec<_> = zone.mappings.keys().copied().take(excess).collect();
            for ip in oldest {
                zone.mappings.remove(&ip);
            }
            None
        })],
    },
    Mutant {
        name: "v2-batch-at-the-limit-is-1157",
        breaks: "V2-BATCH-8",
        from: "one code for all refusals of a batch",
        changes: &[Change::Answer(|call, reply| {
            if is_kind(call, Kind::BatchUpsert)
                && is(call, "v2.batch_put")
                && reply.body.pointer("/errors/0/code") == Some(&json!(1164))
            {
                reply.body["errors"][0]["code"] = json!(1157);
            }
        })],
    },
];
