//! The JSON forms of results: entries, sets and items.

use std::net::IpAddr;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::rules::Rules;
use super::super::store::{Mapping, Place, Zone};
use crate::exchange::Generation;

/// The `id` of every v1 result.
const SETTING: &str = "origin_public_cloud_region";

/// Builds an entry of a list, which is also the result of a single v2 operation.
pub(super) fn entry(rules: &Rules, generation: Generation, ip: IpAddr, mapping: &Mapping) -> Value {
    let mut entry = item(generation, &(rules.show)(ip, mapping), Some(&mapping.place));
    entry["modified_on"] = Value::from((rules.show_time)(mapping.modified_on));
    entry
}

/// Builds an item of a batch answer.
pub(super) fn item(generation: Generation, address: &str, place: Option<&Place>) -> Value {
    let mut item = json!({});
    item[generation.response_address()] = Value::from(address);
    if let Some(place) = place {
        item["vendor"] = Value::from(place.vendor.as_str());
        item["region"] = Value::from(place.region.as_str());
    }
    item
}

/// Builds a failed item with its error text.
pub(super) fn failed_item(generation: Generation, address: &str, error: &str) -> Value {
    let mut item = item(generation, address, None);
    item["error"] = Value::from(error);
    item
}

/// Builds all entries of a zone.
pub(super) fn entries(rules: &Rules, generation: Generation, zone: &Zone) -> Vec<Value> {
    zone.mappings
        .iter()
        .map(|(ip, mapping)| entry(rules, generation, *ip, mapping))
        .collect()
}

/// Wraps a value as a v1 result.
pub(super) fn setting(value: Value, modified_on: Option<String>) -> Value {
    let mut setting = json!({"id": SETTING, "editable": true});
    setting["value"] = value;
    setting["modified_on"] = modified_on.map_or(Value::Null, Value::from);
    setting
}

/// Builds the v1 result with the whole set.
pub(super) fn set(rules: &Rules, zone: &Zone) -> Value {
    setting(
        Value::from(entries(rules, Generation::V1, zone)),
        zone.set_time().map(rules.show_time),
    )
}

/// Builds the result of a single operation: one mapping in the form of its generation.
pub(super) fn single(
    rules: &Rules,
    generation: Generation,
    ip: IpAddr,
    mapping: &Mapping,
) -> Value {
    let entry = entry(rules, generation, ip, mapping);
    match generation {
        Generation::V1 => setting(entry, Some((rules.show_time)(mapping.modified_on))),
        Generation::V2 => entry,
    }
}

/// Builds a batch result. The v1 form carries the time `now` if any item succeeded.
pub(super) fn batch(
    rules: &Rules,
    generation: Generation,
    (succeeded, failed): (Vec<Value>, Vec<Value>),
    now: Timestamp,
) -> Value {
    let applied = !succeeded.is_empty();
    let lists = json!({"succeeded": succeeded, "failed": failed});
    match generation {
        Generation::V1 => setting(lists, applied.then(|| (rules.show_time)(now))),
        Generation::V2 => lists,
    }
}
