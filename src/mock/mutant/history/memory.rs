//! The memory of faults that need a history: answers, numbers, addresses and mappings of a zone.

use std::net::IpAddr;

use serde_json::{Value, json};

use super::super::bend::{ip, items, sent_ip};
use crate::exchange::{Kind, Operation};
use crate::mock::{Call, Mapping, Place, Reply, Rules, Zone, handle};

/// Returns whether a call is of the operation with this id.
pub(super) fn is(call: &Call, id: &'static str) -> bool {
    call.operation == Operation::named(id)
}

/// Returns the addresses that a request names: those of its batch items, or else the one in its body or path.
pub(super) fn named(call: &Call) -> Vec<IpAddr> {
    let member = call.operation.generation().request_address();
    let of_item = |item: &Value| ip(item).or_else(|| ip(item.get(member)?));
    let listed: Vec<IpAddr> = items(call).iter().filter_map(of_item).collect();
    if listed.is_empty() {
        sent_ip(call).into_iter().collect()
    } else {
        listed
    }
}

/// Returns whether a request deletes mappings.
pub(super) fn deletes(call: &Call) -> bool {
    matches!(call.operation.kind(), Kind::Delete | Kind::BatchDelete)
}

/// Returns the cache key of a read: operation, address and query.
pub(super) fn name_of(call: &Call) -> String {
    let address = sent_ip(call).map(|ip| ip.to_string()).unwrap_or_default();
    let query: Vec<String> = call
        .query
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    format!("{} {address} {}", call.operation.id(), query.join("&"))
}

/// Returns the answer that was stored under a name. If there is none, returns the honest answer and stores it.
pub(super) fn cached(rules: &Rules, zone: &mut Zone, call: &Call, name: &str) -> Reply {
    if let Some(kept) = zone.aside.get(name) {
        let status = kept["status"]
            .as_u64()
            .and_then(|status| u16::try_from(status).ok());
        return Reply {
            status: status.unwrap_or(200),
            body: kept["body"].clone(),
            headers: Vec::new(),
        };
    }
    let reply = handle(rules, zone, call);
    let kept = json!({"status": reply.status, "body": reply.body});
    zone.aside.insert(name.to_owned(), kept);
    reply
}

/// Removes everything that was stored under names with this prefix.
pub(super) fn forget(zone: &mut Zone, start: &str) {
    zone.aside.retain(|name, _| !name.starts_with(start));
}

/// Returns the number that was stored under a name, or 0 if there is none.
pub(super) fn number(zone: &Zone, name: &str) -> i64 {
    zone.aside.get(name).and_then(Value::as_i64).unwrap_or(0)
}

pub(super) fn set_number(zone: &mut Zone, name: &str, number: i64) {
    zone.aside.insert(name.to_owned(), json!(number));
}

/// Returns whether an address was noted under a name.
pub(super) fn has(zone: &Zone, name: &str, ip: IpAddr) -> bool {
    zone.aside.contains_key(&format!("{name} {ip}"))
}

pub(super) fn note(zone: &mut Zone, name: &str, ip: IpAddr) {
    zone.aside.insert(format!("{name} {ip}"), json!(true));
}

pub(super) fn unnote(zone: &mut Zone, name: &str, ip: IpAddr) {
    zone.aside.remove(&format!("{name} {ip}"));
}

/// Stores the place of an address under a name.
pub(super) fn keep_place(zone: &mut Zone, name: &str, ip: IpAddr) {
    if let Some(mapping) = zone.mappings.get(&ip) {
        let place = json!([mapping.place.vendor, mapping.place.region]);
        zone.aside.insert(format!("{name} {ip}"), place);
    }
}

/// Returns the place of an address that was stored under a name.
pub(super) fn kept_place(zone: &Zone, name: &str, ip: IpAddr) -> Option<Place> {
    let kept = zone.aside.get(&format!("{name} {ip}"))?;
    Some(Place {
        vendor: kept[0].as_str()?.to_owned(),
        region: kept[1].as_str()?.to_owned(),
    })
}

/// Writes a mapping without updating the time of the set.
pub(super) fn sneak(zone: &mut Zone, ip: IpAddr, place: Place, call: &Call) {
    let mapping = Mapping {
        place,
        modified_on: call.now,
        sent_as: ip.to_string(),
    };
    zone.mappings.insert(ip, mapping);
}

/// Returns the honest answer, but leaves the mappings unchanged.
pub(super) fn only_says(rules: &Rules, zone: &mut Zone, call: &Call) -> Reply {
    let before = zone.mappings.clone();
    let reply = handle(rules, zone, call);
    zone.mappings = before;
    reply
}
