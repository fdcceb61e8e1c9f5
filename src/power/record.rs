//! What a limit means for a run, for its report.

use super::choose::Chosen;
use crate::contract::ClauseId;
use crate::event::EffortRecord;

impl Chosen {
    /// Describes what was chosen of `all` trials for a limit, which has this name.
    #[must_use]
    pub fn record(&self, limit: &str, all: &Chosen) -> EffortRecord {
        let names = |clauses: Vec<&ClauseId>| -> Vec<String> {
            clauses.into_iter().map(ToString::to_string).collect()
        };
        let proof = &self.proof;
        EffortRecord {
            limit: limit.to_owned(),
            cases: self.trials.len(),
            cases_of: all.trials.len(),
            requests: self.requests,
            requests_of: all.requests,
            touched: proof.touched.len(),
            touched_of: proof.musts.len(),
            fully: proof.fully.len(),
            untouched: names(proof.musts.difference(&proof.touched).collect()),
            partly: names(proof.touched.difference(&proof.fully).collect()),
        }
    }
}
