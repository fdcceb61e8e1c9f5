//! Faults that need a history: each single answer is right, and so are the answers to the obvious short sequences.
//! Generated sequences find these faults (`originproof explore`). To add a fault, add a row to the table of its family.

mod caches;
mod counts;
mod memory;
mod order;
mod races;
mod refusals;
mod revival;

use std::sync::LazyLock;

use super::all::Mutant;
use crate::mock::Change;

/// A fault that needs a history.
#[derive(Debug, Clone)]
pub struct HistoryMutant {
    /// The mutant.
    pub mutant: Mutant,
    /// Other clauses that a report may name correctly, since several clauses cover the fault.
    pub also: &'static [&'static str],
    /// The length of the shortest known sequence that shows the fault, in requests.
    pub shortest: usize,
    /// True if only requests at the same time show the fault.
    pub is_race: bool,
}

/// A row of the tables.
#[derive(Debug, Clone, Copy)]
struct Slip {
    name: &'static str,
    breaks: &'static str,
    also: &'static [&'static str],
    from: &'static str,
    shortest: usize,
    changes: &'static [Change],
}

/// The tables, by family.
const TABLES: &[&[Slip]] = &[
    caches::SLIPS,
    revival::SLIPS,
    order::SLIPS,
    counts::SLIPS,
    refusals::SLIPS,
    races::SLIPS,
];

/// Returns all faults that need a history.
pub fn all() -> impl Iterator<Item = &'static HistoryMutant> {
    static ALL: LazyLock<Vec<HistoryMutant>> = LazyLock::new(|| {
        let slips = TABLES.iter().copied().flatten();
        let races: Vec<&str> = races::SLIPS.iter().map(|slip| slip.name).collect();
        let mutants = slips.map(|slip| HistoryMutant {
            mutant: Mutant {
                name: slip.name.to_owned(),
                breaks: slip.breaks.to_owned(),
                from: slip.from,
                changes: slip.changes.to_vec(),
            },
            also: slip.also,
            shortest: slip.shortest,
            is_race: races.contains(&slip.name),
        });
        mutants.collect()
    });
    ALL.iter()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::contract::{ClauseId, Contract};

    #[test]
    fn every_fault_has_a_name_of_its_own_and_breaks_known_clauses() {
        let mut names: BTreeSet<&str> = super::super::all().map(|one| one.name.as_str()).collect();
        for one in all() {
            let name = one.mutant.name.as_str();
            assert!(names.insert(name), "{name} is there twice");
            for clause in one.also.iter().copied().chain([one.mutant.breaks.as_str()]) {
                let clause = ClauseId::from(clause);
                assert!(
                    Contract::embedded().clause(&clause).is_some(),
                    "{name}: {clause}"
                );
            }
        }
    }

    #[test]
    fn there_are_forty_of_them_and_ten_are_races() {
        assert!(all().count() >= 40, "{}", all().count());
        let races = all().filter(|one| one.is_race).count();
        assert!(races >= 10, "{races}");
    }
}
