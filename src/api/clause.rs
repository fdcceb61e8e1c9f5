//! The ids and levels of clauses.

use std::borrow::Cow;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How binding a clause is. Only a violated `must` makes a target non-conforming.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// The documents leave the behaviour open: a run only records what the target does.
    May,
    /// An example shows the behaviour, or the prose implies it: a breach is a deviation.
    Should,
    /// A document states the behaviour, or a schema requires it: a breach is a violation.
    Must,
}

impl Level {
    /// Returns `must`, `should` or `may`.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::Must => "must",
            Self::Should => "should",
            Self::May => "may",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

/// The id of a clause, such as `V2-BATCH-3`.
#[derive(
    Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(transparent)]
pub struct ClauseId(Cow<'static, str>);

impl ClauseId {
    /// Returns the id of a clause that the code names; a table test checks that each of these clauses exists.
    #[must_use]
    pub const fn of(id: &'static str) -> Self {
        Self(Cow::Borrowed(id))
    }

    /// Returns the id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the family: the part before the last hyphen (`V2-BATCH`, `IP`).
    #[must_use]
    pub fn family(&self) -> &str {
        self.0
            .rsplit_once('-')
            .map_or(&*self.0, |(family, _)| family)
    }

    /// Returns whether the clause is about clients: their requests (`REQ`) or their behaviour (`CLI`).
    #[must_use]
    pub fn is_for_clients(&self) -> bool {
        ["REQ", "CLI"].contains(&self.family())
    }
}

impl From<&str> for ClauseId {
    fn from(id: &str) -> Self {
        Self(Cow::Owned(id.to_owned()))
    }
}

impl fmt::Display for ClauseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}
