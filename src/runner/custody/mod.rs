//! Care for zones that belong to somebody: what a zone held is written down before the first change, and
//! put back afterwards.
//!
//! `journal` is the record on disk, with its lock; `holding` what a zone holds; `survey` reads all of a zone;
//! `put_back` makes it again what it was; `reach` tells what a request may touch; `keeper` is one zone in a
//! run's care.

mod holding;
mod journal;
mod keeper;
mod put_back;
mod reach;
mod survey;

use std::path::PathBuf;

pub use journal::{JournalError, journal_target, pending};
pub(super) use keeper::Keeper;
pub use put_back::restore;
pub(super) use reach::{addresses_in, addresses_of};

/// What may be done to a given zone, and where its journal is kept.
#[derive(Debug, Clone)]
pub struct CustodyConfig {
    /// The folder of journals and locks.
    pub state_dir: PathBuf,
    /// Work in zones that hold mappings, around them.
    pub allow_existing: bool,
    /// Take those mappings away for the cases that need an empty zone, and put them back at the end.
    pub allow_empty_zone: bool,
    /// Wait for another run on the zone to end, instead of refusing.
    pub wait_for_lock: bool,
}

impl Default for CustodyConfig {
    fn default() -> Self {
        Self {
            state_dir: PathBuf::from(".originproof"),
            allow_existing: false,
            allow_empty_zone: false,
            wait_for_lock: false,
        }
    }
}
