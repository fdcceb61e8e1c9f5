//! How a call holds its zone: correctly, under the lock, or in one of the faulty ways that lose other callers' writes.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use super::call::{Body, Call, Reply};
use super::rules::{Locking, Rules};
use super::serve::{Mock, locked};
use super::store::Zone;

impl Mock {
    /// Handles a call on its zone.
    pub(super) async fn hold(&self, rules: &Rules, zone: &Arc<Mutex<Zone>>, call: &Call) -> Reply {
        match rules.locking {
            Locking::Held => self.work(rules, &mut locked(zone), call),
            Locking::CopiedBack(delay) => {
                let mut copy = locked(zone).clone();
                let reply = self.work(rules, &mut copy, call);
                tokio::time::sleep(delay).await;
                *locked(zone) = copy;
                reply
            }
            Locking::DecidedEarly(delay) => {
                let mut copy = locked(zone).clone();
                let reply = self.work(rules, &mut copy, call);
                tokio::time::sleep(delay).await;
                if reply.is_success() {
                    let mut unlimited = rules.clone();
                    unlimited.limit = usize::MAX;
                    self.work(&unlimited, &mut locked(zone), call);
                }
                reply
            }
            Locking::RememberedLate(delay) => {
                let mut copy = locked(zone).clone();
                let before: BTreeSet<String> = copy.aside.keys().cloned().collect();
                let reply = self.work(rules, &mut copy, call);
                tokio::time::sleep(delay).await;
                let new = copy.aside.into_iter();
                let new = new.filter(|(name, _)| !before.contains(name));
                locked(zone).aside.extend(new);
                reply
            }
            Locking::Announced(delay) => {
                let mark = json!({"ip": announced_address(call), "at": call.now.to_string()});
                waiting(&mut locked(zone)).push(mark.clone());
                tokio::time::sleep(delay).await;
                let mut zone = locked(zone);
                let reply = self.work(rules, &mut zone, call);
                let all = waiting(&mut zone);
                if let Some(own) = all.iter().position(|other| *other == mark) {
                    all.remove(own);
                }
                reply
            }
        }
    }
}

/// Returns the list of calls that wait in a zone.
fn waiting(zone: &mut Zone) -> &mut Vec<Value> {
    let all = zone.aside.entry(Locking::WAITING.to_owned());
    let all = all.or_insert_with(|| json!([]));
    if !all.is_array() {
        *all = json!([]);
    }
    match all {
        Value::Array(all) => all,
        _ => unreachable!("it was made an array"),
    }
}

/// Returns the address in the body of a call, or else in its path, in canonical form.
fn announced_address(call: &Call) -> Option<String> {
    let member = call.operation.generation().request_address();
    let body = match &call.body {
        Body::Json(body) => body.get(member).and_then(Value::as_str),
        Body::None | Body::Malformed(_) => None,
    };
    let ip: std::net::IpAddr = body.or(call.address.as_deref())?.parse().ok()?;
    Some(ip.to_string())
}
