//! The reference implementation: all operations of the contract, with one store for each zone.
//!
//! `store` is pure (time is a parameter), `handle` is the API's logic on it, and `serve` is the thin HTTP
//! layer. Where a lawful server has a choice, the choice is a field of [`Rules`] or [`Wire`]. Mutants
//! and lawful variations are [`Change`]s: data, kept separate from the honest code.

mod access;
mod address;
mod call;
mod catalogue;
mod change;
mod handle;
mod hint;
mod lock;
pub mod mutant;
mod refusal;
mod rules;
mod serve;
mod store;
pub mod variation;
mod wire;
mod zones;

pub use access::{Access, Credentials};
pub use call::{Body, Call, Reply};
pub use catalogue::Catalogue;
pub use change::{Change, On};
pub use handle::handle;
pub use refusal::Refusal;
pub use rules::{Doubled, Locking, Rules};
pub use serve::{Mock, MockConfig, Running};
pub use store::{Mapping, Place, Zone};
pub use wire::Wire;
