//! The report formats for the differences: [`ALL`] lists them.

mod all;
mod json;
mod markdown;
mod text;

pub use all::{ALL, Format, Shown};
