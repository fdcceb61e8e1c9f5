//! The Origin Cloud Regions API as data, read from `schemas/contract.yaml` and the JSON Schemas beside it.
//!
//! [`Contract`] holds all of it. An [`Operation`] is a handle to a row of the contract. The row tells what the
//! operation does, where the parts of its requests and answers are, and which clauses state its promises
//! ([`Promises`]). Code that depends on the meaning of the API reads it from these rows.

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
