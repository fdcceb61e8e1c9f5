//! The list of all mutants.

use std::sync::LazyLock;

use super::fault::Fault;
use crate::mock::Change;

/// The honest mock with one fault.
#[derive(Debug, Clone)]
pub struct Mutant {
    /// The name of the mutant.
    pub name: String,
    /// The clause that the mutant breaks.
    pub breaks: String,
    /// The mistake from which such a fault arises.
    pub from: &'static str,
    /// The changes to the honest mock.
    pub changes: Vec<Change>,
}

/// The tables, by family.
const TABLES: &[&[Fault]] = &[
    super::envelope::FAULTS,
    super::access::FAULTS,
    super::address::FAULTS,
    super::region::FAULTS,
    super::list::FAULTS,
    super::single_v1::FAULTS,
    super::single_v2::FAULTS,
    super::batch::FAULTS,
    super::batch_delete::FAULTS,
    super::limit::FAULTS,
    super::concurrency::FAULTS,
    super::recommended::FAULTS,
];

/// Returns the rows of all tables.
fn faults() -> impl Iterator<Item = &'static Fault> {
    TABLES.iter().copied().flatten()
}

/// Returns all mutants.
pub fn all() -> impl Iterator<Item = &'static Mutant> {
    static ALL: LazyLock<Vec<Mutant>> =
        LazyLock::new(|| faults().flat_map(Fault::mutants).collect());
    ALL.iter()
}

/// Returns the mutant with this name. Mutants that need a history are included.
#[must_use]
pub fn by_name(name: &str) -> Option<&'static Mutant> {
    let with_history = super::history::all().map(|one| &one.mutant);
    all().chain(with_history).find(|mutant| mutant.name == name)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::fault::GENERATION;
    use super::*;
    use crate::contract::{ClauseId, Contract, Level};
    use crate::mock::On;

    #[test]
    fn every_mutant_has_a_name_of_its_own_and_breaks_a_promise() {
        let mut names = BTreeSet::new();
        for mutant in all() {
            assert!(names.insert(&mutant.name), "{} is there twice", mutant.name);
            let clause = Contract::embedded().clause(&ClauseId::from(mutant.breaks.as_str()));
            let is_promise = clause.is_some_and(|clause| {
                clause.level > Level::May || clause.also.iter().any(|part| part.level > Level::May)
            });
            assert!(
                is_promise,
                "{} breaks {}, which is open",
                mutant.name, mutant.breaks
            );
        }
        assert!(names.len() >= 100, "only {} mutants", names.len());
    }

    #[test]
    fn a_row_for_each_generation_says_so_in_its_name_and_its_clause() {
        for fault in faults() {
            let name = fault.name.contains(GENERATION);
            assert_eq!(name, fault.breaks.contains(GENERATION), "{}", fault.name);
            assert!(!name || matches!(fault.on, On::Both(_)), "{}", fault.name);
        }
    }

    #[test]
    fn a_fault_of_the_http_layer_is_on_every_operation() {
        for fault in faults().filter(|fault| matches!(fault.change, Change::Wire(_))) {
            assert!(matches!(fault.on, On::Every), "{}", fault.name);
        }
    }

    #[test]
    fn every_must_clause_has_a_mutant() {
        let broken: BTreeSet<&str> = all().map(|mutant| mutant.breaks.as_str()).collect();
        let spared: Vec<&str> = Contract::embedded()
            .clauses
            .iter()
            .filter(|clause| clause.level == Level::Must)
            .map(|clause| clause.id.as_str())
            .filter(|id| !broken.contains(id))
            .collect();
        assert!(spared.is_empty(), "no mutant breaks {spared:?}");
    }
}
