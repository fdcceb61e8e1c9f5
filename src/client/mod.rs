//! The other side of the contract: a client under test, driven through an adapter, against a scenario server.
//!
//! [`scenario`] reads what a client is asked to do, what the server answers and what is expected. [`adapter`] speaks to the
//! client under test. `server` answers its requests, and `judge` holds the requests and the client's report against the
//! clauses. [`Run`] puts them together. [`mod@reference`] is a client of our own, with one fault a row.

pub mod adapter;
mod judge;
mod normal;
pub mod protocol;
pub mod reference;
mod run;
pub mod scenario;
mod server;

pub use run::{Client, Run, RunConfig, Selection, SelectionError};
