//! `originproof explore`: which faults it finds, that it does not accuse lawful servers, and what it leaves behind.

mod command;
mod history;
mod lawful;
#[path = "../support/served.rs"]
mod served;
