//! Judges traffic that others made: HAR files, JSON Lines of exchanges, one response. Every exchange goes through
//! [`crate::contract::check`]; what several of them show of a zone is judged where it is known.
//!
//! [`Auditor`] takes [`Recorded`] exchanges, from `har`, `lines` or `response`; `order` tells which follow one another,
//! the model of a zone ([`crate::zone`]) what they show together, and `verdicts` ends in a [`crate::report::Run`].

mod auditor;
mod body;
mod clock;
mod coding;
mod har;
mod lines;
mod order;
mod read;
mod recorded;
mod response;
mod session;
mod verdicts;

pub use auditor::{Auditor, Judged, Sides, Tallies};
pub use clock::{Clock, Moment};
pub use read::{AuditError, Extent, read, read_plain};
pub use recorded::Recorded;
pub use response::{Framing, parse as parse_response};
pub use verdicts::Side;
