//! Zones that are in use, on targets that behave like real services at their worst. Each test is one way in which
//! mappings were once lost or wrongly reported. The tests use real sockets and the built command.
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
