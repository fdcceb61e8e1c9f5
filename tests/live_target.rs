//! Targets as they occur in practice: one whose only zone is in use, without hooks and with throttling; and a hostile
//! one that tries to make the credentials visible.
#![cfg(unix)]

mod support;

use std::fmt::Write;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use originproof::mock::{Mock, MockConfig, Running};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use support::command::{Folder, TOKEN, ZONE, end, spawn};
use support::relay::{Honest, Relay, Request, Script, Wire};
use support::zone;

async fn mock(token: &str, throttle: Option<(u64, u64)>, seed_mappings: usize) -> Running {
    let mut config = MockConfig {
        hooks: false,
        throttle,
        seed_mappings,
        ..MockConfig::default()
    };
    config.access.token = token.to_owned();
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    let running = Mock::new(config).serve(any).await;
    running.unwrap_or_else(|e| panic!("{e}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_whole_suite_finds_nothing_on_a_throttled_target_with_mappings_and_no_hooks() {
    let mock = mock(TOKEN, Some((40, 0)), 250).await;
    let before = zone::read(mock.address);
    let folder = Folder::new();
    let relay = Relay::start(mock.address, Arc::new(Honest));
    let url = relay.url();
    let zone = ["--target", &url, "--zone", ZONE, "--allow-existing"];
    let arguments = [&["run", "--effort", "full"], &zone[..]].concat();
    let ended = end(spawn(folder.originproof(&arguments)));
    ended.with(0, &["as it was: 250 mappings"]);
    for word in ["violates", "inconclusive", "broken"] {
        assert!(!ended.said.contains(word), "{}", ended.said);
    }
    assert_eq!(zone::read(mock.address), before);
    assert_eq!(folder.journals(), 0);
    relay.stop().await;
}

/// A token with characters that every encoding changes.
const CANARY: &str = r#"canary-7f3a/"x+y"#;

/// A relay script that echoes the received requests in fields and bodies, in every encoding.
struct Echo {
    requests: AtomicUsize,
    /// The number of requests after which it stops answering.
    gone_after: usize,
    /// Whether the v1 list shows its first mapping in a region with the token as its name.
    lists_the_token: bool,
}

impl Echo {
    fn new(gone_after: usize) -> Self {
        Self {
            requests: AtomicUsize::new(0),
            gone_after,
            lists_the_token: false,
        }
    }
}

impl Script for Echo {
    async fn serve(&self, request: Request, mut wire: Wire) -> Option<Wire> {
        let head = String::from_utf8_lossy(&request.bytes).into_owned();
        let honest = wire.forward(&request).await.ok()?;
        let honest = String::from_utf8_lossy(&honest).into_owned();
        let (status, body) = honest.split_once("\r\n\r\n")?;
        let status = status.lines().next()?.to_owned();
        let mut json: Value = serde_json::from_str(body).ok()?;
        if self.lists_the_token && json["result"]["value"][0].is_object() {
            json["result"]["value"][0]["region"] = json!(CANARY);
        }
        let is_of_a_case = !head.contains("originproof-case: probe");
        let number = self.requests.fetch_add(1, Ordering::Relaxed);
        if number >= self.gone_after {
            return None;
        }
        let body = if is_of_a_case {
            hostile(number, json, &head)
        } else {
            with_echo(json, &head).to_string()
        };
        let field = head
            .lines()
            .find(|line| line.starts_with("authorization"))?;
        let mut answer = format!("{status}\r\ncontent-type: application/json\r\n");
        for (number, text) in encodings(field).iter().enumerate() {
            let _ = write!(answer, "x-echo-{number}: {text}\r\n");
        }
        let _ = write!(answer, "content-length: {}\r\n\r\n{body}", body.len());
        wire.answer(answer.as_bytes()).await
    }
}

/// Returns the text plain, percent-encoded, JSON-escaped once and JSON-escaped twice.
fn encodings(text: &str) -> [String; 4] {
    let escaped = |text: &str| {
        let quoted = Value::from(text).to_string();
        quoted[1..quoted.len() - 1].to_owned()
    };
    [
        text.to_owned(),
        utf8_percent_encode(text, NON_ALPHANUMERIC).to_string(),
        escaped(text),
        escaped(&escaped(text)),
    ]
}

/// Adds the head of the request to the honest answer.
fn with_echo(mut json: Value, head: &str) -> Value {
    json["echo"] = json!(encodings(head));
    json
}

/// Returns an answer that violates the contract and shows the token, in one of five ways that change with each request.
fn hostile(number: usize, mut json: Value, head: &str) -> String {
    let texts = encodings(head);
    match number % 5 {
        0 => texts.join("\n"),
        1 => {
            json["success"] = json!(texts[0]);
            json["result"] = json!({"origin_ip": CANARY, "vendor": texts[1], CANARY: texts[3]});
            json.to_string()
        }
        2 => {
            let error = json!({"code": 1000, "message": texts[2]});
            json!({"success": false, "errors": [error], "messages": [CANARY], "result": texts[0]})
                .to_string()
        }
        // The token at the place where a report cuts a long body.
        3 => format!("{}{CANARY}", "x".repeat(110)),
        _ => with_echo(json, head).to_string(),
    }
}

/// Returns the contents of all files in a folder as text.
fn contents(folder: &Path) -> String {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|e| panic!("{e}"));
    let mut all = String::new();
    for path in entries.filter_map(Result::ok).map(|entry| entry.path()) {
        let text = if path.is_dir() {
            contents(&path)
        } else {
            let bytes = std::fs::read(&path).unwrap_or_else(|e| panic!("{e}"));
            String::from_utf8_lossy(&bytes).into_owned()
        };
        let _ = write!(all, "{}:\n{text}\n", path.display());
    }
    all
}

/// Checks that the text does not contain the token in any encoding, not even its beginning.
#[track_caller]
fn has_no_trace(text: &str) {
    let place = text.find("canary").map(|at| {
        let start = text.floor_char_boundary(at.saturating_sub(200));
        let end = text.floor_char_boundary((at + 200).min(text.len()));
        &text[start..end]
    });
    assert_eq!(place, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_a_hostile_server_echoes_is_in_no_stream_and_in_no_file() {
    let runs: [(Echo, &[&str], Expected); 6] = [
        (Echo::new(usize::MAX), &["-vv"], Expected::VIOLATES),
        (
            Echo::new(usize::MAX),
            &["--format", "json"],
            Expected::VIOLATES,
        ),
        (Echo::new(usize::MAX), &["--plan"], Expected::PLAN),
        (
            Echo::new(usize::MAX),
            &["--max-requests", "60"],
            Expected::VIOLATES,
        ),
        (Echo::new(60), &["-vv"], Expected::LEFT),
        (
            Echo {
                lists_the_token: true,
                ..Echo::new(usize::MAX)
            },
            &[],
            Expected::REFUSED,
        ),
    ];
    for (echo, more, expected) in runs {
        let mock = mock(CANARY, None, 5).await;
        let relay = Relay::start(mock.address, Arc::new(echo));
        let (folder, url) = (Folder::new(), relay.url());
        let mut arguments = vec!["run", "--target", &url, "--zone", ZONE, "--allow-existing"];
        arguments.extend(["--family", "v1", "--family", "batch", "--family", "access"]);
        arguments.extend(["--write-expect", "failed.yaml"]);
        arguments.extend(more);
        let mut command = folder.originproof(&arguments);
        command.env("CLOUDFLARE_API_TOKEN", CANARY);
        let ended = end(spawn(command));
        has_no_trace(&ended.said);
        has_no_trace(&contents(&folder.path));
        ended.with(expected.code, &[expected.says]);
        assert_eq!(folder.journals(), expected.journals, "{}", ended.said);
    }
}

/// The expected end of a run against the hostile server.
struct Expected {
    code: i32,
    says: &'static str,
    journals: usize,
}

impl Expected {
    const VIOLATES: Self = Self {
        code: 1,
        says: "***",
        journals: 0,
    };
    const PLAN: Self = Self {
        code: 0,
        says: "requests",
        journals: 0,
    };
    const LEFT: Self = Self {
        code: 1,
        says: "could not be put back",
        journals: 1,
    };
    const REFUSED: Self = Self {
        code: 3,
        says: "lists the credentials",
        journals: 0,
    };
}
