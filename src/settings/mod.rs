//! The settings and their meaning, shared by the command and by tests.
//!
//! [`SETTINGS`] has a row for each setting. [`Values`] holds their texts and where each comes from. [`Values::target`]
//! turns them into the configuration of a target. Nothing here reads the environment: the caller passes its variables
//! in.

mod row;
mod target;
mod values;

pub use row::{SETTINGS, Setting, by_key};
pub use values::{SettingError, Values};
