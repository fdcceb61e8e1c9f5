//! What a schema says of a value, whatever dialect and keywords say it: [`Shape`], one level at a time.
//!
//! [`Term`] names schemas that hold together or by choice; `read` looks one level into them, `combine` makes one
//! shape of several.

mod combine;
mod model;
mod read;

pub(super) use model::{LIMITS, Limit, Others, Shape, Side, Term};
pub(super) use read::shape;
