//! Comparison of runs: an honest mock with a changed one, and the fixed run with modified copies of it.

use originproof::event::Verdict;
use originproof::report::{Change, compare};

use crate::fixed::{interrupted, trial, whole};
use crate::real::{Wanted, changes_of};

/// A changed mock, and how its run differs from the run of the honest one.
struct Pair {
    /// The name of a mutant or a variation.
    name: &'static str,
    filter: &'static str,
    cases: &'static [(&'static str, Change)],
    /// Texts, each of which must occur in a line of the drift.
    drift: &'static [&'static str],
    is_regression: bool,
}

/// A pair without changes and drift.
const ALIKE: Pair = Pair {
    name: "",
    filter: "",
    cases: &[],
    drift: &[],
    is_regression: false,
};

const PAIRS: &[Pair] = &[
    Pair {
        name: "v2-batch-replaces-the-collection",
        filter: "^batch/merges/",
        cases: &[("batch/merges/v2", Change::BeganToViolate)],
        is_regression: true,
        drift: &["v2.get 404: this status is new"],
    },
    Pair {
        name: "put-answers-201",
        filter: "^v2/put-creates",
        cases: &[("v2/put-creates", Change::BeganToViolate)],
        drift: &[
            "v2.put 200: this status is gone",
            "v2.put 201: this status is new",
        ],
        is_regression: true,
    },
    Pair {
        name: "code-as-text",
        filter: "^read/get-unknown-v2",
        cases: &[("read/get-unknown-v2", Change::BeganToViolate)],
        drift: &["/errors/*/code is string instead of number"],
        is_regression: true,
    },
    Pair {
        name: "own-texts-for-documented-codes",
        filter: "^read/get-unknown-v2",
        cases: &[("read/get-unknown-v2", Change::BeganToDeviate)],
        drift: &["the text of 1142 is \"refused\" instead of"],
        is_regression: true,
    },
    Pair {
        name: "past-the-end-is-refused",
        filter: "^list/v2-past-the-end",
        cases: &[("list/v2-past-the-end", Change::BeganToDeviate)],
        drift: &["v2.list 400: this status is new"],
        is_regression: true,
    },
    Pair {
        name: "v1-is-not-routed",
        filter: "^v1/create$|^v2/put-creates",
        cases: &[("v1/create", Change::NewlySkipped)],
        ..ALIKE
    },
    Pair {
        name: "informational-messages",
        filter: "^v2/put-creates",
        drift: &[
            "v2.put 200: the member /messages/*",
            "v2.list 200: the member /messages/*",
        ],
        ..ALIKE
    },
    Pair {
        name: "no-times-at-all",
        filter: "^v2/put-creates",
        drift: &[
            "v2.put 200: the member /result/modified_on is gone",
            "v2.list 200: the member /result/*/modified_on is gone",
        ],
        ..ALIKE
    },
    Pair {
        name: "unprocessable-entity",
        filter: "^region/unknown-everywhere/put",
        drift: &[
            "v2.put 400: this status is gone",
            "v2.put 422: this status is new",
        ],
        ..ALIKE
    },
    Pair {
        name: "media-type-with-parameters",
        filter: "^v2/put-creates",
        drift: &["v2.put 200: the media type is \"application/json; charset=utf-8\" instead of"],
        ..ALIKE
    },
    Pair {
        name: "compressed",
        filter: "^v2/put-creates",
        ..ALIKE
    },
    Pair {
        name: "lists-in-reverse",
        filter: "^write/among-many/v2",
        ..ALIKE
    },
];

/// Returns how the comparison of a pair differs from what is expected.
async fn faults(pair: &Pair) -> Vec<String> {
    let old = Wanted::of(pair.filter).run().await;
    let new = Wanted::of(pair.filter)
        .on(changes_of(pair.name))
        .run()
        .await;
    let comparison = compare(&old, &new);
    let mut faults = Vec::new();
    let cases: Vec<(&str, Change)> = comparison
        .cases
        .iter()
        .map(|case| (case.id.as_str(), case.change))
        .collect();
    if cases != pair.cases {
        faults.push(format!("{}: cases are {cases:?}", pair.name));
    }
    if comparison.is_regression() != pair.is_regression {
        faults.push(format!("{}: is_regression is wrong", pair.name));
    }
    let drift: Vec<String> = comparison.drift.iter().map(ToString::to_string).collect();
    let is_in_text = |part: &&str| drift.iter().any(|line| line.contains(*part));
    if !pair.drift.iter().all(is_in_text) || pair.drift.is_empty() != drift.is_empty() {
        faults.push(format!("{}: drift is {drift:#?}", pair.name));
    }
    // In the other direction there is no regression, and every case of a regression counts as fixed.
    let back = compare(&new, &old);
    let is_back = |change: Change| !matches!(change, Change::Mended) && pair.is_regression;
    if back.is_regression() || back.cases.iter().any(|case| is_back(case.change)) {
        faults.push(format!("{}: back it is {:?}", pair.name, back.cases));
    }
    let (text, markdown) = (comparison.text(), comparison.markdown());
    for case in &comparison.cases {
        if !text.contains(&case.id) || !markdown.contains(&case.id) {
            faults.push(format!("{}: {} is not in the texts", pair.name, case.id));
        }
    }
    faults
}

#[tokio::test(flavor = "multi_thread")]
async fn a_comparison_tells_what_a_changed_target_does_otherwise() {
    let mut all = Vec::new();
    for pair in PAIRS {
        all.extend(faults(pair).await);
    }
    assert!(all.is_empty(), "{}", all.join("\n"));
}

#[test]
fn a_comparison_names_cases_that_came_went_and_can_no_longer_be_judged() {
    let old = whole();
    let mut new = whole();
    new.trials.remove(0);
    new.trials[0].verdict = Verdict::Conforms;
    new.trials[1].verdict = Verdict::Inconclusive;
    new.trials
        .push(trial("v2/put-creates", Verdict::Conforms, "V2-PUT-1"));
    let comparison = compare(&old, &new);
    let cases: Vec<(&str, Change)> = comparison
        .cases
        .iter()
        .map(|case| (case.id.as_str(), case.change))
        .collect();
    let expected = [
        ("envelope/texts", Change::NoLongerJudged),
        ("batch/merges/v2", Change::Mended),
        ("v2/put-creates", Change::New),
        ("list/exact/v2/put", Change::Gone),
    ];
    assert_eq!(cases, expected);
    assert!(!comparison.is_regression());
    let broken_off = compare(&old, &interrupted());
    assert!(
        broken_off
            .notes
            .iter()
            .any(|note| note.contains("broke off")),
        "{:?}",
        broken_off.notes
    );
    let text = compare(&old, &old).text();
    assert!(text.contains("no difference"), "{text}");
}
