//! Faults of YAML files as people read them: file, line, column, the line itself, what was
//! expected and the nearest right name. Leaves finding the faults to the readers.

mod nearest;
mod problem;
pub mod visible;
pub mod yaml;

pub use nearest::did_you_mean;
pub use problem::{Problem, SourceFile, Span, render};
