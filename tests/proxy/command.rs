//! The command `proxy`: its output, the files that it writes, and its exit codes.

use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value;

use super::client::{Client, Speaks};

struct Served {
    child: Child,
    out: BufReader<std::process::ChildStdout>,
    url: String,
}

fn start(arguments: &[&str]) -> Served {
    let mut child = Command::new(env!("CARGO_BIN_EXE_originproof"))
        .args(arguments)
        .env_clear()
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|e| panic!("{e}"));
    let out = child.stdout.take().unwrap_or_else(|| panic!("no stdout"));
    let (mut out, mut line) = (BufReader::new(out), String::new());
    out.read_line(&mut line).unwrap_or_else(|e| panic!("{e}"));
    let url = line.trim().trim_start_matches("listening on ").to_owned();
    Served { child, out, url }
}

impl Served {
    /// Interrupts the proxy; returns its exit code and the rest of its output.
    fn interrupt(mut self) -> (Option<i32>, String) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args(["-INT", &id]).status();
        assert!(sent.is_ok_and(|status| status.success()));
        let mut said = String::new();
        let read = self.out.read_to_string(&mut said);
        read.unwrap_or_else(|e| panic!("{e}"));
        (
            self.child.wait().ok().and_then(|status| status.code()),
            said,
        )
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn scratch(name: &str) -> PathBuf {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let name = format!("proxy-{}-{count}-{name}", std::process::id());
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name)
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn findings_are_printed_as_they_come_and_decide_the_exit_code() {
    for (mutant, fails, code) in [(true, true, 1), (true, false, 0), (false, true, 0)] {
        let mut mock = vec!["mock"];
        if mutant {
            mock.extend(["--mutant", "errors-null-in-success"]);
        }
        let mock = start(&mock);
        let (har, run) = (scratch("c.har"), scratch("run.json"));
        let [har_name, run_name] = [&har, &run].map(|path| path.display().to_string());
        let mut arguments = vec![
            "proxy",
            "--upstream",
            &mock.url,
            "--record",
            &har_name,
            "--save",
            &run_name,
        ];
        if fails {
            arguments.push("--fail");
        }
        let mut proxy = start(&arguments);
        let url = format!(
            "{}/zones/0123456789abcdef0123456789abcdef/origin/cloud_regions",
            proxy.url
        );
        let answer = Client::new(Speaks::Http1).api("GET", url, None).await;
        assert_eq!(answer.status, 200);
        if mutant {
            let mut line = String::new();
            proxy
                .out
                .read_line(&mut line)
                .unwrap_or_else(|e| panic!("{e}"));
            let start = "ENV-2 must v2.list GET /client/v4/zones/0123456789abcdef0123456789abcdef/origin/cloud_regions 200: expected ";
            assert!(
                line.starts_with(start) && line.contains(", found "),
                "{line}"
            );
        }
        let (exit, said) = proxy.interrupt();
        assert_eq!(exit, Some(code), "{said}");
        assert!(said.contains("1 exchange: 1 of this API"), "{said}");
        let text = |path| std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{e}"));
        let saved: Value = serde_json::from_str(&text(&run)).unwrap_or_else(|e| panic!("{e}"));
        assert!(saved.is_object());
        assert!(!text(&har).contains("mock-token"));
        let checked = Command::new(env!("CARGO_BIN_EXE_originproof"))
            .args(["check", &har_name])
            .output();
        let checked = checked.unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(checked.status.code(), Some(i32::from(mutant)));
        for path in [har, run] {
            let _ = std::fs::remove_file(path);
        }
    }
}

#[cfg(unix)]
#[test]
fn a_recording_is_private_and_does_not_follow_a_symbolic_link() {
    use std::os::unix::fs::{PermissionsExt, symlink};

    let (har, target) = (scratch("private.har"), scratch("target"));
    let name = har.display().to_string();
    std::fs::write(&har, "readable").unwrap_or_else(|e| panic!("{e}"));
    for _ in 0..2 {
        let proxy = start(&[
            "proxy",
            "--upstream",
            "http://127.0.0.1:9",
            "--record",
            &name,
        ]);
        assert_eq!(proxy.interrupt().0, Some(0));
        let found = std::fs::metadata(&har).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(found.permissions().mode() & 0o777, 0o600);
        std::fs::remove_file(&har).unwrap_or_else(|e| panic!("{e}"));
    }
    std::fs::write(&target, "kept").unwrap_or_else(|e| panic!("{e}"));
    symlink(&target, &har).unwrap_or_else(|e| panic!("{e}"));
    let output = Command::new(env!("CARGO_BIN_EXE_originproof"))
        .args([
            "proxy",
            "--upstream",
            "http://127.0.0.1:9",
            "--record",
            &name,
        ])
        .output();
    let output = output.unwrap_or_else(|e| panic!("{e}"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("symbolic link"), "{said}");
    let kept = std::fs::read_to_string(&target).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(kept, "kept");
    for path in [har, target] {
        let _ = std::fs::remove_file(path);
    }
}

#[test]
fn a_wrong_call_is_refused_with_its_reason() {
    for (arguments, says) in [
        (&["proxy"][..], "--upstream"),
        (
            &["proxy", "--upstream", "localhost:8080"],
            "is not the URL of an upstream",
        ),
        (
            &["proxy", "--upstream", "http://user:pass-w0rd@127.0.0.1:9"],
            "contains a user name or a password: remove them",
        ),
        (
            &["proxy", "--upstream", "http://127.0.0.1:9/?key=pass-w0rd"],
            "more than a path",
        ),
        (
            &["proxy", "--upstream", "http://127.0.0.1:9", "--strict"],
            "--fail",
        ),
        (
            &[
                "proxy",
                "--upstream",
                "http://127.0.0.1:9",
                "--record",
                "/no/such/folder/x.har",
            ],
            "can't write /no/such/folder/x.har",
        ),
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_originproof"))
            .args(arguments)
            .output();
        let output = output.unwrap_or_else(|e| panic!("{e}"));
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains(says), "{said}");
        assert!(!said.contains("pass-w0rd"), "{said}");
    }
}
