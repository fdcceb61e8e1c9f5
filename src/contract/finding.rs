//! A broken clause, as data.

use std::collections::HashMap;
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
    /// Further findings of the same clause and level in the same answer, which are only counted.
    pub more: usize,
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
    /// Further findings of the same clause and level in the same answer, which are only counted.
    #[serde(default, skip_serializing_if = "is_zero")]
    more: usize,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands on a reference"
)]
fn is_zero(number: &usize) -> bool {
    *number == 0
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
            more: finding.more,
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
            more: written.more,
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
            more: 0,
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
        )?;
        match self.more {
            0 => Ok(()),
            more => write!(f, ", and {more} more like it"),
        }
    }
}

/// Findings of one kind that are kept of one answer; the others are counted.
const KEPT: usize = 20;

/// The place of a finding without the indices of lists: what findings of one kind have in common.
#[must_use]
pub fn without_indices(at: &str) -> String {
    let is_index = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let parts = at
        .split('/')
        .map(|part| if is_index(part) { "#" } else { part });
    parts.collect::<Vec<_>>().join("/")
}

/// Collects findings; a rule adds to it whatever it sees. Of those that differ in nothing but the index of a list, the
/// first ones are kept.
#[derive(Debug, Default)]
pub struct Findings {
    /// What was found so far.
    pub list: Vec<Finding>,
    /// By clause, level and place: how many there are, and where the last one stands that is kept.
    kinds: HashMap<(ClauseId, Level, String), (usize, usize)>,
}

impl Findings {
    /// Adds a finding.
    pub fn add(&mut self, clause: (ClauseId, Level), at: impl Into<String>, what: What) {
        let at = at.into();
        let kind = (clause.0.clone(), clause.1, without_indices(&at));
        let (count, last) = self.kinds.entry(kind).or_default();
        *count += 1;
        if *count > KEPT {
            if let Some(last) = self.list.get_mut(*last) {
                last.more += 1;
            }
            return;
        }
        *last = self.list.len();
        self.list.push(Finding::new(clause, at, what));
    }

    /// Counts further findings of a clause, beside those that were added.
    pub fn add_more(&mut self, clause: &(ClauseId, Level), more: usize) {
        let is_same = |known: &&mut Finding| known.clause == clause.0 && known.level == clause.1;
        if let Some(last) = self.list.iter_mut().rev().find(is_same) {
            last.more += more;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_findings_that_differ_in_an_index_alone_the_first_are_kept_and_the_others_counted() {
        let clause = || (ClauseId::of("ENV-2"), Level::Must);
        let mut findings = Findings::default();
        for index in 0..1_000 {
            findings.add(
                clause(),
                format!("/errors/{index}/code"),
                What::value("a", "b"),
            );
        }
        findings.add(clause(), "/messages", What::value("a", "b"));
        findings.add_more(&clause(), 7);
        let more: usize = findings.list.iter().map(|finding| finding.more).sum();
        assert_eq!((findings.list.len(), more), (KEPT + 1, 1_000 - KEPT + 7));
    }
}
