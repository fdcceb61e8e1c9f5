//! The rules that judge one exchange, one file per subject. [`ALL`] lists them with the clauses that each can find
//! broken, so that the coverage report knows what is always checked.

mod address;
mod all;
mod batch;
mod border;
mod code;
mod echo;
mod envelope;
mod form;
mod list;
mod refusal;
mod region;
mod time;
mod unfit;

pub use all::{ALL, Rule};
pub(super) use envelope::check_unread;
