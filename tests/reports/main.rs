//! Reports: a fixed run in every format, reading the run document back, and comparing and merging runs.

mod comparison;
mod dangerous;
mod document;
mod fixed;
mod formats;
mod merging;
mod real;
mod sameness;
