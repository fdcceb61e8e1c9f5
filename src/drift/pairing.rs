//! Which of their operations is which of ours.

use super::endpoint::{Endpoint, bare};
use crate::contract::OperationDescription;

/// Ours and theirs, matched.
#[derive(Debug)]
pub(super) struct Pairing<'c> {
    /// Each of ours, with theirs if it is there, in the order of the contract.
    pub(super) ours: Vec<(&'c OperationDescription, Option<Endpoint>)>,
    /// Theirs under our prefixes that are none of ours.
    pub(super) new: Vec<Endpoint>,
}

/// A way to find one that moved, the surest first.
type Likeness = fn(&OperationDescription, &Endpoint) -> bool;

const LIKENESSES: &[Likeness] = &[
    |ours, theirs| theirs.bare() == bare(&ours.path) && is_of_generation(ours, theirs),
    |ours, theirs| {
        theirs.method == ours.method
            && is_of_generation(ours, theirs)
            && has_parameters_of(ours, theirs)
    },
    // Another prefix altogether: the end has to be the same.
    |ours, theirs| {
        theirs.generation.is_none()
            && theirs.method == ours.method
            && tail(&theirs.bare()) == tail(&bare(&ours.path))
    },
];

fn is_of_generation(ours: &OperationDescription, theirs: &Endpoint) -> bool {
    theirs.generation == Some(ours.generation)
}

fn has_parameters_of(ours: &OperationDescription, theirs: &Endpoint) -> bool {
    let count = |path: &str| path.matches("{}").count();
    count(&theirs.bare()) == count(&bare(&ours.path))
}

/// What follows the word that all paths of this API share.
fn tail(path: &str) -> &str {
    path.rsplit_once("cloud_regions")
        .map_or(path, |(_, tail)| tail)
}

/// Matches by method and path; what is left over on both sides is one that moved if it is like enough.
pub(super) fn pair(operations: &[OperationDescription], mut theirs: Vec<Endpoint>) -> Pairing<'_> {
    let mut ours: Vec<(&OperationDescription, Option<Endpoint>)> = operations
        .iter()
        .map(|operation| {
            let found = take(&mut theirs, |endpoint| {
                endpoint.method == operation.method && endpoint.bare() == bare(&operation.path)
            });
            (operation, found)
        })
        .collect();
    for likeness in LIKENESSES {
        for (operation, found) in &mut ours {
            if found.is_none() {
                *found = take(&mut theirs, |endpoint| likeness(operation, endpoint));
            }
        }
    }
    theirs.retain(|endpoint| endpoint.generation.is_some());
    Pairing { ours, new: theirs }
}

fn take(endpoints: &mut Vec<Endpoint>, is_it: impl Fn(&Endpoint) -> bool) -> Option<Endpoint> {
    let index = endpoints.iter().position(is_it)?;
    Some(endpoints.remove(index))
}
