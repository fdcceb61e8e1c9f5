//! A fixed run through every report format, the run document read back, runs compared and merged.

mod comparison;
mod dangerous;
mod document;
mod fixed;
mod formats;
mod merging;
mod real;
mod sameness;
