//! Zones that belong to somebody, on targets that behave as real services do at their worst: each test is one way in
//! which mappings were lost, or words about them were false. On real sockets, with the built command.
#![cfg(unix)]

#[path = "../support/mod.rs"]
#[expect(
    dead_code,
    reason = "other tests stop their relays, and pass everything on"
)]
mod support;

mod failing;
mod faulty_deletions;
mod journals;
mod lagging;
mod others;
mod proofs;
mod signals;
mod target;
