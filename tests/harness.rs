//! The suite as tests of somebody's own crate: what it runs against is chosen and said, and what keeps all tests from
//! running is told once.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use originproof::exchange::Generation;
use originproof::harness::{Arguments, Conclusion, Settings, run};
use originproof::mock::{Mock, MockConfig};

fn ran(arguments: &[&str], settings: Settings) -> (Conclusion, String) {
    let mut all = vec!["conformance", "--quiet"];
    all.extend(arguments);
    let mut out = Vec::new();
    let conclusion = run(&Arguments::from_iter(all), settings, &mut out);
    (conclusion, String::from_utf8_lossy(&out).into_owned())
}

fn vars(vars: &[(&str, &str)]) -> Settings {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    let home = env!("CARGO_TARGET_TMPDIR").to_owned();
    Settings::from_vars(vars.iter().map(owned).chain([("HOME".to_owned(), home)]))
}

/// A server as a test file starts it, and how often it was started.
fn served(settings: Settings, mutant: Option<&'static str>) -> (Settings, Arc<AtomicUsize>) {
    let count = Arc::new(AtomicUsize::new(0));
    let started = Arc::clone(&count);
    let settings = settings.token("mock-token").server(move || {
        started.fetch_add(1, Ordering::SeqCst);
        async move {
            let mut config = MockConfig::default();
            if let Some(mutant) = mutant.and_then(originproof::mock::mutant::by_name) {
                config.changes = mutant.changes.to_vec();
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
fn without_a_target_one_test_fails_and_none_runs_against_the_mock() {
    let (conclusion, said) = ran(&[], vars(&[]));
    assert_eq!((conclusion.num_passed, conclusion.num_failed), (0, 1));
    assert_eq!(said, "");
}

#[test]
fn the_mock_is_used_where_the_file_says_so_and_the_first_line_names_it() {
    let (conclusion, said) = ran(&["--exact", "batch/merges/v2"], Settings::mock());
    assert_eq!((conclusion.num_passed, conclusion.num_failed), (1, 0));
    assert!(
        said.contains("against the embedded mock at http://127.0.0.1:"),
        "{said}"
    );
}

#[test]
fn the_server_of_the_file_is_started_once_for_all_tests() {
    let (settings, count) = served(vars(&[]), None);
    let (conclusion, said) = ran(&["batch/"], settings);
    assert_eq!(conclusion.num_failed, 0);
    assert!(conclusion.num_passed > 20, "{conclusion:?}");
    assert_eq!(count.load(Ordering::SeqCst), 1);
    assert!(said.contains("the test file's own server"), "{said}");
}

#[test]
fn a_variable_chooses_another_target_and_one_that_is_out_of_reach_is_one_failure() {
    let target = [("ORIGINPROOF_TARGET", "http://127.0.0.1:9/client/v4")];
    let (settings, count) = served(vars(&target), None);
    let (conclusion, _) = ran(&[], settings);
    assert_eq!((conclusion.num_passed, conclusion.num_failed), (0, 1));
    assert_eq!(count.load(Ordering::SeqCst), 0);
}

#[test]
fn a_faulty_server_fails_the_tests_that_prove_it() {
    let (settings, _) = served(vars(&[]), Some("v2-batch-replaces-the-collection"));
    let (conclusion, _) = ran(&["--exact", "batch/merges/v2"], settings);
    assert_eq!((conclusion.num_passed, conclusion.num_failed), (0, 1));
}

#[test]
fn only_the_cases_of_one_generation_run_where_the_file_says_so() {
    let (all, _) = ran(&["batch/merges"], Settings::mock());
    let (one, _) = ran(&["batch/merges"], Settings::mock().only(Generation::V2));
    assert!(one.num_passed > 0 && one.num_passed < all.num_passed);
}

#[test]
fn a_setting_that_does_not_exist_is_one_failure() {
    let (conclusion, _) = ran(&[], Settings::mock().set("timeot", "3s"));
    assert_eq!((conclusion.num_passed, conclusion.num_failed), (0, 1));
}
