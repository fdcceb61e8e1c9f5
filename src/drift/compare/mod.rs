//! The comparison: one file for each part of an operation.

mod all;
mod answer;
mod body;
mod code;
mod example;
mod parameter;
mod prose;
mod schema;
mod security;
mod side;

pub use all::compare;
