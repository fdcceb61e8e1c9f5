//! Reports. Each report reads [`crate::event::Event`]s, or the run that they add up to, and writes text. Reports never
//! call the runner.

mod compare;
mod document;
mod format;
mod merge;
mod plain;
mod series;
mod snapshot;
mod standing;
mod terminal;
mod wrap;

pub use compare::{CauseChange, CauseDifference, Change, Comparison, compare};
pub use document::{DocumentError, Run, VERSION, Writer, schema};
pub use format::{FORMATS, Format, WriteReport, format};
pub use merge::{MergeError, Merged, merge};
pub use series::{Table, matrix, trend};
pub use snapshot::{snapshot_drift, snapshots};
pub use standing::{Standing, standings};
pub use terminal::{Style, Terminal, Verbosity};
