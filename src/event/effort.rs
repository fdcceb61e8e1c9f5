//! The effort of a run that does not run every case.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How much of the suite a run with a limit tries and proves.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EffortRecord {
    /// What limits the run, such as `--effort quick` or `--budget 1200`.
    pub limit: String,
    /// The number of chosen cases.
    pub cases: usize,
    /// The number of cases that the target and the selection allow.
    pub cases_of: usize,
    /// The number of requests that the chosen cases are expected to send.
    pub requests: usize,
    /// The number of requests of all these cases.
    pub requests_of: usize,
    /// The number of must clauses that the chosen cases prove.
    pub touched: usize,
    /// The number of must clauses that all these cases prove.
    pub touched_of: usize,
    /// The number of must clauses of which the chosen cases catch every known fault that all these cases catch.
    pub fully: usize,
    /// The must clauses that the chosen cases do not prove.
    pub untouched: Vec<String>,
    /// The must clauses that the chosen cases prove, but not as fully as all these cases.
    pub partly: Vec<String>,
}

impl std::fmt::Display for EffortRecord {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{}: {} of {} cases with about {} of {} requests; must: {} of {} touched, {} as fully as the whole suite",
            self.limit,
            self.cases,
            self.cases_of,
            self.requests,
            self.requests_of,
            self.touched,
            self.touched_of,
            self.fully
        )
    }
}
