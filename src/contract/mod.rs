//! The contract as data, and the pure check of one exchange against it.
//!
//! [`Contract`] is read from `schemas/contract.yaml` and the JSON Schemas beside it, all embedded.
//! [`check`] returns every [`Finding`] that one [`crate::exchange::Exchange`] can show; what takes
//! several exchanges to see is the runner's to judge.

pub mod address;
mod answer;
mod check;
mod clause;
mod description;
mod edge;
mod finding;
mod promise;
mod route;
pub mod rule;
mod schema;
pub mod time;

pub use answer::{Answer, Item, RequestItem, request_items};
pub use check::{Framing, Subject, check, check_with};
pub use clause::{ClauseId, Level};
pub use description::{
    Capability, ClauseDescription, CodeDescription, Contract, OperationDescription, Part,
    StatusPattern, TEXT, When,
};
pub use edge::is_edge_failure;
pub use finding::{Finding, Findings};
pub use promise::{left_alone_by, takes_effect_by};
pub use route::{Route, routes};
pub use schema::{SchemaFault, Schemas};
