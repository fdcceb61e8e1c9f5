//! The tools that mutants are made with: places in an answer, batches that are cut, states that are
//! put back.

use serde_json::Value;

use super::super::call::{Body, Call, Reply};
use super::super::handle::handle;
use super::super::rules::Rules;
use super::super::store::Zone;
use crate::exchange::{Generation, Kind};

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

/// Whether a call is of this operation.
pub(super) fn is(call: &Call, operation: &str) -> bool {
    call.operation.id() == operation
}

/// Whether a call is of this kind.
pub(super) fn is_kind(call: &Call, kind: Kind) -> bool {
    call.operation.kind() == kind
}

/// The honest answer with the zone left as it was.
pub(super) fn without_effect(rules: &Rules, zone: &mut Zone, call: &Call) -> Reply {
    let before = zone.clone();
    let reply = handle(rules, zone, call);
    *zone = before;
    reply
}

/// The honest answer, but with the effect that it would have under looser rules.
pub(super) fn with_effect_of(
    rules: &Rules,
    zone: &mut Zone,
    call: &Call,
    loosen: fn(&mut Rules),
) -> Reply {
    let mut honest = zone.clone();
    let reply = handle(rules, &mut honest, call);
    let mut loose = rules.clone();
    loosen(&mut loose);
    if reply.is_success() {
        *zone = honest;
    } else {
        handle(&loose, zone, call);
    }
    reply
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
