//! A fault: a row of the tables.

use super::all::Mutant;
use crate::exchange::Generation;
use crate::mock::{Change, On};

/// Stands for the generation in the name and the clause of a fault that both generations have.
pub(super) const GENERATION: &str = "{generation}";

/// A fault and where it shows. A row is one mutant, or one of each generation if its name has
/// [`GENERATION`] in it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fault {
    /// The mutant's name; [`GENERATION`] becomes `v1` or `v2`.
    pub(super) name: &'static str,
    /// The clause that it breaks; [`GENERATION`] becomes `V1` or `V2`.
    pub(super) breaks: &'static str,
    /// Where such a fault comes from.
    pub(super) from: &'static str,
    /// The operations that have it.
    pub(super) on: On,
    /// What it changes there.
    pub(super) change: Change,
}

impl Fault {
    /// The mutants of this row.
    pub(super) fn mutants(&'static self) -> Vec<Mutant> {
        if !self.name.contains(GENERATION) {
            return vec![self.mutant(self.on, self.name, self.breaks)];
        }
        Generation::ALL
            .map(|generation| {
                let name = self.name.replace(GENERATION, generation.id());
                let breaks = self.breaks.replace(GENERATION, generation.clause_prefix());
                self.mutant(self.on.within(generation), &name, &breaks)
            })
            .into()
    }

    fn mutant(&'static self, on: On, name: &str, breaks: &str) -> Mutant {
        let change = match on {
            On::Every => self.change,
            On::V1(_) | On::V2(_) | On::Both(_) => Change::Only(on, &self.change),
        };
        Mutant {
            name: name.to_owned(),
            breaks: breaks.to_owned(),
            from: self.from,
            changes: vec![change],
        }
    }
}
