//! The tools that faults are made with: places in an answer, codes, batches that are cut, states that
//! are put back, zones that leak.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use serde_json::{Value, json};

use crate::exchange::Generation;
use crate::mock::{Body, Call, Mapping, Place, Reply, Rules, Zone, handle};

/// The entries of a list, or the items of a batch's list, in a success.
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

/// The same entries or items one by one; nothing where there is no such list.
pub(super) fn each<'r>(
    call: &Call,
    reply: &'r mut Reply,
    which: &str,
) -> impl DoubleEndedIterator<Item = &'r mut Value> + use<'r> {
    list(call, reply, which).into_iter().flatten()
}

/// The one entry of a single operation's success.
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

/// The code of a failure.
pub(super) fn code(reply: &Reply) -> Option<i64> {
    reply.body.pointer("/errors/0/code")?.as_i64()
}

/// Replaces one code by another.
pub(super) fn recode(reply: &mut Reply, from: i64, to: i64) {
    if code(reply) == Some(from) {
        reply.body["errors"][0]["code"] = json!(to);
    }
}

/// Answers a code with another status.
pub(super) fn restatus(reply: &mut Reply, of: i64, status: u16) {
    if code(reply) == Some(of) {
        reply.status = status;
    }
}

/// The honest answer with the zone left as it was.
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

/// Answers 207 where an item of a batch failed.
pub(super) fn multi_status(call: &Call, reply: &mut Reply) {
    if list(call, reply, "failed").is_some_and(|failed| !failed.is_empty()) {
        reply.status = 207;
    }
}

/// The items of a batch body.
pub(super) fn items(call: &Call) -> Vec<Value> {
    match &call.body {
        Body::Json(Value::Array(items)) => items.clone(),
        Body::Json(_) | Body::None | Body::Malformed(_) => Vec::new(),
    }
}

/// The same call with other items.
pub(super) fn with_items(call: &Call, items: Vec<Value>) -> Call {
    Call {
        body: Body::Json(Value::Array(items)),
        ..call.clone()
    }
}

/// Takes a missing body for an empty batch.
pub(super) fn empty_for_none(call: &mut Call) {
    if call.body == Body::None {
        call.body = Body::Json(json!([]));
    }
}

/// Handles the first hundred items of a longer batch.
pub(super) fn first_hundred(rules: &Rules, zone: &mut Zone, call: &Call) -> Option<Reply> {
    let mut items = items(call);
    if items.len() <= 100 {
        return None;
    }
    items.truncate(100);
    Some(handle(rules, zone, &with_items(call, items)))
}

/// The address of a text.
pub(super) fn ip(text: &Value) -> Option<IpAddr> {
    text.as_str()?.parse().ok()
}

/// The address of a call's body or path as it was sent.
pub(super) fn sent_address(call: &Call) -> Option<String> {
    let body = match &call.body {
        Body::Json(body) => body
            .get(call.operation.generation().request_address())
            .and_then(Value::as_str),
        Body::None | Body::Malformed(_) => None,
    };
    body.map(str::to_owned).or_else(|| call.address.clone())
}

/// The same address as a value, whatever its spelling.
pub(super) fn sent_ip(call: &Call) -> Option<IpAddr> {
    sent_address(call)?.parse().ok()
}

/// What an address is mapped to.
pub(super) fn place(zone: &Zone, ip: IpAddr) -> Option<Place> {
    Some(zone.mappings.get(&ip)?.place.clone())
}

/// What the zones hold, for faults that mix zones up.
static SEEN: Mutex<BTreeMap<String, BTreeMap<IpAddr, Mapping>>> = Mutex::new(BTreeMap::new());

/// The mappings of the other zones of the same case, whose ids begin alike. A call that does not look
/// at them is remembered instead, if it writes.
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
