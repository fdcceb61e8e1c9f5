//! Tells who breaks when a part of the contract becomes wider or narrower.

use super::super::difference::Breaks;

/// The side that writes the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    /// Clients write it. A narrower value refuses what they send; a wider one asks more of servers.
    Request,
    /// Servers write it. A wider value surprises clients; a narrower one rules out what servers send.
    Result,
}

/// The change of the set of allowed values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    /// More is allowed.
    Wider,
    /// Less is allowed.
    Narrower,
    /// Some values are added and some are removed.
    Other,
}

impl Direction {
    /// Returns who breaks.
    pub(super) fn breaks(self, change: Change) -> Breaks {
        match (self, change) {
            (_, Change::Other) => Breaks::Both,
            (Self::Request, Change::Narrower) | (Self::Result, Change::Wider) => Breaks::Clients,
            (Self::Request, Change::Wider) | (Self::Result, Change::Narrower) => Breaks::Servers,
        }
    }
}

impl Change {
    /// Returns the change of a set that something was added to or removed from.
    pub(super) fn of(adds: bool, removes: bool) -> Option<Self> {
        match (adds, removes) {
            (true, true) => Some(Self::Other),
            (true, false) => Some(Self::Wider),
            (false, true) => Some(Self::Narrower),
            (false, false) => None,
        }
    }
}
