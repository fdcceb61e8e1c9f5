//! Mutants: the honest mock with one small fault each. A fault is a row of data that names the clause that it breaks
//! and the operations that have it. The suite must report the fault under that clause. To add a mutant, add a row
//! to the table of its family.

mod access;
mod address;
mod all;
mod batch;
mod batch_delete;
mod bend;
mod concurrency;
mod envelope;
mod fault;
pub mod history;
mod limit;
mod list;
mod recommended;
mod region;
mod single_v1;
mod single_v2;

pub use all::{Mutant, all, by_name};
