//! The pure check of one exchange against the contract.
//!
//! [`check`] returns every [`Finding`] that one [`crate::exchange::Exchange`] can show. The runner judges what only
//! several exchanges together can show.

pub mod address;
mod answer;
mod check;
mod edge;
mod finding;
mod place;
mod request;
pub mod rule;
mod what;
mod whole;

pub use crate::api::{
    Capability, ClauseDescription, ClauseId, CodeDescription, Contract, FaultRequest, Level,
    Limits, Meaning, OperationDescription, Part, Platform, Promises, Route, SchemaFault, Schemas,
    StatusPattern, TEXT, When, is_below_a_collection, routes, time,
};
pub use answer::{Answer, Item, ItemPlace, RequestItem, request_items};
pub use check::{Framing, Subject, check, check_with};
pub use edge::is_edge_failure;
pub use finding::{Finding, Findings, without_indices};
pub use place::Place;
pub use request::check_request;
pub use what::{Answered, Evidence, MissingPart, What, mapped};
pub use whole::{NotAnOperation, decoded, pairs};
