//! A cause of failures: the mistake to fix, and all findings that it explains.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::contract::{ClauseId, Level};

/// A probable mistake of the target that explains a group of findings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Cause {
    /// The cause's name: clause, place and kind of difference. The operation is added if the clause applies to many
    /// operations. The name contains no wording, so it is the same in every run that shows the mistake in the same way.
    pub id: String,
    /// The broken clause.
    pub clause: ClauseId,
    /// The highest level among its findings.
    pub level: Level,
    /// The operations whose answers show the cause, sorted.
    pub operations: Vec<String>,
    /// The number of findings that it explains.
    pub findings: usize,
    /// The trials that show the cause, sorted by id.
    pub trials: Vec<String>,
    /// The number of those trials that show no other cause, and would conform if this one were fixed.
    pub alone: usize,
    /// Every clause that the cause breaks, with the number of trials.
    pub clauses: BTreeMap<ClauseId, usize>,
    /// The symptoms, the most frequent first.
    pub symptoms: Vec<Symptom>,
    /// The simplest evidence.
    pub witness: Witness,
}

/// A group of findings that are alike.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Symptom {
    /// The clause.
    pub clause: ClauseId,
    /// The kind of difference.
    pub kind: String,
    /// The member, header or part of the answer.
    pub at: String,
    /// The operation; empty if the answers of any operation show the symptom.
    pub operation: String,
    /// The number of findings.
    pub findings: usize,
}

/// The place of the simplest evidence: a finding of a trial.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Witness {
    /// The trial.
    pub trial: String,
    /// The index of the finding in the trial's findings, 0-based.
    pub finding: usize,
}

impl Cause {
    /// Returns whether this is the same mistake as a cause of another run: the id is the same, or most symptoms are.
    #[must_use]
    pub fn is_like(&self, other: &Self) -> bool {
        let key = |symptom: &Symptom| {
            (
                symptom.clause.clone(),
                symptom.kind.clone(),
                symptom.at.clone(),
                symptom.operation.clone(),
            )
        };
        let common = self
            .symptoms
            .iter()
            .filter(|mine| other.symptoms.iter().any(|its| key(its) == key(mine)))
            .count();
        self.id == other.id || common * 2 > self.symptoms.len().max(other.symptoms.len())
    }
}
