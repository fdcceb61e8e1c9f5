//! What a write promises beyond its own answer.

use super::clause::ClauseId;
use crate::exchange::{Generation, Kind, Operation};

/// The clause by which a write leaves the mappings alone that it does not name; none is given for a create and a delete.
#[must_use]
pub fn left_alone_by(operation: Operation) -> Option<ClauseId> {
    let id = match (operation.generation(), operation.kind()) {
        (Generation::V1, Kind::BatchUpsert) => "V1-BATCH-3",
        (Generation::V2, Kind::BatchUpsert) => "V2-BATCH-3",
        (Generation::V1, Kind::BatchDelete) => "V1-BDEL-3",
        (Generation::V2, Kind::BatchDelete) => "V2-BDEL-3",
        (Generation::V1, Kind::Upsert) => "V1-UPSERT-3",
        (Generation::V2, Kind::Upsert) => "V2-PUT-2",
        (
            Generation::V1 | Generation::V2,
            Kind::Create | Kind::Delete | Kind::List | Kind::Get | Kind::SupportedRegions,
        ) => return None,
    };
    Some(ClauseId::of(id))
}

/// The clause by which an accepted write takes effect on an address that had a mapping before, or had none; none for
/// what only reads.
#[must_use]
pub fn takes_effect_by(operation: Operation, had_mapping: bool) -> Option<ClauseId> {
    let id = match (operation.generation(), operation.kind()) {
        (_, Kind::Create) => "V1-CREATE-1",
        (Generation::V1, Kind::Upsert) if had_mapping => "V1-UPSERT-2",
        (Generation::V1, Kind::Upsert) => "V1-UPSERT-1",
        (Generation::V2, Kind::Upsert) if had_mapping => "V2-PUT-2",
        (Generation::V2, Kind::Upsert) => "V2-PUT-1",
        (Generation::V1, Kind::Delete) => "V1-DELETE-1",
        (Generation::V2, Kind::Delete) => "V2-DELETE-1",
        (Generation::V1, Kind::BatchUpsert) => "V1-BATCH-1",
        (Generation::V2, Kind::BatchUpsert) => "V2-BATCH-1",
        (Generation::V1, Kind::BatchDelete) => "V1-BDEL-1",
        (Generation::V2, Kind::BatchDelete) => "V2-BDEL-1",
        (_, Kind::List | Kind::Get | Kind::SupportedRegions) => return None,
    };
    Some(ClauseId::of(id))
}
