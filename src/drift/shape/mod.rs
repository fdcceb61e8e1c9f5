//! Describes what a schema says about a value, independent of dialect and keywords: [`Shape`], one level at a time.
//!
//! [`Term`] names schemas of which all or any must hold. `read` looks one level into them, and `combine` makes one
//! shape of several.

mod combine;
mod model;
mod read;

pub(super) use model::{LIMITS, Limit, Others, Shape, Side, Term};
pub(super) use read::shape;
