//! How putting a zone back ended: what is there again, what is missing, and what was left as it is.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::time::Duration;

use super::entry::Row;
use super::remove::{Stranger, Stuck};
use crate::exchange::Generation;

/// A mapping that was there before the run and is not known to be there now.
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

/// How it ended.
#[derive(Debug, Clone, Default)]
pub(in crate::runner) struct Ending {
    /// Mappings that the zone shows now, the most of any generation.
    pub(in crate::runner) mappings: usize,
    /// Mappings of the run that were deleted at the end.
    pub(in crate::runner) deleted: usize,
    /// Mappings that were written again. They have a new `modified_on`.
    pub(in crate::runner) written: usize,
    /// What somebody else wrote, changed or deleted: it was left as it is.
    pub(in crate::runner) kept: BTreeSet<Stranger>,
    /// Addresses of these to which the run wrote another value: the target may have made this one of it.
    pub(in crate::runner) written_otherwise: BTreeSet<IpAddr>,
    /// What is not back.
    pub(in crate::runner) missing: BTreeSet<Missing>,
    /// Test mappings that the target does not delete.
    pub(in crate::runner) stuck: Vec<Stuck>,
    /// Generations that are no longer routed.
    pub(in crate::runner) gone: BTreeSet<Generation>,
    /// Whether the other generation has shown what they held.
    pub(in crate::runner) is_covered: bool,
    /// Generations that could not be read to the end.
    pub(in crate::runner) unread: BTreeSet<Generation>,
    /// How long it was waited for something that was sent and never answered, if anything was.
    pub(in crate::runner) waited: Option<Duration>,
    /// Why the work ended before it was done.
    pub(in crate::runner) unfinished: Option<String>,
}

impl Ending {
    /// Notes a mapping that is not known to be there.
    pub(super) fn lacks(&mut self, through: Generation, row: Row, why: String) {
        self.missing.insert(Missing { row, through, why });
    }

    /// Whether nothing of what was there is missing, so that the journal has done its work.
    pub(in crate::runner) fn is_whole(&self) -> bool {
        self.missing.is_empty() && self.unfinished.is_none()
    }

    /// Whether the zone is as it was: verified, and nobody else changed it meanwhile.
    pub(in crate::runner) fn is_as_it_was(&self) -> bool {
        let is_verified = self.unread.is_empty() && (self.gone.is_empty() || self.is_covered);
        self.is_whole() && is_verified && self.kept.is_empty() && self.stuck.is_empty()
    }

    /// The missing mappings with the reason, each once whatever generation lacks it.
    pub(in crate::runner) fn missing_lines(&self) -> Vec<String> {
        let mut rows: BTreeMap<&Row, &Missing> = BTreeMap::new();
        for missing in &self.missing {
            rows.entry(&missing.row).or_insert(missing);
        }
        rows.values().map(ToString::to_string).collect()
    }
}
