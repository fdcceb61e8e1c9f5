//! A broken clause, as data.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::{ClauseId, Level};

/// How many characters of a found value are kept.
const SHOWN: usize = 200;

/// One way in which an exchange (or what several of them show) breaks a clause.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    /// The clause that is broken.
    pub clause: ClauseId,
    /// The level of the broken part of the clause.
    pub level: Level,
    /// Where in the response: a JSON Pointer, `status`, `header NAME` or empty for the whole body.
    pub at: String,
    /// What would have been lawful.
    pub expected: String,
    /// What was there.
    pub found: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = if self.at.is_empty() { "body" } else { &self.at };
        write!(
            f,
            "{} ({}) at {at}: expected {}, found {}",
            self.clause, self.level, self.expected, self.found
        )
    }
}

/// Collects findings; a rule adds to it whatever it sees.
#[derive(Debug, Default)]
pub struct Findings {
    /// What was found so far.
    pub list: Vec<Finding>,
}

impl Findings {
    /// Adds a finding.
    pub fn add(
        &mut self,
        (clause, level): (ClauseId, Level),
        at: impl Into<String>,
        expected: impl Into<String>,
        found: impl Into<String>,
    ) {
        self.list.push(Finding {
            clause,
            level,
            at: at.into(),
            expected: expected.into(),
            found: shortened(&found.into()),
        });
    }
}

/// The text, cut at a length that a line of a report can bear.
#[must_use]
pub(crate) fn shortened(text: &str) -> String {
    if text.chars().count() <= SHOWN {
        return text.to_owned();
    }
    let cut: String = text.chars().take(SHOWN).collect();
    format!("{cut}… ({} characters)", text.chars().count())
}
