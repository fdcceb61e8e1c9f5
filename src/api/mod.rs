//! The Origin Cloud Regions API as data: what `schemas/contract.yaml` and the JSON Schemas beside it say.
//!
//! [`Contract`] is the whole of it. An [`Operation`] is a handle into its rows: what it does, where its parts stand, and by
//! which clauses it promises what ([`Promises`]). Whoever needs to know what the API means asks a row.

mod clause;
mod description;
mod operation;
mod promises;
mod route;
mod schema;
pub mod time;

pub use clause::{ClauseId, Level};
pub use description::{
    Capability, ClauseDescription, CodeDescription, Contract, FaultRequest, Limits, Meaning,
    OperationDescription, Part, Platform, StatusPattern, TEXT, When,
};
pub use operation::{Generation, Kind, Operation, RequestBody};
pub use promises::Promises;
pub use route::{Route, is_below_a_collection, routes};
pub use schema::{SchemaFault, Schemas};
