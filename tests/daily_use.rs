//! Daily use of the command: accepting known failures, running failed cases again, sending a cause's requests again,
//! and a first contact that fails.

#[path = "support/served.rs"]
mod served;

use std::path::{Path, PathBuf};
use std::process::Output;

use served::{Served, originproof, stderr, stdout};

const FAULT: &str = "v2-batch-replaces-the-collection";

/// A temporary folder of one test, which is deleted at its end.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap_or_else(|error| panic!("{error}")))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Runs the command in this folder.
    fn run(&self, arguments: &[&str]) -> Output {
        let mut command = originproof(arguments);
        command.current_dir(self.0.path());
        command.env("CLOUDFLARE_API_TOKEN", "mock-token");
        command.output().unwrap_or_else(|error| panic!("{error}"))
    }
}

fn said(output: &Output) -> String {
    format!("{}{}", stdout(output), stderr(output))
}

fn ended(output: &Output, code: i32) {
    assert_eq!(output.status.code(), Some(code), "{}", said(output));
}

/// Runs a few cases against a faulty mock, saves the run as `run.json` and returns the mock.
fn faulty(folder: &Folder) -> Served {
    let served = Served::with(&["--mutant", FAULT]);
    let output = folder.run(&[
        "run",
        "--target",
        &served.url,
        "--family",
        "batch",
        "--save",
        "run.json",
    ]);
    ended(&output, 1);
    served
}

#[test]
fn with_a_ratchet_known_failures_pass_and_a_new_cause_does_not() {
    let folder = Folder::new();
    let served = faulty(&folder);
    let with = |url: &str| {
        folder.run(&[
            "run",
            "--target",
            url,
            "--family",
            "batch",
            "--baseline",
            "run.json",
            "--fail-on",
            "new",
        ])
    };
    ended(&with(&served.url), 0);
    let worse = Served::with(&[
        "--mutant",
        FAULT,
        "--mutant",
        "v1-batch-answers-with-the-old-region",
    ]);
    let output = with(&worse.url);
    ended(&output, 1);
    assert!(
        said(&output).contains("new: V1-BATCH-5"),
        "{}",
        said(&output)
    );
    let honest = Served::with(&[]);
    let output = with(&honest.url);
    ended(&output, 0);
    assert!(
        said(&output).contains("fixed: V2-BATCH-3"),
        "{}",
        said(&output)
    );
}

#[test]
fn a_first_run_goes_on_without_its_baseline_only_where_that_is_allowed() {
    let folder = Folder::new();
    let served = Served::with(&[]);
    let run = |more: &[&str]| {
        let mut arguments = vec![
            "run",
            "--target",
            &served.url,
            "--case",
            "batch/merges/v2",
            "--baseline",
            "none.json",
        ];
        arguments.extend(more);
        folder.run(&arguments)
    };
    ended(&run(&["--baseline-optional"]), 0);
    let refused = run(&[]);
    ended(&refused, 2);
    assert!(
        said(&refused).contains("--baseline-optional"),
        "{}",
        said(&refused)
    );
}

#[test]
fn failed_cases_run_again_alone_and_the_first_failure_can_end_a_run() {
    let folder = Folder::new();
    let served = faulty(&folder);
    let again = folder.run(&["run", "--target", &served.url, "--rerun-failed", "run.json"]);
    ended(&again, 1);
    assert!(!said(&again).contains(" conforms"), "{}", said(&again));
    let first = folder.run(&[
        "run",
        "--target",
        &served.url,
        "--family",
        "batch",
        "--jobs",
        "1",
        "--fail-fast",
    ]);
    ended(&first, 1);
    assert!(said(&first).contains("1 violates"), "{}", said(&first));
    assert!(said(&first).contains(" not run"), "{}", said(&first));
}

#[test]
fn a_cause_that_is_sent_again_is_still_so_or_gone() {
    let folder = Folder::new();
    let served = faulty(&folder);
    let still = folder.run(&["replay", "1", "--run", "run.json"]);
    ended(&still, 1);
    assert!(stdout(&still).contains(": still so"), "{}", said(&still));
    drop(served);
    let honest = Served::with(&[]);
    let gone = folder.run(&["replay", "1", "--run", "run.json", "--target", &honest.url]);
    ended(&gone, 0);
    assert!(stdout(&gone).contains(": gone"), "{}", said(&gone));
    let unknown = folder.run(&["replay", "V9-NO-1", "--run", "run.json"]);
    ended(&unknown, 2);
    assert!(
        said(&unknown).contains("no cause `V9-NO-1`"),
        "{}",
        said(&unknown)
    );
}

#[test]
fn what_is_written_to_be_expected_is_one_entry_a_cause_and_makes_the_next_run_pass() {
    let folder = Folder::new();
    let served = faulty(&folder);
    let run = |more: &[&str]| {
        let mut arguments = vec!["run", "--target", &served.url, "--family", "batch"];
        arguments.extend(more);
        folder.run(&arguments)
    };
    ended(
        &run(&["--write-expect", "e.yaml", "--reason", "it is being mended"]),
        1,
    );
    let list = std::fs::read_to_string(folder.path("e.yaml")).unwrap_or_default();
    assert_eq!(list.matches("- clause:").count(), 1, "{list}");
    ended(&run(&["--expect", "e.yaml"]), 0);
}

#[test]
fn an_entry_that_fits_nothing_fails_a_part_of_the_suite_as_well() {
    let folder = Folder::new();
    let served = Served::with(&[]);
    let list = "- case: no-such-family/*\n  reason: it never was\n";
    std::fs::write(folder.path("e.yaml"), list).unwrap_or_else(|error| panic!("{error}"));
    let output = folder.run(&[
        "run",
        "--target",
        &served.url,
        "--shard",
        "1/40",
        "--expect",
        "e.yaml",
    ]);
    ended(&output, 1);
    assert!(said(&output).contains("fits no case"), "{}", said(&output));
}

#[test]
fn a_base_url_without_its_prefix_is_completed_and_it_is_said() {
    let folder = Folder::new();
    let served = Served::with(&[]);
    let base = served.url.trim_end_matches("/client/v4");
    let output = folder.run(&["run", "--target", base, "--case", "batch/merges/v2"]);
    ended(&output, 0);
    let text = format!("{base}/client/v4 is used");
    assert!(said(&output).contains(&text), "{}", said(&output));
}

#[test]
fn a_server_that_names_no_zone_is_met_with_both_ways_and_a_guess() {
    let folder = Folder::new();
    let served = Served::with(&["--no-hooks"]);
    let output = folder.run(&["run", "--target", &served.url]);
    ended(&output, 2);
    let text = said(&output);
    assert!(
        text.contains("--zone ID") && text.contains("--capability fresh-zones"),
        "{text}"
    );
    assert!(text.contains("fresh-zones seems right"), "{text}");
}

#[test]
fn runs_are_told_over_time_and_targets_side_by_side() {
    let folder = Folder::new();
    let _served = faulty(&folder);
    let honest = Served::with(&[]);
    let output = folder.run(&[
        "run",
        "--target",
        &honest.url,
        "--family",
        "batch",
        "--save",
        "good.json",
    ]);
    ended(&output, 0);
    let trend = folder.run(&["report", "trend", "."]);
    ended(&trend, 0);
    assert!(stdout(&trend).contains("V2-BATCH-3"), "{}", said(&trend));
    assert!(
        stdout(&trend).contains("The last run violates no must."),
        "{}",
        said(&trend)
    );
    let page = folder.path("matrix.html");
    let page = Path::new(&page).display().to_string();
    ended(
        &folder.run(&["report", "matrix", ".", "-f", "html", "-o", &page]),
        0,
    );
    let page = std::fs::read_to_string(page).unwrap_or_default();
    assert!(
        page.contains("2 targets side by side") && page.contains("violates"),
        "{page}"
    );
}

#[test]
fn snapshots_do_not_mind_other_line_endings_and_those_without_a_case_are_named() {
    let folder = Folder::new();
    let case = "title: A put is shown\ngenerations: [v2]\nproves: [V2-PUT-1]\nsteps:\n  - upsert: { ip: \"{{v4.0}}\", at: pair.0 }\n    expect: { V2-PUT-1: { status: 200 } }\n";
    std::fs::create_dir_all(folder.path("own/put")).unwrap_or_else(|error| panic!("{error}"));
    std::fs::write(folder.path("own/put/shown.yaml"), case).unwrap_or_else(|e| panic!("{e}"));
    let run = || {
        let strict = ["--snapshots", "kept", "--strict-snapshots"];
        folder.run(&[&["run", "--cases", "own"], &strict[..]].concat())
    };
    let first = run();
    ended(&first, 0);
    assert!(
        said(&first).contains("1 new, 0 changed"),
        "{}",
        said(&first)
    );

    let files = std::fs::read_dir(folder.path("kept")).unwrap_or_else(|error| panic!("{error}"));
    let files: Vec<PathBuf> = files.filter_map(|file| Some(file.ok()?.path())).collect();
    let [kept] = files.as_slice() else {
        panic!("{files:?}")
    };
    let text = std::fs::read_to_string(kept).unwrap_or_else(|error| panic!("{error}"));
    std::fs::write(kept, text.replace('\n', "\r\n")).unwrap_or_else(|error| panic!("{error}"));
    std::fs::write(folder.path("kept/gone__case.snap"), &text).unwrap_or_else(|e| panic!("{e}"));
    let again = run();
    ended(&again, 0);
    assert!(
        said(&again).contains("0 new, 0 changed"),
        "{}",
        said(&again)
    );
    let orphan = "no case has the snapshot gone__case.snap any more";
    assert!(said(&again).contains(orphan), "{}", said(&again));

    std::fs::write(kept, text.replace("200", "201")).unwrap_or_else(|error| panic!("{error}"));
    let changed = run();
    ended(&changed, 1);
    assert!(said(&changed).contains("drift in"), "{}", said(&changed));
}
