//! A difference, whom it breaks, and the ordered list of all differences.

use std::fmt;

use serde::Serialize;

use super::kind::Kind;
use crate::exchange::Operation;

/// The sides that a difference breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Breaks {
    /// Both a client and a server of our contract.
    Both,
    /// A client that was built on our contract fails on a server that follows the description. Either something it
    /// sends is no longer accepted, or something it was promised does not come.
    Clients,
    /// A server that was built on our contract fails a client that follows the description. It lacks what is new, or
    /// sends what is now ruled out.
    Servers,
    /// Neither clients nor servers.
    Neither,
}

impl Breaks {
    /// Returns whether anybody breaks.
    #[must_use]
    pub fn anybody(self) -> bool {
        self != Self::Neither
    }

    /// Returns whom two differences break together.
    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Neither, breaks) | (breaks, Self::Neither) => breaks,
            (one, other) if one == other => one,
            _ => Self::Both,
        }
    }

    /// Returns whom something new in a request breaks: servers, and also clients if it must be sent.
    pub(super) fn of_new(required: bool) -> Self {
        if required { Self::Both } else { Self::Servers }
    }
}

impl fmt::Display for Breaks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Both => "breaks clients and servers",
            Self::Clients => "breaks clients",
            Self::Servers => "breaks servers",
            Self::Neither => "breaks nobody",
        })
    }
}

/// A difference between the description and our contract.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Difference {
    /// The sides that it breaks.
    pub breaks: Breaks,
    /// The operations with this difference, in the order of the contract; empty for an operation that is not in the
    /// contract.
    pub operations: Vec<Operation>,
    /// The part of the operation, such as `request /vendor` or `query parameter per_page`.
    pub part: String,
    /// The kind of the difference, with its data.
    pub what: Kind,
    /// The place in the description: `#` and a JSON Pointer.
    pub theirs: String,
    /// The place in our contract: a file below `schemas/`, `#` and a JSON Pointer.
    pub ours: String,
}

impl Difference {
    /// Returns the text that names the difference in a list of differences to ignore: the kind and both places.
    #[must_use]
    pub fn key(&self) -> String {
        format!("{} {} {}", self.what.name(), self.theirs, self.ours)
    }
}

/// All differences; those that break somebody come first.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Drift {
    /// The differences.
    pub differences: Vec<Difference>,
}

impl Drift {
    /// Returns the differences grouped for readers: one for each change of the description, with all operations that it
    /// touches. A changed component is seen in each of our schema files that it corresponds to. A changed way of
    /// authentication is seen in each operation.
    #[must_use]
    pub fn grouped(&self) -> Self {
        let mut differences: Vec<Difference> = Vec::new();
        for difference in &self.differences {
            let is_of_all = matches!(
                difference.what,
                Kind::SecurityGone { .. } | Kind::SecurityNew { .. } | Kind::SecurityChanged { .. }
            );
            let known = differences.iter_mut().find(|known| {
                known.what == difference.what && (is_of_all || known.theirs == difference.theirs)
            });
            let Some(known) = known else {
                differences.push(difference.clone());
                continue;
            };
            known.breaks = known.breaks.and(difference.breaks);
            known.operations.extend(&difference.operations);
            if !known.part.split(", ").any(|part| part == difference.part) {
                known.part = format!("{}, {}", known.part, difference.part);
            }
        }
        for difference in &mut differences {
            difference.operations.sort_unstable();
            difference.operations.dedup();
        }
        differences.sort_by_key(|difference| difference.breaks);
        Self { differences }
    }

    /// Returns one row for each difference, however many operations share it. The order depends only on the two
    /// documents.
    pub(super) fn of(found: Vec<Difference>) -> Self {
        let mut differences: Vec<Difference> = Vec::new();
        for difference in found {
            let known = differences.iter_mut().find(|known| {
                known.breaks == difference.breaks
                    && known.part == difference.part
                    && known.what == difference.what
                    && known.theirs == difference.theirs
                    && known.ours == difference.ours
            });
            match known {
                Some(known) => known.operations.extend(difference.operations),
                None => differences.push(difference),
            }
        }
        for difference in &mut differences {
            difference.operations.sort_unstable();
            difference.operations.dedup();
        }
        // The sort is stable: differences that break the same sides stay in the order of the contract.
        differences.sort_by_key(|difference| difference.breaks);
        Self { differences }
    }

    /// Returns whether any difference breaks anybody.
    #[must_use]
    pub fn is_breaking(&self) -> bool {
        self.differences
            .iter()
            .any(|difference| difference.breaks.anybody())
    }

    /// Returns how many differences break exactly these sides.
    #[must_use]
    pub fn count(&self, breaks: Breaks) -> usize {
        let of = |difference: &&Difference| difference.breaks == breaks;
        self.differences.iter().filter(of).count()
    }
}
