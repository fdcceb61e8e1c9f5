//! From an operation to its logic.

use super::{Call, FaultRequest, Kind, Operation, Refusal, Reply, Rules, Zone, batch, one, read};

/// Carries out a call on its zone and answers it.
pub fn handle(rules: &Rules, zone: &mut Zone, call: &Call) -> Reply {
    let refused = match call.fault {
        Some(FaultRequest::InternalError) => Some(Refusal::Internal),
        Some(FaultRequest::RegionValidation) if call.operation.kind() != Kind::BatchDelete => {
            Some(Refusal::Validation)
        }
        Some(FaultRequest::RegionValidation) | None => None,
    };
    let answer = match refused {
        Some(refusal) => Err(refusal),
        None => operate(rules, zone, call),
    };
    answer.unwrap_or_else(|refusal| refusal.reply(call.operation))
}

fn operate(rules: &Rules, zone: &mut Zone, call: &Call) -> Result<Reply, Refusal> {
    match call.operation {
        Operation::V1List => Ok(read::list_v1(rules, zone)),
        Operation::V2List => read::list_v2(rules, zone, call),
        Operation::V1Get | Operation::V2Get => read::get(rules, zone, call),
        Operation::V1Create => one::create(rules, zone, call),
        Operation::V1Upsert => one::upsert(rules, zone, call),
        Operation::V2Put => one::put(rules, zone, call),
        Operation::V1Delete | Operation::V2Delete => one::delete(rules, zone, call),
        Operation::V1BatchUpsert | Operation::V2BatchPut => batch::upsert(rules, zone, call),
        Operation::V1BatchDelete | Operation::V2BatchDelete => batch::delete(rules, zone, call),
        Operation::V1SupportedRegions | Operation::V2SupportedRegions => {
            Ok(Reply::success(rules.catalogue.to_json()))
        }
    }
}
