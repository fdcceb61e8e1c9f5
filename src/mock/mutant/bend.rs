//! Tools to build faults: places in an answer, codes, truncated batches, restored states and leaking zones.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use serde_json::{Value, json};

use crate::exchange::Generation;
use crate::mock::{Body, Call, Mapping, Place, Reply, Rules, Zone, handle};

/// Returns the entries of a list (`which` is empty), or the items of a batch's list `which`, in a success.
pub(super) fn list<'r>(
    call: &Call,
    reply: &'r mut Reply,
    which: &str,
) -> Option<&'r mut Vec<Value>> {
    let place = match (call.operation.generation(), which) {
        (Generation::V1, "") => "/result/value".to_owned(),
        (Generation::V2, "") => "/result".to_owned(),
        (Generation::V1, which) => format!("/result/value/{which}"),
        (Generation::V2, which) => format!("/result/{which}"),
    };
    reply.body.pointer_mut(&place)?.as_array_mut()
}

/// Iterates over the same entries or items. The iterator is empty if there is no such list.
pub(super) fn each<'r>(
    call: &Call,
    reply: &'r mut Reply,
    which: &str,
) -> impl DoubleEndedIterator<Item = &'r mut Value> + use<'r> {
    list(call, reply, which).into_iter().flatten()
}

/// Returns the entry in a single operation's success.
pub(super) fn entry<'r>(call: &Call, reply: &'r mut Reply) -> Option<&'r mut Value> {
    let place = match call.operation.generation() {
        Generation::V1 => "/result/value",
        Generation::V2 => "/result",
    };
    reply
        .body
        .pointer_mut(place)
        .filter(|value| value.is_object())
}

/// Removes a member of an object.
pub(super) fn remove(value: &mut Value, name: &str) -> Option<Value> {
    value.as_object_mut()?.remove(name)
}

/// Returns the code of a failure.
pub(super) fn code(reply: &Reply) -> Option<i64> {
    reply.body.pointer("/errors/0/code")?.as_i64()
}

/// Replaces one code with another.
pub(super) fn recode(reply: &mut Reply, from: i64, to: i64) {
    if code(reply) == Some(from) {
        reply.body["errors"][0]["code"] = json!(to);
    }
}

/// Sets another status on a failure with this code.
pub(super) fn restatus(reply: &mut Reply, of: i64, status: u16) {
    if code(reply) == Some(of) {
        reply.status = status;
    }
}

/// Returns the honest answer, but leaves the zone unchanged.
#[expect(
    clippy::unnecessary_wraps,
    reason = "it is a whole fault, in the form of `Change::Handle`"
)]
pub(super) fn without_effect(rules: &Rules, zone: &mut Zone, call: &Call) -> Option<Reply> {
    let before = zone.clone();
    let reply = handle(rules, zone, call);
    *zone = before;
    Some(reply)
}

/// Sets status 207 if an item of a batch failed.
pub(super) fn multi_status(call: &Call, reply: &mut Reply) {
    if list(call, reply, "failed").is_some_and(|failed| !failed.is_empty()) {
        reply.status = 207;
    }
}

/// Returns the items of a batch body.
pub(super) fn items(call: &Call) -> Vec<Value> {
    match &call.body {
        Body::Json(Value::Array(items)) => items.clone(),
        Body::Json(_) | Body::None | Body::Malformed(_) => Vec::new(),
    }
}

/// Returns the same call with other items.
pub(super) fn with_items(call: &Call, items: Vec<Value>) -> Call {
    Call {
        body: Body::Json(Value::Array(items)),
        ..call.clone()
    }
}

/// Treats a missing body as an empty batch.
pub(super) fn empty_for_none(call: &mut Call) {
    if call.body == Body::None {
        call.body = Body::Json(json!([]));
    }
}

/// Handles only the first hundred items of a longer batch.
pub(super) fn first_hundred(rules: &Rules, zone: &mut Zone, call: &Call) -> Option<Reply> {
    let mut items = items(call);
    if items.len() <= 100 {
        return None;
    }
    items.truncate(100);
    Some(handle(rules, zone, &with_items(call, items)))
}

/// Parses an address from a JSON string.
pub(super) fn ip(text: &Value) -> Option<IpAddr> {
    text.as_str()?.parse().ok()
}

/// Returns the address in a call's body, or else in its path, as it was sent.
pub(super) fn sent_address(call: &Call) -> Option<String> {
    let body = match &call.body {
        Body::Json(body) => body
            .get(call.operation.generation().request_address())
            .and_then(Value::as_str),
        Body::None | Body::Malformed(_) => None,
    };
    body.map(str::to_owned).or_else(|| call.address.clone())
}

/// Returns the same address, parsed.
pub(super) fn sent_ip(call: &Call) -> Option<IpAddr> {
    sent_address(call)?.parse().ok()
}

/// Returns the place that an address is mapped to.
pub(super) fn place(zone: &Zone, ip: IpAddr) -> Option<Place> {
    Some(zone.mappings.get(&ip)?.place.clone())
}

/// The mappings of each zone, for faults that mix up zones.
static SEEN: Mutex<BTreeMap<String, BTreeMap<IpAddr, Mapping>>> = Mutex::new(BTreeMap::new());

/// Returns the mappings of the other zones of the same case, whose ids share the first 28 bytes. If `is_looked_at` is
/// false, returns nothing; a write is then recorded for later calls.
pub(super) fn of_other_zones(
    rules: &Rules,
    zone: &Zone,
    call: &Call,
    is_looked_at: bool,
) -> BTreeMap<IpAddr, Mapping> {
    let mut seen = SEEN.lock().unwrap_or_else(PoisonError::into_inner);
    if !is_looked_at {
        if call.operation.kind().writes() {
            let mut after = zone.clone();
            handle(rules, &mut after, call);
            seen.insert(call.zone.clone(), after.mappings);
        }
        return BTreeMap::new();
    }
    seen.iter()
        .filter(|(key, _)| key.get(..28) == call.zone.get(..28) && **key != call.zone)
        .flat_map(|(_, mappings)| mappings.clone())
        .collect()
}
