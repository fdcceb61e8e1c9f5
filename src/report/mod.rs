//! Reports: each reads [`crate::event::Event`]s and writes text. They never call the runner.

mod terminal;
mod wrap;

pub use terminal::{Style, Terminal};
