//! Where a value comes from: flag, environment, the target's table of the configuration file, the file itself,
//! default, in this order.
//!
//! [`originproof::settings`] lists what can be set, once for all layers; [`file`] reads `originproof.toml`; [`effective`]
//! puts the layers on top of each other; [`destination`] tells where credentials go.

mod concealed;
mod destination;
mod effective;
mod file;
mod owner;

pub(crate) use effective::{Effective, Given};
