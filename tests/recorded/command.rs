//! The command `check`: its input, its output, the files that it writes, and its exit codes.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};
use test_case::test_case;

use crate::{Scratch, get, har, put};

/// A new folder in which the command runs without any environment variable.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn with(name: &str, files: &[(&str, &[u8])]) -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR"))
            .join(format!("check-{}-{count}-{name}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap_or_else(|error| panic!("{error}"));
        for (file, bytes) in files {
            std::fs::write(path.join(file), bytes).unwrap_or_else(|error| panic!("{error}"));
        }
        Self(path)
    }

    pub(crate) fn check(&self, arguments: &[&str], stdin: &[u8]) -> Output {
        let mut child = Command::new(env!("CARGO_BIN_EXE_originproof"))
            .arg("check")
            .args(arguments)
            .env_clear()
            .current_dir(&self.0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{error}"));
        if let Some(mut pipe) = child.stdin.take() {
            // Writing fails if the command does not read its stdin and closes the pipe.
            let _ = pipe.write_all(stdin);
        }
        child
            .wait_with_output()
            .unwrap_or_else(|error| panic!("{error}"))
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.0.join(name)).unwrap_or_else(|error| panic!("{error}"))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn lawful() -> Vec<u8> {
    har(&[put("192.0.2.1", "us-east-1"), get("192.0.2.1", "us-east-1")])
}

fn faulty() -> Vec<u8> {
    har(&[put("192.0.2.1", "us-east-1"), get("192.0.2.1", "us-west-2")])
}

fn foreign() -> Vec<u8> {
    let url = "https://example.com/";
    har(&[json!({"request": {"method": "GET", "url": url}, "response": {"status": 200}})])
}

pub(crate) fn said(output: &Output) -> String {
    let text = [output.stdout.as_slice(), &output.stderr].concat();
    String::from_utf8_lossy(&text).into_owned()
}

#[test_case("lawful", &lawful(), 0, "2 exchanges: 2 of this API"; "lawful traffic")]
#[test_case("faulty", &faulty(), 1, "V2-GET-1"; "a violation")]
#[test_case("foreign", &foreign(), 4, "no exchange of this API"; "other APIs alone")]
#[test_case("broken", b"{\"log\": {", 2, "line 1 column"; "a broken file")]
fn the_exit_code_is_that_of_a_run(name: &str, bytes: &[u8], code: i32, says: &str) {
    let folder = Folder::with(name, &[("traffic.har", bytes)]);
    let output = folder.check(&["traffic.har"], b"");
    let said = said(&output);
    assert_eq!(output.status.code(), Some(code), "{said}");
    assert!(said.contains(says) && !said.contains("panicked"), "{said}");
}

#[test]
fn it_writes_what_a_run_writes() {
    let folder = Folder::with("outputs", &[("traffic.har", &faulty())]);
    let output = folder.check(
        &[
            "traffic.har",
            "--save",
            "run.json",
            "--report",
            "junit=report.xml",
            "--report",
            "sarif=report.sarif",
            "--format",
            "json",
        ],
        b"",
    );
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    let lines = String::from_utf8_lossy(&output.stdout).into_owned();
    let events: Vec<Value> = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect();
    assert_eq!(
        events.len(),
        4,
        "a beginning, two operations, an end: {lines}"
    );
    assert!(folder.read("report.xml").contains("V2-GET-1"));
    assert!(folder.read("report.sarif").contains("V2-GET-1"));
    let again = folder.check(&["traffic.har", "--baseline", "run.json"], b"");
    assert_eq!(again.status.code(), Some(1), "{}", said(&again));
    assert!(
        said(&again).contains("no difference in verdicts"),
        "{}",
        said(&again)
    );
}

#[test]
fn the_list_of_expected_failures_in_the_folder_is_taken_by_itself() {
    let folder = Folder::with("expected", &[("traffic.har", &faulty())]);
    let first = folder.check(
        &["traffic.har", "--write-expect", "originproof.expect.yaml"],
        b"",
    );
    assert_eq!(first.status.code(), Some(1), "{}", said(&first));
    let list = folder.read("originproof.expect.yaml");
    let list = list
        .replace("reason: \"\"", "reason: known")
        .replace("reason: ''", "reason: known");
    std::fs::write(folder.0.join("originproof.expect.yaml"), list)
        .unwrap_or_else(|error| panic!("{error}"));
    let second = folder.check(&["traffic.har"], b"");
    assert_eq!(second.status.code(), Some(0), "{}", said(&second));
    std::fs::write(folder.0.join("traffic.har"), lawful())
        .unwrap_or_else(|error| panic!("{error}"));
    let mended = folder.check(&["traffic.har"], b"");
    assert_eq!(
        mended.status.code(),
        Some(1),
        "the list is out of date: {}",
        said(&mended)
    );
}

const ENTRY: &str = r#"{"success":true,"errors":[],"messages":[],"result":{"origin_ip":"192.0.2.1","vendor":"aws","region":"us-east-1"}}"#;

#[test_case(&["--operation", "v2.put", "-"], &format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{ENTRY}"), 0, ""; "as curl shows it")]
#[test_case(&["--operation", "v2.put", "-"], &format!("HTTP/2 200\r\ncontent-type: text/html\r\n\r\n{ENTRY}"), 1, "ENV-1"; "of a wrong media type")]
#[test_case(&["--operation", "v2.put", "--status", "200", "-"], ENTRY, 0, ""; "a body alone")]
#[test_case(&["--operation", "v2.put", "--status", "403", "-"], ENTRY, 1, "ENV-3"; "a body with another status")]
#[test_case(&["--operation", "v2.put", "-"], ENTRY, 2, "--status"; "a body without status")]
#[test_case(&["--operation", "v2.putt", "-"], ENTRY, 2, "v2.put"; "a misspelled operation")]
#[test_case(&["-"], ENTRY, 2, "--operation"; "no operation")]
fn one_response_is_read_from_stdin(arguments: &[&str], stdin: &str, code: i32, says: &str) {
    let folder = Folder::with("stdin", &[]);
    let output = folder.check(arguments, stdin.as_bytes());
    let said = said(&output);
    assert_eq!(output.status.code(), Some(code), "{said}");
    assert!(said.contains(says) && !said.contains("panicked"), "{said}");
}

#[test]
fn a_line_without_end_is_refused_before_it_fills_the_memory() {
    let scratch = Scratch::new("endless.jsonl", b"{\"method\": \"GET\", ");
    let file = std::fs::File::options().write(true).open(&scratch.0);
    let file = file.unwrap_or_else(|error| panic!("{error}"));
    file.set_len(5 << 30)
        .unwrap_or_else(|error| panic!("{error}"));
    let folder = Folder::with("endless", &[]);
    let output = folder.check(&[&scratch.0.display().to_string()], b"");
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    assert!(said(&output).contains("line 1"), "{}", said(&output));
}

#[test]
fn each_finding_names_the_file_and_the_entry_of_that_file_in_every_format() {
    let folder = Folder::with("places", &[]);
    let mut wrong = get("192.0.2.1", "us-east-1");
    wrong["response"]["content"]["text"] = json!("[]");
    for (name, entries) in [
        ("first/traffic.har", vec![get("192.0.2.1", "us-east-1")]),
        (
            "second/traffic.har",
            vec![get("192.0.2.1", "us-east-1"), wrong],
        ),
    ] {
        let path = folder.0.join(name);
        let parent = path.parent().unwrap_or_else(|| panic!("{name}"));
        std::fs::create_dir_all(parent).unwrap_or_else(|error| panic!("{error}"));
        std::fs::write(path, har(&entries)).unwrap_or_else(|error| panic!("{error}"));
    }
    let formats = ["terminal", "json", "html", "github", "sarif"];
    let mut arguments = vec![
        "first/traffic.har".to_owned(),
        "second/traffic.har".to_owned(),
    ];
    for format in formats {
        arguments.extend(["--report".to_owned(), format!("{format}=report.{format}")]);
    }
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let output = folder.check(&arguments, b"");
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    for (format, place) in [
        ("terminal", "second/traffic.har:2"),
        ("json", "\"file\":\"second/traffic.har\",\"entry\":2"),
        ("html", "second/traffic.har:2"),
        ("github", "file=second/traffic.har,line=2"),
        ("sarif", "\"uri\": \"second/traffic.har\""),
    ] {
        let text = folder.read(&format!("report.{format}"));
        assert!(text.contains(place), "{format}: {place} is not in:\n{text}");
    }
}
