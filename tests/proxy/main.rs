//! The proxy: it passes all traffic on unchanged, and it finds what is wrong with this traffic.

mod checking;
mod client;
mod command;
mod passing;
mod recording;
mod upstream;
mod wire;
