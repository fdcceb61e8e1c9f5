//! Joins groups that have the same explanation. Each rule is a reason why findings follow from one another. Groups that
//! no rule joins stay separate.

use std::collections::{BTreeMap, BTreeSet};

use super::sheet::{Answers, Group, Nature, Ran, Sheet, Sighting, bit};
use crate::contract::ClauseId;
use crate::exchange::{Generation, Operation};

/// The percentage of a group's findings that must fulfil the condition of a rule.
const NEARLY_ALL: usize = 90;
/// The probability of a mere coincidence of two groups must be below this value to join them.
const CHANCE: f64 = 0.02;

/// The groups, joined by explanation.
#[derive(Debug)]
pub(super) struct Joined {
    parent: Vec<usize>,
    /// Groups that follow from a malformed answer, on which other expectations fail as well.
    pub(super) wake: BTreeSet<usize>,
    /// Groups that appear only where a path spells its address in a non-canonical way.
    pub(super) respelled: BTreeSet<usize>,
    /// The operation at fault for a group, if its clause names one.
    pub(super) suspects: BTreeMap<usize, Operation>,
}

impl Joined {
    fn find(&self, mut group: usize) -> usize {
        while let Some(parent) = self.parent.get(group).filter(|parent| **parent != group) {
            group = *parent;
        }
        group
    }

    pub(super) fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.find(a), self.find(b));
        if let Some(parent) = self.parent.get_mut(a.max(b)) {
            *parent = a.min(b);
        }
    }

    /// Returns the groups of each explanation.
    pub(super) fn sets(&self) -> Vec<Vec<usize>> {
        let mut sets: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for group in 0..self.parent.len() {
            sets.entry(self.find(group)).or_default().push(group);
        }
        sets.into_values().collect()
    }
}

/// Joins groups that follow from one another.
pub(super) fn joined(sheet: &Sheet) -> Joined {
    let mut joined = Joined {
        parent: (0..sheet.groups.len()).collect(),
        wake: BTreeSet::new(),
        respelled: BTreeSet::new(),
        suspects: BTreeMap::new(),
    };
    if sheet
        .groups
        .iter()
        .all(|group| group.key.clause.is_for_clients())
    {
        of_one_client_clause(sheet, &mut joined);
        return joined;
    }
    in_the_wake_of_a_form(sheet, &mut joined);
    of_other_spellings(sheet, &mut joined);
    of_one_clause(sheet, &mut joined);
    of_one_member(sheet, &mut joined);
    of_one_answer(sheet, &mut joined);
    of_one_suspect(sheet, &mut joined);
    of_nobody_in_particular(sheet, &mut joined);
    beyond_chance(sheet, &mut joined);
    super::aside::beside(sheet, &mut joined);
    joined
}

/// Returns all pairs of groups, each once.
fn pairs(sheet: &Sheet) -> impl Iterator<Item = ((usize, &Group), (usize, &Group))> {
    let groups = &sheet.groups;
    let all = groups.iter().enumerate();
    all.flat_map(move |(a, first)| {
        let later = groups.iter().enumerate().skip(a + 1);
        later.map(move |(b, second)| ((a, first), (b, second)))
    })
}

/// Returns whether a clause does not belong to exactly one kind of operation.
pub(super) fn is_general(clause: &ClauseId) -> bool {
    let mut kinds = Operation::promising(clause).map(Operation::kind);
    let first = kinds.next();
    first.is_none() || kinds.any(|kind| Some(kind) != first)
}

/// Joins groups of one clause for clients that have the same kind of difference. The rules for servers do not apply: a
/// client's operations are not one store behind many doors.
fn of_one_client_clause(sheet: &Sheet, joined: &mut Joined) {
    for ((a, first), (b, second)) in pairs(sheet) {
        let (mine, its) = (&first.key, &second.key);
        if mine.clause == its.clause && mine.kind == its.kind {
            joined.join(a, b);
        }
    }
}

/// Joins findings to an earlier finding about the form of the same place in the same answer. A malformed place also
/// breaks all other expectations there.
fn in_the_wake_of_a_form(sheet: &Sheet, joined: &mut Joined) {
    let mut by_answer: BTreeMap<(usize, usize), Vec<(usize, usize, &str)>> = BTreeMap::new();
    for (number, group) in sheet.groups.iter().enumerate() {
        for sighting in &group.sightings {
            let answer = by_answer
                .entry((sighting.trial, sighting.step))
                .or_default();
            answer.push((number, sighting.number, &sighting.at));
        }
    }
    for (number, group) in sheet.groups.iter().enumerate() {
        let mut roots: BTreeMap<usize, usize> = BTreeMap::new();
        for sighting in &group.sightings {
            let beside = by_answer.get(&(sighting.trial, sighting.step));
            let before = beside.into_iter().flatten().filter(|(other, earlier, at)| {
                let root = sheet.groups.get(*other);
                *other != number
                    && *earlier < sighting.number
                    && root.is_some_and(|root| root.nature == Nature::Form)
                    && overlap(at, &sighting.at)
            });
            let before: BTreeSet<usize> = before.map(|(other, _, _)| *other).collect();
            for root in before {
                *roots.entry(root).or_default() += 1;
            }
        }
        let root = roots.into_iter().find(|(root, times)| {
            let is_larger = sheet
                .groups
                .get(*root)
                .is_some_and(|root| root.sightings.len() >= group.sightings.len());
            is_larger && is_nearly_all(*times, group.sightings.len()) && !joined.wake.contains(root)
        });
        if let Some((root, _)) = root {
            joined.wake.insert(number);
            joined.join(root, number);
        }
    }
}

fn is_nearly_all(part: usize, all: usize) -> bool {
    part * 100 >= all * NEARLY_ALL
}

/// Returns whether two places in an answer are the same, or one is within the other.
fn overlap(a: &str, b: &str) -> bool {
    let is_pointer = |at: &str| at.is_empty() || at.starts_with('/');
    if !is_pointer(a) || !is_pointer(b) {
        return a == b;
    }
    let within = |outer: &str, inner: &str| {
        let rest = inner.strip_prefix(outer);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', ' ']))
    };
    // The empty pointer (the whole body) would overlap with every place, so it only matches itself.
    a == b || (!a.is_empty() && within(a, b)) || (!b.is_empty() && within(b, a))
}

/// Joins groups that appear almost only where the path spells its address in a non-canonical way.
fn of_other_spellings(sheet: &Sheet, joined: &mut Joined) {
    for (number, group) in sheet.groups.iter().enumerate() {
        let respelled = group.sightings.iter().filter(|one| one.is_respelled);
        let is_so = is_nearly_all(respelled.count(), group.sightings.len());
        if is_so && !joined.wake.contains(&number) {
            joined.respelled.insert(number);
        }
    }
    let all: Vec<usize> = joined.respelled.iter().copied().collect();
    for (a, b) in all.iter().zip(all.iter().skip(1)) {
        joined.join(*a, *b);
    }
}

/// Joins groups of one clause. If the clause is about a single kind of operation, all of its groups are joined. For a
/// general clause, groups of one operation are joined unless they are about the state of the zone, and so are groups
/// of wrong answers that are alike. Groups of equivalent clauses of both generations are joined if they are alike,
/// since they are one mistake in shared code.
fn of_one_clause(sheet: &Sheet, joined: &mut Joined) {
    for ((a, first), (b, second)) in pairs(sheet) {
        let (mine, its) = (&first.key, &second.key);
        let of_one_operation = mine.operation.is_some() && mine.operation == its.operation;
        let is_rule = first.nature == Nature::Answer && alike(first, second);
        let of_one_operation = of_one_operation && first.nature != Nature::State;
        let are_one = !is_general(&mine.clause) || of_one_operation || is_rule;
        let are_twins = twin(&mine.clause).is_some_and(|name| Some(name) == twin(&its.clause))
            && alike(first, second);
        if (mine.clause == its.clause && are_one) || are_twins {
            joined.join(a, b);
        }
    }
}

/// Returns whether two groups differ only in clause and operation.
fn alike(first: &Group, second: &Group) -> bool {
    let (mine, its) = (&first.key, &second.key);
    first.nature == second.nature && mine.kind == its.kind && mine.at == its.at
}

/// Returns the part of a clause id after the prefix of its generation, or `None` if it has no such prefix.
fn twin(clause: &ClauseId) -> Option<&str> {
    let generations = [Generation::V1, Generation::V2];
    let mut prefixes = generations
        .iter()
        .map(|generation| generation.clause_prefix());
    prefixes.find_map(|prefix| clause.as_str().strip_prefix(prefix))
}

/// Joins groups about the form of one member that differs in the same way, whatever clauses they cite.
fn of_one_member(sheet: &Sheet, joined: &mut Joined) {
    for ((a, first), (b, second)) in pairs(sheet) {
        let (mine, its) = (&first.key, &second.key);
        let are_forms = first.nature == Nature::Form && second.nature == Nature::Form;
        let is_named = !matches!(mine.at.as_str(), "" | "result" | "value");
        let is_one_member = is_named && mine.at == its.at && mine.kind == its.kind;
        if is_of_one_envelope(first, second) || is_of_one_envelope(second, first) {
            joined.join(a, b);
        }
        if are_forms && (is_one_member || (is_about_pages(first) && is_about_pages(second))) {
            joined.join(a, b);
        }
    }
}

/// Returns whether the second group is about the failure form of answers outside the operations, and the first one is about
/// the same member of the envelope. A server makes all its failures in one place.
fn is_of_one_envelope(first: &Group, second: &Group) -> bool {
    let member = first.key.at.as_str();
    let is_member = matches!(member, "result" | "success" | "errors" | "messages");
    let is_outside = second.key.operation.is_none() && second.key.clause.family() != "ENV";
    is_member && is_outside && first.key.clause.family() == "ENV" && second.key.at == member
}

/// Returns whether a group is about the page numbers and counts of a list (`result_info`).
fn is_about_pages(group: &Group) -> bool {
    let mut sightings = group.sightings.iter();
    sightings.all(|one| one.at.starts_with("/result_info/"))
}

/// Joins groups in which an operation gives the same answer where several clauses require another one.
fn of_one_answer(sheet: &Sheet, joined: &mut Joined) {
    // For requests without a known operation, the whole status must be the same; otherwise its class is enough.
    let statuses = |group: &Group| -> BTreeSet<u16> {
        let statuses = group.sightings.iter().filter_map(|one| one.status);
        match group.key.operation {
            Some(_) => statuses.map(|status| status / 100).collect(),
            None => statuses.collect(),
        }
    };
    for ((a, first), (b, second)) in pairs(sheet) {
        let of_one_operation = first.key.operation == second.key.operation;
        let are_set_apart = joined.wake.contains(&a)
            || joined.wake.contains(&b)
            || joined.respelled.contains(&a) != joined.respelled.contains(&b);
        if of_one_operation && !are_set_apart && !statuses(first).is_disjoint(&statuses(second)) {
            joined.join(a, b);
        }
    }
}

/// The percentage of the trials with an operation that must fail, so that the operation counts as broken as a whole.
const BROKEN: usize = 20;

/// Returns whether an operation is suspected of later failures, because too many trials that use it fail.
fn is_broken_as_a_whole(sheet: &Sheet, operation: Operation) -> bool {
    let with = || sheet.trials.iter().filter(|ran| ran.has(bit(operation)));
    with().filter(|ran| ran.fails).count() * 100 >= with().count() * BROKEN
}

/// The operations that may be at fault for a group of findings.
struct Suspicion {
    number: usize,
    nature: Nature,
    /// The operations that may have caused the findings: the preceding writes, then the operation that answered. For
    /// findings that are not about the state, a write counts only if it preceded nearly all of them.
    suspects: Vec<Operation>,
    /// The operation that the clause names, if any.
    named: Option<Operation>,
}

impl Suspicion {
    fn of(sheet: &Sheet, number: usize, group: &Group) -> Self {
        let clause = &group.key.clause;
        let mut writes = group.written_by();
        if group.nature != Nature::State {
            writes.retain(|(_, count)| is_nearly_all(*count, group.sightings.len()));
        }
        let written_by = writes.first().map(|(write, _)| *write);
        let shown_by = group.key.operation;
        let is_write = shown_by.is_some_and(|operation| operation.kind().writes());
        let by_write = written_by
            .filter(|write| group.nature == Nature::State && write.promises().has(clause));
        let by_shower = shown_by.filter(|shower| shower.promises().has(clause));
        let named = match (by_write, by_shower) {
            (Some(write), Some(_)) if is_write => Some(write),
            (_, Some(shower)) => Some(shower),
            (Some(write), None) => Some(write),
            (None, None) => Operation::promising(clause)
                .next()
                .filter(|_| !is_general(clause)),
        };
        // The answer of an operation that follows itself depends on the state that it wrote.
        let after_itself = named.is_some() && named == written_by;
        // If the clause names an operation, a write is suspected only if it preceded nearly all findings of the clause.
        if named.is_some() {
            let of_clause = sheet
                .groups
                .iter()
                .filter(|other| other.key.clause == *clause);
            let all: Vec<&Sighting> = of_clause.flat_map(|group| &group.sightings).collect();
            writes.retain(|(write, _)| {
                let after = all.iter().filter(|one| one.written_by == Some(*write));
                is_nearly_all(after.count(), all.len())
            });
        }
        Self {
            number,
            nature: if after_itself {
                Nature::State
            } else {
                group.nature
            },
            suspects: writes
                .into_iter()
                .map(|(write, _)| write)
                .chain(shown_by)
                .collect(),
            named,
        }
    }
}

/// Joins groups that one operation caused. Usually this is the operation that the clause names. A group is attributed
/// to another suspect instead if that operation is known to be at fault and broken as a whole.
fn of_one_suspect(sheet: &Sheet, joined: &mut Joined) {
    let groups = sheet.groups.iter().enumerate();
    let suspicions: Vec<Suspicion> = groups
        .filter(|(number, group)| {
            let is_set_apart = joined.wake.contains(number) || joined.respelled.contains(number);
            !is_set_apart && group.nature != Nature::Form
        })
        .map(|(number, group)| Suspicion::of(sheet, number, group))
        .collect();
    let broken: BTreeSet<usize> = Operation::all()
        .filter(|operation| is_broken_as_a_whole(sheet, *operation))
        .map(Operation::index)
        .collect();
    let mut known: BTreeMap<(usize, Nature), usize> = BTreeMap::new();
    // Groups whose clause names a write come first, since writes explain what reads show. Then come groups whose clause
    // names a read, and then the rest.
    let rank = |one: &&Suspicion| match one.named {
        Some(named) if named.kind().writes() => 0,
        Some(_) => 1,
        None => 2,
    };
    let mut in_order: Vec<&Suspicion> = suspicions.iter().collect();
    in_order.sort_by_key(rank);
    for one in in_order {
        let mut laid_to = one
            .suspects
            .iter()
            .copied()
            .filter(|operation| broken.contains(&operation.index()) || one.named.is_none());
        let elsewhere = laid_to.find_map(|operation| {
            let natures = [one.nature, Nature::State, Nature::Answer];
            let found = natures
                .iter()
                .find_map(|nature| known.get(&(operation.index(), *nature)));
            found.copied().filter(|_| Some(operation) != one.named)
        });
        match (elsewhere, one.named) {
            (Some(root), _) => joined.join(root, one.number),
            (None, Some(named)) => {
                joined.suspects.insert(one.number, named);
                let first = *known
                    .entry((named.index(), one.nature))
                    .or_insert(one.number);
                joined.join(first, one.number);
            }
            (None, None) => {
                if let Some(operation) = one.suspects.first() {
                    known.insert((operation.index(), one.nature), one.number);
                }
            }
        }
    }
}

/// Joins groups of one clause and nature that are not yet attributed to an operation.
fn of_nobody_in_particular(sheet: &Sheet, joined: &mut Joined) {
    let suspected: BTreeSet<usize> = joined
        .suspects
        .keys()
        .map(|group| joined.find(*group))
        .collect();
    for ((a, first), (b, second)) in pairs(sheet) {
        let is_open = |group| !suspected.contains(&joined.find(group));
        let of_one_nature = first.nature != Nature::Form && first.nature == second.nature;
        if first.key.clause == second.key.clause && of_one_nature && is_open(a) && is_open(b) {
            joined.join(a, b);
        }
    }
}

/// The findings of an explanation, in a form for comparisons.
#[derive(Default)]
struct Extent {
    /// The answers with a finding, as trial and request.
    answers: BTreeSet<(usize, usize)>,
    /// The first request with a finding in each trial.
    first: BTreeMap<usize, usize>,
    /// The same answers, by operation and status class.
    alike: BTreeMap<Answers, BTreeSet<(usize, usize)>>,
    /// The trial and request of each finding.
    findings: Vec<(usize, usize)>,
}

impl Extent {
    fn of(sheet: &Sheet, groups: &[usize]) -> Self {
        let mut extent = Self::default();
        let groups = groups.iter().filter_map(|group| sheet.groups.get(*group));
        for one in groups.flat_map(|group| &group.sightings) {
            let answer = (one.trial, one.step);
            extent.answers.insert(answer);
            let first = extent.first.entry(one.trial).or_insert(one.step);
            *first = (*first).min(one.step);
            if let Some(answers) = one.answers {
                extent.alike.entry(answers).or_default().insert(answer);
            }
            extent.findings.push(answer);
        }
        extent
    }
}

/// Joins a smaller explanation to a larger one if its findings are in the same answers, or later in the same trials. A
/// coincidence must be unlikely, so an explanation that is found everywhere does not explain others.
fn beyond_chance(sheet: &Sheet, joined: &mut Joined) {
    loop {
        let mut sets = joined.sets();
        sets.sort_by_key(|groups| {
            let groups = groups.iter().filter_map(|group| sheet.groups.get(*group));
            std::cmp::Reverse(groups.map(|group| group.sightings.len()).sum::<usize>())
        });
        let extents: Vec<Extent> = sets.iter().map(|set| Extent::of(sheet, set)).collect();
        let found = (1..extents.len()).rev().find_map(|small| {
            let larger = 0..small;
            let mut larger = larger.filter(|large| follows(sheet, &extents, *large, small));
            larger.next().map(|large| (large, small))
        });
        let first = |place: usize| sets.get(place).and_then(|set| set.first()).copied();
        match found.and_then(|(large, small)| Some((first(large)?, first(small)?))) {
            Some((large, small)) => joined.join(large, small),
            None => return,
        }
    }
}

fn follows(sheet: &Sheet, extents: &[Extent], large: usize, small: usize) -> bool {
    let (Some(large), Some(small)) = (extents.get(large), extents.get(small)) else {
        return false;
    };
    let trials = small.first.len();
    let in_same = small.answers.intersection(&large.answers).count();
    if is_nearly_all(in_same, small.answers.len()) {
        // Compare only answers of the same operations and status classes: a fault of all refusals does not explain a
        // single one.
        let hit = small.alike.keys().map(|answers| {
            let hit = large.alike.get(answers);
            hit.map_or(0, BTreeSet::len)
        });
        let all = small.alike.keys().map(|answers| {
            let requests = sheet.requests.get(answers);
            requests.copied().unwrap_or(0)
        });
        if chance(hit.sum(), all.sum(), trials) < CHANCE {
            return true;
        }
    }
    let later = small.findings.iter().filter(|(trial, step)| {
        let first = large.first.get(trial);
        first.is_some_and(|first| first < step)
    });
    if !is_nearly_all(later.count(), small.findings.len()) {
        return false;
    }
    // Compare only trials with such answers, for the same reason.
    let alike = |ran: &Ran| {
        small
            .alike
            .keys()
            .any(|answers| ran.answers.contains(answers))
    };
    let with = sheet
        .trials
        .iter()
        .enumerate()
        .filter(|(_, ran)| alike(ran));
    let (mut hit, mut all) = (0, 0);
    for (number, _) in with {
        all += 1;
        hit += usize::from(large.first.contains_key(&number));
    }
    chance(hit, all, trials) < CHANCE
}

/// Returns the probability that all `draws` hit. Returns 1 if more than half of `all` are hits, since such an
/// explanation is too general.
fn chance(hit: usize, all: usize, draws: usize) -> f64 {
    let as_float = |number: usize| f64::from(u32::try_from(number).unwrap_or(u32::MAX));
    if hit * 2 > all {
        return 1.0;
    }
    (as_float(hit) / as_float(all.max(1))).powi(i32::try_from(draws).unwrap_or(i32::MAX))
}
