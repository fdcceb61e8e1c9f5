//! Shows faults of YAML files to people: file, line, column, the line itself, what was expected and the nearest valid
//! name. The code that reads the files finds the faults.

mod nearest;
mod problem;
pub mod visible;
pub mod yaml;

pub use nearest::did_you_mean;
pub use problem::{Problem, SourceFile, Span, render};
