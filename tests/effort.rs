//! Runs with a limit: `--effort`, `--budget` and `--within`.

#[path = "support/served.rs"]
mod served;

use std::process::Output;

use serde_json::Value;
use served::{Served, originproof, stderr, stdout};
use test_case::test_case;

const ZONE: &str = "0123456789abcdef0123456789abcdef";

fn run(arguments: &[&str]) -> Output {
    let mut command = originproof(arguments);
    command.env("CLOUDFLARE_API_TOKEN", "mock-token");
    let folder = tempfile::tempdir().unwrap_or_else(|error| panic!("{error}"));
    command.env("ORIGINPROOF_STATE_DIR", folder.path());
    command.output().unwrap_or_else(|error| panic!("{error}"))
}

fn said(output: &Output) -> String {
    format!("{}{}", stdout(output), stderr(output))
}

/// Returns the number of requests in the last lines of a run.
fn requests(output: &Output) -> usize {
    let text = said(output);
    let line = text
        .lines()
        .find(|line| line.ends_with(" requests") && line.contains(" in "));
    let number = line.and_then(|line| line.rsplit(' ').nth(1)?.parse().ok());
    number.unwrap_or_else(|| panic!("{text}"))
}

#[test_case(&["--effort", "quick"], 300; "quick")]
#[test_case(&["--effort", "standard"], 1_200; "standard")]
#[test_case(&["--budget", "700"], 700; "a budget")]
fn a_run_keeps_to_its_limit_and_says_what_it_proves(limit: &[&str], most: usize) {
    let output = run(&[&["run", "--seed", "1"], limit].concat());
    let text = said(&output);
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert!(requests(&output) <= most, "{text}");
    assert!(text.contains(&limit.join(" ")), "{text}");
    assert!(
        text.contains("touched") && text.contains("as fully as the whole suite"),
        "{text}"
    );
    assert!(!text.contains("budget of requests is spent"), "{text}");
}

#[test]
fn a_faulty_target_does_not_exceed_the_budget() {
    let served = Served::with(&["--mutant", "v2-batch-replaces-the-collection"]);
    let output = run(&["run", "--target", &served.url, "--budget", "400"]);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(requests(&output) <= 400, "{}", said(&output));
}

#[test]
fn a_run_that_spends_its_budget_within_a_case_is_complete() {
    // A case that deviates is tried once more, so it costs twice what was planned.
    let served = Served::with(&["--mutant", "own-texts"]);
    let output = run(&["run", "--target", &served.url, "--budget", "100"]);
    let text = said(&output);
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert!(text.contains("the budget of requests is spent"), "{text}");
    for word in ["inconclusive", "cut short", "not run"] {
        assert!(!text.contains(word), "{word} is in:\n{text}");
    }
}

#[test]
fn a_zone_and_no_choice_give_the_standard_effort_and_say_so() {
    let served = Served::with(&["--no-hooks"]);
    let zone = [
        "run",
        "--target",
        &served.url,
        "--zone",
        ZONE,
        "--allow-existing",
    ];
    let output = run(&zone);
    let text = said(&output);
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert!(
        text.contains("--effort standard, since the target has no fresh zones"),
        "{text}"
    );
    assert!(requests(&output) <= 1_200, "{text}");
}

#[test]
fn chosen_cases_run_whatever_they_cost() {
    let output = run(&["run", "--family", "delete"]);
    assert!(!said(&output).contains("effort"), "{}", said(&output));
}

#[test]
fn no_case_begins_after_the_time() {
    let output = run(&["run", "--within", "1ms"]);
    let text = said(&output);
    assert!(text.contains("the time of --within is over"), "{text}");
}

#[test]
fn a_time_at_a_rate_is_a_budget() {
    let output = run(&[
        "run", "--plan", "--rate", "100/m", "--within", "2m", "--format", "json",
    ]);
    let plan: Value = serde_json::from_str(&stdout(&output)).unwrap_or_else(|e| panic!("{e}"));
    let requests = plan["effort"]["requests"].as_u64().unwrap_or(u64::MAX);
    assert!((100..=200).contains(&requests), "{requests}");
    assert!(plan["twice_the_effort"]["touched"].as_u64() >= plan["effort"]["touched"].as_u64());
    assert!(plan["effort"]["partly"].is_array());
}

#[test_case(&["--budget", "3"], 3, "out of reach"; "less than probing takes")]
#[test_case(&["--budget", "6"], 4, "too little for any case"; "less than a case takes")]
#[test_case(&["--budget", "many"], 2, "whole number"; "no number")]
#[test_case(&["--within", "soon"], 2, "a time such as"; "no time")]
#[test_case(&["--effort", "quick", "--budget", "9"], 2, "cannot be used with"; "two limits of requests")]
fn a_limit_that_can_not_be_kept_is_refused(limit: &[&str], code: i32, says: &str) {
    let output = run(&[&["run"], limit].concat());
    let text = said(&output);
    assert_eq!(output.status.code(), Some(code), "{text}");
    assert!(text.contains(says), "{text}");
}
