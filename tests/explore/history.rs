//! Faults that need a history are found, by a clause that is right, and told in a few requests.

use futures_util::stream::{self, StreamExt};
use originproof::mock::mutant::history::{self, HistoryMutant};
use originproof::mutation::{Explored, explore_mutant};

/// Requests from each seed.
const REQUESTS: usize = 3_000;
/// Mutants at a time: what they wait for is mostly their own pauses.
const AT_A_TIME: usize = 4;

/// The first of some seeds from which a fault is found.
async fn found(mutant: &'static HistoryMutant) -> Option<Explored> {
    for seed in 1..=4 {
        let explored = explore_mutant(mutant, seed..=seed, REQUESTS).await;
        let explored = explored.unwrap_or_else(|error| panic!("{error}"));
        if explored.found_after().iter().any(Option::is_some) {
            return Some(explored);
        }
    }
    None
}

#[tokio::test(flavor = "multi_thread")]
async fn every_fault_with_a_history_is_found_and_told_in_a_few_requests() {
    let all: Vec<(&HistoryMutant, Option<Explored>)> = stream::iter(history::all())
        .map(|mutant| async move { (mutant, found(mutant).await) })
        .buffered(AT_A_TIME)
        .collect()
        .await;
    let names = |is_wanted: &dyn Fn(&HistoryMutant, &Option<Explored>) -> bool| {
        let wanted = all
            .iter()
            .filter(|(mutant, explored)| is_wanted(mutant, explored));
        wanted
            .map(|(mutant, _)| mutant.mutant.name.as_str())
            .collect::<Vec<_>>()
    };
    let lost = names(&|_, explored| explored.is_none());
    assert!(
        lost.is_empty(),
        "not found from any of four seeds: {lost:?}"
    );
    let long = names(&|mutant, explored| {
        let told = explored.as_ref().and_then(Explored::told);
        told.is_some_and(|told| told > 2 * mutant.shortest)
    });
    // What is in the wake of a race, and a count to eleven, may take a few requests more.
    assert!(
        long.len() <= 3,
        "told in more than twice the shortest sequence: {long:?}"
    );
}
