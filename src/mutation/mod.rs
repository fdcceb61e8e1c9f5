//! A test of the suite itself: it must catch every mutant by the clause that the mutant breaks, and must not accuse any
//! lawful variation.

mod history;
mod matrix;
mod power;
mod trial;

pub use history::{Explored, explore, explore_mutant, table};
pub use matrix::{Caught, KillMatrix, MutantResult};
pub use power::{costs, measure};
pub use trial::{Breadth, try_mutants, try_variation};
