//! Shows several runs in one table: one target over time, or several targets side by side.

mod matrix;
mod table;
mod trend;

pub use matrix::matrix;
pub use table::Table;
pub use trend::trend;
