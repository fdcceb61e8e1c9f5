//! Scenarios: declarative YAML files that say what a client is asked to do, what the server answers and what is expected.
//!
//! `cases/clients/README.md` describes the format on one page. Tables, titles and clauses are written as in cases.

mod expect;
pub mod format;
mod library;
mod load;
mod model;
mod schema;

pub use library::Scenarios;
pub use model::{
    Base, Check, Coding, DateForm, Expectation, Framing, Given, RetryAfter, Scenario,
    ScriptedAnswer, Step, Times, Wire,
};
pub use schema::json_schema;
