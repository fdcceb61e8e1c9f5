//! Runs the suite against changed mocks.

use std::collections::BTreeSet;

use futures_util::stream::{self, StreamExt};

use super::matrix::{Caught, KillMatrix, MutantResult};
use crate::cause::Causes;
use crate::contract::Level;
use crate::event::{Event, TrialReport};
use crate::mock::mutant::Mutant;
use crate::mock::{Change, Mock, MockConfig};
use crate::runner::{Keep, Plan, RunConfig, Runner, Target, TargetConfig, TargetError, new_seed};
use crate::transport::RequestLog;

/// The cases that a mutant is tried on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Breadth {
    /// First the cases that cite the mutant's clause, and the other cases only if those do not catch it.
    Citing,
    /// All cases.
    Every,
}

/// Tries mutants, several at a time, and calls `on_result` with each result.
///
/// # Errors
/// [`TargetError`] if a mock can't be reached, which would be a problem of this machine.
pub async fn try_mutants(
    mutants: Vec<&'static Mutant>,
    plan: &Plan,
    breadth: Breadth,
    at_a_time: usize,
    mut on_result: impl FnMut(&MutantResult),
) -> Result<KillMatrix, TargetError> {
    let mut tried = stream::iter(mutants)
        .map(|mutant| try_mutant(mutant, plan, breadth))
        .buffered(at_a_time.max(1));
    let mut matrix = KillMatrix::default();
    while let Some(result) = tried.next().await {
        let result = result?;
        on_result(&result);
        matrix.results.push(result);
    }
    Ok(matrix)
}

pub(super) async fn try_mutant(
    mutant: &'static Mutant,
    plan: &Plan,
    breadth: Breadth,
) -> Result<MutantResult, TargetError> {
    let (citing, others) = split(plan, &mutant.breaks);
    let mut result = MutantResult {
        name: mutant.name.clone(),
        breaks: mutant.breaks.clone(),
        caught: Caught::Survived,
        clauses: BTreeSet::new(),
        trials: BTreeSet::new(),
        cases: BTreeSet::new(),
        requests: 0,
        causes: None,
    };
    let mut causes = Causes::default();
    for part in [citing, others] {
        for report in reports(&mutant.changes, &part).await? {
            result.take(&report);
            causes.take(&report);
        }
        if breadth == Breadth::Citing && result.caught == Caught::ByItsClause {
            break;
        }
    }
    if breadth == Breadth::Every {
        let causes = causes.list().into_iter();
        result.causes = Some(
            causes
                .map(|cause| cause.clause.as_str().to_owned())
                .collect(),
        );
    }
    Ok(result)
}

impl MutantResult {
    fn take(&mut self, report: &TrialReport) {
        self.requests += report.steps.len();
        // A deviation counts only if its clause is the one that the mutant breaks.
        let counted = report.findings.iter().filter(|reported| {
            reported.finding.level == Level::Must || reported.finding.clause.as_str() == self.breaks
        });
        for reported in counted {
            if reported.finding.clause.as_str() == self.breaks {
                self.trials.insert(report.id.clone());
            }
            self.clauses
                .insert(reported.finding.clause.as_str().to_owned());
            self.cases.insert(report.case.clone());
        }
        self.caught = if self.clauses.contains(&self.breaks) {
            Caught::ByItsClause
        } else if self.clauses.is_empty() {
            Caught::Survived
        } else {
            Caught::ByOthers
        };
    }
}

/// Splits a plan into the trials that cite a clause, and the rest.
fn split(plan: &Plan, clause: &str) -> (Plan, Plan) {
    let (citing, others) = plan
        .trials
        .iter()
        .cloned()
        .partition(|(_, trial)| trial.proves().any(|cited| cited.as_str() == clause));
    let part = |trials| Plan {
        trials,
        ..Plan::default()
    };
    (part(citing), part(others))
}

/// Runs a plan against a mock with changes and returns the report of each trial.
///
/// # Errors
/// [`TargetError`] if the mock can't be tested at all.
pub async fn try_variation(
    changes: &[Change],
    plan: &Plan,
) -> Result<Vec<TrialReport>, TargetError> {
    reports(changes, plan).await
}

async fn reports(changes: &[Change], plan: &Plan) -> Result<Vec<TrialReport>, TargetError> {
    if plan.trials.is_empty() {
        return Ok(Vec::new());
    }
    let work = async |runner: Runner| {
        let mut reports = Vec::new();
        let on_event = |event| match event {
            Event::TrialFinished(report) => reports.push(*report),
            Event::RunStarted(_)
            | Event::TrialStarted { .. }
            | Event::ZonePutBack(_)
            | Event::ZoneLeft(_)
            | Event::RunFinished(_) => {}
        };
        runner.run(plan, on_event).await;
        reports
    };
    served(changes, new_seed(), (None, Keep::Findings), work).await
}

/// Serves a mock with changes, and calls `work` with a runner for it.
pub(super) async fn served<T>(
    changes: &[Change],
    seed: u64,
    (log, keep): (Option<RequestLog>, Keep),
    work: impl AsyncFnOnce(Runner) -> T,
) -> Result<T, TargetError> {
    let config = MockConfig {
        changes: changes.to_vec(),
        ..MockConfig::default()
    };
    let access = config.access.clone();
    let unreachable = |error: std::io::Error| TargetError::Url(format!("no mock: {error}"));
    let running = Mock::new(config)
        .serve(([127, 0, 0, 1], 0).into())
        .await
        .map_err(unreachable)?;
    let config = TargetConfig {
        base_url: running.base_url(),
        credentials: access.into(),
        request_log: log,
        ..TargetConfig::default()
    };
    let target = Target::probe(config, seed).await?;
    let config = RunConfig {
        jobs: 16,
        seed,
        keep,
    };
    let result = work(Runner::new(target, config).await?).await;
    running.stop().await;
    Ok(result)
}
