//! Reports. Each report reads [`crate::event::Event`]s, or the run that they add up to, and writes text. Reports never
//! call the runner.

mod all;
mod badge;
mod compare;
mod document;
mod github;
#[cfg(feature = "reports")]
mod html;
#[cfg(feature = "reports")]
mod junit;
mod markdown;
mod merge;
mod plain;
mod sarif;
mod series;
mod snapshot;
mod standing;
mod terminal;
mod wrap;

pub use all::{FORMATS, Format, WriteReport, format};
pub use compare::{CauseChange, CauseDifference, Change, Comparison, compare};
pub use document::{DocumentError, Run, VERSION, Writer, schema};
pub use merge::{MergeError, Merged, merge};
pub use series::{Table, matrix, trend};
pub use snapshot::{snapshot_drift, snapshots};
pub use standing::{Standing, standings};
pub use terminal::{Style, Terminal, Verbosity};
