//! Expected failures: known faults of the target, each with a reason and perhaps a date. A listed case still runs and
//! must fail in the way that its entry names. If the list no longer fits, the run fails.
//!
//! [`Expectations`] is the file. [`Tally`] compares a run with it. [`entry_of`] writes an entry.

mod file;
mod tally;
mod write;

pub use file::{Entry, Expectations};
pub use tally::Tally;
pub use write::{entries_of, entry_of};
