//! The logic of the API on one zone. [`handle`] is pure: it takes a zone and a call, and returns an answer.

mod batch;
mod form;
mod one;
mod read;
mod route;

use super::call::{Call, Reply};
use super::refusal::Refusal;
use super::rules::Rules;
use super::store::Zone;
use crate::exchange::Kind;

pub use route::handle;
