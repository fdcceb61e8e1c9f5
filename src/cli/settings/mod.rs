//! Where a value comes from: flag, environment, the target's table of the configuration file, the file itself,
//! default, in this order.
//!
//! [`setting`] lists what can be set, once for all layers; [`file`] reads `originproof.toml`; [`effective`]
//! puts the layers on top of each other.

mod effective;
mod file;
mod setting;

pub(crate) use effective::{Effective, Given};
