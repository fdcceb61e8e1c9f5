//! Reports where the vendor's published description of the API (`OpenAPI` 3.0 or 3.1) differs from our contract.
//!
//! [`Description`] cuts a text into parts and reads those that are needed. [`compare()`] finds every [`Difference`]
//! between a description and the embedded contract. [`report::ALL`] shows them, and [`proposal`] makes a patch of those
//! that our schema files could follow. The command reads files and URLs; only [`fetch`] is here.

mod compare;
mod description;
mod difference;
mod endpoint;
mod error;
mod fetch;
mod ignore;
mod kind;
mod ordered;
mod pairing;
mod patch;
mod pointer;
mod published;
pub mod report;
mod schema_files;
mod shape;
mod shelf;
mod yaml;

pub use compare::compare;
pub use description::Description;
pub use difference::{Breaks, Difference, Drift};
pub use error::DriftError;
pub use fetch::fetch;
pub use ignore::{Ignored, IgnoredFault};
pub use kind::Kind;
pub use patch::{Proposal, proposal};
