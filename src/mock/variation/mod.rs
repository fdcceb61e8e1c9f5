//! Lawful variations: the honest mock in another of the ways that the contract leaves open. The suite
//! must find no violation in any of them.

mod all;
mod combined;
mod form;
mod logic;
mod wire;

pub use all::{Variation, all, by_name};
