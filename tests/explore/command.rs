//! The command `explore`: runs with the same seed, saved cases and their replay, and zones in use.

use std::fs;
use std::path::Path;
use std::process::Output;

use serde_json::Value;

use crate::served::{Served, originproof, stderr, stdout};

fn run(served: &Served, arguments: &[&str]) -> Output {
    let target = ["--target", served.url.as_str(), "--token", "mock-token"];
    let output = originproof(&[arguments, &target].concat()).output();
    output.unwrap_or_else(|error| panic!("{error}"))
}

fn text(folder: &Path) -> &str {
    folder
        .to_str()
        .unwrap_or_else(|| panic!("{}", folder.display()))
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap_or_else(|error| panic!("{error}"))
}

/// Runs `explore` with a seed and returns the methods and paths of all requests, in order.
fn sequence(seed: &str) -> Vec<String> {
    let folder = folder();
    let file = folder.path().join("run.json");
    let served = Served::with(&[]);
    let explored = run(
        &served,
        &[
            "explore",
            "--seed",
            seed,
            "--requests",
            "400",
            "-q",
            "--save",
            text(&file),
        ],
    );
    assert!(explored.status.success(), "{}", stderr(&explored));
    let run = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{error}"));
    let run: Value = serde_json::from_str(&run).unwrap_or_else(|error| panic!("{error}"));
    let trials = run["events"].as_array();
    let mut sent = Vec::new();
    for trial in trials.into_iter().flatten() {
        let steps = trial["steps"].as_array();
        for step in steps.into_iter().flatten() {
            // Zone ids differ between runs, so they are left out.
            let path = step["path"].as_str().unwrap_or_default();
            let path: Vec<&str> = path.split('/').filter(|part| part.len() != 32).collect();
            sent.push(format!("{} {}", step["method"], path.join("/")));
        }
    }
    sent
}

#[test]
fn the_same_seed_sends_the_same_sequence_and_another_one_another() {
    let first = sequence("5");
    assert!(first.len() >= 400, "{} requests", first.len());
    assert_eq!(first, sequence("5"));
    assert_ne!(first, sequence("6"));
}

#[test]
fn a_fault_is_saved_as_a_case_that_lints_and_fails_in_the_same_way() {
    let folder = folder();
    let cases = folder.path().join("found");
    let faulty = Served::with(&["--mutant", "v1-create-refuses-what-was-deleted"]);
    let explored = run(
        &faulty,
        &[
            "explore",
            "--seed",
            "1",
            "--only",
            "v1",
            "--requests",
            "1500",
            "--save-cases",
            text(&cases),
        ],
    );
    assert_eq!(explored.status.code(), Some(1), "{}", stdout(&explored));
    let said = stdout(&explored);
    assert!(
        said.contains("V1-CREATE-1-v1.create, found after"),
        "{said}"
    );
    let file = cases.join("V1-CREATE-1-v1.create.yaml");
    let case = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{error}"));
    assert!(case.matches("\n  - v1.").count() <= 4, "{case}");

    let lint = originproof(&["lint", text(&cases)]).output();
    let lint = lint.unwrap_or_else(|error| panic!("{error}"));
    assert!(lint.status.success(), "{}{}", stdout(&lint), stderr(&lint));
    let again = run(&faulty, &["run", "--cases", text(&cases)]);
    assert_eq!(again.status.code(), Some(1), "{}", stdout(&again));
    assert!(
        stdout(&again).contains("violates V1-CREATE-1"),
        "{}",
        stdout(&again)
    );
    let honest = Served::with(&[]);
    let mended = run(&honest, &["run", "--cases", text(&cases)]);
    assert!(mended.status.success(), "{}", stdout(&mended));

    let replayed = run(&faulty, &["explore", "--replay", text(&file)]);
    assert_eq!(replayed.status.code(), Some(1));
    assert!(
        stdout(&replayed).starts_with("fails 10 times of 10"),
        "{}",
        stdout(&replayed)
    );
    let replayed = run(&honest, &["explore", "--replay", text(&file)]);
    assert!(replayed.status.success(), "{}", stdout(&replayed));
    assert!(
        stdout(&replayed).starts_with("fails 0 times of 10"),
        "{}",
        stdout(&replayed)
    );
}

#[test]
fn expected_failures_hold_for_walks_as_well() {
    let folder = folder();
    let list = folder.path().join("expect.yaml");
    let faulty = Served::with(&["--mutant", "v1-create-refuses-what-was-deleted"]);
    let arguments = [
        "explore",
        "--seed",
        "1",
        "--only",
        "v1",
        "--requests",
        "1000",
    ];
    let written = run(
        &faulty,
        &[
            &arguments[..],
            &["--write-expect", text(&list), "--reason", "known"],
        ]
        .concat(),
    );
    assert_eq!(written.status.code(), Some(1), "{}", stdout(&written));
    let expected = run(
        &faulty,
        &[&arguments[..], &["--expect", text(&list)]].concat(),
    );
    assert!(expected.status.success(), "{}", stdout(&expected));
}

#[test]
fn it_says_what_it_covered_and_what_it_did_not_reach() {
    let served = Served::with(&[]);
    let explored = run(
        &served,
        &[
            "explore",
            "--seed",
            "1",
            "--requests",
            "120",
            "--parallel",
            "1",
        ],
    );
    let said = stdout(&explored);
    for words in [
        "walks with seed 1, 120 requests",
        "covered: ",
        "pairs of operations",
        "not reached: ",
    ] {
        assert!(said.contains(words), "{said}");
    }
}

#[test]
fn a_target_of_one_generation_is_explored_through_it_alone() {
    let served = Served::with(&["--variation", "v1-is-not-routed"]);
    let explored = run(
        &served,
        &["explore", "--seed", "4", "--requests", "1500", "--strict"],
    );
    assert!(explored.status.success(), "{}", stdout(&explored));
    assert!(!stdout(&explored).contains("v1."), "{}", stdout(&explored));
}

#[test]
fn a_zone_in_use_comes_back_as_it_was() {
    let served = Served::with(&["--no-hooks", "--seed-mappings", "130"]);
    let state = folder();
    let zone = "0123456789abcdef0123456789abcdef";
    let arguments = [
        "explore",
        "--zone",
        zone,
        "--allow-existing",
        "--seed",
        "8",
        "--requests",
        "900",
        "--strict",
    ];
    let target = ["--target", served.url.as_str(), "--token", "mock-token"];
    let explored = originproof(&[&arguments[..], &target].concat())
        .env("XDG_STATE_HOME", state.path())
        .output();
    let explored = explored.unwrap_or_else(|error| panic!("{error}"));
    assert!(
        explored.status.success(),
        "{}{}",
        stdout(&explored),
        stderr(&explored)
    );
    assert!(
        stdout(&explored).contains("is as it was: 130 mappings"),
        "{}",
        stdout(&explored)
    );
}

#[test]
fn a_wrong_time_and_a_wrong_file_are_said() {
    let wrong = originproof(&["explore", "--time", "soon"]).output();
    let wrong = wrong.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(wrong.status.code(), Some(2));
    assert!(stderr(&wrong).contains("90s or 10m"), "{}", stderr(&wrong));
    let missing = originproof(&["explore", "--replay", "no-such-case.yaml"]).output();
    let missing = missing.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(missing.status.code(), Some(2));
    assert!(
        stderr(&missing).contains("no-such-case.yaml"),
        "{}",
        stderr(&missing)
    );
}
