//! What each trial proves, and for how many requests. The numbers are measured: each trial runs on each mutant, which
//! shows the faults that it catches (`originproof mutants --save`). `choose` picks trials for a budget of requests.

mod choose;
mod data;

mod record;

pub use choose::{Chosen, Cost, Effort, Proof, choose};
pub use data::{Brief, FILLING, MutantRow, Power, TrialPower};
