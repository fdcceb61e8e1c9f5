//! `run --watch` runs again when a case file changes, and ends with a signal; `init` writes what a project needs and
//! overwrites nothing.
#![cfg(unix)]

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

const CASE: &str = "title: A zone that nothing was written to lists nothing\nproves: [V2-LIST-1]\nsteps:\n  - v2.list: {}\n    expect: { V2-LIST-1: { status: 200 } }\n";

fn originproof() -> Command {
    Command::new(env!("CARGO_BIN_EXE_originproof"))
}

fn write(path: &Path, text: &str) {
    std::fs::write(path, text).unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn a_changed_case_file_is_run_again_until_a_signal_comes() {
    let folder = tempfile::tempdir().unwrap_or_else(|error| panic!("{error}"));
    let file = folder.path().join("case.yaml");
    write(&file, CASE);
    let mut child = originproof()
        .args(["run", "--watch", "--cases"])
        .arg(folder.path())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{error}"));
    let said = child.stderr.take().map(BufReader::new);
    let mut lines = said
        .into_iter()
        .flat_map(BufRead::lines)
        .map_while(Result::ok);
    let mut until = |words: &str| lines.find(|line| line.contains(words));
    assert!(until("watching").is_some());
    // What is not YAML is told, and waited for.
    write(&file, "title: [");
    assert!(until("a file changed").is_some());
    assert!(until("this is not YAML").is_some());
    assert!(until("watching").is_some());
    write(&file, CASE);
    assert!(until("a file changed").is_some());
    assert!(until("watching").is_some());
    let pid = child.id().to_string();
    let killed = Command::new("kill").args(["-INT", &pid]).status();
    assert!(killed.is_ok_and(|status| status.success()));
    let ended = child.wait().unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(ended.code(), Some(0));
}

#[test]
fn init_writes_what_the_folder_needs_and_overwrites_nothing() {
    let folder = tempfile::tempdir().unwrap_or_else(|error| panic!("{error}"));
    let path = |name: &str| folder.path().join(name);
    std::fs::create_dir(path(".github")).unwrap_or_else(|error| panic!("{error}"));
    write(&path(".gitlab-ci.yml"), "");
    write(&path("originproof.expect.yaml"), "# mine\n[]\n");
    let init = || {
        originproof()
            .args(["init", "--target", "http://127.0.0.1:9/client/v4"])
            .arg(folder.path())
            .output()
            .unwrap_or_else(|error| panic!("{error}"))
    };
    assert_eq!(init().status.code(), Some(0));
    for name in [
        ".github/workflows/conformance.yml",
        "conformance.gitlab-ci.yml",
    ] {
        let text = std::fs::read_to_string(path(name)).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert!(
            text.contains("--target http://127.0.0.1:9/client/v4"),
            "{text}"
        );
    }
    let kept = std::fs::read_to_string(path("originproof.expect.yaml"));
    assert_eq!(kept.ok().as_deref(), Some("# mine\n[]\n"));
    // The settings are read as they are written.
    let config = originproof()
        .args(["config", "--format", "json"])
        .current_dir(folder.path())
        .output()
        .unwrap_or_else(|error| panic!("{error}"));
    let shown = String::from_utf8_lossy(&config.stdout);
    assert!(shown.contains("http://127.0.0.1:9/client/v4"), "{shown}");
    let again = String::from_utf8_lossy(&init().stderr).into_owned();
    assert!(
        again.contains("which exists") && !again.contains("wrote"),
        "{again}"
    );
}

#[test]
fn completions_and_manual_pages_name_every_subcommand() {
    let folder = tempfile::tempdir().unwrap_or_else(|error| panic!("{error}"));
    let man = originproof().arg("man").arg(folder.path()).output();
    assert!(man.is_ok_and(|output| output.status.success()));
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let output = originproof().args(["completions", shell]).output();
        let text = output.unwrap_or_else(|error| panic!("{error}")).stdout;
        let text = String::from_utf8_lossy(&text).into_owned();
        for command in ["run", "check", "init", "drift"] {
            assert!(text.contains(command), "{shell}: {command}");
            let page = folder.path().join(format!("originproof-{command}.1"));
            assert!(page.exists(), "{}", page.display());
        }
    }
}

#[test]
fn init_refuses_a_target_that_a_job_would_run_as_a_command() {
    let folder = tempfile::tempdir().unwrap_or_else(|error| panic!("{error}"));
    for target in [
        "nonsense",
        "http://",
        "http://h/$(id)",
        "http://h/'; rm -rf x",
        "http://u:secret@h/",
    ] {
        let output = originproof()
            .args(["init", "--target", target])
            .arg(folder.path())
            .output();
        let output = output.unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(output.status.code(), Some(2), "{target}");
        assert!(!String::from_utf8_lossy(&output.stderr).contains("secret"));
    }
    let written = std::fs::read_dir(folder.path()).map(Iterator::count);
    assert_eq!(written.ok(), Some(0));
}
