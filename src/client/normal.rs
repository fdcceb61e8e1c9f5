//! What a client gives to its caller, in one form. Adapters may pass the API's own forms on, so the names of both
//! generations and the wrappers of v1 are read as well.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::contract::address;
use crate::exchange::{Kind, Operation};

/// The names that mean the address of a mapping.
const ADDRESS: [&str; 6] = [
    "address",
    "origin_ip",
    "origin-ip",
    "originIp",
    "originIP",
    "ip",
];

/// Returns a client's result in the one form.
pub(super) fn normal(operation: Operation, result: &Value) -> Value {
    let inner = unwrapped(operation, result);
    match operation.kind() {
        Kind::SupportedRegions => inner.clone(),
        _ if operation.kind().is_batch() => batch(inner),
        _ => named(inner),
    }
}

/// Returns the result without the envelope and v1's setting around it.
fn unwrapped(operation: Operation, result: &Value) -> &Value {
    let mut value = result;
    for name in ["result", "value"] {
        let holds_more = |members: &Map<String, Value>| match operation.kind() {
            Kind::SupportedRegions => !members.contains_key("vendors"),
            _ if operation.kind().is_batch() => !members.contains_key("succeeded"),
            _ => ADDRESS.iter().all(|name| !members.contains_key(*name)),
        };
        if let Value::Object(members) = value
            && holds_more(members)
            && let Some(inner) = members.get(name)
        {
            value = inner;
        }
    }
    value
}

fn batch(value: &Value) -> Value {
    let Value::Object(members) = value else {
        return value.clone();
    };
    let part = |name: &str| members.get(name).map_or(json!([]), named);
    json!({"succeeded": part("succeeded"), "failed": part("failed")})
}

/// Returns a mapping, or each of a list, with the address under one name. A text alone is an address.
fn named(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(named).collect(),
        Value::Object(members) => {
            let mut all = Map::new();
            for (name, member) in members {
                if ADDRESS.contains(&name.as_str()) && member.is_string() {
                    all.insert("address".to_owned(), member.clone());
                } else if !member.is_null() {
                    all.insert(name.clone(), member.clone());
                }
            }
            Value::Object(all)
        }
        Value::String(_) => json!({"address": value}),
        other => other.clone(),
    }
}

/// Returns the first difference between what a result must show and what it shows: its JSON Pointer, what is expected and
/// what is found. The result may show more, and lists of mappings may have any order. `any` stands for any value, and
/// `count` for a list by its number of mappings.
pub(super) fn difference(expected: &Value, found: &Value) -> Option<(String, String, String)> {
    compare("", expected, found)
}

fn compare(at: &str, expected: &Value, found: &Value) -> Option<(String, String, String)> {
    let differs = |what: String, found: String| Some((at.to_owned(), what, found));
    match (expected, found) {
        (Value::String(any), _) if any == "any" => None,
        (Value::Object(members), Value::Array(shown)) if members.contains_key("count") => {
            count(at, &members["count"], shown)
        }
        (Value::Object(members), Value::Object(shown)) => {
            members.iter().find_map(|(name, member)| {
                let place = format!("{at}/{name}");
                match shown.get(name) {
                    Some(shown) => compare(&place, member, shown),
                    None if member.is_null() => None,
                    None => Some((place, brief(member), "nothing".to_owned())),
                }
            })
        }
        (Value::Array(items), Value::Array(shown)) => list(at, items, shown),
        (Value::String(one), Value::String(other)) if at.ends_with("/address") => {
            let is_same = one == other || address::same(one, other);
            if is_same {
                None
            } else {
                differs(brief(expected), brief(found))
            }
        }
        _ if expected == found => None,
        _ => differs(brief(expected), brief(found)),
    }
}

/// Compares the number of mappings of a list, each of which must be there once.
fn count(at: &str, expected: &Value, shown: &[Value]) -> Option<(String, String, String)> {
    let addresses = shown.iter().filter_map(|one| one.get("address")?.as_str());
    let distinct: BTreeSet<&str> = addresses.collect();
    let is_right =
        expected.as_u64() == u64::try_from(shown.len()).ok() && distinct.len() == shown.len();
    let found = format!(
        "{} mappings, {} of them different",
        shown.len(),
        distinct.len()
    );
    (!is_right).then(|| {
        (
            at.to_owned(),
            format!("{expected} different mappings"),
            found,
        )
    })
}

fn list(at: &str, items: &[Value], shown: &[Value]) -> Option<(String, String, String)> {
    // Mappings are told apart by their address, regions by their name.
    let of = |value: &Value| {
        let names = ["address", "name"];
        let key = names.iter().find_map(|name| value.get(*name));
        Some(key?.as_str()?.to_owned())
    };
    if items.len() != shown.len() {
        let count = |items: &[Value]| format!("{} item(s)", items.len());
        return Some((at.to_owned(), count(items), count(shown)));
    }
    let mut left: Vec<&Value> = shown.iter().collect();
    for (index, item) in items.iter().enumerate() {
        let place = format!("{at}/{index}");
        let Some(address) = of(item) else {
            let difference = compare(&place, item, shown.get(index)?);
            if difference.is_some() {
                return difference;
            }
            continue;
        };
        let fits = |other: &&Value| {
            of(other).is_some_and(|other| other == address || address::same(&other, &address))
        };
        match left.iter().position(fits) {
            Some(position) => {
                let difference = compare(&place, item, left.swap_remove(position));
                if difference.is_some() {
                    return difference;
                }
            }
            None => return Some((place, format!("a mapping of {address}"), "none".to_owned())),
        }
    }
    None
}

/// Returns a value as text, cut at a limit.
pub(super) fn brief(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(160) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_forms_of_both_generations_and_of_adapters_are_one() {
        let mapping = json!({"address": "192.0.2.1", "vendor": "aws", "region": "us-east-1"});
        let v1 = json!({"id": "x", "editable": true, "value": {"origin-ip": "192.0.2.1", "vendor": "aws", "region": "us-east-1"}});
        let v2 = json!({"origin_ip": "192.0.2.1", "vendor": "aws", "region": "us-east-1", "modified_on": null});
        assert_eq!(normal(Operation::named("v1.get"), &v1), mapping);
        assert_eq!(normal(Operation::named("v2.get"), &v2), mapping);
        assert_eq!(
            normal(Operation::named("v2.list"), &json!({"result": [v2]})),
            json!([mapping])
        );
        let batch = json!({"value": {"succeeded": [{"origin-ip": "192.0.2.1"}], "failed": []}});
        let one = json!({"succeeded": [{"address": "192.0.2.1"}], "failed": []});
        assert_eq!(normal(Operation::named("v1.batch_delete"), &batch), one);
    }

    #[test]
    fn the_first_difference_is_told_with_its_place() {
        let expected =
            json!([{"address": "2001:db8::1", "vendor": "aws"}, {"address": "192.0.2.1"}]);
        let found = json!([{"address": "192.0.2.1", "vendor": "gcp"}, {"address": "2001:DB8:0::1", "vendor": "gcp"}]);
        let (at, ..) = difference(&expected, &found).unwrap_or_default();
        assert_eq!(at, "/0/vendor");
        assert_eq!(difference(&expected, &expected), None);
        assert!(difference(&expected, &json!([])).is_some());
        assert!(difference(&json!({"failed": [1]}), &json!({"failed": []})).is_some());
    }
}
