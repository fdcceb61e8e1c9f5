//! Reading: lists and single mappings.

use serde_json::{Value, json};

use super::form;
use super::{Call, Refusal, Reply, Rules, Zone};
use crate::exchange::Generation;

pub(super) fn list_v1(rules: &Rules, zone: &Zone) -> Reply {
    Reply::success(form::set(rules, zone))
}

pub(super) fn list_v2(rules: &Rules, zone: &Zone, call: &Call) -> Result<Reply, Refusal> {
    let number = |name: &str, default: usize| match call.query(name) {
        None => Some(default),
        Some(text) => text.parse::<usize>().ok(),
    };
    let page = number("page", 1)
        .filter(|page| *page > 0)
        .ok_or(Refusal::PAGE)?;
    let per_page = number("per_page", rules.per_page_default)
        .filter(|size| (1..=rules.per_page_max).contains(size))
        .ok_or(Refusal::PER_PAGE)?;
    let total = zone.mappings.len();
    let items: Vec<Value> = zone
        .mappings
        .iter()
        .skip((page - 1).saturating_mul(per_page))
        .take(per_page)
        .map(|(ip, mapping)| form::entry(rules, Generation::V2, *ip, mapping))
        .collect();
    let info = json!({
        "page": page,
        "per_page": per_page,
        "count": items.len(),
        "total_count": total,
        "total_pages": total.div_ceil(per_page),
    });
    let mut reply = Reply::success(Value::from(items));
    reply.body["result_info"] = info;
    Ok(reply)
}

pub(super) fn get(rules: &Rules, zone: &Zone, call: &Call) -> Result<Reply, Refusal> {
    let text = call.address.as_deref().unwrap_or_default();
    let ip = (rules.read_path)(text).ok_or(Refusal::ADDRESS)?;
    let mapping = zone.mappings.get(&ip).ok_or(Refusal::NOT_FOUND)?;
    let generation = call.operation.generation();
    Ok(Reply::success(form::single(rules, generation, ip, mapping)))
}
