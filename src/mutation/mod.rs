//! The suite tried on itself: every mutant must be caught, by the clause that it breaks, and no lawful
//! variation accused.

mod history;
mod matrix;
mod trial;

pub use history::{Explored, explore, explore_mutant, table};
pub use matrix::{Caught, KillMatrix, MutantResult};
pub use trial::{Breadth, try_mutants, try_variation};
