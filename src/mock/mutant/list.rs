//! Faults of lists (V1-LIST, V2-LIST).

use std::collections::HashMap;

use serde_json::{Value, json};

use super::bend::{each, ip, list};
use super::fault::Fault;
use crate::exchange::{Kind, Operation};
use crate::mock::{Call, Change, Mapping, On, Place, Reply, Rules, Zone, handle};

/// Answers the operation `read` from the zone as it was before the last write.
fn one_write_behind(rules: &Rules, zone: &mut Zone, call: &Call, read: Operation) -> Option<Reply> {
    if call.operation.kind().writes() {
        let mappings = zone.mappings.iter();
        let before = mappings
            .map(|(ip, m)| json!([ip.to_string(), m.place.vendor, m.place.region]))
            .collect();
        zone.aside.insert("before".into(), before);
        return None;
    }
    if call.operation != read {
        return None;
    }
    let mut stale = Zone {
        modified_on: Some(call.now),
        ..Zone::default()
    };
    let before = zone.aside.get("before").and_then(Value::as_array);
    for row in before.into_iter().flatten() {
        let text = |n: usize| row[n].as_str().unwrap_or_default().to_owned();
        if let Some(ip) = ip(&row[0]) {
            let mapping = Mapping {
                place: Place {
                    vendor: text(1),
                    region: text(2),
                },
                modified_on: call.now,
                sent_as: text(0),
            };
            stale.put(ip, mapping);
        }
    }
    Some(handle(rules, &mut stale, call))
}

/// Treats the values of `page` that `is_other` selects as the first page.
fn first_page_for(call: &mut Call, is_other: fn(&str) -> bool) {
    for (name, value) in &mut call.query {
        if name == "page" && is_other(value) {
            *value = "1".into();
        }
    }
}

pub(super) const FAULTS: &[Fault] = &[
    Fault {
        name: "empty-set-has-a-time",
        breaks: "V1-LIST-2",
        from: "the time of the last change kept when the set is emptied",
        on: On::V1(&[Kind::List]),
        change: Change::Answer(|call, reply| {
            if list(call, reply, "").is_some_and(|items| items.is_empty()) {
                reply.body["result"]["modified_on"] = json!("2026-03-01T12:00:00Z");
            }
        }),
    },
    Fault {
        name: "v1-list-is-cut-at-a-thousand",
        breaks: "V1-LIST-3",
        from: "a default limit of the database driver",
        on: On::V1(&[Kind::List]),
        change: Change::Answer(|call, reply| {
            if let Some(items) = list(call, reply, "") {
                items.truncate(1_000);
            }
        }),
    },
    Fault {
        name: "v1-list-is-one-write-behind",
        breaks: "V1-LIST-3",
        from: "a cache that is filled before the write is done",
        on: On::Every,
        change: Change::Handle(|rules, zone, call| {
            one_write_behind(rules, zone, call, Operation::named("v1.list"))
        }),
    },
    Fault {
        name: "v1-list-shows-one-region-for-a-vendor",
        breaks: "V1-LIST-3",
        from: "a join on the vendor alone",
        on: On::V1(&[Kind::List]),
        change: Change::Answer(|call, reply| {
            let mut first: HashMap<String, Value> = HashMap::new();
            for item in each(call, reply, "") {
                let vendor = item["vendor"].as_str().unwrap_or_default().to_owned();
                let region = first
                    .entry(vendor)
                    .or_insert_with(|| item["region"].clone());
                item["region"] = region.clone();
            }
        }),
    },
    Fault {
        name: "default-page-has-25",
        breaks: "V2-LIST-2",
        from: "another product's default",
        on: On::V2(&[Kind::List]),
        change: Change::Rules(|rules| rules.per_page_default = 25),
    },
    Fault {
        name: "default-page-has-100",
        breaks: "V2-LIST-2",
        from: "the maximum as the default",
        on: On::V2(&[Kind::List]),
        change: Change::Rules(|rules| rules.per_page_default = 100),
    },
    Fault {
        name: "per-page-101-is-taken",
        breaks: "V2-LIST-3",
        from: "`<=` where `<` was meant",
        on: On::V2(&[Kind::List]),
        change: Change::Rules(|rules| rules.per_page_max = 101),
    },
    Fault {
        name: "per-page-is-clamped",
        breaks: "V2-LIST-3",
        from: "a server that means to be kind",
        on: On::V2(&[Kind::List]),
        change: Change::Ask(|call| {
            for (name, value) in &mut call.query {
                if name == "per_page" && value.parse::<i64>().is_ok_and(|n| n > 100) {
                    *value = "100".into();
                }
            }
        }),
    },
    Fault {
        name: "per-page-text-is-ignored",
        breaks: "V2-LIST-3",
        from: "a parse error that means the default",
        on: On::V2(&[Kind::List]),
        change: Change::Ask(|call| {
            call.query
                .retain(|(name, value)| name != "per_page" || value.parse::<i64>().is_ok());
        }),
    },
    Fault {
        name: "per-page-100-is-refused",
        breaks: "V2-LIST-3",
        from: "a border taken exclusively",
        on: On::V2(&[Kind::List]),
        change: Change::Rules(|rules| rules.per_page_max = 99),
    },
    Fault {
        name: "page-zero-is-the-first",
        breaks: "V2-LIST-4",
        from: "pages counted from zero inside",
        on: On::V2(&[Kind::List]),
        change: Change::Ask(|call| first_page_for(call, |value| value == "0")),
    },
    Fault {
        name: "negative-page-is-the-first",
        breaks: "V2-LIST-4",
        from: "an offset that is clamped at zero",
        on: On::V2(&[Kind::List]),
        change: Change::Ask(|call| first_page_for(call, |value| value.starts_with('-'))),
    },
    Fault {
        name: "last-page-is-short",
        breaks: "V2-LIST-5",
        from: "an end index that is one too low",
        on: On::V2(&[Kind::List]),
        change: Change::Answer(|call, reply| {
            let info = |name: &str| reply.body["result_info"][name].as_u64();
            let (page, pages) = (info("page"), info("total_pages"));
            if page == pages
                && pages.is_some_and(|pages| pages > 1)
                && let Some(items) = list(call, reply, "")
            {
                items.pop();
                let count = items.len();
                reply.body["result_info"]["count"] = json!(count);
            }
        }),
    },
    Fault {
        name: "last-page-is-lost",
        breaks: "V2-LIST-5",
        from: "pages counted by a division that rounds down",
        on: On::V2(&[Kind::List]),
        change: Change::Answer(|_, reply| {
            if let Some(info) = reply.body.get_mut("result_info") {
                let number = |name: &str| info[name].as_u64().unwrap_or(1).max(1);
                if info["total_count"].as_u64() > info["per_page"].as_u64() {
                    info["total_pages"] = json!(number("total_count") / number("per_page"));
                }
            }
        }),
    },
    Fault {
        name: "pages-overlap",
        breaks: "V2-LIST-5",
        from: "an offset of page times size, less one",
        on: On::V2(&[Kind::List]),
        change: Change::Handle(|rules, zone, call| {
            if call.query("page").is_none_or(|page| page == "1") {
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
        }),
    },
    Fault {
        name: "total-is-of-the-page",
        breaks: "V2-LIST-5",
        from: "the length of the page in place of the count of the zone",
        on: On::V2(&[Kind::List]),
        change: Change::Answer(|call, reply| {
            let count = list(call, reply, "").map(|items| items.len());
            reply.body["result_info"]["total_count"] = json!(count);
        }),
    },
    Fault {
        name: "count-is-per-page",
        breaks: "V2-LIST-5",
        from: "the size that was asked for in place of what came",
        on: On::V2(&[Kind::List]),
        change: Change::Answer(|_, reply| {
            if reply.is_success() {
                let per_page = reply.body["result_info"]["per_page"].clone();
                reply.body["result_info"]["count"] = per_page;
            }
        }),
    },
    Fault {
        name: "one-page-too-many",
        breaks: "V2-LIST-5",
        from: "total divided by size, plus one",
        on: On::V2(&[Kind::List]),
        change: Change::Answer(|_, reply| {
            if let Some(info) = reply.body.get_mut("result_info") {
                let (total, per) = (info["total_count"].as_u64(), info["per_page"].as_u64());
                if let (Some(total @ 1..), Some(per @ 1..)) = (total, per) {
                    info["total_pages"] = json!(total / per + 1);
                }
            }
        }),
    },
    Fault {
        name: "v2-list-is-one-write-behind",
        breaks: "V2-LIST-5",
        from: "a cache that is filled before the write is done",
        on: On::Every,
        change: Change::Handle(|rules, zone, call| {
            one_write_behind(rules, zone, call, Operation::named("v2.list"))
        }),
    },
    Fault {
        name: "order-changes-between-pages",
        breaks: "V2-LIST-5",
        from: "pages cut from a hash map's order",
        on: On::V2(&[Kind::List]),
        change: Change::Handle(|rules, zone, call| {
            let number = |name: &str, default: usize| {
                call.query(name)
                    .and_then(|n| n.parse().ok())
                    .unwrap_or(default)
            };
            let (page, per_page) = (number("page", 1), number("per_page", 20));
            if page % 2 == 1 {
                return None;
            }
            let mut whole = call.clone();
            whole.query.clear();
            let mut unlimited = rules.clone();
            unlimited.per_page_default = usize::MAX;
            unlimited.per_page_max = usize::MAX;
            let mut all = handle(&unlimited, zone, &whole);
            let items = each(call, &mut all, "").map(Value::take).rev();
            let cut: Vec<Value> = items
                .skip(page.saturating_sub(1) * per_page)
                .take(per_page)
                .collect();
            let mut reply = handle(rules, zone, call);
            if let Some(list) = list(call, &mut reply, "") {
                *list = cut;
            }
            Some(reply)
        }),
    },
    Fault {
        name: "list-shows-the-vendor-of-the-neighbour",
        breaks: "V2-LIST-5",
        from: "two columns sorted apart",
        on: On::V2(&[Kind::List]),
        change: Change::Answer(|call, reply| {
            if let Some(items) = list(call, reply, "") {
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
        }),
    },
];
