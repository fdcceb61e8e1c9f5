//! The name of a cause, its counts and its simplest witness.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::join::{Joined, is_general};
use super::sheet::{Group, Nature, Sheet, Sighting, bit};
use crate::contract::{ClauseId, Level};
use crate::event::{Cause, Symptom, Witness};
use crate::exchange::Operation;

/// Builds the causes from the joined groups.
pub(super) fn causes(sheet: &Sheet, joined: &Joined) -> Vec<Cause> {
    let sets = joined.sets();
    let trials: Vec<BTreeSet<usize>> = sets.iter().map(|set| trials_of(sheet, set)).collect();
    let mut in_how_many: BTreeMap<usize, usize> = BTreeMap::new();
    for trial in trials.iter().flatten() {
        *in_how_many.entry(*trial).or_default() += 1;
    }
    let mut causes: Vec<Cause> = sets
        .iter()
        .zip(&trials)
        .filter_map(|(set, trials)| {
            let alone = trials
                .iter()
                .filter(|trial| in_how_many.get(*trial) == Some(&1));
            cause(sheet, joined, set, (trials, alone.count()))
        })
        .collect();
    causes.sort_by(|a, b| {
        let rank = |cause: &Cause| (Reverse(cause.level), Reverse(cause.trials.len()));
        rank(a).cmp(&rank(b)).then_with(|| a.id.cmp(&b.id))
    });
    number_twins(&mut causes);
    causes
}

fn trials_of(sheet: &Sheet, set: &[usize]) -> BTreeSet<usize> {
    let groups = set.iter().filter_map(|group| sheet.groups.get(*group));
    groups.flat_map(Group::trials).collect()
}

fn cause(
    sheet: &Sheet,
    joined: &Joined,
    set: &[usize],
    (trials, alone): (&BTreeSet<usize>, usize),
) -> Option<Cause> {
    let groups: Vec<(usize, &Group)> = set
        .iter()
        .filter_map(|number| Some((*number, sheet.groups.get(*number)?)))
        .collect();
    let sightings = || groups.iter().flat_map(|(_, group)| &group.sightings);
    let mut clauses: BTreeMap<ClauseId, BTreeSet<usize>> = BTreeMap::new();
    for (_, group) in &groups {
        let of_clause = clauses.entry(group.key.clause.clone()).or_default();
        of_clause.extend(group.trials());
    }
    let operations: BTreeSet<&str> = sightings()
        .filter_map(|one| one.operation.map(Operation::id))
        .collect();
    let clause = headline(sheet, joined, &groups, &clauses)?;
    let of_clause = |&&(_, group): &&(usize, &Group)| group.key.clause == clause;
    // A group that only follows from another one is weaker evidence.
    let (number, group) = groups
        .iter()
        .filter(of_clause)
        .max_by_key(|(number, group)| {
            let follows = joined.wake.contains(number);
            (!follows, group.trials().len(), Reverse(*number))
        })
        .copied()?;
    let witness = simplest(sheet, group)?;
    let mut symptoms: Vec<Symptom> = groups.iter().map(|(_, group)| symptom(group)).collect();
    symptoms.sort_by(|a, b| {
        let rank = |symptom: &Symptom| (Reverse(symptom.findings), symptom.clause.clone());
        rank(a)
            .cmp(&rank(b))
            .then_with(|| a.operation.cmp(&b.operation))
    });
    let name = |number: &usize| sheet.trials.get(*number).map(|ran| ran.id.clone());
    let mut ids: Vec<String> = trials.iter().filter_map(name).collect();
    ids.sort();
    let one_operation = match joined.suspects.get(&number) {
        Some(operation) => Some(operation.id()),
        None => operations
            .first()
            .copied()
            .filter(|_| operations.len() == 1),
    };
    Some(Cause {
        id: id(group, one_operation.filter(|_| is_general(&clause))),
        level: sightings().map(|one| one.level).max().unwrap_or(Level::May),
        operations: operations.iter().map(ToString::to_string).collect(),
        findings: sightings().count(),
        trials: ids,
        alone,
        clauses: clauses
            .iter()
            .map(|(id, trials)| (id.clone(), trials.len()))
            .collect(),
        symptoms,
        witness: Witness {
            trial: sheet.trials.get(witness.trial).map(|ran| ran.id.clone())?,
            finding: witness.number,
        },
        clause,
    })
}

/// The percentage of the trials about a clause that must break it, so that the clause may name the cause.
const PRECISE: usize = 40;

/// Returns the clause that describes best what is wrong. A clause about the envelope comes first, if at least half of
/// the cause's trials break it. Next comes a clause of the operation at fault, if many trials about the clause broke
/// it. Otherwise the clause that fits best is chosen: most of the trials about it broke it, and most trials of the
/// cause broke it.
fn headline(
    sheet: &Sheet,
    joined: &Joined,
    groups: &[(usize, &Group)],
    clauses: &BTreeMap<ClauseId, BTreeSet<usize>>,
) -> Option<ClauseId> {
    let trials = |clause: &ClauseId| clauses.get(clause).map_or(0, BTreeSet::len);
    let is_about_spelling = groups
        .iter()
        .any(|(number, _)| joined.respelled.contains(number));
    let mut suspected: BTreeMap<usize, usize> = BTreeMap::new();
    for (number, group) in groups {
        if let Some(operation) = joined.suspects.get(number) {
            *suspected.entry(operation.index()).or_default() += group.trials().len();
        }
    }
    let suspect = suspected
        .iter()
        .max_by_key(|(_, count)| **count)
        .map(|(index, _)| *index);
    let shown_by: BTreeSet<usize> = groups
        .iter()
        .flat_map(|(_, group)| &group.sightings)
        .filter_map(|one| one.operation.map(Operation::index))
        .collect();
    let at_fault = suspect.or(shown_by.first().copied().filter(|_| shown_by.len() == 1));
    let at_fault = Operation::all().find(|operation| Some(operation.index()) == at_fault);
    // Operations of both generations may share the clause about the form of their answers.
    let forms: BTreeSet<Option<&ClauseId>> = Operation::all()
        .filter(|operation| shown_by.contains(&operation.index()))
        .map(|operation| operation.promises().form.as_ref())
        .collect();
    let one_form = forms.first().copied().flatten();
    let one_form = one_form.filter(|form| forms.len() == 1 && clauses.contains_key(*form));
    let all: BTreeSet<usize> = clauses.values().flatten().copied().collect();
    let best = groups.iter().max_by_key(|(number, group)| {
        let clause = &group.key.clause;
        let is_its_own = one_form == Some(clause)
            || at_fault.is_some_and(|operation| operation.promises().has(clause));
        let is_form = one_form == Some(clause)
            || at_fault.is_some_and(|operation| operation.promises().form.as_ref() == Some(clause));
        let follows = joined.wake.contains(number) && !is_form;
        let is_everywhere = clause.family() == "ENV"
            && group.nature == Nature::Form
            && !(is_form_of_results(clause) && (at_fault.is_some() || one_form.is_some()))
            && trials(clause) * 2 >= all.len();
        let (broken, about) = (trials(clause), about(sheet, clause, at_fault));
        let about = about.max(broken).max(1);
        let is_precise = broken * 100 >= about * PRECISE;
        let is_its_own = is_its_own && !is_about_spelling;
        let level = group.sightings.iter().map(|one| one.level).max();
        (
            level,
            is_everywhere,
            !follows && is_precise && is_its_own,
            !follows,
            broken * broken * 1_000_000 / (about * all.len().max(1)),
            is_its_own,
            Reverse(clause.clone()),
        )
    });
    best.map(|(_, group)| group.key.clause.clone())
}

/// Returns whether this is the general clause about the form of results. Each operation has a more specific clause.
fn is_form_of_results(clause: &ClauseId) -> bool {
    *clause == ClauseId::of("ENV-5")
}

/// Returns the number of trials about a clause, counting only those with the operation at fault if it is known.
fn about(sheet: &Sheet, clause: &ClauseId, at_fault: Option<Operation>) -> usize {
    let about = sheet.trials.iter().filter(|ran| {
        ran.proves.contains(clause) && at_fault.is_none_or(|operation| ran.has(bit(operation)))
    });
    about.count()
}

/// The number of body bytes that count as much as one request when the witness is chosen.
const BYTES_A_REQUEST: usize = 500;

/// Returns the finding that needs the fewest requests and the shortest bodies.
fn simplest<'s>(sheet: &Sheet, group: &'s Group) -> Option<&'s Sighting> {
    let id = |one: &Sighting| sheet.trials.get(one.trial).map(|ran| ran.id.as_str());
    let all = group.sightings.iter();
    all.min_by_key(|one| {
        let effort = one.step + one.bytes / BYTES_A_REQUEST;
        (effort, one.bytes, id(one), one.number)
    })
}

fn symptom(group: &Group) -> Symptom {
    Symptom {
        clause: group.key.clause.clone(),
        kind: group.key.kind.to_owned(),
        at: group.key.at.clone(),
        operation: group
            .key
            .operation
            .map_or_else(String::new, |operation| operation.id().to_owned()),
        findings: group.sightings.len(),
    }
}

/// Returns the name of a cause. Its characters need no escaping in a link or in a shell.
fn id(group: &Group, operation: Option<&str>) -> String {
    let key = &group.key;
    let parts = [
        key.clause.as_str(),
        operation.unwrap_or_default(),
        &key.at,
        key.kind,
    ];
    let parts = parts.iter().filter(|part| !part.is_empty()).map(|part| {
        let plain = |c: char| {
            if c.is_ascii_alphanumeric() || c == '.' {
                c
            } else {
                '-'
            }
        };
        let text: String = part.chars().take(40).map(plain).collect();
        text.trim_matches('-').to_owned()
    });
    parts.collect::<Vec<_>>().join("_")
}

/// Appends numbers to the names of causes that would otherwise have the same name.
fn number_twins(causes: &mut [Cause]) {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for cause in causes {
        let times = seen.entry(cause.id.clone()).or_default();
        *times += 1;
        if *times > 1 {
            cause.id = format!("{}_{times}", cause.id);
        }
    }
}
