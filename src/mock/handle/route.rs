//! The dispatch from an operation to its logic.

use super::{Call, Kind, Refusal, Reply, Rules, Zone, batch, one, read};
use crate::contract::{FaultRequest, Meaning};

/// Carries out a call on its zone and answers it.
pub fn handle(rules: &Rules, zone: &mut Zone, call: &Call) -> Reply {
    let failed = call.fault.and_then(FaultRequest::meaning);
    // A batch delete has no region to check.
    let is_spared = |meaning: &Meaning| {
        *meaning == Meaning::Other("unchecked") && call.operation.kind() == Kind::BatchDelete
    };
    let answer = match failed.filter(|meaning| !is_spared(meaning)) {
        Some(meaning) => Err(Refusal::of(meaning)),
        None => operate(rules, zone, call),
    };
    answer.unwrap_or_else(|refusal| refusal.reply(call.operation))
}

fn operate(rules: &Rules, zone: &mut Zone, call: &Call) -> Result<Reply, Refusal> {
    match call.operation.kind() {
        Kind::List if call.operation.is_paged() => read::list_v2(rules, zone, call),
        Kind::List => Ok(read::list_v1(rules, zone)),
        Kind::Get => read::get(rules, zone, call),
        Kind::Create => one::create(rules, zone, call),
        Kind::Upsert if call.operation.has_address_in_path() => one::put(rules, zone, call),
        Kind::Upsert => one::upsert(rules, zone, call),
        Kind::Delete => one::delete(rules, zone, call),
        Kind::BatchUpsert => batch::upsert(rules, zone, call),
        Kind::BatchDelete => batch::delete(rules, zone, call),
        Kind::SupportedRegions => Ok(Reply::success(rules.catalogue.to_json())),
    }
}
