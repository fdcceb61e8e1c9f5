//! What `schemas/power.json` says of each case, and how runs with a limit choose by it.

use std::collections::{BTreeMap, BTreeSet};

use originproof::case::{Library, Trial};
use originproof::mock::mutant;
use originproof::mutation::{Breadth, Caught, costs, try_mutants};
use originproof::power::{Chosen, Effort, Power, TrialPower, choose};
use originproof::runner::{Plan, Selection};

/// How to write the file again.
const AGAIN: &str = "write it again: originproof mutants --save schemas/power.json";

fn whole() -> Plan {
    let library = Library::embedded().unwrap_or_else(|error| panic!("{error}"));
    Plan::select(&library, &Selection::default()).unwrap_or_else(|error| panic!("{error}"))
}

fn chosen(plan: &Plan, budget: Option<usize>) -> Chosen {
    let price = |_: &Trial, power: &TrialPower| power.requests;
    let trials = plan.trials.clone();
    choose(Power::embedded(), trials, |_| false, &price, budget)
}

#[test]
fn every_case_and_every_mutant_was_measured() {
    let power = Power::embedded();
    let cases: BTreeSet<String> = whole().trials.iter().map(|(_, trial)| trial.id()).collect();
    let measured: BTreeSet<String> = power.trials.keys().cloned().collect();
    assert_eq!(cases, measured, "{AGAIN}");
    let mutants: Vec<(&str, &str)> = mutant::all()
        .map(|one| (&*one.name, &*one.breaks))
        .collect();
    let rows = power.mutants.iter();
    let measured: Vec<(&str, &str)> = rows.map(|one| (&*one.name, &*one.breaks)).collect();
    assert_eq!(mutants, measured, "{AGAIN}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_requests_of_each_case_are_the_measured_ones() {
    let now = costs(&whole()).await.unwrap_or_else(|e| panic!("{e}"));
    let differ: Vec<String> = now
        .iter()
        .filter_map(|(id, now)| {
            let kept = Power::embedded().trials.get(id)?;
            let of = |power: &TrialPower| {
                let brief = power.brief.as_ref().map(|brief| brief.requests);
                (power.requests, brief, power.writes.clone())
            };
            let is_same = of(kept) == of(now);
            (!is_same).then(|| format!("{id}: kept {kept:?}, now {now:?}"))
        })
        .collect();
    assert!(differ.is_empty(), "{AGAIN}\n{}", differ.join("\n"));
}

/// The mutants run alone in the cheapest case that is said to catch them.
#[tokio::test(flavor = "multi_thread")]
async fn the_cheapest_case_of_each_mutant_catches_it() {
    let (power, plan) = (Power::embedded(), whole());
    let mut cheapest: BTreeMap<usize, (usize, &str)> = BTreeMap::new();
    for (id, trial) in &power.trials {
        for mutant in &trial.catches {
            let this = (trial.requests, id.as_str());
            let best = cheapest.entry(*mutant).or_insert(this);
            *best = this.min(*best);
        }
    }
    let mut missed = Vec::new();
    for (number, mutant) in mutant::all().enumerate() {
        let Some((_, id)) = cheapest.get(&number) else {
            missed.push(format!("{}: no case", mutant.name));
            continue;
        };
        // Whether a race is seen is chance.
        if mutant.breaks.starts_with("CONC-") {
            continue;
        }
        let only = plan.clone().only(|other| other == *id);
        let matrix = try_mutants(vec![mutant], &only, Breadth::Citing, 1, |_| {}).await;
        let matrix = matrix.unwrap_or_else(|error| panic!("{error}"));
        if matrix.count(Caught::ByItsClause) == 0 {
            missed.push(format!("{}: {id}", mutant.name));
        }
    }
    assert!(missed.is_empty(), "{AGAIN}\n{}", missed.join("\n"));
}

#[test]
fn a_choice_keeps_to_its_budget_and_more_requests_never_prove_less() {
    let plan = whole();
    let (mut cases, mut touched) = (0, 0);
    for budget in [0, 50, 300, 600, 1_200, 2_400] {
        let chosen = chosen(&plan, Some(budget));
        assert!(chosen.requests <= budget, "{} of {budget}", chosen.requests);
        assert!(chosen.trials.len() >= cases && chosen.proof.touched.len() >= touched);
        (cases, touched) = (chosen.trials.len(), chosen.proof.touched.len());
    }
    let all = chosen(&plan, None);
    assert_eq!(all.trials.len(), plan.trials.len());
    assert_eq!(all.proof.fully, all.proof.musts);
}

#[test]
fn a_standard_run_touches_every_must_clause_before_it_proves_any_twice() {
    let plan = whole();
    let chosen = chosen(&plan, Effort::Standard.budget());
    assert_eq!(chosen.proof.touched, chosen.proof.musts);
    let mut touched = BTreeSet::new();
    let mut is_over = false;
    for (_, trial) in &chosen.trials {
        let musts = trial
            .proves()
            .filter(|clause| chosen.proof.musts.contains(clause));
        let before = touched.len();
        touched.extend(musts);
        let opens = touched.len() > before;
        assert!(!(is_over && opens), "{} comes too late", trial.id());
        is_over |= !opens;
    }
}

#[test]
fn cases_that_failed_before_come_first() {
    let plan = whole();
    let failed = plan
        .trials
        .last()
        .map(|(_, trial)| trial.id())
        .unwrap_or_default();
    let price = |_: &Trial, power: &TrialPower| power.requests;
    let trials = plan.trials.clone();
    let chosen = choose(
        Power::embedded(),
        trials,
        |id| id == failed,
        &price,
        Some(600),
    );
    assert_eq!(chosen.trials[0].1.id(), failed);
}
