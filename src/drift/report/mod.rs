//! How the differences are shown: [`ALL`] lists the formats.

mod all;
mod json;
mod markdown;
mod text;

pub use all::{ALL, Format, Shown};
