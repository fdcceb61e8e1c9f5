//! Which groups have one explanation. Each rule is a reason why findings follow from one another; what no rule joins
//! stays apart.

use std::collections::{BTreeMap, BTreeSet};

use super::sheet::{Answers, Group, Nature, Ran, Sheet, Sighting, bit};
use crate::contract::ClauseId;
use crate::exchange::{Generation, Operation};

/// The part of a group's findings that must lie where a rule says, in percent.
const NEARLY_ALL: usize = 90;
/// How unlikely it must be that two groups meet by chance.
const CHANCE: f64 = 0.02;

/// Groups that have one explanation.
#[derive(Debug)]
pub(super) struct Joined {
    parent: Vec<usize>,
    /// Groups that follow from a malformed answer: expectations on it fail as well.
    pub(super) wake: BTreeSet<usize>,
    /// Groups that show only where a path spells its address otherwise.
    pub(super) respelled: BTreeSet<usize>,
    /// The operation that a group speaks of, where its clause says so.
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

    /// The groups of each explanation.
    pub(super) fn sets(&self) -> Vec<Vec<usize>> {
        let mut sets: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for group in 0..self.parent.len() {
            sets.entry(self.find(group)).or_default().push(group);
        }
        sets.into_values().collect()
    }
}

/// Joins what follows from one another.
pub(super) fn joined(sheet: &Sheet) -> Joined {
    let mut joined = Joined {
        parent: (0..sheet.groups.len()).collect(),
        wake: BTreeSet::new(),
        respelled: BTreeSet::new(),
        suspects: BTreeMap::new(),
    };
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

/// Pairs of groups, each once.
fn pairs(sheet: &Sheet) -> impl Iterator<Item = ((usize, &Group), (usize, &Group))> {
    let groups = &sheet.groups;
    let all = groups.iter().enumerate();
    all.flat_map(move |(a, first)| {
        let later = groups.iter().enumerate().skip(a + 1);
        later.map(move |(b, second)| ((a, first), (b, second)))
    })
}

/// Whether a clause speaks of more than one kind of operation.
pub(super) fn is_general(clause: &ClauseId) -> bool {
    let mut kinds = owners(clause).map(Operation::kind);
    let first = kinds.next();
    first.is_none() || kinds.any(|kind| Some(kind) != first)
}

/// The operations that promise a clause.
pub(super) fn owners(clause: &ClauseId) -> impl Iterator<Item = Operation> {
    Operation::all().filter(move |operation| {
        let promises = operation.promises().all();
        promises.iter().any(|(_, promised)| *promised == clause)
    })
}

fn promises(operation: Operation, clause: &ClauseId) -> bool {
    owners(clause).any(|owner| owner == operation)
}

/// An answer whose form is wrong breaks, at the same place of the same answer, whatever else is expected there.
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

/// Whether two places in an answer are the same, or one within the other.
fn overlap(a: &str, b: &str) -> bool {
    let is_pointer = |at: &str| at.is_empty() || at.starts_with('/');
    if !is_pointer(a) || !is_pointer(b) {
        return a == b;
    }
    let within = |outer: &str, inner: &str| {
        let rest = inner.strip_prefix(outer);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', ' ']))
    };
    // The whole body is everywhere: only a body that has no members at all breaks what they should be.
    a == b || (!a.is_empty() && within(a, b)) || (!b.is_empty() && within(b, a))
}

/// What shows only where the path spells its address in another way than the canonical one is about that.
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

/// Findings of one clause: of one that speaks of a single operation all of them; of another those of one operation that
/// are not about the state of the zone, and requests that several operations answer alike. What both generations do
/// alike is one mistake in what they share.
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

/// Whether two groups differ in nothing but clause and operation.
fn alike(first: &Group, second: &Group) -> bool {
    let (mine, its) = (&first.key, &second.key);
    first.nature == second.nature && mine.kind == its.kind && mine.at == its.at
}

/// What a clause is called in either generation, such as `GET-1`; `None` for one that is of none.
fn twin(clause: &ClauseId) -> Option<&str> {
    let generations = [Generation::V1, Generation::V2];
    let mut prefixes = generations
        .iter()
        .map(|generation| generation.clause_prefix());
    prefixes.find_map(|prefix| clause.as_str().strip_prefix(prefix))
}

/// A member that is wrong in the same way is so by every clause that speaks of it.
fn of_one_member(sheet: &Sheet, joined: &mut Joined) {
    for ((a, first), (b, second)) in pairs(sheet) {
        let (mine, its) = (&first.key, &second.key);
        let are_forms = first.nature == Nature::Form && second.nature == Nature::Form;
        let is_named = !matches!(mine.at.as_str(), "" | "result" | "value");
        let is_one_member = is_named && mine.at == its.at && mine.kind == its.kind;
        if are_forms && (is_one_member || (is_about_pages(first) && is_about_pages(second))) {
            joined.join(a, b);
        }
    }
}

/// Whether a group is about the numbers beside a list.
fn is_about_pages(group: &Group) -> bool {
    let mut sightings = group.sightings.iter();
    sightings.all(|one| one.at.starts_with("/result_info/"))
}

/// An operation that answers alike where several clauses want something else.
fn of_one_answer(sheet: &Sheet, joined: &mut Joined) {
    // Requests outside the operations count as answered alike only if their status is the same.
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

/// How many of the trials with an operation must fail for it to be thought broken as a whole, in percent.
const BROKEN: usize = 20;

/// Whether enough trials with an operation fail to suspect it of what fails after it.
fn is_broken_as_a_whole(sheet: &Sheet, operation: Operation) -> bool {
    let with = || sheet.trials.iter().filter(|ran| ran.has(bit(operation)));
    with().filter(|ran| ran.fails).count() * 100 >= with().count() * BROKEN
}

/// Who may be at fault for a group of findings.
struct Suspicion {
    number: usize,
    nature: Nature,
    /// The operations whose effect may be what is seen: those that wrote before a state was read, or before anything
    /// else if that was nearly always the same one; then the one that answered.
    suspects: Vec<Operation>,
    /// The one that the clause names.
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
        let by_write =
            written_by.filter(|write| group.nature == Nature::State && promises(*write, clause));
        let by_shower = shown_by.filter(|shower| promises(*shower, clause));
        let named = match (by_write, by_shower) {
            (Some(write), Some(_)) if is_write => Some(write),
            (_, Some(shower)) => Some(shower),
            (Some(write), None) => Some(write),
            (None, None) => owners(clause).next().filter(|_| !is_general(clause)),
        };
        // What an operation answers after itself depends on what it did.
        let after_itself = named.is_some() && named == written_by;
        // What a clause lays to a reader is another's only if that one wrote before nearly all that breaks the clause.
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

/// What one operation did or answered. A clause names the operation that it is about; what else shows after a write, or
/// in a reader, that is known to be broken as a whole is laid to it.
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
    // Writes first, since they explain what readers show; then what a clause lays to a reader; then the rest.
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

/// What a general clause says of several operations, none of which is suspect by a clause of its own.
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

/// Findings that an explanation holds, for comparisons.
#[derive(Default)]
struct Extent {
    /// Answers, by trial and request.
    answers: BTreeSet<(usize, usize)>,
    /// The first request with a finding in each trial.
    first: BTreeMap<usize, usize>,
    /// Answers by what is alike of them.
    alike: BTreeMap<Answers, BTreeSet<(usize, usize)>>,
    /// Trial and request of each finding.
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

/// The smaller explanation follows from the larger one if its findings lie in the same answers, or later in the same
/// trials, and would hardly do so by chance: the larger one is not simply everywhere.
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
        // Among answers of the same operations and statuses: a fault of all refusals explains no single one.
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
    // Among trials with such answers, for the same reason.
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

/// The chance that this many draws all hit; 1 if more than half of all hit, since that explains nothing.
fn chance(hit: usize, all: usize, draws: usize) -> f64 {
    let as_float = |number: usize| f64::from(u32::try_from(number).unwrap_or(u32::MAX));
    if hit * 2 > all {
        return 1.0;
    }
    (as_float(hit) / as_float(all.max(1))).powi(i32::try_from(draws).unwrap_or(i32::MAX))
}
