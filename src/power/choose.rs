//! The choice of trials for a budget of requests: the most proof for each request first.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap};

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

/// What a trial is worth now. The greatest one is chosen next.
#[derive(Debug, Clone, Copy)]
struct Rank {
    is_first: bool,
    /// Whether it touches a must clause that no chosen trial touches.
    opens: bool,
    /// The worth for each request.
    gain: f64,
    index: usize,
}

impl Ord for Rank {
    fn cmp(&self, other: &Self) -> Ordering {
        let class = (self.is_first, self.opens).cmp(&(other.is_first, other.opens));
        let order = class.then(self.gain.total_cmp(&other.gain));
        // Among equals, the first in the library.
        order.then(other.index.cmp(&self.index))
    }
}

impl PartialOrd for Rank {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Rank {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Rank {}

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
    let left: Vec<Candidate> = trials
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
    let firsts: Vec<bool> = left.iter().map(|one| is_first(&one.trial.1.id())).collect();
    let mut covered = vec![0_i32; worth.len()];
    let mut filled: BTreeSet<Generation> = BTreeSet::new();
    let mut chosen = Chosen::default();
    let mut unfit = Vec::new();
    let price = |one: &Candidate, filled: &BTreeSet<Generation>| {
        let trial = &one.trial.1;
        let is_filling =
            trial.filled_zone().is_some() && !filled.contains(&trial.home_generation());
        one.cost + if is_filling { FILLING } else { 0 }
    };
    let rank = |index: usize, covered: &[i32], filled: &BTreeSet<Generation>| {
        let one = &left[index];
        let gains = one.units.iter().map(|unit| {
            let (first, factor) = worth[*unit];
            first * factor.powi(covered[*unit])
        });
        let opens = one.musts.iter().any(|unit| covered[*unit] == 0);
        Rank {
            is_first: firsts[index],
            // A must clause that is not touched yet comes before any second proof of another.
            opens: opens && !is_small,
            gain: gains.sum::<f64>() / to_float(price(one, filled)),
            index,
        }
    };
    let all_ranks = |indices: &mut dyn Iterator<Item = usize>, covered: &[i32], filled: &_| {
        let ranks = indices.map(|index| rank(index, covered, filled));
        ranks.collect::<BinaryHeap<Rank>>()
    };
    let mut ranks = all_ranks(&mut (0..left.len()), &covered, &filled);
    while let Some(best) = ranks.pop() {
        // What is covered lowers ranks and never raises them, so only the best one must be up to date.
        let now = rank(best.index, &covered, &filled);
        if ranks.peek().is_some_and(|next| *next > now) {
            ranks.push(now);
            continue;
        }
        let one = &left[best.index];
        let price = price(one, &filled);
        let room = budget.map(|budget| budget.saturating_sub(chosen.requests));
        if room.is_some_and(|room| price > room) {
            // It may fit after all once another trial has filled the zone that it needs.
            unfit.push(best.index);
            continue;
        }
        for unit in &one.units {
            covered[*unit] += 1;
        }
        chosen.requests += price;
        chosen.trials.push(one.trial.clone());
        if one.trial.1.filled_zone().is_some() && filled.insert(one.trial.1.home_generation()) {
            let mut indices = ranks.iter().map(|rank| rank.index).chain(unfit.drain(..));
            let again = all_ranks(&mut indices, &covered, &filled);
            drop(indices);
            ranks = again;
        }
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
