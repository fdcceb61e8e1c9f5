//! The result of a run for each clause.

use std::collections::BTreeMap;

use super::document::Run;
use crate::contract::{ClauseId, Level};
use crate::event::Verdict;

/// The result of a run for one clause.
#[derive(Debug, Clone, Default)]
pub struct Standing {
    /// The trials that cite the clause or broke it.
    pub cases: Vec<String>,
    judged: usize,
    broken: Option<Level>,
    expected: bool,
    observed: bool,
}

impl Standing {
    /// Returns whether the run judged the clause.
    #[must_use]
    pub fn is_judged(&self) -> bool {
        self.judged > 0 || self.broken.is_some() || self.expected
    }

    /// Returns `violates`, `deviates`, `expected`, `observed`, `conforms` or `unjudged`.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match (self.broken, self.expected) {
            (Some(Level::Must), _) => "violates",
            (Some(Level::Should | Level::May), _) => "deviates",
            (None, true) => "expected",
            (None, false) if self.judged > 0 && self.observed => "observed",
            (None, false) if self.judged > 0 => "conforms",
            (None, false) => "unjudged",
        }
    }
}

/// Returns the standing of each clause that a trial of the run cites, observed or broke.
#[must_use]
pub fn standings(run: &Run) -> BTreeMap<ClauseId, Standing> {
    let mut standings: BTreeMap<ClauseId, Standing> = BTreeMap::new();
    for trial in &run.trials {
        let is_judged = matches!(
            trial.verdict,
            Verdict::Conforms | Verdict::Violates | Verdict::Deviates
        );
        for clause in &trial.proves {
            let standing = standings
                .entry(ClauseId::from(clause.as_str()))
                .or_default();
            standing.cases.push(trial.id.clone());
            standing.judged += usize::from(is_judged);
        }
        for observation in &trial.observations {
            let clause = ClauseId::from(observation.clause.as_str());
            let level = crate::contract::Contract::embedded()
                .clause(&clause)
                .map(|clause| clause.level);
            standings.entry(clause).or_default().observed |= level == Some(Level::May);
        }
        for reported in &trial.findings {
            let standing = standings
                .entry(reported.finding.clause.clone())
                .or_default();
            if !standing.cases.contains(&trial.id) {
                standing.cases.push(trial.id.clone());
            }
            if trial.verdict == Verdict::Expected {
                standing.expected = true;
            } else {
                standing.broken = standing.broken.max(Some(reported.finding.level));
            }
        }
    }
    standings
}

impl Run {
    /// Returns the verdict of the run in words.
    #[must_use]
    pub fn verdict(&self) -> String {
        let summary = self.counts();
        let broken = |level: Level| {
            summary
                .broken_clauses
                .values()
                .filter(|(l, _)| *l == level)
                .count()
        };
        if summary.count(Verdict::Violates) > 0 {
            format!(
                "does not conform, {} must clause(s) broken",
                broken(Level::Must)
            )
        } else if !self.is_complete() || summary.unjudged() > 0 {
            "could not be judged as a whole".to_owned()
        } else if summary.judged() == 0 {
            "nothing was judged".to_owned()
        } else if summary.count(Verdict::Deviates) > 0 {
            format!(
                "conforms, and deviates from {} should clause(s)",
                broken(Level::Should)
            )
        } else {
            "conforms".to_owned()
        }
    }
}
