//! Failures that a request can ask a target for (`fault-injection`).

use serde::{Deserialize, Serialize};

use super::description::{Contract, Meaning};

/// A failure that can be asked for, by its word: that of the code in the contract which the failure ends with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FaultRequest(&'static str);

impl FaultRequest {
    /// The header that asks for it.
    pub const HEADER: &'static str = "conformance-fault";

    /// A failure that the code names.
    #[must_use]
    pub const fn of(word: &'static str) -> Self {
        Self(word)
    }

    /// All that can be asked for, in the order of the contract.
    pub fn all() -> impl Iterator<Item = Self> {
        let rows = Contract::embedded().codes.iter();
        rows.filter_map(|row| row.fault)
    }

    /// The failure with this word, if there is one.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::all().find(|fault| fault.0 == word)
    }

    /// Its word in the header and in cases.
    #[must_use]
    pub fn word(self) -> &'static str {
        self.0
    }

    /// What the code stands for which it ends with.
    #[must_use]
    pub fn meaning(self) -> Option<Meaning> {
        let mut rows = Contract::embedded().codes.iter();
        Some(rows.find(|row| row.fault == Some(self))?.means)
    }
}
