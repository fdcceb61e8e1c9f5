//! Side effects of a fault under clauses about the whole API: differences between the generations, and
//! limits that requests at the same time exceed (CONC-2).

use std::collections::{BTreeMap, BTreeSet};

use super::join::Joined;
use super::sheet::{Group, Nature, Sheet};
use crate::contract::{ClauseId, Level};
use crate::exchange::Operation;

/// Joins the side effects to the causes that explain them.
pub(super) fn beside(sheet: &Sheet, joined: &mut Joined) {
    one_clause(sheet, joined);
    between_generations(sheet, joined);
    beyond_the_limit(sheet, joined);
}

/// Returns whether a group breaks a must.
fn is_must(group: &Group) -> bool {
    let mut sightings = group.sightings.iter();
    sightings.any(|one| one.level == Level::Must)
}

/// Joins groups of one clause if they differ in the same way at the same member, or are in the same answers. Groups of
/// a clause about regions or about the limit are always joined.
fn one_clause(sheet: &Sheet, joined: &mut Joined) {
    let answers = |group: &Group| -> BTreeSet<(usize, usize)> {
        let sightings = group.sightings.iter();
        sightings.map(|one| (one.trial, one.step)).collect()
    };
    for (a, first) in sheet.groups.iter().enumerate() {
        for (b, second) in sheet.groups.iter().enumerate().skip(a + 1) {
            let (mine, its) = (&first.key, &second.key);
            if mine.clause != its.clause {
                continue;
            }
            let is_member = !matches!(mine.at.as_str(), "" | "result" | "value" | "status");
            let is_one_way = is_member && mine.at == its.at && mine.kind == its.kind;
            // A malformed answer already explains a group in its wake, so such a group must not link two mistakes.
            let is_explained = joined.wake.contains(&a) || joined.wake.contains(&b);
            let is_rule = mine.clause.family() == "REG" || is_of_the_limit(&mine.clause);
            let is_rule = is_rule && !is_explained;
            if is_one_way || is_rule || answers(first) == answers(second) {
                joined.join(a, b);
            }
        }
    }
}

/// Returns whether a clause says that a full zone does not accept more mappings.
fn is_of_the_limit(clause: &ClauseId) -> bool {
    Operation::promising(clause).any(|owner| owner.promises().full.as_ref() == Some(clause))
}

/// Joins all findings about differences between the generations: they are one fault, or follow from a broken write.
fn between_generations(sheet: &Sheet, joined: &mut Joined) {
    let across = |group: &Group| matches!(group.key.clause.as_str(), "X-1" | "X-2");
    // Findings that already follow from a cause stay with it, since the other generation may show two mistakes.
    let is_across = |number: &usize| sheet.groups.get(*number).is_some_and(across);
    let sets = joined.sets().into_iter();
    let alone = sets.filter(|set| set.iter().all(is_across));
    let all: Vec<usize> = alone.flatten().collect();
    let Some(first) = all.first().copied() else {
        return;
    };
    for other in &all {
        joined.join(first, *other);
    }
    let mut writes: BTreeMap<Operation, usize> = BTreeMap::new();
    let sightings = all.iter().filter_map(|number| sheet.groups.get(*number));
    let sightings: Vec<_> = sightings.flat_map(|group| &group.sightings).collect();
    for write in sightings.iter().filter_map(|one| one.written_by) {
        *writes.entry(write).or_default() += 1;
    }
    let broken = numbers(sheet, |group| {
        is_must(group) && group.nature == Nature::State && !across(group)
    });
    let explained = broken.filter_map(|number| {
        let clause = &sheet.groups.get(number)?.key.clause;
        let write = Operation::promising(clause).find(|owner| owner.kind().writes())?;
        Some((*writes.get(&write)?, number))
    });
    if let Some((count, root)) =
        explained.max_by_key(|(count, number)| (*count, usize::MAX - number))
        && 2 * count >= sightings.len()
    {
        joined.join(root, first);
    }
}

/// Joins the breach of the limit by concurrent requests to a breach by single ones, which explains it.
fn beyond_the_limit(sheet: &Sheet, joined: &mut Joined) {
    let alone = numbers(sheet, |group| {
        is_must(group) && is_of_the_limit(&group.key.clause)
    })
    .next();
    let together = numbers(sheet, |group| group.key.clause.as_str() == "CONC-2");
    for number in together.collect::<Vec<_>>() {
        if let Some(alone) = alone {
            joined.join(alone, number);
        }
    }
}

fn numbers(sheet: &Sheet, is_wanted: impl Fn(&Group) -> bool) -> impl Iterator<Item = usize> {
    let groups = sheet.groups.iter().enumerate();
    groups
        .filter(move |(_, group)| is_wanted(group))
        .map(|(number, _)| number)
}
