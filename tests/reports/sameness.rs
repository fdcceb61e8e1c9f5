//! Two runs of the same cases against the same target give the same report.

use std::fmt::Write;

use originproof::report::{FORMATS, Run};
use regex::Regex;

use crate::fixed::written;
use crate::real::{Wanted, changes_of};

/// Sets all durations of a run to 0, since the width of a duration moves the place at which a long text is cut.
fn without_durations(mut run: Run) -> Run {
    for trial in &mut run.trials {
        trial.elapsed_us = 0;
        for step in &mut trial.steps {
            step.elapsed_us = 0;
        }
    }
    run
}

/// Returns a report without times, durations and addresses of this machine.
fn masked(text: &str) -> String {
    // A time may be incomplete where its body was cut.
    let rules = [
        (r"127\.0\.0\.1:\d+", "[address]"),
        (r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT", "[time]"),
        (r"\d{4}-\d{2}-\d{2}T[\d:.]*(Z|[+-]\d\d:\d\d)?", "[time]"),
        (r#""elapsed_(us|ms)": ?\d+"#, "[took]"),
        (r"\d+(\.\d+)? ?(µs|ms|s)\b", "[took]"),
        (r#"time="[\d.]+""#, "[took]"),
    ];
    let mut text = text.to_owned();
    for (pattern, with) in rules {
        let pattern = Regex::new(pattern).unwrap_or_else(|error| panic!("{error}"));
        text = pattern.replace_all(&text, with).into_owned();
    }
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn two_runs_of_the_same_thing_give_the_same_report() {
    // Times in whole seconds have a fixed width; others would move the places at which long bodies are cut.
    let changes = [
        changes_of("v2-batch-replaces-the-collection"),
        changes_of("times-in-whole-seconds"),
    ]
    .concat();
    let one = Wanted::of("^(batch|read)/")
        .on(&changes)
        .jobs(1)
        .run()
        .await;
    let other = Wanted::of("^(batch|read)/")
        .on(&changes)
        .jobs(8)
        .run()
        .await;
    let (one, other) = (without_durations(one), without_durations(other));
    let mut differences = String::new();
    for format in FORMATS {
        let (one, other) = (
            masked(&written(&one, format.name)),
            masked(&written(&other, format.name)),
        );
        let both = || one.chars().zip(other.chars());
        if let Some(place) = both().position(|(a, b)| a != b) {
            let around = |text: &str| -> String {
                text.chars()
                    .skip(place.saturating_sub(100))
                    .take(200)
                    .collect()
            };
            let _ = writeln!(
                differences,
                "{}:\n  {}\n  {}",
                format.name,
                around(&one),
                around(&other)
            );
        }
        assert_eq!(one.len(), other.len(), "{}", format.name);
    }
    assert!(differences.is_empty(), "{differences}");
}
