//! Faults that show only after a history of requests: they are found by a correct clause and shown in a few requests.

use futures_util::stream::{self, StreamExt};
use originproof::mock::mutant::history::{self, HistoryMutant};
use originproof::mutation::{Explored, explore_mutant};

/// The number of requests for each seed.
const REQUESTS: usize = 3_000;
/// The number of mutants that are explored in parallel; they mostly wait for their own pauses.
const AT_A_TIME: usize = 4;

/// Explores a mutant with several seeds and returns the first exploration that finds its fault.
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
    // A fault after a race, or one that counts to eleven, may need a few more requests.
    assert!(
        long.len() <= 3,
        "told in more than twice the shortest sequence: {long:?}"
    );
}
