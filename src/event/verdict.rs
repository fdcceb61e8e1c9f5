//! Verdicts.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The verdict on a trial, from best to worst.
#[derive(
    Debug,
    Clone,
    Copy,
    Default,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Every expectation was met.
    #[default]
    Conforms,
    /// The trial could not be set up on this target; the report says why.
    Skipped,
    /// The trial failed as the list of expected failures says.
    Expected,
    /// A `should` clause is broken.
    Deviates,
    /// The trial did not finish, since the run was interrupted or cut short.
    #[serde(rename = "not-run")]
    NotRun,
    /// The trial could not be judged because of the network, the edge, or a state that could not be set up.
    Inconclusive,
    /// The case file or the suite itself is at fault.
    Broken,
    /// A `must` clause is broken.
    Violates,
}

impl Verdict {
    /// All verdicts, in the order of summaries.
    pub const ALL: [Self; 8] = [
        Self::Conforms,
        Self::Violates,
        Self::Deviates,
        Self::Expected,
        Self::Skipped,
        Self::NotRun,
        Self::Inconclusive,
        Self::Broken,
    ];

    /// Returns the verdict as a word.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::Conforms => "conforms",
            Self::Skipped => "skipped",
            Self::Expected => "expected",
            Self::Deviates => "deviates",
            Self::NotRun => "not run",
            Self::Inconclusive => "inconclusive",
            Self::Broken => "broken",
            Self::Violates => "violates",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.id())
    }
}
