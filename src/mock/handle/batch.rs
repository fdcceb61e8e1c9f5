//! Batches: each item is checked by itself, and the valid ones are applied.

use std::collections::HashSet;
use std::net::IpAddr;

use serde_json::Value;

use super::super::call::Body;
use super::super::rules::Doubled;
use super::form;
use super::one::{Checked, judge, store};
use super::{Call, Refusal, Reply, Rules, Zone};

fn array<'a>(rules: &Rules, call: &'a Call) -> Result<&'a [Value], Refusal> {
    let Body::Json(Value::Array(items)) = &call.body else {
        return Err(Refusal::SHAPE);
    };
    if items.len() > rules.batch_max {
        return Err(Refusal::TOO_MANY);
    }
    if items.is_empty() && rules.empty_batch_refused {
        return Err(Refusal::SHAPE);
    }
    Ok(items)
}

/// Builds the answer to a failed item: the address as it was sent, and the reason.
fn failed_item(call: &Call, item: &Value, refusal: Refusal) -> Value {
    let generation = call.operation.generation();
    let member = || item.get(generation.request_address())?.as_str();
    let sent = item.as_str().or_else(member).unwrap_or_default();
    form::failed_item(generation, sent, refusal.text(call.operation))
}

pub(super) fn upsert(rules: &Rules, zone: &mut Zone, call: &Call) -> Result<Reply, Refusal> {
    let items = array(rules, call)?;
    let judged: Vec<Result<Checked, Refusal>> =
        items.iter().map(|item| judge(rules, call, item)).collect();
    let (mut addresses, mut doubled) = (HashSet::new(), HashSet::new());
    for checked in judged.iter().flatten() {
        if !addresses.insert(checked.ip) {
            doubled.insert(checked.ip);
        }
    }
    if !doubled.is_empty() && rules.doubled == Doubled::Refused {
        return Err(Refusal::SHAPE);
    }
    let added = addresses
        .iter()
        .filter(|ip| !zone.mappings.contains_key(*ip))
        .count();
    if !zone.has_room(added, rules.limit) && !rules.surplus_fails {
        return Err(Refusal::FULL);
    }
    let generation = call.operation.generation();
    let mut answered: HashSet<IpAddr> = HashSet::new();
    let (mut succeeded, mut failed) = (Vec::new(), Vec::new());
    for (item, judged) in items.iter().zip(judged) {
        let judged = judged.and_then(|checked| {
            let fails = rules.doubled == Doubled::BothFail && doubled.contains(&checked.ip);
            (!fails).then_some(checked).ok_or(Refusal::EXISTS)
        });
        match judged.and_then(|checked| apply(rules, zone, &mut answered, checked)) {
            Ok(checked) => {
                let address = (rules.show)(checked.ip, &checked.mapping);
                let place = Some(&checked.mapping.place);
                succeeded.push(form::item(generation, &address, place));
            }
            Err(refusal) => failed.push(failed_item(call, item, refusal)),
        }
    }
    let result = form::batch(rules, generation, (succeeded, failed), call.now);
    Ok(Reply::success(result))
}

fn apply(
    rules: &Rules,
    zone: &mut Zone,
    answered: &mut HashSet<IpAddr>,
    checked: Checked,
) -> Result<Checked, Refusal> {
    let is_first = answered.insert(checked.ip);
    if !is_first && rules.doubled == Doubled::SecondFails {
        return Err(Refusal::EXISTS);
    }
    store(rules, zone, &checked)?;
    Ok(checked)
}

pub(super) fn delete(rules: &Rules, zone: &mut Zone, call: &Call) -> Result<Reply, Refusal> {
    let generation = call.operation.generation();
    let (mut succeeded, mut failed) = (Vec::new(), Vec::new());
    for item in array(rules, call)? {
        let address = item.as_str().and_then(rules.read_address);
        let removed = address.ok_or(Refusal::ADDRESS).and_then(|ip| {
            zone.remove(ip, call.now)
                .map(|m| (ip, m))
                .ok_or(Refusal::NOT_FOUND)
        });
        match removed {
            Ok((ip, mapping)) => {
                let shown = (rules.show)(ip, &mapping);
                succeeded.push(form::item(generation, &shown, Some(&mapping.place)));
            }
            Err(refusal) => failed.push(failed_item(call, item, refusal)),
        }
    }
    let result = form::batch(rules, generation, (succeeded, failed), call.now);
    Ok(Reply::success(result))
}
