//! The suite as tests of another crate: the target is chosen and named, and a problem that prevents all tests from
//! running is reported only once.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use originproof::exchange::Generation;
use originproof::harness::{Arguments, Settings, run};
use originproof::mock::{Mock, MockConfig};

/// The result of a scenario. Each scenario runs in its own process, to keep its output apart from that of this test.
struct Ran {
    passed: u64,
    failed: u64,
    started: usize,
    said: String,
}

const SCENARIO: &str = "ORIGINPROOF_TESTS_SCENARIO";
/// The environment variable with the path to which the scenario "reports" writes a report.
const REPORT: &str = "ORIGINPROOF_TESTS_REPORT";

fn ran(name: &str) -> Ran {
    ran_with(name, &[])
}

fn ran_with(name: &str, variables: &[(&str, &std::ffi::OsStr)]) -> Ran {
    let this = std::env::current_exe().unwrap_or_else(|error| panic!("{error}"));
    let output = std::process::Command::new(this)
        .args(["--ignored", "--exact", "scenario", "--nocapture"])
        .env(SCENARIO, name)
        .envs(variables.iter().copied())
        .output()
        .unwrap_or_else(|error| panic!("{error}"));
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    let number = |name: &str| {
        let line = said.lines().find_map(|line| line.split_once(name));
        let number = line.and_then(|(_, rest)| rest.trim().parse::<u64>().ok());
        number.unwrap_or_else(|| panic!("no {name} in:\n{said}"))
    };
    Ran {
        passed: number("passed="),
        failed: number("failed="),
        started: usize::try_from(number("started=")).unwrap_or(usize::MAX),
        said,
    }
}

/// Runs the scenario that the environment variable names.
#[test]
#[ignore = "the other tests run it, each in a process of its own"]
fn scenario() {
    let name = std::env::var(SCENARIO).unwrap_or_default();
    let nowhere = [("ORIGINPROOF_TARGET", "http://127.0.0.1:9/client/v4")];
    let mut started = Arc::new(AtomicUsize::new(0));
    let mut own = |settings, mutant| {
        let (settings, count) = served(settings, mutant);
        started = count;
        settings
    };
    let (arguments, settings): (&[&str], Settings) = match name.as_str() {
        "no target" => (&[], vars(&[])),
        "mock" => (&["--exact", "batch/merges/v2"], Settings::mock()),
        "own server" => (&["batch/"], own(vars(&[]), None)),
        "out of reach" => (&[], own(vars(&nowhere), None)),
        "faulty" => (
            &["--exact", "batch/merges/v2"],
            own(vars(&[]), Some("v2-batch-replaces-the-collection")),
        ),
        "several faults" => (
            &["batch/"],
            own(vars(&[]), Some("v2-batch-replaces-the-collection")),
        ),
        "seeds" => (&["explore::"], Settings::mock().explore(1..=2, 250)),
        "a faulty server and a seed" => (
            &["explore::"],
            own(vars(&[]), Some("v1-create-refuses-what-was-deleted")).explore([3], 600),
        ),
        "reports" => {
            let report = std::env::var(REPORT).unwrap_or_default();
            (&["batch/merges"], Settings::mock().report("junit", report))
        }
        "a report of no format" => (
            &["--exact", "batch/merges/v2"],
            Settings::mock().report("pdf", "r.pdf"),
        ),
        "both" => (&["batch/merges"], Settings::mock()),
        "one" => (&["batch/merges"], Settings::mock().only(Generation::V2)),
        "unknown setting" => (&[], Settings::mock().set("timeot", "3s")),
        _ => return,
    };
    let mut all = vec!["conformance"];
    all.extend(arguments);
    let conclusion = run(&Arguments::from_iter(all), settings, &mut std::io::stderr());
    let mut out = std::io::stdout();
    let (passed, failed) = (conclusion.num_passed, conclusion.num_failed);
    let started = started.load(Ordering::SeqCst);
    writeln!(out, "\npassed={passed}\nfailed={failed}\nstarted={started}")
        .unwrap_or_else(|error| panic!("{error}"));
}

fn vars(vars: &[(&str, &str)]) -> Settings {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    let home = env!("CARGO_TARGET_TMPDIR").to_owned();
    Settings::from_vars(vars.iter().map(owned).chain([("HOME".to_owned(), home)]))
}

/// Returns settings that start a server as a test file would, and a count of its starts.
fn served(settings: Settings, mutant: Option<&'static str>) -> (Settings, Arc<AtomicUsize>) {
    let count = Arc::new(AtomicUsize::new(0));
    let started = Arc::clone(&count);
    let settings = settings.token("mock-token").server(move || {
        started.fetch_add(1, Ordering::SeqCst);
        async move {
            let mut config = MockConfig::default();
            if let Some(mutant) = mutant.and_then(originproof::mock::mutant::by_name) {
                config.changes = mutant.changes.clone();
            }
            let served = Mock::new(config).serve(([127, 0, 0, 1], 0).into()).await;
            let running = served.map_err(|error| error.to_string())?;
            let url = running.base_url();
            std::mem::forget(running);
            Ok(url)
        }
    });
    (settings, count)
}

#[test]
fn without_a_target_one_test_fails_and_says_how_to_choose_one() {
    let ran = ran("no target");
    assert_eq!((ran.passed, ran.failed), (0, 1), "{}", ran.said);
    assert!(ran.said.contains("set ORIGINPROOF_TARGET"), "{}", ran.said);
    assert!(!ran.said.contains("mock"), "{}", ran.said);
}

#[test]
fn the_mock_is_used_where_the_file_says_so_and_the_first_line_names_it() {
    let ran = ran("mock");
    assert_eq!((ran.passed, ran.failed), (1, 0), "{}", ran.said);
    let first = "against the embedded mock at http://127.0.0.1:";
    assert!(ran.said.contains(first), "{}", ran.said);
}

#[test]
fn the_server_of_the_file_is_started_once_for_all_tests() {
    let ran = ran("own server");
    assert_eq!((ran.failed, ran.started), (0, 1), "{}", ran.said);
    assert!(ran.passed > 20, "{}", ran.said);
    assert!(
        ran.said.contains("the test file's own server"),
        "{}",
        ran.said
    );
}

#[test]
fn a_variable_chooses_another_target_and_one_that_is_out_of_reach_is_one_failure() {
    let ran = ran("out of reach");
    assert_eq!(
        (ran.passed, ran.failed, ran.started),
        (0, 1, 0),
        "{}",
        ran.said
    );
    assert!(ran.said.contains("out of reach"), "{}", ran.said);
}

#[test]
fn a_faulty_server_fails_the_test_that_proves_it_and_the_line_to_run_it_again_works() {
    let ran = ran("faulty");
    assert_eq!((ran.passed, ran.failed), (0, 1), "{}", ran.said);
    assert!(ran.said.contains("V2-BATCH-3"), "{}", ran.said);
    let again = "cargo test --test conformance -- --exact 'batch/merges/v2'";
    assert!(ran.said.contains(again), "{}", ran.said);
}

#[test]
fn only_the_cases_of_one_generation_run_where_the_file_says_so() {
    let (both, one) = (ran("both"), ran("one"));
    assert!(one.passed > 0 && one.passed < both.passed, "{}", one.said);
}

#[test]
fn a_setting_that_does_not_exist_is_one_failure_with_the_right_name() {
    let ran = ran("unknown setting");
    assert_eq!((ran.passed, ran.failed), (0, 1), "{}", ran.said);
    assert!(ran.said.contains("did you mean `timeout`?"), "{}", ran.said);
}

#[test]
fn after_failures_the_end_tells_their_causes() {
    let ran = ran("several faults");
    assert!(ran.failed > 3, "{}", ran.said);
    let end = ran.said.rsplit("test result:").next().unwrap_or_default();
    assert!(end.contains("cause 1 of 1: violates V2-BATCH-3"), "{end}");
    assert!(end.contains("next: fix this cause"), "{end}");
}

#[test]
fn reports_that_the_file_asks_for_are_written() {
    let folder = tempfile::tempdir().unwrap_or_else(|error| panic!("{error}"));
    let path = folder.path().join("junit.xml");
    let ran = ran_with("reports", &[(REPORT, path.as_os_str())]);
    assert_eq!(ran.failed, 0, "{}", ran.said);
    let text = std::fs::read_to_string(path).unwrap_or_default();
    assert!(text.contains("batch/merges/v2"), "{text}");
}

#[test]
fn a_report_in_a_format_that_does_not_exist_fails_and_names_those_that_do() {
    let ran = ran("a report of no format");
    assert_eq!((ran.passed, ran.failed), (1, 1), "{}", ran.said);
    assert!(
        ran.said
            .contains("the known ones are terminal, json, junit"),
        "{}",
        ran.said
    );
}

#[test]
fn seeds_are_explored_as_tests() {
    let ran = ran("seeds");
    assert_eq!((ran.passed, ran.failed), (2, 0), "{}", ran.said);
    for name in ["explore::seed-1", "explore::seed-2"] {
        assert!(ran.said.contains(name), "{}", ran.said);
    }
}

#[test]
fn a_seed_that_finds_a_fault_fails_with_the_case_that_shows_it() {
    let ran = ran("a faulty server and a seed");
    assert_eq!((ran.passed, ran.failed), (0, 1), "{}", ran.said);
    for words in ["explore::seed-3", "proves: [V1-CREATE-1]", "- v1.create: "] {
        assert!(ran.said.contains(words), "{}", ran.said);
    }
}
