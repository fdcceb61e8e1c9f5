//! The result of putting a zone back: what was restored, what is missing, and what was left as it is.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::time::Duration;

use super::entry::Row;
use super::remove::{Stranger, Stuck};
use crate::exchange::Generation;

/// A mapping that existed before the run and is not known to exist now.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::runner) struct Missing {
    pub(in crate::runner) row: Row,
    /// The generation that lacks it.
    pub(in crate::runner) through: Generation,
    pub(in crate::runner) why: String,
}

impl std::fmt::Display for Missing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({})", self.row, self.why)
    }
}

/// The result of putting a zone back.
#[derive(Debug, Clone, Default)]
pub(in crate::runner) struct Ending {
    /// The number of mappings that the zone shows now: the largest number of any generation.
    pub(in crate::runner) mappings: usize,
    /// The number of the run's mappings that were deleted at the end.
    pub(in crate::runner) deleted: usize,
    /// The number of mappings that were written again. They have a new `modified_on`.
    pub(in crate::runner) written: usize,
    /// What somebody else wrote, changed or deleted. It was left as it is.
    pub(in crate::runner) kept: BTreeSet<Stranger>,
    /// Addresses in `kept` to which the run wrote another value. The target may have changed that value into the
    /// present one.
    pub(in crate::runner) written_otherwise: BTreeSet<IpAddr>,
    /// Mappings that are not back.
    pub(in crate::runner) missing: BTreeSet<Missing>,
    /// Test mappings that the target does not delete.
    pub(in crate::runner) stuck: Vec<Stuck>,
    /// Generations that are no longer routed.
    pub(in crate::runner) gone: BTreeSet<Generation>,
    /// Whether the other generation shows everything that the generations in `gone` held.
    pub(in crate::runner) is_covered: bool,
    /// Generations that could not be read to the end.
    pub(in crate::runner) unread: BTreeSet<Generation>,
    /// How long the run waited for the effect of an unanswered request; `None` if it did not wait.
    pub(in crate::runner) waited: Option<Duration>,
    /// The reason why the work ended early, if it did.
    pub(in crate::runner) unfinished: Option<String>,
}

impl Ending {
    /// Notes a mapping that is not known to exist now.
    pub(super) fn lacks(&mut self, through: Generation, row: Row, why: String) {
        self.missing.insert(Missing { row, through, why });
    }

    /// Returns whether no mapping of the zone is missing, so that the journal is no longer needed.
    pub(in crate::runner) fn is_whole(&self) -> bool {
        self.missing.is_empty() && self.unfinished.is_none()
    }

    /// Returns whether the zone was verified to be as it was: nothing is missing, no test mapping is left, and nobody
    /// else changed it meanwhile.
    pub(in crate::runner) fn is_as_it_was(&self) -> bool {
        let is_verified = self.unread.is_empty() && (self.gone.is_empty() || self.is_covered);
        self.is_whole() && is_verified && self.kept.is_empty() && self.stuck.is_empty()
    }

    /// Returns the missing mappings with the reason. Each is listed once, even if both generations lack it.
    pub(in crate::runner) fn missing_lines(&self) -> Vec<String> {
        let mut rows: BTreeMap<&Row, &Missing> = BTreeMap::new();
        for missing in &self.missing {
            rows.entry(&missing.row).or_insert(missing);
        }
        rows.values().map(ToString::to_string).collect()
    }
}
