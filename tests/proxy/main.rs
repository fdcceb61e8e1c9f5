//! The proxy: what passes is what would have passed without it, and what is wrong with it is found.

mod checking;
mod client;
mod command;
mod passing;
mod recording;
mod upstream;
mod wire;
