//! A cause of failures: what has to be mended, and all that it explains.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::contract::{ClauseId, Level};

/// One mistake of the target, as far as its symptoms tell: findings that have one explanation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Cause {
    /// Its name, the same in every run in which the mistake shows alike: clause, place, kind of difference, and where
    /// the clause is one of many operations, the operation. No wording is part of it.
    pub id: String,
    /// The clause that is broken.
    pub clause: ClauseId,
    /// The highest level of its findings.
    pub level: Level,
    /// The operations whose answers show it, sorted.
    pub operations: Vec<String>,
    /// Findings that it explains.
    pub findings: usize,
    /// The trials in which it shows, sorted by their ids.
    pub trials: Vec<String>,
    /// How many of those trials show no other cause, and would conform if this one were mended.
    pub alone: usize,
    /// Every clause that it breaks, with the number of trials.
    pub clauses: BTreeMap<ClauseId, usize>,
    /// How it shows, the most frequent first.
    pub symptoms: Vec<Symptom>,
    /// The simplest evidence.
    pub witness: Witness,
}

/// Findings that are alike.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Symptom {
    /// The clause.
    pub clause: ClauseId,
    /// The kind of difference.
    pub kind: String,
    /// The member, header or part of the answer.
    pub at: String,
    /// The operation; empty where it shows in the answers of any.
    pub operation: String,
    /// How often, in findings.
    pub findings: usize,
}

/// Where the simplest evidence stands: in a trial of the run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Witness {
    /// The trial.
    pub trial: String,
    /// The number of the finding among those of the trial, from 0.
    pub finding: usize,
}

impl Cause {
    /// Whether this is the same mistake as one of another run: the same id, or most symptoms in common.
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
