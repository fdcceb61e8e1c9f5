//! Finds the value of each setting. The order of precedence is: flag, environment variable, the target's table in the
//! configuration file, the rest of the file, default.
//!
//! [`originproof::settings`] lists all settings; [`file`] reads `originproof.toml`; [`effective`] combines the layers;
//! [`destination`] checks where credentials go.

mod concealed;
mod destination;
mod effective;
mod file;
mod owner;

pub(crate) use effective::{Effective, Given};
