//! What can be set, and what comes of it: the same for the command and for tests.
//!
//! [`SETTINGS`] has a row for each; [`Values`] are their texts with their origin, from wherever a caller took them;
//! [`Values::target`] makes the configuration of a target of them. Nothing here reads the environment: its variables are
//! handed in.

mod row;
mod target;
mod values;

pub use row::{SETTINGS, Setting, by_key};
pub use values::{SettingError, Values};
