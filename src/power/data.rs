//! The measured numbers, as they are kept in `schemas/power.json`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use crate::case::{Action, Step, Trial};
use crate::exchange::Generation;

const TEXT: &str = include_str!("../../schemas/power.json");

/// The requests that fill a zone for the first trial of a generation that needs it. Later trials change what is there.
pub const FILLING: usize = 35;

/// What is measured of the whole suite.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Power {
    /// The mutants in the order of the tables.
    pub mutants: Vec<MutantRow>,
    /// The trials by their ids.
    pub trials: BTreeMap<String, TrialPower>,
}

/// A mutant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MutantRow {
    /// The name of the mutant.
    pub name: String,
    /// The clause that it breaks.
    pub breaks: String,
}

/// What is measured of one trial.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrialPower {
    /// The number of requests against a conforming target with fresh zones, without [`FILLING`].
    pub requests: usize,
    /// The number of addresses that its writes name, by generation. In a zone in care each costs requests as well.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub writes: BTreeMap<Generation, usize>,
    /// The numbers of the mutants that it catches by the clause that they break.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub catches: Vec<usize>,
    /// The numbers of the brief trial ([`Trial::brief`]), if it differs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub brief: Option<Brief>,
}

/// What is measured of a brief trial.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Brief {
    /// As [`TrialPower::requests`].
    pub requests: usize,
    /// As [`TrialPower::catches`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub catches: Vec<usize>,
}

impl Power {
    /// Returns the numbers of the built-in suite. They are empty if the file is faulty, which a test rules out.
    #[must_use]
    pub fn embedded() -> &'static Self {
        static POWER: LazyLock<Power> =
            LazyLock::new(|| serde_json::from_str(TEXT).unwrap_or_default());
        &POWER
    }

    /// Returns the numbers of a trial. Those of an unknown trial, such as one of the user's own cases, are estimated
    /// from its steps.
    #[must_use]
    pub fn of(&self, trial: &Trial) -> TrialPower {
        let Some(known) = self.trials.get(&trial.id()) else {
            return estimated(trial);
        };
        let mut power = known.clone();
        if let (Some(brief), true) = (power.brief.take(), trial.is_brief) {
            power.requests = brief.requests;
            power.catches = brief.catches;
        }
        power
    }

    /// Takes over what other numbers say about the mutants.
    pub fn keep_catches(&mut self, other: &Self) {
        self.mutants.clone_from(&other.mutants);
        for (id, trial) in &mut self.trials {
            let Some(known) = other.trials.get(id) else {
                continue;
            };
            trial.catches.clone_from(&known.catches);
            if let (Some(brief), Some(known)) = (&mut trial.brief, &known.brief) {
                brief.catches.clone_from(&known.catches);
            }
        }
    }

    /// Returns the numbers as text, with one line for each mutant and each trial.
    #[must_use]
    pub fn text(&self) -> String {
        let mutants: Vec<String> = self.mutants.iter().map(line).collect();
        let trials = self.trials.iter();
        let trials: Vec<String> = trials
            .map(|(id, power)| format!("{}: {}", serde_json::Value::from(id.as_str()), line(power)))
            .collect();
        format!(
            "{{\n\"mutants\": [\n{}\n],\n\"trials\": {{\n{}\n}}\n}}\n",
            mutants.join(",\n"),
            trials.join(",\n")
        )
    }
}

/// Returns a row as JSON on one line.
fn line(row: &impl Serialize) -> String {
    // A row of texts and numbers always has a JSON form.
    serde_json::to_string(row).unwrap_or_default()
}

/// Estimates what a trial costs: each step is a request, a check of a zone is two, and repeated steps count as often as
/// they are repeated.
fn estimated(trial: &Trial) -> TrialPower {
    let given = usize::from(!trial.case.given.is_empty());
    let requests = given + requests_of(&trial.case.steps);
    let writes = BTreeMap::from([(trial.home_generation(), requests / 2)]);
    TrialPower {
        requests,
        writes,
        catches: Vec::new(),
        brief: None,
    }
}

fn requests_of(steps: &[Step]) -> usize {
    let of = |step: &Step| match &step.action {
        Action::Call(_) | Action::AtMost(..) | Action::OneOf(..) => 1,
        Action::Holds(..) | Action::Unchanged(_) | Action::Settled(_) => 2,
        Action::Pages { .. } => 10,
        Action::Parallel(steps) => requests_of(steps),
        Action::Repeat { over, steps } => over.rounds().unwrap_or(REGIONS) * requests_of(steps),
        Action::Let(_) => 0,
    };
    steps.iter().map(of).sum()
}

/// The number of regions that a target lists, roughly.
const REGIONS: usize = 180;
