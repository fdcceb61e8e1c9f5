//! A broken clause, as data.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::what::What;
use crate::api::{ClauseId, Level};

/// One way in which an exchange (or what several of them show) breaks a clause.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(into = "Written", from = "Written")]
pub struct Finding {
    /// The clause that is broken.
    pub clause: ClauseId,
    /// The level of the broken part of the clause.
    pub level: Level,
    /// Where in the response: a JSON Pointer, `status`, `header NAME` or empty for the whole body.
    pub at: String,
    /// What is wrong.
    pub what: What,
}

/// A finding as a run document holds it: the sentences stand beside the data, for readers that only show them.
#[derive(Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Finding")]
#[serde(deny_unknown_fields)]
struct Written {
    /// The clause that is broken.
    clause: ClauseId,
    /// The level of the broken part of the clause.
    level: Level,
    /// Where in the response: a JSON Pointer, `status`, `header NAME` or empty for the whole body.
    at: String,
    /// What is wrong. Documents of before hold its sentences alone.
    #[serde(default)]
    what: Option<What>,
    /// What would have been lawful, in words.
    #[serde(default)]
    expected: String,
    /// What was found, in words.
    #[serde(default)]
    found: String,
}

impl From<Finding> for Written {
    fn from(finding: Finding) -> Self {
        Self {
            expected: finding.what.expected(),
            found: finding.what.found(),
            clause: finding.clause,
            level: finding.level,
            at: finding.at,
            what: Some(finding.what),
        }
    }
}

impl From<Written> for Finding {
    fn from(written: Written) -> Self {
        Self {
            clause: written.clause,
            level: written.level,
            at: written.at,
            what: written.what.unwrap_or(What::Value {
                expected: written.expected,
                found: written.found,
            }),
        }
    }
}

impl Finding {
    /// A broken clause.
    pub fn new((clause, level): (ClauseId, Level), at: impl Into<String>, what: What) -> Self {
        Self {
            clause,
            level,
            at: at.into(),
            what,
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = if self.at.is_empty() { "body" } else { &self.at };
        write!(
            f,
            "{} ({}) at {at}: expected {}, found {}",
            self.clause,
            self.level,
            self.what.expected(),
            self.what.found()
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
    pub fn add(&mut self, clause: (ClauseId, Level), at: impl Into<String>, what: What) {
        self.list.push(Finding::new(clause, at, what));
    }
}
