//! Writing and deleting one mapping.

use std::net::IpAddr;

use serde_json::Value;

use super::super::call::Body;
use super::super::store::{Mapping, Place};
use super::form;
use super::{Call, Refusal, Reply, Rules, Zone};
use crate::exchange::Generation;

/// An item that passed all checks except the one for room in the zone.
pub(super) struct Checked {
    pub(super) ip: IpAddr,
    pub(super) mapping: Mapping,
}

/// Checks one item of a body by itself.
pub(super) fn judge(rules: &Rules, call: &Call, item: &Value) -> Result<Checked, Refusal> {
    let member = call.operation.generation().request_address();
    let address = item
        .get(member)
        .and_then(Value::as_str)
        .ok_or(Refusal::ADDRESS)?;
    let ip = (rules.read_address)(address).ok_or(Refusal::ADDRESS)?;
    let name = |member: &str| {
        item.get(member)
            .and_then(Value::as_str)
            .map(rules.read_name)
    };
    let (Some(vendor), Some(region)) = (name("vendor"), name("region")) else {
        return Err(Refusal::PLACE);
    };
    if !rules.catalogue.has(&vendor, &region) {
        return Err(Refusal::PLACE);
    }
    Ok(Checked {
        ip,
        mapping: Mapping {
            place: Place { vendor, region },
            modified_on: call.now,
            sent_as: address.to_owned(),
        },
    })
}

fn object(call: &Call) -> Result<&Value, Refusal> {
    match &call.body {
        Body::Json(value) if value.is_object() => Ok(value),
        Body::Json(_) | Body::None | Body::Malformed(_) => Err(Refusal::SHAPE),
    }
}

pub(super) fn store(rules: &Rules, zone: &mut Zone, checked: &Checked) -> Result<(), Refusal> {
    let is_new = !zone.mappings.contains_key(&checked.ip);
    if is_new && !zone.has_room(1, rules.limit) {
        return Err(Refusal::FULL);
    }
    zone.put(checked.ip, checked.mapping.clone());
    Ok(())
}

pub(super) fn create(rules: &Rules, zone: &mut Zone, call: &Call) -> Result<Reply, Refusal> {
    let checked = judge(rules, call, object(call)?)?;
    if zone.mappings.contains_key(&checked.ip) {
        return Err(Refusal::EXISTS);
    }
    store(rules, zone, &checked)?;
    Ok(Reply::success(form::single(
        rules,
        call.operation.generation(),
        checked.ip,
        &checked.mapping,
    )))
}

pub(super) fn upsert(rules: &Rules, zone: &mut Zone, call: &Call) -> Result<Reply, Refusal> {
    let checked = judge(rules, call, object(call)?)?;
    store(rules, zone, &checked)?;
    Ok(Reply::success(form::set(rules, zone)))
}

pub(super) fn put(rules: &Rules, zone: &mut Zone, call: &Call) -> Result<Reply, Refusal> {
    let path = (rules.read_path)(call.address.as_deref().unwrap_or_default());
    let path = path.ok_or(Refusal::ADDRESS)?;
    let checked = judge(rules, call, object(call)?)?;
    if checked.ip != path {
        return Err(Refusal::ADDRESS_DIFFERS);
    }
    store(rules, zone, &checked)?;
    Ok(Reply::success(form::single(
        rules,
        Generation::V2,
        checked.ip,
        &checked.mapping,
    )))
}

pub(super) fn delete(rules: &Rules, zone: &mut Zone, call: &Call) -> Result<Reply, Refusal> {
    let text = call.address.as_deref().unwrap_or_default();
    let ip = (rules.read_path)(text).ok_or(Refusal::ADDRESS)?;
    let removed = zone.remove(ip, call.now).ok_or(Refusal::NOT_FOUND)?;
    let result = match call.operation.generation() {
        Generation::V1 => form::single(rules, Generation::V1, ip, &removed),
        Generation::V2 => form::item(Generation::V2, &(rules.show)(ip, &removed), None),
    };
    Ok(Reply::success(result))
}
