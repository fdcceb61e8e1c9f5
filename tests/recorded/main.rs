//! Traffic that other programs recorded: what is read, what is found, what is never accused, and how broken files are
//! refused.

mod bodies;
mod broken;
mod command;
mod curl;
mod entries;
#[path = "../fuzz/har.rs"]
mod fuzz_input;
mod requests;
mod secrets;
mod sequence;
mod times;

use std::io::Write;
use std::path::{Path, PathBuf};

use originproof::audit::{Auditor, Judged, read};
use originproof::event::{Event, Verdict};
use originproof::exchange::Redactor;
use serde_json::{Value, json};

/// A temporary file that is deleted when it is dropped.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str, bytes: &[u8]) -> Self {
        let thread = format!("{:?}", std::thread::current().id());
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let folder = folder.join(format!("recorded-{}-{thread}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap_or_else(|error| panic!("{error}"));
        let path = folder.join(name);
        std::fs::write(&path, bytes).unwrap_or_else(|error| panic!("{error}"));
        Self(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

const ZONE: &str = "https://api.example.com/client/v4/zones/0123456789abcdef0123456789abcdef";

/// Returns a HAR entry with a JSON answer.
fn entry(method: &str, path: &str, sent: Option<Value>, status: u16, answer: &Value) -> Value {
    let mut request = json!({"method": method, "url": format!("{ZONE}{path}"), "headers": []});
    if let Some(sent) = sent {
        request["postData"] = json!({"mimeType": "application/json", "text": sent.to_string()});
    }
    json!({
        "request": request,
        "response": {
            "status": status,
            "headers": [{"name": "Content-Type", "value": "application/json"}],
            "content": {"text": answer.to_string()},
        },
    })
}

fn success(result: &Value) -> Value {
    json!({"success": true, "errors": [], "messages": [], "result": result})
}

fn mapping(ip: &str, region: &str) -> Value {
    json!({"origin_ip": ip, "vendor": "aws", "region": region})
}

fn put(ip: &str, region: &str) -> Value {
    let path = format!("/origin/cloud_regions/{ip}");
    entry(
        "PUT",
        &path,
        Some(mapping(ip, region)),
        200,
        &success(&mapping(ip, region)),
    )
}

fn get(ip: &str, region: &str) -> Value {
    let path = format!("/origin/cloud_regions/{ip}");
    entry("GET", &path, None, 200, &success(&mapping(ip, region)))
}

fn not_found(method: &str, ip: &str) -> Value {
    let text = "Unable to retrieve origin_public_cloud_region setting value. The zone setting does not exist.";
    let answer = json!({"success": false, "errors": [{"code": 1142, "message": text}], "messages": [], "result": null});
    entry(
        method,
        &format!("/origin/cloud_regions/{ip}"),
        None,
        404,
        &answer,
    )
}

/// Returns a HAR of these entries. An entry without a time begins ten milliseconds after the one before.
fn har(entries: &[Value]) -> Vec<u8> {
    let mut entries = entries.to_vec();
    for (index, entry) in entries.iter_mut().enumerate() {
        if entry.is_object() && entry.get("startedDateTime").is_none() {
            let ms = index * 10;
            if entry.get("time").is_none() {
                entry["time"] = json!(5.0);
            }
            entry["startedDateTime"] = json!(format!(
                "2026-03-01T12:00:{:02}.{:03}Z",
                ms / 1_000,
                ms % 1_000
            ));
        }
    }
    as_written(&entries)
}

fn as_written(entries: &[Value]) -> Vec<u8> {
    json!({"log": {"version": "1.2", "entries": entries}})
        .to_string()
        .into_bytes()
}

fn names(judged: Vec<Judged>) -> impl Iterator<Item = String> {
    let findings = judged.into_iter().flat_map(|judged| judged.findings);
    findings.map(|finding| finding.clause.to_string())
}

/// Judges a recording; returns the clauses (must and should) that its entries break, and the auditor.
fn audited(bytes: &[u8]) -> (Vec<String>, Auditor) {
    let file = Scratch::new("traffic.har", bytes);
    let mut auditor = Auditor::new("traffic.har", Redactor::default());
    let mut clauses = Vec::new();
    read(&file.0, |recorded| {
        clauses.extend(names(auditor.take(recorded)));
    })
    .unwrap_or_else(|error| panic!("{error}"));
    clauses.extend(names(auditor.finish()));
    clauses.sort();
    clauses.dedup();
    (clauses, auditor)
}

#[test]
fn other_apis_are_counted_and_left_alone() {
    let foreign = json!({"request": {"method": "GET", "url": "https://example.com/zones"}, "response": {"status": 200}});
    let (broken, auditor) = audited(&har(&[foreign, put("192.0.2.1", "us-east-1")]));
    assert_eq!(broken, Vec::<String>::new());
    assert_eq!(
        (auditor.tallies().exchanges, auditor.tallies().foreign),
        (2, 1)
    );
}

#[test]
fn a_body_that_was_not_recorded_is_nobodys_fault() {
    let mut unread = put("192.0.2.1", "us-east-1");
    unread["response"]["content"] = json!({"size": 120});
    let (broken, auditor) = audited(&har(&[unread]));
    assert_eq!(broken, Vec::<String>::new());
    assert_eq!(auditor.tallies().unread, 1);
}

#[test]
fn packed_and_base64_bodies_are_undone() {
    use base64::Engine;
    let body =
        success(&json!({"origin_ip": "2001:DB8::1", "vendor": "aws", "region": "us-east-1"}))
            .to_string();
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder
        .write_all(body.as_bytes())
        .unwrap_or_else(|error| panic!("{error}"));
    let packed = encoder.finish().unwrap_or_else(|error| panic!("{error}"));
    let mut read = get("2001:db8::1", "us-east-1");
    read["response"]["headers"] = json!([
        {"name": "content-type", "value": "application/json"},
        {"name": "content-encoding", "value": "gzip"},
    ]);
    let text = base64::engine::general_purpose::STANDARD.encode(packed);
    read["response"]["content"] = json!({"text": text, "encoding": "base64"});
    assert_eq!(audited(&har(&[read])).0, ["IP-1a"]);
}

#[test]
fn a_gzipped_file_is_read_like_a_plain_one() {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let plain = har(&[put("192.0.2.1", "us-east-1"), not_found("GET", "192.0.2.1")]);
    encoder
        .write_all(&plain)
        .unwrap_or_else(|error| panic!("{error}"));
    let packed = encoder.finish().unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(audited(&packed).0, ["V2-PUT-1"]);
}

#[test]
fn json_lines_are_read_as_well() {
    let line = json!({"method": "GET", "url": format!("{ZONE}/origin/cloud_regions/192.0.2.1"), "status": 200,
        "response_headers": [["content-type", "text/html"]], "response_body": "<html>"});
    assert_eq!(audited(format!("{line}\n").as_bytes()).0, ["ENV-1"]);
}

#[test]
fn a_run_ends_with_one_trial_an_operation() {
    let (_, auditor) = audited(&har(&[
        put("192.0.2.1", "us-east-1"),
        get("192.0.2.1", "us-west-2"),
    ]));
    let verdicts: Vec<(String, Verdict)> = auditor
        .events()
        .into_iter()
        .filter_map(|event| match event {
            Event::TrialFinished(trial) => Some((trial.id, trial.verdict)),
            _ => None,
        })
        .collect();
    let wanted = [
        ("traffic.har/v2.get", Verdict::Violates),
        ("traffic.har/v2.put", Verdict::Conforms),
    ];
    assert_eq!(
        verdicts,
        wanted.map(|(id, verdict)| (id.to_owned(), verdict))
    );
}

#[test]
fn the_input_of_the_fuzz_target_reads_real_and_cut_recordings() {
    let seeds: [&[u8]; 2] = [
        include_bytes!("seeds/exchanges.har"),
        include_bytes!("seeds/lines.jsonl"),
    ];
    for seed in seeds {
        fuzz_input::read(seed);
        fuzz_input::read(&seed[..seed.len() / 2]);
    }
}
