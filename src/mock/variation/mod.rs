//! Lawful variations: the honest mock with other choices that the contract leaves open. The suite
//! must not find a violation in any of them.

mod all;
mod combined;
mod form;
mod logic;
mod wire;

pub use all::{Variation, all, by_name};
