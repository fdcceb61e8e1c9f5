//! Who breaks when a part of the contract becomes wider or narrower.

use super::super::difference::Breaks;

/// Who writes the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    /// Clients write it: a narrower one refuses what they send, a wider one asks servers for more.
    Request,
    /// Servers write it: a wider one surprises clients, a narrower one rules out what servers send.
    Result,
}

/// What became of the set of allowed values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    /// More is allowed.
    Wider,
    /// Less is allowed.
    Narrower,
    /// Some is added and some is gone.
    Other,
}

impl Direction {
    /// Who breaks.
    pub(super) fn breaks(self, change: Change) -> Breaks {
        match (self, change) {
            (_, Change::Other) => Breaks::Both,
            (Self::Request, Change::Narrower) | (Self::Result, Change::Wider) => Breaks::Clients,
            (Self::Request, Change::Wider) | (Self::Result, Change::Narrower) => Breaks::Servers,
        }
    }
}

impl Change {
    /// The change of a set that something was added to or taken from.
    pub(super) fn of(adds: bool, removes: bool) -> Option<Self> {
        match (adds, removes) {
            (true, true) => Some(Self::Other),
            (true, false) => Some(Self::Wider),
            (false, true) => Some(Self::Narrower),
            (false, false) => None,
        }
    }
}
