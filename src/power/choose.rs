//! The choice of trials for a budget of requests: the most proof for each request first.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::data::{FILLING, Power, TrialPower};
use crate::case::Trial;
use crate::contract::{ClauseId, Contract, Level};
use crate::exchange::Generation;

/// A named effort.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effort {
    /// At most 300 requests.
    Quick,
    /// At most 1,200 requests, which is what the vendor allows in five minutes.
    Standard,
    /// Every trial.
    Full,
}

impl Effort {
    /// Returns the number of requests; `None` without a limit.
    #[must_use]
    pub fn budget(self) -> Option<usize> {
        match self {
            Self::Quick => Some(300),
            Self::Standard => Some(1_200),
            Self::Full => None,
        }
    }
}

/// The number of requests that a trial costs, apart from [`FILLING`].
pub type Cost<'c> = &'c dyn Fn(&Trial, &TrialPower) -> usize;

/// The trials that were chosen, those with the most proof for each request first.
#[derive(Debug, Clone, Default)]
pub struct Chosen {
    /// The trials, with their numbers in the library.
    pub trials: Vec<(usize, Trial)>,
    /// The number of requests that they cost.
    pub requests: usize,
    /// What they prove.
    pub proof: Proof,
}

/// How much of what all trials prove is proved by the chosen ones.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Proof {
    /// The must clauses that some trial proves.
    pub musts: BTreeSet<ClauseId>,
    /// The must clauses that a chosen trial proves.
    pub touched: BTreeSet<ClauseId>,
    /// The must clauses of which the chosen trials catch every fault that all trials catch.
    pub fully: BTreeSet<ClauseId>,
}

/// Something that a trial proves.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Unit {
    /// A must clause.
    Must(ClauseId),
    /// Another clause.
    Other(ClauseId),
    /// A fault.
    Mutant(usize),
    /// A case in one generation.
    Case(String, Option<Generation>),
    /// A trial by its id.
    Trial(String),
    /// A trial on one side of a limit.
    Border(String),
}

impl Unit {
    /// Returns what the first proof is worth, and which part of it each further proof is worth. The numbers were chosen by
    /// holding back each fourth mutant and counting how many of those are caught.
    fn worth(&self, is_small: bool) -> (f64, f64) {
        match self {
            Self::Must(_) if is_small => (30.0, 0.0),
            Self::Case(..) | Self::Trial(_) | Self::Border(_) if is_small => (0.0, 0.0),
            Self::Must(_) => (2.0, 0.0),
            Self::Other(_) => (1.0, 0.0),
            Self::Mutant(_) => (30.0, 0.0),
            Self::Case(..) => (8.0, 0.6),
            Self::Trial(_) | Self::Border(_) => (5.0, 0.0),
        }
    }
}

/// The number of requests from which a budget touches every must clause with less than half of itself. A smaller one is
/// spent where it proves most: a must clause then counts as much as a fault, and breadth for its own sake does not count.
const MUSTS_FIRST: usize = 600;

/// A trial that may be chosen.
struct Candidate {
    trial: (usize, Trial),
    cost: usize,
    units: Vec<usize>,
    musts: Vec<usize>,
}

/// Chooses trials for a budget of requests: first those that `is_first` names, then every must clause once, then what
/// proves most for each request. With a budget the trials are brief ([`Trial::brief`]). Without one all trials are chosen, in
/// this order.
#[must_use]
pub fn choose(
    power: &Power,
    trials: Vec<(usize, Trial)>,
    is_first: impl Fn(&str) -> bool,
    cost: Cost<'_>,
    budget: Option<usize>,
) -> Chosen {
    let (mut units, mut worth): (HashMap<Unit, usize>, Vec<(f64, f64)>) = Default::default();
    let is_small = budget.is_some_and(|budget| budget < MUSTS_FIRST);
    let mut number = |unit: Unit| {
        let next = worth.len();
        let of = unit.worth(is_small);
        *units.entry(unit).or_insert_with(|| {
            worth.push(of);
            next
        })
    };
    let all: Vec<Trial> = trials.iter().map(|(_, trial)| trial.clone()).collect();
    let mut left: Vec<Candidate> = trials
        .into_iter()
        .map(|(place, trial)| {
            let trial = match (budget, trial.brief()) {
                (Some(_), Some(brief)) => brief,
                _ => trial,
            };
            let of = power.of(&trial);
            let units = units_of(&trial, &of);
            let musts = units.iter().filter(|unit| matches!(unit, Unit::Must(_)));
            Candidate {
                cost: cost(&trial, &of).max(1),
                musts: musts.cloned().map(&mut number).collect(),
                units: units.into_iter().map(&mut number).collect(),
                trial: (place, trial),
            }
        })
        .collect();
    let mut covered = vec![0_i32; worth.len()];
    let mut filled: BTreeSet<Generation> = BTreeSet::new();
    let mut chosen = Chosen::default();
    loop {
        let price = |one: &Candidate| {
            let trial = &one.trial.1;
            let is_filling =
                trial.filled_zone().is_some() && !filled.contains(&trial.home_generation());
            one.cost + if is_filling { FILLING } else { 0 }
        };
        let room = budget.map(|budget| budget.saturating_sub(chosen.requests));
        let fits = |one: &Candidate| room.is_none_or(|room| price(one) <= room);
        let gain = |one: &Candidate| {
            let gains = one.units.iter().map(|unit| {
                let (first, factor) = worth[*unit];
                first * factor.powi(covered[*unit])
            });
            gains.sum::<f64>() / to_float(price(one))
        };
        // A must clause that is not touched yet comes before any second proof of another.
        let class = |one: &Candidate| {
            let opens = one.musts.iter().any(|unit| covered[*unit] == 0);
            (is_first(&one.trial.1.id()), opens && !is_small)
        };
        let best = left
            .iter()
            .enumerate()
            .filter(|(_, one)| fits(one))
            .map(|(index, one)| (index, class(one), gain(one)))
            .max_by(|(a, class_a, a_gain), (b, class_b, b_gain)| {
                let order = class_a.cmp(class_b).then(a_gain.total_cmp(b_gain));
                // Among equals, the first in the library.
                order.then(b.cmp(a))
            });
        let Some((index, ..)) = best else {
            break;
        };
        let price = price(&left[index]);
        let one = left.remove(index);
        for unit in &one.units {
            covered[*unit] += 1;
        }
        if one.trial.1.filled_zone().is_some() {
            filled.insert(one.trial.1.home_generation());
        }
        chosen.requests += price;
        chosen.trials.push(one.trial);
    }
    let picked = chosen.trials.iter().map(|(_, trial)| trial);
    chosen.proof = Proof::of(power, &all, picked);
    chosen
}

fn to_float(number: usize) -> f64 {
    u32::try_from(number).map_or(f64::MAX, f64::from)
}

fn units_of(trial: &Trial, power: &TrialPower) -> Vec<Unit> {
    let contract = Contract::embedded();
    let mut units: Vec<Unit> = trial
        .proves()
        .map(|clause| match contract.clause(&clause).map(|c| c.level) {
            Some(Level::Must) => Unit::Must(clause),
            _ => Unit::Other(clause),
        })
        .collect();
    units.extend(power.catches.iter().map(|mutant| Unit::Mutant(*mutant)));
    units.push(Unit::Case(trial.case.id.clone(), trial.generation));
    units.push(Unit::Trial(trial.id()));
    if trial.case.tags.iter().any(|tag| tag == "border") {
        units.push(Unit::Border(trial.id()));
    }
    units
}

impl Proof {
    /// Compares what the chosen trials prove with what all trials prove.
    fn of<'t>(power: &Power, all: &[Trial], chosen: impl Iterator<Item = &'t Trial>) -> Self {
        let (musts, catchable) = proved(power, all.iter());
        let (touched, caught) = proved(power, chosen);
        let mut open: BTreeMap<&str, usize> = BTreeMap::new();
        for mutant in catchable.difference(&caught) {
            if let Some(row) = power.mutants.get(*mutant) {
                *open.entry(&row.breaks).or_default() += 1;
            }
        }
        let fully = touched
            .iter()
            .filter(|clause| !open.contains_key(clause.as_str()));
        Self {
            fully: fully.cloned().collect(),
            musts,
            touched,
        }
    }
}

/// Returns the must clauses that trials prove, and the mutants that they catch.
fn proved<'t>(
    power: &Power,
    trials: impl Iterator<Item = &'t Trial>,
) -> (BTreeSet<ClauseId>, BTreeSet<usize>) {
    let contract = Contract::embedded();
    let is_must = |clause: &ClauseId| {
        contract
            .clause(clause)
            .is_some_and(|clause| clause.level == Level::Must)
    };
    let (mut musts, mut mutants) = (BTreeSet::new(), BTreeSet::new());
    for trial in trials {
        musts.extend(trial.proves().filter(is_must));
        mutants.extend(power.of(trial).catches);
    }
    (musts, mutants)
}
