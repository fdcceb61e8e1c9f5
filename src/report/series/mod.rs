//! Several runs in one table: of one target over time, or of several targets side by side.

mod matrix;
mod table;
mod trend;

pub use matrix::matrix;
pub use table::Table;
pub use trend::trend;
