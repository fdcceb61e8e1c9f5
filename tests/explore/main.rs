//! `originproof explore`: what it finds, what it does not accuse, and what it leaves behind.

mod command;
mod history;
mod lawful;
#[path = "../support/served.rs"]
mod served;
