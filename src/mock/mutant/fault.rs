//! A fault: a row of the tables.

use super::all::Mutant;
use crate::exchange::Generation;
use crate::mock::{Change, On};

/// The placeholder for the generation in the name and clause of a fault that both generations have.
pub(super) const GENERATION: &str = "{generation}";

/// A fault and the operations that have it. A row is one mutant, or one for each generation if its name contains
/// [`GENERATION`].
#[derive(Debug, Clone, Copy)]
pub(super) struct Fault {
    /// The mutant's name; [`GENERATION`] becomes `v1` or `v2`.
    pub(super) name: &'static str,
    /// The clause that the fault breaks; [`GENERATION`] becomes `V1` or `V2`.
    pub(super) breaks: &'static str,
    /// The mistake from which such a fault arises.
    pub(super) from: &'static str,
    /// The operations that have the fault.
    pub(super) on: On,
    /// The change to these operations.
    pub(super) change: Change,
}

impl Fault {
    /// Returns the mutants of this row.
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
