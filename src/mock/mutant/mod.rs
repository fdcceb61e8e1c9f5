//! Mutants: the honest mock with one small fault each. Every one is a row of data that names the clause
//! which it breaks; the suite must catch it by that clause.

mod access;
mod address;
mod all;
mod batch;
mod batch_delete;
mod bend;
mod concurrency;
mod envelope;
mod last;
mod limit;
mod list;
mod recommended;
mod region;
mod single;

pub use all::{Mutant, all, by_name};
