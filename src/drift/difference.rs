//! One difference, whom it breaks, and all of them in order.

use std::fmt;

use serde::Serialize;

use super::kind::Kind;
use crate::exchange::Operation;

/// Whom a difference breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Breaks {
    /// A client of our contract and a server of our contract.
    Both,
    /// A client that was built on our contract fails on a server that follows the description: something it sends is
    /// not taken any more, or something it was promised does not come.
    Clients,
    /// A server that was built on our contract fails a client that follows the description: it lacks what is new, or
    /// sends what is ruled out now.
    Servers,
    /// Nobody.
    Neither,
}

impl Breaks {
    /// Whether anybody breaks.
    #[must_use]
    pub fn anybody(self) -> bool {
        self != Self::Neither
    }

    /// Whom two differences break together.
    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Neither, breaks) | (breaks, Self::Neither) => breaks,
            (one, other) if one == other => one,
            _ => Self::Both,
        }
    }

    /// Whom something new in a request breaks: clients as well, if it has to be sent.
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
    /// Whom it breaks.
    pub breaks: Breaks,
    /// The operations that it is seen in, in the order of the contract; none for one that we don't know.
    pub operations: Vec<Operation>,
    /// The part of the operation, such as `request /vendor` or `query parameter per_page`.
    pub part: String,
    /// What differs.
    pub what: Kind,
    /// Where, in the description: `#` and a JSON Pointer.
    pub theirs: String,
    /// Where, in our contract: a file below `schemas/`, `#` and a JSON Pointer.
    pub ours: String,
}

impl Difference {
    /// What names it in a list of differences to leave out: kind and both places.
    #[must_use]
    pub fn key(&self) -> String {
        format!("{} {} {}", self.what.name(), self.theirs, self.ours)
    }
}

/// All differences, those that break somebody first.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Drift {
    /// The differences.
    pub differences: Vec<Difference>,
}

impl Drift {
    /// The same differences as people read them: one for each change of the description, with all operations that it
    /// touches. A change of a component is seen in each schema file of ours that it stands for; a way of signing in, in each
    /// operation.
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

    /// One row for each difference, however many operations share it, in an order that only the two documents decide.
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
        // The sort is stable: within a degree the order of the contract stays.
        differences.sort_by_key(|difference| difference.breaks);
        Self { differences }
    }

    /// Whether any of them breaks anybody.
    #[must_use]
    pub fn is_breaking(&self) -> bool {
        self.differences
            .iter()
            .any(|difference| difference.breaks.anybody())
    }

    /// How many break whom.
    #[must_use]
    pub fn count(&self, breaks: Breaks) -> usize {
        let of = |difference: &&Difference| difference.breaks == breaks;
        self.differences.iter().filter(of).count()
    }
}
