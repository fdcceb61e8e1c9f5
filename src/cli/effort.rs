//! `--effort`, `--budget` and `--within`: which cases a run with a limit tries.

use std::time::Duration;

use clap::{Args, ValueEnum};

use originproof::event::EffortRecord;
use originproof::power::{Chosen, Effort, Power, choose};
use originproof::runner::{Plan, Runner, plannable};
use originproof::transport::Rate;

use super::exit::Failure;
use super::json::Forecast;
use super::settings::{Effective, Given};

/// Flags that limit a run.
#[derive(Debug, Args)]
#[command(next_help_heading = "Effort")]
pub(crate) struct EffortArgs {
    /// How much to try: at most 300 requests, at most 1,200, or every case; by default full for a target with fresh
    /// zones and without pacing, and for selected cases, else standard
    #[arg(long, value_enum, value_name = "EFFORT", conflicts_with = "budget")]
    pub(crate) effort: Option<EffortName>,
    /// Try the cases that prove most with this number of requests
    #[arg(long, value_name = "REQUESTS")]
    budget: Option<String>,
    /// Try the cases that prove most in this time, such as 5m, at the rate that is kept; no case begins after it
    #[arg(long, value_name = "TIME")]
    within: Option<String>,
}

/// The name of an effort.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum EffortName {
    /// At most 300 requests.
    Quick,
    /// At most 1,200 requests.
    Standard,
    /// Every case.
    Full,
}

impl EffortName {
    fn text(self) -> &'static str {
        match self {
            Self::Quick => "quick",
            Self::Standard => "standard",
            Self::Full => "full",
        }
    }

    /// Returns the effort with this name.
    pub(crate) fn effort(self) -> Effort {
        match self {
            Self::Quick => Effort::Quick,
            Self::Standard => Effort::Standard,
            Self::Full => Effort::Full,
        }
    }
}

/// What limits a run.
#[derive(Debug, Clone)]
pub(crate) struct Limit {
    /// The number of requests; `None` without a limit.
    pub(crate) requests: Option<usize>,
    /// The time after which no case begins.
    pub(crate) time: Option<Duration>,
    /// What the user set, for messages.
    name: String,
}

/// The cases of a run, and of one with twice as much.
pub(crate) struct Choice {
    pub(crate) chosen: Chosen,
    pub(crate) all: Chosen,
    pub(crate) twice: Option<Chosen>,
}

impl EffortArgs {
    /// Adds the values of these flags.
    pub(crate) fn add_to(&self, given: &mut Given) {
        let one = |value: Option<String>| value.into_iter().collect::<Vec<_>>();
        let effort = self.effort.map(|effort| effort.text().to_owned());
        given.insert("effort", one(effort));
        given.insert("budget", one(self.budget.clone()));
        given.insert("within", one(self.within.clone()));
    }
}

impl Limit {
    /// Returns what limits a run of a plan. `is_whole` says whether the plan has all built-in cases.
    ///
    /// # Errors
    /// Fails if a value is not an effort, a number or a time.
    pub(crate) fn of(
        effective: &Effective,
        runner: &Runner,
        rates: &[Rate],
        is_whole: bool,
    ) -> Result<Self, Failure> {
        let (mut requests, mut name) = requested(effective)?;
        let within = set(effective, "within");
        let time = match within {
            Some(_) => Some(effective.duration("within")?),
            None => None,
        };
        if let (Some(time), Some(within)) = (time, within) {
            let most = rates.iter().map(|rate| rate.most_in(time)).min();
            let most = most.map(|most| usize::try_from(most).unwrap_or(usize::MAX));
            requests = match (requests, most) {
                (Some(one), Some(other)) => Some(one.min(other)),
                (one, other) => one.or(other),
            };
            let gap = if name.is_empty() { "" } else { " " };
            name = format!("{name}{gap}--within {within}");
        }
        let is_slow = !runner.has_fresh_zones() || !rates.is_empty();
        if name.is_empty() && is_whole && is_slow {
            requests = Effort::Standard.budget();
            "--effort standard, since the target has no fresh zones or is paced (--effort full tries all)"
                .clone_into(&mut name);
        }
        Ok(Self {
            requests,
            time,
            name,
        })
    }

    /// Chooses the cases of a plan that can run, those with the most proof first. `is_first` names cases that come before
    /// all others.
    pub(crate) fn choose(
        &self,
        plan: &Plan,
        runner: &Runner,
        is_first: impl Fn(&str) -> bool + Copy,
    ) -> Choice {
        let power = Power::embedded();
        let can_run: Vec<_> = plan
            .trials
            .iter()
            .filter(|(_, trial)| runner.obstacle(trial).is_none())
            .cloned()
            .collect();
        let price = |trial: &_, _: &_| runner.price(trial);
        let choose = |requests: Option<usize>| {
            let requests = requests.map(|budget| plannable(budget, runner.sent()));
            choose(power, can_run.clone(), is_first, &price, requests)
        };
        let all = choose(None);
        Choice {
            chosen: match self.requests {
                None => all.clone(),
                requests => choose(requests),
            },
            all,
            twice: self.requests.map(|requests| choose(Some(2 * requests))),
        }
    }

    /// Returns the plan in the order of proof, with what the limit leaves of it. Cases that can't run stay, so that they
    /// are reported with the reason.
    pub(crate) fn apply(plan: Plan, choice: &Choice, runner: &Runner) -> Plan {
        let skipped = plan
            .trials
            .iter()
            .filter(|(_, trial)| runner.obstacle(trial).is_some());
        let mut trials = choice.chosen.trials.clone();
        trials.extend(skipped.cloned());
        let is_cut = choice.chosen.trials.len() < choice.all.trials.len();
        Plan {
            trials,
            is_whole: plan.is_whole && !is_cut,
            suite: plan.suite,
        }
    }

    /// Returns what the limit means for the report; `None` without one.
    pub(crate) fn record(&self, choice: &Choice) -> Option<EffortRecord> {
        (!self.name.is_empty()).then(|| choice.chosen.record(&self.name, &choice.all))
    }

    /// Adds to a forecast what the limit leaves unproved, and what twice as much would prove.
    pub(crate) fn add_to(&self, mut forecast: Forecast, choice: &Choice) -> Forecast {
        forecast.effort = self.record(choice);
        let twice = choice.twice.as_ref();
        forecast.twice_the_effort = twice.map(|twice| {
            let requests = self.requests.unwrap_or(0).saturating_mul(2);
            twice.record(&format!("--budget {requests}"), &choice.all)
        });
        forecast
    }

    /// Returns the number of requests that the user set.
    ///
    /// # Errors
    /// Fails if a value is not an effort or a number.
    pub(crate) fn given(effective: &Effective) -> Result<Option<u64>, Failure> {
        let (requests, _) = requested(effective)?;
        Ok(requests.and_then(|requests| u64::try_from(requests).ok()))
    }

    /// Returns the name of the limit.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }
}

/// Returns the value of a setting, if there is one.
fn set<'e>(effective: &'e Effective, key: &str) -> Option<&'e str> {
    effective.text(key).filter(|text| !text.is_empty())
}

/// Returns the number of requests that the user set by `effort` or `budget`, and the flag that says so. A budget takes
/// precedence, since only one of them can be a flag.
fn requested(effective: &Effective) -> Result<(Option<usize>, String), Failure> {
    if let Some(text) = set(effective, "budget") {
        let budget = effective.number("budget")?.unwrap_or(0);
        let budget = usize::try_from(budget).unwrap_or(usize::MAX);
        return Ok((Some(budget), format!("--budget {text}")));
    }
    let Some(text) = set(effective, "effort") else {
        return Ok((None, String::new()));
    };
    let effort = EffortName::from_str(text, true).map_err(|_| {
        let message = format!("unknown effort `{text}`: expected quick, standard or full");
        Failure::Usage(message)
    })?;
    let name = format!("--effort {}", effort.text());
    Ok((effort.effort().budget(), name))
}
