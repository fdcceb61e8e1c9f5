//! Faults of lists (V1-LIST, V2-LIST).

use serde_json::{Value, json};

use super::super::change::Change;
use super::super::handle::handle;
use super::super::store::Zone;
use super::all::Mutant;
use super::bend::{is, is_kind, list};
use crate::exchange::{Kind, Operation};

/// Handles reads on the zone as it was before the last write.
fn one_write_behind(
    rules: &super::super::rules::Rules,
    zone: &mut Zone,
    call: &super::super::call::Call,
    read: Operation,
) -> Option<super::super::call::Reply> {
    if call.operation.kind().writes() {
        let before = zone.clone();
        let reply = handle(rules, zone, call);
        let seen: Vec<Value> = before
            .mappings
            .iter()
            .map(|(ip, m)| json!([ip.to_string(), m.place.vendor, m.place.region]))
            .collect();
        zone.aside.insert("before".into(), Value::from(seen));
        return Some(reply);
    }
    if call.operation != read {
        return None;
    }
    let mut stale = Zone {
        modified_on: Some(call.now),
        ..Zone::default()
    };
    for row in zone
        .aside
        .get("before")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        let text = |n: usize| row[n].as_str().unwrap_or_default().to_owned();
        if let Ok(ip) = text(0).parse() {
            let place = super::super::store::Place {
                vendor: text(1),
                region: text(2),
            };
            let sent_as = text(0);
            stale.put(
                ip,
                super::super::store::Mapping {
                    place,
                    modified_on: call.now,
                    sent_as,
                },
            );
        }
    }
    Some(handle(rules, &mut stale, call))
}

pub(super) const MUTANTS: &[Mutant] = &[
    Mutant {
        name: "empty-set-has-a-time",
        breaks: "V1-LIST-2",
        from: "the time of the last change kept when the set is emptied",
        changes: &[Change::Answer(|call, reply| {
            if is(call, "v1.list") && list(call, reply, "").is_some_and(|items| items.is_empty()) {
                reply.body["result"]["modified_on"] = json!("2026-03-01T12:00:00Z");
            }
        })],
    },
    Mutant {
        name: "v1-list-is-cut-at-a-thousand",
        breaks: "V1-LIST-3",
        from: "a default limit of the database driver",
        changes: &[Change::Answer(|call, reply| {
            if is(call, "v1.list")
                && let Some(items) = list(call, reply, "")
            {
                items.truncate(1_000);
            }
        })],
    },
    Mutant {
        name: "v1-list-is-one-write-behind",
        breaks: "V1-LIST-3",
        from: "a cache that is filled before the write is done",
        changes: &[Change::Handle(|rules, zone, call| {
            one_write_behind(rules, zone, call, Operation::named("v1.list"))
        })],
    },
    Mutant {
        name: "v1-list-shows-one-region-for-a-vendor",
        breaks: "V1-LIST-3",
        from: "a join on the vendor alone",
        changes: &[Change::Answer(|call, reply| {
            if is(call, "v1.list") {
                let items = list(call, reply, "");
                let mut first: std::collections::HashMap<String, Value> =
                    std::collections::HashMap::new();
                for item in items.into_iter().flatten() {
                    let vendor = item["vendor"].as_str().unwrap_or_default().to_owned();
                    let region = first
                        .entry(vendor)
                        .or_insert_with(|| item["region"].clone());
                    item["region"] = region.clone();
                }
            }
        })],
    },
    Mutant {
        name: "default-page-has-25",
        breaks: "V2-LIST-2",
        from: "another product's default",
        changes: &[Change::Rules(|rules| rules.per_page_default = 25)],
    },
    Mutant {
        name: "default-page-has-100",
        breaks: "V2-LIST-2",
        from: "the maximum as the default",
        changes: &[Change::Rules(|rules| rules.per_page_default = 100)],
    },
    Mutant {
        name: "per-page-101-is-taken",
        breaks: "V2-LIST-3",
        from: "`<=` where `<` was meant",
        changes: &[Change::Rules(|rules| rules.per_page_max = 101)],
    },
    Mutant {
        name: "per-page-is-clamped",
        breaks: "V2-LIST-3",
        from: "a server that means to be kind",
        changes: &[Change::Ask(|call| {
            for (name, value) in &mut call.query {
                if name == "per_page" && value.parse::<i64>().is_ok_and(|n| n > 100) {
                    *value = "100".into();
                }
            }
        })],
    },
    Mutant {
        name: "per-page-text-is-ignored",
        breaks: "V2-LIST-3",
        from: "a parse error that means the default",
        changes: &[Change::Ask(|call| {
            call.query
                .retain(|(name, value)| name != "per_page" || value.parse::<i64>().is_ok());
        })],
    },
    Mutant {
        name: "per-page-100-is-refused",
        breaks: "V2-LIST-3",
        from: "a border taken exclusively",
        changes: &[Change::Rules(|rules| rules.per_page_max = 99)],
    },
    Mutant {
        name: "page-zero-is-the-first",
        breaks: "V2-LIST-4",
        from: "pages counted from zero inside",
        changes: &[Change::Ask(|call| {
            for (name, value) in &mut call.query {
                if name == "page" && value == "0" {
                    *value = "1".into();
                }
            }
        })],
    },
    Mutant {
        name: "negative-page-is-the-first",
        breaks: "V2-LIST-4",
        from: "an offset that is clamped at zero",
        changes: &[Change::Ask(|call| {
            for (name, value) in &mut call.query {
                if name == "page" && value.starts_with('-') {
                    *value = "1".into();
                }
            }
        })],
    },
    Mutant {
        name: "last-page-is-short",
        breaks: "V2-LIST-5",
        from: "an end index that is one too low",
        changes: &[Change::Answer(|call, reply| {
            let page = reply
                .body
                .pointer("/result_info/page")
                .and_then(Value::as_u64);
            let pages = reply
                .body
                .pointer("/result_info/total_pages")
                .and_then(Value::as_u64);
            if is(call, "v2.list")
                && page == pages
                && pages.is_some_and(|pages| pages > 1)
                && let Some(items) = list(call, reply, "")
            {
                items.pop();
                let count = items.len();
                reply.body["result_info"]["count"] = json!(count);
            }
        })],
    },
    Mutant {
        name: "last-page-is-lost",
        breaks: "V2-LIST-5",
        from: "pages counted by a division that rounds down",
        changes: &[Change::Answer(|call, reply| {
            if is(call, "v2.list")
                && let Some(info) = reply.body.get_mut("result_info")
            {
                let number = |name: &str| info[name].as_u64().unwrap_or(1).max(1);
                if info["total_count"].as_u64() > info["per_page"].as_u64() {
                    info["total_pages"] = json!(number("total_count") / number("per_page"));
                }
            }
        })],
    },
    Mutant {
        name: "pages-overlap",
        breaks: "V2-LIST-5",
        from: "an offset of page times size, less one",
        changes: &[Change::Handle(|rules, zone, call| {
            if !is(call, "v2.list") || call.query("page").is_none_or(|page| page == "1") {
                return None;
            }
            let mut reply = handle(rules, zone, call);
            let mut before = call.clone();
            for (name, value) in &mut before.query {
                if name == "page" {
                    *value = (value.parse::<u64>().unwrap_or(1).max(2) - 1).to_string();
                }
            }
            let mut previous = handle(rules, zone, &before);
            let last = list(call, &mut previous, "").and_then(Vec::pop);
            if let (Some(items), Some(last)) = (list(call, &mut reply, ""), last)
                && let Some(first) = items.first_mut()
            {
                *first = last;
            }
            Some(reply)
        })],
    },
    Mutant {
        name: "total-is-of-the-page",
        breaks: "V2-LIST-5",
        from: "the length of the page in place of the count of the zone",
        changes: &[Change::Answer(|call, reply| {
            if is(call, "v2.list") {
                let count = list(call, reply, "").map(|items| items.len());
                reply.body["result_info"]["total_count"] = json!(count);
            }
        })],
    },
    Mutant {
        name: "count-is-per-page",
        breaks: "V2-LIST-5",
        from: "the size that was asked for in place of what came",
        changes: &[Change::Answer(|call, reply| {
            if is(call, "v2.list") && reply.is_success() {
                let per_page = reply.body["result_info"]["per_page"].clone();
                reply.body["result_info"]["count"] = per_page;
            }
        })],
    },
    Mutant {
        name: "one-page-too-many",
        breaks: "V2-LIST-5",
        from: "total divided by size, plus one",
        changes: &[Change::Answer(|call, reply| {
            if is(call, "v2.list")
                && let Some(info) = reply.body.get_mut("result_info")
            {
                let (total, per) = (info["total_count"].as_u64(), info["per_page"].as_u64());
                if let (Some(total @ 1..), Some(per @ 1..)) = (total, per) {
                    info["total_pages"] = json!(total / per + 1);
                }
            }
        })],
    },
    Mutant {
        name: "v2-list-is-one-write-behind",
        breaks: "V2-LIST-5",
        from: "a cache that is filled before the write is done",
        changes: &[Change::Handle(|rules, zone, call| {
            one_write_behind(rules, zone, call, Operation::named("v2.list"))
        })],
    },
    Mutant {
        name: "order-changes-between-pages",
        breaks: "V2-LIST-5",
        from: "pages cut from a hash map's order",
        changes: &[Change::Handle(|rules, zone, call| {
            if !is(call, "v2.list") {
                return None;
            }
            let is_even = call
                .query("page")
                .is_some_and(|page| page.parse::<u64>().is_ok_and(|n| n % 2 == 0));
            if !is_even {
                return None;
            }
            let mut whole = call.clone();
            whole.query.clear();
            let mut unlimited = rules.clone();
            unlimited.per_page_default = usize::MAX;
            unlimited.per_page_max = usize::MAX;
            let mut all = handle(&unlimited, zone, &whole);
            let mut items: Vec<Value> = list(call, &mut all, "").cloned().unwrap_or_default();
            items.reverse();
            let mut reply = handle(rules, zone, call);
            let per_page = call
                .query("per_page")
                .and_then(|n| n.parse().ok())
                .unwrap_or(20_usize);
            let page = call
                .query("page")
                .and_then(|n| n.parse().ok())
                .unwrap_or(1_usize)
                .max(1);
            let cut: Vec<Value> = items
                .into_iter()
                .skip((page - 1) * per_page)
                .take(per_page)
                .collect();
            if let Some(list) = list(call, &mut reply, "") {
                *list = cut;
            }
            Some(reply)
        })],
    },
    Mutant {
        name: "list-shows-the-vendor-of-the-neighbour",
        breaks: "V2-LIST-5",
        from: "two columns sorted apart",
        changes: &[Change::Answer(|call, reply| {
            if is(call, "v2.list")
                && is_kind(call, Kind::List)
                && let Some(items) = list(call, reply, "")
            {
                let places: Vec<(Value, Value)> = items
                    .iter()
                    .map(|item| (item["vendor"].clone(), item["region"].clone()))
                    .collect();
                let count = items.len();
                for (index, item) in items.iter_mut().enumerate() {
                    let (vendor, region) = places[(index + 1) % count].clone();
                    item["vendor"] = vendor;
                    item["region"] = region;
                }
            }
        })],
    },
];
