//! The list of all variations.

use super::super::change::Change;

/// A lawful variation of the mock.
#[derive(Debug, Clone, Copy)]
pub struct Variation {
    /// The name of the variation.
    pub name: &'static str,
    /// The statement of the contract that allows it.
    pub allowed_by: &'static str,
    /// The `should` clauses that it deviates from; empty for most variations.
    pub deviates: &'static [&'static str],
    /// The changes to the honest mock.
    pub changes: &'static [Change],
}

/// The tables, by theme.
const TABLES: &[&[Variation]] = &[
    super::form::VARIATIONS,
    super::logic::VARIATIONS,
    super::wire::VARIATIONS,
    super::combined::VARIATIONS,
];

/// Returns all variations.
pub fn all() -> impl Iterator<Item = &'static Variation> {
    TABLES.iter().flat_map(|table| table.iter())
}

/// Returns the variation with this name.
#[must_use]
pub fn by_name(name: &str) -> Option<&'static Variation> {
    all().find(|variation| variation.name == name)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::contract::{ClauseId, Contract, Level};

    #[test]
    fn every_variation_has_a_name_of_its_own_and_deviates_from_should_clauses_only() {
        let mut names = BTreeSet::new();
        for variation in all() {
            assert!(
                names.insert(variation.name),
                "{} is there twice",
                variation.name
            );
            for clause in variation.deviates {
                let known = Contract::embedded().clause(&ClauseId::from(*clause));
                let has_should = known.is_some_and(|clause| {
                    clause.level == Level::Should
                        || clause.also.iter().any(|part| part.level == Level::Should)
                });
                assert!(has_should, "{}: {clause} has no should", variation.name);
            }
        }
        assert!(names.len() >= 40, "only {} variations", names.len());
    }
}
