//! The exit codes and messages of the command, above all when something is wrong.

#[path = "support/served.rs"]
mod served;

use std::io::Read;
use std::process::{Command, Output, Stdio};

use served::{Served, originproof, stderr, stdout};
use test_case::test_case;

fn output(arguments: &[&str]) -> Output {
    originproof(arguments)
        .output()
        .unwrap_or_else(|error| panic!("{error}"))
}

#[test_case(&["run", "--target", "localhost:8080"], 2, "`localhost:8080` is not the URL of a target"; "a URL without scheme")]
#[test_case(&["run", "--target", "http://127.0.0.1:9"], 2, "CLOUDFLARE_API_TOKEN"; "no credentials")]
#[test_case(&["run", "--target", "http://127.0.0.1:9", "--token", "t123"], 3, "out of reach"; "nobody there")]
#[test_case(&["run", "--filter", "no-such-case"], 2, "fits no case"; "a filter that fits nothing")]
#[test_case(&["run", "--filter", "("], 2, "is not a regular expression"; "a faulty filter")]
#[test_case(&["run", "--case", "batch/merge"], 2, "did you mean `batch/merges`?"; "a misspelled case")]
#[test_case(&["run", "--case", "batch/merges", "--filter", "^ip/"], 4, "nothing ran"; "selections that exclude each other")]
#[test_case(&["run", "--cases", "/no/such/folder"], 2, "/no/such/folder"; "a case folder that is not there")]
#[test_case(&["run", "--capability", "v3"], 2, "there is no capability `v3`"; "a capability that does not exist")]
#[test_case(&["explain", "V2-BATCH-33"], 2, "did you mean"; "a clause that does not exist")]
#[test_case(&["mock", "--mutant", "put-replaces"], 2, "there is no mutant"; "a mutant that does not exist")]
#[test_case(&["mock", "--seed-mappings", "3501"], 2, "at most 3,500"; "too many mappings")]
#[test_case(&["frobnicate"], 2, "unrecognized subcommand"; "an unknown subcommand")]
fn a_wrong_call_has_its_own_message_and_code(arguments: &[&str], code: i32, says: &str) {
    let output = output(arguments);
    let text = stderr(&output);
    assert_eq!(output.status.code(), Some(code), "{text}");
    assert!(text.contains(says), "{says:?} is not in {text}");
    assert!(!text.contains("panicked"), "{text}");
}

#[test]
fn the_suite_conforms_on_the_embedded_mock_and_on_a_served_one() {
    let counts = |output: &Output| {
        let text = stdout(output);
        let line = text
            .lines()
            .find(|line| line.contains(" conforms"))
            .map(str::to_owned);
        line.and_then(|line| Some(line.split(" in ").next()?.to_owned()))
    };
    let embedded = output(&["run"]);
    assert_eq!(embedded.status.code(), Some(0), "{}", stdout(&embedded));
    let served = Served::with(&["--token", "another-token"]);
    let remote = originproof(&["run", "--target", &served.url])
        .env("CLOUDFLARE_API_TOKEN", "another-token")
        .env("CLOUDFLARE_EMAIL", "mock@example.com")
        .env("CLOUDFLARE_API_KEY", "mock-key")
        .output()
        .unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(remote.status.code(), Some(0), "{}", stdout(&remote));
    assert_eq!(counts(&embedded), counts(&remote));
    assert!(counts(&embedded).is_some());
}

#[test]
fn a_faulty_server_is_reported_with_all_that_is_needed_and_without_the_token() {
    let served = Served::with(&[
        "--mutant",
        "v2-batch-replaces-the-collection",
        "--token",
        "s3cret-token",
    ]);
    let output = originproof(&["run", "--case", "batch/merges/v2", "--target", &served.url])
        .env("CLOUDFLARE_API_TOKEN", "s3cret-token")
        .output()
        .unwrap_or_else(|error| panic!("{error}"));
    let text = stdout(&output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    for part in [
        "cause 1 of 1: violates V2-BATCH-3 (must)",
        "simplest evidence: batch/merges/v2",
        "cases/batch/merges.yaml:",
        "v2.list GET",
        "expected",
        "found",
        "Authorization: Bearer $CLOUDFLARE_API_TOKEN",
        "--case 'batch/merges/v2'",
    ] {
        assert!(text.contains(part), "{part:?} is not in:\n{text}");
    }
    assert!(!text.contains("s3cret-token") && !stderr(&output).contains("s3cret-token"));
}

#[test]
fn one_empty_zone_by_hand_serves_and_is_left_empty() {
    let served = Served::with(&[]);
    let zone = "0123456789abcdef0123456789abcdef";
    let run = |filter: &str| {
        originproof(&[
            "run",
            "--target",
            &served.url,
            "--zone",
            zone,
            "--filter",
            filter,
        ])
        .env("CLOUDFLARE_API_TOKEN", "mock-token")
        .output()
        .unwrap_or_else(|error| panic!("{error}"))
    };
    for filter in ["^batch/merges", "^v1/", "^list/exact/v2"] {
        let output = run(filter);
        assert_eq!(
            output.status.code(),
            Some(0),
            "{}{}",
            stdout(&output),
            stderr(&output)
        );
    }
    // The runs above must have left the zone empty: a zone with mappings would be refused with another exit code.
    let two_zones = run("^zone/apart$|^zone/apart/");
    assert_eq!(two_zones.status.code(), Some(4), "{}", stdout(&two_zones));
}

#[test]
fn a_zone_that_holds_mappings_is_refused() {
    let served = Served::with(&["--seed-mappings", "3"]);
    // A separate state folder, so that the zone's lock is not shared with other checkouts that are being tested.
    let state = tempfile::tempdir().unwrap_or_else(|error| panic!("{error}"));
    let output = originproof(&[
        "run",
        "--target",
        &served.url,
        "--zone",
        "0123456789abcdef0123456789abcdef",
    ])
    .env("CLOUDFLARE_API_TOKEN", "mock-token")
    .env("XDG_STATE_HOME", state.path())
    .output()
    .unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stderr(&output).contains("holds 3 mapping(s)"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn a_port_in_use_is_said_so() {
    let served = Served::with(&[]);
    let address = served
        .url
        .trim_start_matches("http://")
        .split('/')
        .next()
        .unwrap_or_default();
    let output = output(&["mock", "--listen", address]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stderr(&output).contains("can't listen on"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let mut child = originproof(&["list"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{error}"));
    drop(child.stdout.take());
    let mut text = String::new();
    if let Some(stderr) = child.stderr.as_mut() {
        let _ = stderr.read_to_string(&mut text);
    }
    let status = child.wait().unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(status.code(), Some(0), "{text}");
    assert_eq!(text, "");
}

#[test]
fn machine_output_parses_line_by_line_and_has_no_colour() {
    let output = originproof(&[
        "run",
        "--case",
        "v1/create",
        "--format",
        "json",
        "--color",
        "always",
    ])
    .output()
    .unwrap_or_else(|error| panic!("{error}"));
    let text = stdout(&output);
    let events: Vec<serde_json::Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect();
    let names: Vec<&str> = events
        .iter()
        .filter_map(|event| event["event"].as_str())
        .collect();
    assert_eq!(
        names,
        [
            "run-started",
            "trial-started",
            "trial-finished",
            "run-finished"
        ]
    );
}

#[cfg(unix)]
#[test]
fn the_mock_stops_cleanly_when_told_to() {
    let mut served = Served::with(&[]);
    let id = served.child.id().to_string();
    let killed = Command::new("kill").args(["-TERM", &id]).status();
    assert!(killed.is_ok_and(|status| status.success()));
    let status = served
        .child
        .wait()
        .unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(status.code(), Some(0));
}

#[test]
fn what_a_clause_a_code_and_a_case_say_can_be_asked_for() {
    for (id, says) in [
        ("V2-BATCH-3", "batch/merges/v2"),
        ("1164", "Maximum number of IP mappings configured for zone."),
        ("batch/merges", "proves:"),
    ] {
        let output = output(&["explain", id]);
        assert_eq!(output.status.code(), Some(0));
        assert!(stdout(&output).contains(says), "{}", stdout(&output));
    }
}

#[test]
fn two_targets_are_compared_case_by_case_and_a_missing_one_is_said_before_anything_runs() {
    let (honest, faulty) = (
        Served::with(&[]),
        Served::with(&["--mutant", "v2-batch-replaces-the-collection"]),
    );
    let run = |other: &str| {
        output(&[
            "run",
            "--target",
            &honest.url,
            "--token",
            "mock-token",
            "--family",
            "batch",
            "--against",
            other,
        ])
    };
    let differing = run(&faulty.url);
    assert_eq!(differing.status.code(), Some(0), "{}", stderr(&differing));
    let said = stderr(&differing);
    assert!(
        said.contains("the targets differ in") && said.contains("the other violates"),
        "{said}"
    );
    let same = run(&honest.url);
    assert!(
        stderr(&same).contains("the two targets do not differ"),
        "{}",
        stderr(&same)
    );
    let missing = run("http://127.0.0.1:1");
    assert_eq!(missing.status.code(), Some(3), "{}", stderr(&missing));
    assert!(stdout(&missing).is_empty(), "{}", stdout(&missing));
}

#[test]
fn merged_parts_exit_as_the_whole_and_a_missing_one_is_said_so() {
    let folder = std::env::temp_dir().join(format!("originproof-merge-{}", std::process::id()));
    let _ = std::fs::create_dir_all(&folder);
    let path = |name: &str| folder.join(name).to_string_lossy().into_owned();
    let faulty = Served::with(&["--mutant", "v2-batch-replaces-the-collection"]);
    let part = |number: usize, target: &[&str], prefix: &str| -> String {
        let file = path(&format!("{prefix}-{number}.json"));
        let shard = format!("{number}/2");
        let mut arguments = vec!["run", "-q", "--filter", "^batch/", "--shard", &shard];
        arguments.extend(["--save", &file]);
        arguments.extend(target);
        let status = originproof(&arguments)
            .env("CLOUDFLARE_API_TOKEN", "mock-token")
            .output();
        assert!(status.is_ok_and(|output| matches!(output.status.code(), Some(0 | 1))));
        file
    };
    let honest = [part(1, &[], "honest"), part(2, &[], "honest")];
    let bad = [1, 2].map(|number| part(number, &["--target", &faulty.url], "faulty"));
    for (parts, code) in [
        (vec![&honest[0], &honest[1]], 0),
        (vec![&honest[1]], 3),
        (vec![&bad[0], &bad[1]], 1),
    ] {
        let mut arguments = vec!["report", "merge", "--format", "badge"];
        arguments.extend(parts.iter().map(|part| part.as_str()));
        let merged = output(&arguments);
        assert_eq!(merged.status.code(), Some(code), "{}", stderr(&merged));
        let is_said = stderr(&merged).contains("the part 1/2 is missing");
        assert_eq!(is_said, parts.len() == 1, "{}", stderr(&merged));
    }
    // At least one of the faulty parts violates the contract on its own.
    let alone = bad.iter().map(|part| output(&["report", "merge", part]));
    assert!(
        alone
            .into_iter()
            .any(|merged| merged.status.code() == Some(1))
    );
    let _ = std::fs::remove_dir_all(&folder);
}

#[test]
fn the_embedded_mock_is_reached_without_the_proxy_of_the_environment() {
    let output = originproof(&["run", "--case", "batch/merges"])
        .env("http_proxy", "http://127.0.0.1:9")
        .env("all_proxy", "http://127.0.0.1:9")
        .output()
        .unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
}

#[test_case("http_proxy"; "the variable of http")]
#[test_case("ALL_PROXY"; "the variable of the rest")]
fn a_proxy_that_is_out_of_reach_is_named(variable: &str) {
    let output = originproof(&["run", "--case", "batch/merges", "--target"])
        .args(["http://api.invalid/client/v4", "--connect-timeout", "2s"])
        .env("CLOUDFLARE_API_TOKEN", "mock-token")
        .env(variable, "http://user:passw0rd@127.0.0.1:9")
        .output()
        .unwrap_or_else(|error| panic!("{error}"));
    let text = stderr(&output);
    assert_eq!(output.status.code(), Some(3), "{text}");
    let named = format!("through the proxy http://127.0.0.1:9, which {variable} names");
    assert!(
        text.contains(&named) && !text.contains("passw0rd"),
        "{text}"
    );
}

#[test]
fn a_host_that_is_left_out_goes_through_no_proxy() {
    let output = originproof(&["run", "--case", "batch/merges", "--target"])
        .args(["http://192.0.2.1:9/client/v4", "--connect-timeout", "100ms"])
        .env("CLOUDFLARE_API_TOKEN", "mock-token")
        .env("http_proxy", "http://127.0.0.1:9")
        .env("NO_PROXY", "*")
        .output()
        .unwrap_or_else(|error| panic!("{error}"));
    let text = stderr(&output);
    assert!(
        output.status.code() == Some(3) && !text.contains("proxy"),
        "{text}"
    );
}

#[test]
fn a_configuration_with_two_thousand_zones_is_shown() {
    let folder = tempfile::tempdir().unwrap_or_else(|error| panic!("{error}"));
    let path = folder.path().join("originproof.toml");
    let zones: Vec<String> = (0..2_000)
        .map(|number| format!("\"{number:032x}\""))
        .collect();
    std::fs::write(&path, format!("zones = [{}]\n", zones.join(", ")))
        .unwrap_or_else(|error| panic!("{error}"));
    let output = originproof(&["config", "--config"])
        .arg(&path)
        .output()
        .unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(stdout(&output).contains(&format!("{:032x}", 1_999)));
}
