//! The command `drift`: its exit codes, its formats, and that it sends no credentials to a URL.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Command, Output};
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

use super::{EXCERPT, Edit, excerpt};

const TOKEN: &str = "t0ken-of-the-tests";

fn originproof(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_originproof"));
    command
        .arg("drift")
        .args(arguments)
        .env_clear()
        .env("CLOUDFLARE_API_TOKEN", TOKEN);
    command.output().unwrap_or_else(|error| panic!("{error}"))
}

#[track_caller]
fn said(output: &Output, code: i32) -> String {
    let text = String::from_utf8_lossy(&[output.stdout.clone(), output.stderr.clone()].concat())
        .into_owned();
    assert_eq!(output.status.code(), Some(code), "{text}");
    assert!(!text.contains("panicked"), "{text}");
    text
}

/// Writes a file in the folder of the tests and returns its path.
fn file(name: &str, text: &str) -> String {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR"))
        .join(format!("drift-{}-{count}-{name}", std::process::id()));
    std::fs::write(&path, text).unwrap_or_else(|error| panic!("{error}"));
    path.display().to_string()
}

fn changed() -> String {
    let mut document = excerpt();
    document.set("/components/schemas/ocr_addresses/maxItems", json!(200));
    document.to_string()
}

#[test]
fn the_exit_code_tells_no_drift_breaking_drift_and_no_comparison_apart() {
    let same = file("same.json", EXCERPT);
    let other = file("other.json", &changed());
    let cut = file("cut.json", &EXCERPT[..EXCERPT.len() / 2]);
    let foreign = file(
        "foreign.json",
        "{\"openapi\": \"3.1.0\", \"paths\": {\"/pets\": {}}}",
    );
    for (path, code, says) in [
        (&same, 0, "no drift"),
        (
            &other,
            1,
            "breaks servers: v1.batch_delete, v2.batch_delete request: maxItems 100, now 200",
        ),
        (&cut, 2, "line "),
        (&foreign, 3, "none of our operations is among its 1 paths"),
        (&"/no/such/file".to_owned(), 2, "can't read /no/such/file"),
        (&env!("CARGO_TARGET_TMPDIR").to_owned(), 2, "can't read"),
        (
            &"http://127.0.0.1:9/openapi.json".to_owned(),
            3,
            "can't be fetched",
        ),
    ] {
        let text = said(&originproof(&["--openapi", path]), code);
        assert!(text.contains(says), "{says:?} is not in {text}");
        assert!(code == 0 || !text.contains("no drift"), "{text}");
    }
    let optional = file("optional.json", &EXCERPT.replace("\"tags\"", "\"x-tags\""));
    said(&originproof(&["--openapi", &optional]), 0);
    said(&originproof(&["--openapi", &same, "--format", "xml"]), 2);
}

#[test]
fn the_formats_carry_the_same_differences_and_the_patch_is_written() {
    let other = file("formats.json", &changed());
    let patch = file("proposed.patch", "");
    let text = said(&originproof(&["--openapi", &other, "--write", &patch]), 1);
    assert!(
        text.contains("follows 1 of the differences; 0 left"),
        "{text}"
    );
    let written = std::fs::read_to_string(&patch).unwrap_or_default();
    assert!(
        written.contains("+  \"maxItems\": 200\n") || written.contains("+  \"maxItems\": 200"),
        "{written}"
    );
    let markdown = said(
        &originproof(&["--openapi", &other, "--format", "markdown"]),
        1,
    );
    assert!(
        markdown.contains(
            "| servers | v1.batch_delete, v2.batch_delete | request | maxItems 100, now 200 |"
        ),
        "{markdown}"
    );
    let output = originproof(&["--openapi", &other, "--format", "json"]);
    let document: Value =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(document["version"], 1);
    assert_eq!(
        document["counts"],
        json!({"both": 0, "clients": 0, "servers": 1, "neither": 0, "ignored": 0})
    );
    let difference = &document["differences"][0]["difference"];
    assert_eq!(
        difference["what"],
        json!({"kind": "limit", "keyword": "maxItems", "ours": 100, "theirs": 200})
    );
    assert_eq!(difference["breaks"], "servers");
    let key = document["differences"][0]["key"]
        .as_str()
        .unwrap_or_default();
    let known = file("known.txt", &format!("# known since spring\n{key}\n"));
    let text = said(&originproof(&["--openapi", &other, "--ignore", &known]), 0);
    assert!(text.contains("no drift, 1 left out"), "{text}");
    let same = file("ignored.json", EXCERPT);
    let text = said(&originproof(&["--openapi", &same, "--ignore", &known]), 2);
    assert!(text.contains("line 2: no difference is"), "{text}");
}

/// Serves one request at the returned URL; the thread returns the request.
fn served(status: &'static str, body: String) -> (String, std::thread::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap_or_else(|error| panic!("{error}"));
    let address = listener
        .local_addr()
        .unwrap_or_else(|error| panic!("{error}"));
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap_or_else(|error| panic!("{error}"));
        let mut request = Vec::new();
        let mut buffer = [0; 1024];
        while !request.windows(4).any(|end| end == b"\r\n\r\n") {
            let count = stream.read(&mut buffer).unwrap_or(0);
            assert!(count > 0, "the request is cut off");
            request.extend_from_slice(&buffer[..count]);
        }
        let head = format!(
            "HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
            body.len()
        );
        let _ = stream.write_all(head.as_bytes());
        let _ = stream.write_all(body.as_bytes());
        String::from_utf8_lossy(&request).into_owned()
    });
    (format!("http://{address}/openapi.json"), server)
}

#[test]
fn a_url_is_fetched_without_credentials() {
    let (url, server) = served("200 OK", EXCERPT.to_owned());
    let text = said(&originproof(&["--openapi", &url]), 0);
    assert!(text.contains("no drift"), "{text}");
    let request = server.join().unwrap_or_default();
    assert!(request.starts_with("GET /openapi.json"), "{request}");
    assert!(
        !request.contains(TOKEN) && !request.to_lowercase().contains("authorization"),
        "{request}"
    );
    let (url, server) = served("404 Not Found", "{}".to_owned());
    let text = said(&originproof(&["--openapi", &url]), 3);
    assert!(text.contains("answered with status 404"), "{text}");
    drop(server.join());
}
