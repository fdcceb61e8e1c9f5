//! A change of behaviour, as data: what mutants and lawful variations are made of.

use super::call::{Call, Reply};
use super::rules::Rules;
use super::store::Zone;
use super::wire::Wire;

/// One change to the honest mock.
#[derive(Debug, Clone, Copy)]
pub enum Change {
    /// Sets choices of the logic.
    Rules(fn(&mut Rules)),
    /// Sets choices of the HTTP layer.
    Wire(fn(&mut Wire)),
    /// Changes a request before it is handled.
    Ask(fn(&mut Call)),
    /// Handles a request itself where it returns an answer; the honest logic is
    /// [`super::handle`].
    Handle(fn(&Rules, &mut Zone, &Call) -> Option<Reply>),
    /// Changes an answer.
    Answer(fn(&Call, &mut Reply)),
    /// Lets a request in whatever its credentials.
    Admit(fn(&Call) -> bool),
}
