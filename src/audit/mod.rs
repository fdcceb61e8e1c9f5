//! Judges traffic that others made: HAR files, JSON Lines of exchanges, or one response. Every exchange goes through
//! [`crate::contract::check`]. What several exchanges show of a zone together is judged if their order is known.
//!
//! [`Auditor`] takes [`Recorded`] exchanges from `har`, `lines` or `response`. `order` tells which exchanges follow one
//! another. The model of a zone ([`crate::zone`]) tells what they show together. `verdicts` collects the results for a
//! [`crate::report::Run`].

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
