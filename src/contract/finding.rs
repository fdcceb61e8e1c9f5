//! A broken clause, as data.

use std::collections::HashMap;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::what::What;
use crate::api::{ClauseId, Level};

/// One way in which an exchange, or several exchanges together, break a clause.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(into = "Written", from = "Written")]
pub struct Finding {
    /// The clause that is broken.
    pub clause: ClauseId,
    /// The level of the broken part of the clause.
    pub level: Level,
    /// The place in the response: a JSON Pointer, `status`, `header NAME`, or empty for the whole body.
    pub at: String,
    /// What is wrong.
    pub what: What,
    /// The number of further findings of the same clause and level in the same answer, which are only counted.
    pub more: usize,
}

/// A finding as a run document holds it. It also contains the sentences, for readers that only show them.
#[derive(Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Finding")]
#[serde(deny_unknown_fields)]
struct Written {
    /// The clause that is broken.
    clause: ClauseId,
    /// The level of the broken part of the clause.
    level: Level,
    /// The place in the response: a JSON Pointer, `status`, `header NAME`, or empty for the whole body.
    at: String,
    /// What is wrong, as data. Older documents hold only the sentences.
    #[serde(default)]
    what: Option<What>,
    /// The lawful value or behaviour, in words.
    #[serde(default)]
    expected: String,
    /// The value or behaviour that was found, in words.
    #[serde(default)]
    found: String,
    /// The number of further findings of the same clause and level in the same answer, which are only counted.
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
    /// Creates a finding without further ones.
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

/// The maximum number of findings of one kind that are kept for one answer; the others are only counted.
const KEPT: usize = 20;

/// Returns the place of a finding without the indices of lists, so that findings of one kind have the same place.
#[must_use]
pub fn without_indices(at: &str) -> String {
    let is_index = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let parts = at
        .split('/')
        .map(|part| if is_index(part) { "#" } else { part });
    parts.collect::<Vec<_>>().join("/")
}

/// The findings that the rules add. Of findings that differ only in the index of a list, the first ones are kept.
#[derive(Debug, Default)]
pub struct Findings {
    /// The findings so far.
    pub list: Vec<Finding>,
    /// For each clause, level and place: the number of findings, and the index in `list` of the last one that is kept.
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

    /// Counts further findings of a clause, in addition to those that were added.
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
