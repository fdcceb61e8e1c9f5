//! Measures what each trial proves and costs, for [`crate::power`].

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::IpAddr;
use std::sync::PoisonError;

use futures_util::stream::{self, StreamExt};

use super::trial::{Breadth, served, try_mutant};
use crate::event::{Event, Location, TrialReport};
use crate::exchange::Generation;
use crate::mock::mutant::Mutant;
use crate::power::{Brief, MutantRow, Power, TrialPower};
use crate::runner::{Keep, Plan, Runner, TargetError};
use crate::transport::RequestLog;

/// The requests that change what an earlier trial left in a filled zone, and count it.
const REFITTING: usize = 3;

/// Runs a plan on the honest mock and on each mutant, several mutants at a time, and returns the numbers of each trial.
///
/// # Errors
/// [`TargetError`] if a mock can't be reached, which would be a problem of this machine.
pub async fn measure(
    mutants: Vec<&'static Mutant>,
    plan: &Plan,
    at_a_time: usize,
    mut on_mutant: impl FnMut(&str),
) -> Result<Power, TargetError> {
    let brief = &brief(plan);
    let mut power = Power {
        mutants: Vec::new(),
        trials: costs(plan).await?,
    };
    let mut tried = stream::iter(mutants)
        .map(|mutant| async move {
            let whole = try_mutant(mutant, plan, Breadth::Every).await?;
            let brief = try_mutant(mutant, brief, Breadth::Every).await?;
            Ok::<_, TargetError>((whole, brief))
        })
        .buffered(at_a_time.max(1));
    while let Some(result) = tried.next().await {
        let (whole, brief) = result?;
        let number = power.mutants.len();
        on_mutant(&whole.name);
        for id in &whole.trials {
            if let Some(trial) = power.trials.get_mut(id) {
                trial.catches.push(number);
            }
        }
        for id in &brief.trials {
            let trial = power.trials.get_mut(id);
            if let Some(brief) = trial.and_then(|trial| trial.brief.as_mut()) {
                brief.catches.push(number);
            }
        }
        power.mutants.push(MutantRow {
            name: whole.name,
            breaks: whole.breaks,
        });
    }
    Ok(power)
}

/// Returns the trials of a plan that a run with a limit makes briefer.
fn brief(plan: &Plan) -> Plan {
    let trials = plan.trials.iter();
    Plan {
        trials: trials
            .filter_map(|(number, trial)| Some((*number, trial.brief()?)))
            .collect(),
        ..Plan::default()
    }
}

/// Runs a plan on the honest mock, each trial as it is and briefly, and returns what it costs.
///
/// # Errors
/// As [`measure`].
pub async fn costs(plan: &Plan) -> Result<BTreeMap<String, TrialPower>, TargetError> {
    let mut whole = measured(plan).await?;
    for (id, brief) in measured(&brief(plan)).await? {
        if let Some(trial) = whole.get_mut(&id) {
            trial.brief = Some(Brief {
                requests: brief.requests,
                catches: Vec::new(),
            });
        }
    }
    Ok(whole)
}

/// Runs a plan on the honest mock and returns what each trial costs.
///
/// # Errors
/// As [`measure`].
async fn measured(plan: &Plan) -> Result<BTreeMap<String, TrialPower>, TargetError> {
    let log = RequestLog::default();
    let work = async |runner: Runner| {
        let mut reports: Vec<TrialReport> = Vec::new();
        let on_event = |event| {
            if let Event::TrialFinished(report) = event {
                reports.push(*report);
            }
        };
        runner.run(plan, on_event).await;
        reports
    };
    // If all exchanges are kept, trials share no zone, so that the numbers do not depend on their order.
    let reports = served(&[], 1, (Some(log.clone()), Keep::All), work).await?;
    let sent = log.lock().unwrap_or_else(PoisonError::into_inner);
    let mut written: HashMap<&str, BTreeMap<Generation, BTreeSet<IpAddr>>> = HashMap::new();
    for outgoing in sent.iter() {
        let case = outgoing.headers.get("originproof-case").unwrap_or_default();
        if let Some(operation) = outgoing.operation.filter(|one| one.kind().writes()) {
            let of_case = written.entry(case).or_default();
            of_case
                .entry(operation.generation())
                .or_default()
                .extend(outgoing.named());
        }
    }
    let filled: BTreeSet<String> = plan
        .trials
        .iter()
        .filter(|(_, trial)| trial.filled_zone().is_some())
        .map(|(_, trial)| trial.id())
        .collect();
    let power = |report: &TrialReport| {
        let first = report.steps.iter().filter(|step| is_of_given(&step.place));
        let (first, all) = (first.count(), report.steps.len());
        let given = if filled.contains(&report.id) {
            REFITTING
        } else {
            first
        };
        let writes = written.get(report.id.as_str()).into_iter().flatten();
        TrialPower {
            requests: all - first + given,
            writes: writes.map(|(of, all)| (*of, all.len())).collect(),
            catches: Vec::new(),
            brief: None,
        }
    };
    Ok(reports
        .iter()
        .map(|report| (report.id.clone(), power(report)))
        .collect())
}

/// Returns whether a step wrote or read a `given`, which has no line in the case file.
fn is_of_given(place: &Location) -> bool {
    matches!(place, Location::Case { line: 0 })
}
