//! Matches the description's operations with ours.

use super::endpoint::{Endpoint, bare};
use crate::contract::OperationDescription;

/// The operations of both sides, matched.
#[derive(Debug)]
pub(super) struct Pairing<'c> {
    /// Our operations in the order of the contract, each with the description's operation if there is one.
    pub(super) ours: Vec<(&'c OperationDescription, Option<Endpoint>)>,
    /// The description's operations under our prefixes that match none of ours.
    pub(super) new: Vec<Endpoint>,
}

/// A test that recognizes an operation that has moved. The list begins with the surest test.
type Likeness = fn(&OperationDescription, &Endpoint) -> bool;

const LIKENESSES: &[Likeness] = &[
    |ours, theirs| theirs.bare() == bare(&ours.path) && is_of_generation(ours, theirs),
    |ours, theirs| {
        theirs.method == ours.method
            && is_of_generation(ours, theirs)
            && has_parameters_of(ours, theirs)
    },
    // The prefix is entirely different, so the end must be the same.
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

/// Returns the part of a path after the word that all paths of this API share.
fn tail(path: &str) -> &str {
    path.rsplit_once("cloud_regions")
        .map_or(path, |(_, tail)| tail)
}

/// Matches operations by method and path. Similar operations that are left over on both sides count as moved.
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
