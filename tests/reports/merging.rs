//! Merging the parts of a run.

use std::collections::BTreeSet;

use originproof::event::Verdict;
use originproof::report::{MergeError, Merged, Run, compare, merge};

use crate::fixed::written;
use crate::real::{Wanted, changes_of};

#[tokio::test(flavor = "multi_thread")]
async fn the_parts_of_a_run_merged_are_the_whole_and_a_missing_one_is_seen() {
    const FILTER: &str = "^(batch|delete|read)/";
    let mutant = changes_of("v2-batch-replaces-the-collection");
    let whole = Wanted::of(FILTER).on(mutant).run().await;
    let mut parts = Vec::new();
    for number in 1..=3 {
        parts.push(Wanted::of(FILTER).on(mutant).part(number, 3).run().await);
    }
    assert!(parts.iter().all(|part| !part.trials.is_empty()));
    let [first, second, third] = [0, 1, 2].map(|index: usize| parts[index].clone());
    // The parts may come in any order.
    let Merged { run: merged, .. } = merge(vec![third.clone(), first.clone(), second.clone()])
        .unwrap_or_else(|error| panic!("{error}"));
    let (is, should) = (merged.counts(), whole.counts());
    assert!(merged.is_complete());
    assert_eq!(is.verdicts, should.verdicts);
    assert_eq!(is.broken_clauses, should.broken_clauses);
    // A run also counts the requests of its probe, so only the steps of trials are compared exactly.
    let requests = |run: &Run| {
        run.trials
            .iter()
            .map(|trial| trial.steps.len())
            .sum::<usize>()
    };
    assert_eq!(requests(&merged), requests(&whole));
    assert!(is.requests >= should.requests);
    assert_eq!(is.profile, should.profile);
    assert!(is.count(Verdict::Violates) > 0);
    let ids = |run: &Run| -> BTreeSet<String> {
        run.trials.iter().map(|trial| trial.id.clone()).collect()
    };
    assert_eq!(ids(&merged), ids(&whole));
    let comparison = compare(&whole, &merged);
    assert!(comparison.cases.is_empty() && comparison.drift.is_empty());

    let Merged {
        run: partial,
        missing,
    } = merge(vec![first.clone(), third]).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(missing, ["2/3"]);
    assert!(!partial.is_complete());
    let notes = partial.header.notes.join("\n");
    assert!(notes.contains("the part 2/3 is missing"), "{notes}");
    for format in ["junit", "markdown", "github", "terminal"] {
        let text = written(&partial, format);
        assert!(text.contains("broke off"), "{format}: {text}");
    }

    let twice = merge(vec![first.clone(), first.clone()]);
    assert!(matches!(twice, Err(MergeError::Twice(_))));
    let mut other = second.clone();
    other.header.suite = "another".to_owned();
    assert!(matches!(
        merge(vec![first.clone(), other]),
        Err(MergeError::Suites(..))
    ));
    assert!(matches!(merge(Vec::new()), Err(MergeError::Nothing)));
    // If a part broke off, the merged run counts as broken off.
    let mut cut = second;
    cut.summary = None;
    let Merged { run: cut, .. } = merge(vec![first, cut]).unwrap_or_else(|error| panic!("{error}"));
    assert!(!cut.is_complete());
}
