//! A change of behaviour, as data. Mutants and lawful variations consist of such changes.

use super::call::{Call, Reply};
use super::rules::Rules;
use super::store::Zone;
use super::wire::Wire;
use crate::exchange::{Generation, Kind, Operation};

/// One change to the honest mock.
#[derive(Debug, Clone, Copy)]
pub enum Change {
    /// Sets choices of the logic.
    Rules(fn(&mut Rules)),
    /// Sets choices of the HTTP layer.
    Wire(fn(&mut Wire)),
    /// Changes a request before it is handled.
    Ask(fn(&mut Call)),
    /// Handles a request instead of the honest logic ([`super::handle`]) if it returns an answer.
    Handle(fn(&Rules, &mut Zone, &Call) -> Option<Reply>),
    /// Changes an answer.
    Answer(fn(&Call, &mut Reply)),
    /// Admits a request whatever its credentials, if it returns true.
    Admit(fn(&Call) -> bool),
    /// Limits another change to these operations. The HTTP layer and the choices that the router reads do not belong
    /// to an operation, so they can't be changed like this.
    Only(On, &'static Change),
}

impl Change {
    /// Returns the change that applies to this operation, if any.
    #[must_use]
    pub fn at(&self, operation: Operation) -> Option<&Self> {
        match self {
            Self::Only(on, change) if on.includes(operation) => change.at(operation),
            Self::Only(..) => None,
            Self::Rules(_)
            | Self::Wire(_)
            | Self::Ask(_)
            | Self::Handle(_)
            | Self::Answer(_)
            | Self::Admit(_) => Some(self),
        }
    }
}

/// The operations that something applies to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum On {
    /// All operations.
    Every,
    /// The v1 operations of these kinds.
    V1(&'static [Kind]),
    /// The v2 operations of these kinds.
    V2(&'static [Kind]),
    /// The operations of these kinds in both generations.
    Both(&'static [Kind]),
}

impl On {
    /// Returns whether this operation is included.
    #[must_use]
    pub fn includes(self, operation: Operation) -> bool {
        let kinds = match (self, operation.generation()) {
            (Self::Every, _) => return true,
            (Self::V1(_), Generation::V2) | (Self::V2(_), Generation::V1) => return false,
            (Self::V1(kinds) | Self::V2(kinds) | Self::Both(kinds), _) => kinds,
        };
        kinds.contains(&operation.kind())
    }

    /// Narrows [`On::Both`] to one generation.
    #[must_use]
    pub fn within(self, generation: Generation) -> Self {
        match (self, generation) {
            (Self::Both(kinds), Generation::V1) => Self::V1(kinds),
            (Self::Both(kinds), Generation::V2) => Self::V2(kinds),
            (Self::Every | Self::V1(_) | Self::V2(_), _) => self,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_are_matched_by_generation_and_kind() {
        let ids = |on: On| -> Vec<&str> {
            let all = Operation::all().filter(|operation| on.includes(*operation));
            all.map(Operation::id).collect()
        };
        assert_eq!(ids(On::Every).len(), Operation::all().count());
        assert_eq!(
            ids(On::V1(&[Kind::Upsert, Kind::Get])),
            ["v1.upsert", "v1.get"]
        );
        assert_eq!(ids(On::V2(&[Kind::Upsert])), ["v2.put"]);
        let both = On::Both(&[Kind::BatchUpsert]);
        assert_eq!(ids(both), ["v1.batch_upsert", "v2.batch_put"]);
        assert_eq!(ids(both.within(Generation::V1)), ["v1.batch_upsert"]);
        assert_eq!(ids(both.within(Generation::V2)), ["v2.batch_put"]);
    }
}
