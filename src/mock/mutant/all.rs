//! The slice of mutants.

use super::super::change::Change;

/// The honest mock with one fault.
#[derive(Debug, Clone, Copy)]
pub struct Mutant {
    /// Its name.
    pub name: &'static str,
    /// The clause that it breaks.
    pub breaks: &'static str,
    /// Where such a fault comes from.
    pub from: &'static str,
    /// What it changes.
    pub changes: &'static [Change],
}

/// The tables, by family.
const TABLES: &[&[Mutant]] = &[
    super::envelope::MUTANTS,
    super::access::MUTANTS,
    super::address::MUTANTS,
    super::region::MUTANTS,
    super::list::MUTANTS,
    super::single::MUTANTS,
    super::last::MUTANTS,
    super::batch::MUTANTS,
    super::batch_delete::MUTANTS,
    super::limit::MUTANTS,
    super::concurrency::MUTANTS,
    super::recommended::MUTANTS,
];

/// All mutants.
pub fn all() -> impl Iterator<Item = &'static Mutant> {
    TABLES.iter().flat_map(|table| table.iter())
}

/// The mutant of this name.
#[must_use]
pub fn by_name(name: &str) -> Option<&'static Mutant> {
    all().find(|mutant| mutant.name == name)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::contract::{ClauseId, Contract, Level};

    #[test]
    fn every_mutant_has_a_name_of_its_own_and_breaks_a_promise() {
        let mut names = BTreeSet::new();
        for mutant in all() {
            assert!(names.insert(mutant.name), "{} is there twice", mutant.name);
            let clause = Contract::embedded().clause(&ClauseId::from(mutant.breaks));
            let is_promise = clause.is_some_and(|clause| {
                clause.level > Level::May || clause.also.iter().any(|part| part.level > Level::May)
            });
            assert!(
                is_promise,
                "{} breaks {}, which is open",
                mutant.name, mutant.breaks
            );
            assert!(
                !mutant.changes.is_empty(),
                "{} changes nothing",
                mutant.name
            );
        }
        assert!(names.len() >= 100, "only {} mutants", names.len());
    }

    #[test]
    fn every_must_clause_has_a_mutant() {
        let broken: BTreeSet<&str> = all().map(|mutant| mutant.breaks).collect();
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
