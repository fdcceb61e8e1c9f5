//! Traffic that others recorded: what is read, what is found, what is never accused, and how broken files are refused.

use std::io::Write;
use std::path::{Path, PathBuf};

use originproof::audit::{AuditError, Auditor, Recorded, read};
use originproof::event::{Event, Verdict};
use originproof::exchange::Redactor;
use serde_json::{Value, json};
use test_case::test_case;

/// A file that is gone with the test.
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

/// A HAR entry with a JSON answer.
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

fn har(entries: &[Value]) -> Vec<u8> {
    json!({"log": {"version": "1.2", "entries": entries}})
        .to_string()
        .into_bytes()
}

/// The clauses that the entries break, must and should, and the auditor's tallies.
fn audited(bytes: &[u8]) -> (Vec<String>, Auditor) {
    let file = Scratch::new("traffic.har", bytes);
    let mut auditor = Auditor::new("traffic.har", Redactor::default());
    let mut clauses = Vec::new();
    read(&file.0, |recorded| {
        clauses.extend(
            auditor
                .take(recorded)
                .into_iter()
                .map(|finding| finding.clause.to_string()),
        );
    })
    .unwrap_or_else(|error| panic!("{error}"));
    clauses.sort();
    clauses.dedup();
    (clauses, auditor)
}

#[test_case(&[put("192.0.2.1", "us-east-1"), get("192.0.2.1", "us-east-1")], &[]; "what was written is read")]
#[test_case(&[put("192.0.2.1", "us-east-1"), get("192.0.2.1", "us-west-2")], &["V2-GET-1"]; "another value is read")]
#[test_case(&[put("192.0.2.1", "us-east-1"), not_found("GET", "192.0.2.1")], &["V2-GET-1"]; "nothing is read")]
#[test_case(&[put("192.0.2.1", "us-east-1"), not_found("DELETE", "192.0.2.1")], &["V2-DELETE-1"]; "what was written can't be deleted")]
#[test_case(&[get("192.0.2.1", "us-east-1"), get("192.0.2.1", "us-east-1")], &[]; "reads that agree")]
#[test_case(&[not_found("GET", "192.0.2.1"), get("192.0.2.1", "us-east-1")], &["V2-GET-2"]; "a mapping out of nothing")]
fn a_sequence_is_judged_where_the_state_is_known(entries: &[Value], broken: &[&str]) {
    assert_eq!(audited(&har(entries)).0, broken);
}

#[test]
fn a_write_that_failed_in_the_server_makes_the_state_unknown() {
    let failed = json!({"success": false, "errors": [{"code": 1140, "message": "x"}], "messages": [], "result": null});
    let path = "/origin/cloud_regions/192.0.2.1";
    let write = entry(
        "PUT",
        path,
        Some(mapping("192.0.2.1", "us-west-2")),
        500,
        &failed,
    );
    let (broken, auditor) = audited(&har(&[
        put("192.0.2.1", "us-east-1"),
        write,
        get("192.0.2.1", "us-west-2"),
    ]));
    assert_eq!(broken, Vec::<String>::new());
    assert_eq!(auditor.tallies.lost, 1);
}

#[test]
fn overlapping_traffic_makes_the_state_unknown() {
    let mut first = put("192.0.2.1", "us-east-1");
    first["startedDateTime"] = json!("2026-03-01T12:00:00.000Z");
    first["time"] = json!(50.0);
    let mut second = put("192.0.2.1", "us-west-2");
    second["startedDateTime"] = json!("2026-03-01T12:00:00.010Z");
    second["time"] = json!(10.0);
    let (broken, auditor) = audited(&har(&[first, second, get("192.0.2.1", "us-east-1")]));
    assert_eq!(auditor.tallies.lost, 1);
    assert_eq!(
        broken,
        ["V2-GET-1"],
        "the write that came last is known again"
    );
}

#[test]
fn other_apis_are_counted_and_left_alone() {
    let foreign = json!({"request": {"method": "GET", "url": "https://example.com/zones"}, "response": {"status": 200}});
    let (broken, auditor) = audited(&har(&[foreign, put("192.0.2.1", "us-east-1")]));
    assert_eq!(broken, Vec::<String>::new());
    assert_eq!((auditor.tallies.exchanges, auditor.tallies.foreign), (2, 1));
}

#[test]
fn a_body_that_was_not_recorded_is_nobodys_fault() {
    let mut unread = put("192.0.2.1", "us-east-1");
    unread["response"]["content"] = json!({"size": 120});
    let (broken, auditor) = audited(&har(&[unread]));
    assert_eq!(broken, Vec::<String>::new());
    assert_eq!(auditor.tallies.unread, 1);
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
    assert_eq!(audited(&packed).0, ["V2-GET-1"]);
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

fn refused(bytes: &[u8]) -> String {
    let file = Scratch::new("broken.har", bytes);
    let error = read(&file.0, |_: Recorded| {}).err();
    error.map(|error| error.to_string()).unwrap_or_default()
}

#[test_case(b"", "it is empty"; "empty")]
#[test_case(b"\0\0\0\0", "line 1 column 1"; "zeros")]
#[test_case(b"not json", "neither HAR nor JSON Lines"; "words")]
#[test_case(b"[]", "neither HAR nor JSON Lines"; "a list")]
#[test_case(b"{}", "no `log.entries`"; "an empty object")]
#[test_case(b"{\"log\": {}}", "no `log.entries`"; "no entries")]
#[test_case(b"{\"log\": []}", "line 1 column"; "log is a list")]
#[test_case(b"{\"log\": null}", "line 1 column"; "log is null")]
#[test_case(b"{\"log\": {\"entries\": {}}}", "line 1 column"; "entries is an object")]
#[test_case(b"{\"log\": {\"entries\": 7}}", "line 1 column"; "entries is a number")]
#[test_case(b"{\"log\": {\"entries\": [7]}}", "line 1 column"; "an entry is a number")]
#[test_case(b"{\"log\": {\"entries\": [{}]}}", "missing field `request`"; "an entry without request")]
#[test_case(b"{\"log\": {\"entries\": [{\"request\": {}}]}}", "missing field `method`"; "a request without method")]
#[test_case(b"{\"log\": {\"entries\": [{\"request\": {\"method\": \"GET\"}}]}}", "missing field `url`"; "a request without url")]
#[test_case(b"{\"log\": {\"entries\": [{\"request\": {\"method\": 1, \"url\": \"x\"}}]}}", "invalid type"; "a method that is a number")]
#[test_case(b"{\"log\": {\"entries\": [{\"request\": {\"method\": \"GET\", \"url\": \"x\", \"headers\": {}}}]}}", "invalid type"; "headers that are an object")]
#[test_case(b"{\"log\": {\"entries\": [", "EOF while parsing"; "cut in the entries")]
#[test_case(b"{\"log\": {\"entries\": []", "EOF while parsing"; "cut behind the entries")]
#[test_case(b"{\"log\": {\"entries\": []}} more", "trailing characters"; "more behind")]
#[test_case(b"{\"log\": {\"entries\": [,]}}", "expected value"; "a comma alone")]
#[test_case(b"\xff\xfe{\0", "UTF-16"; "utf 16")]
#[test_case(b"{\"log\": {\"entries\": [{\"request\": {\"method\": \"GET\", \"url\": \"\xff\"}}]}}", "line 1 column"; "invalid utf 8")]
#[test_case(b"\x1f\x8bgarbage", "broken.har"; "broken gzip")]
#[test_case(b"{\"method\": \"GET\"}", "missing field"; "a line without its url")]
#[test_case(b"{\"method\": \"GET\", \"url\": \"x\", \"status\": 200, \"statuz\": 1}", "unknown field `statuz`"; "a line with an unknown member")]
#[test_case(b"{\"method\": \"GET\", \"url\": \"x\", \"status\": 200}\n{", "line 2"; "a second line that is cut")]
fn a_broken_file_is_refused_with_its_place(bytes: &[u8], says: &str) {
    let error = refused(bytes);
    assert!(
        error.contains(says) && error.contains("broken.har"),
        "{error}"
    );
}

#[test]
fn deep_nesting_in_what_is_passed_over_does_no_harm() {
    let (open, close) = ("[".repeat(100_000), "]".repeat(100_000));
    let deep = format!("{{\"log\": {{\"x\": {open}1{close}, \"entries\": []}}}}");
    assert_eq!(audited(deep.as_bytes()).0, Vec::<String>::new());
}

#[test]
fn invalid_base64_is_refused_with_the_number_of_its_entry() {
    let mut read = get("192.0.2.1", "us-east-1");
    read["response"]["content"] = json!({"text": "???", "encoding": "base64"});
    let error = refused(&har(&[put("192.0.2.1", "us-east-1"), read]));
    assert!(
        error.contains("entry 2") && error.contains("base64"),
        "{error}"
    );
}

#[test]
fn a_folder_and_a_missing_file_are_named() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    for path in [folder, Path::new("no/such/file.har")] {
        let error = read(path, |_: Recorded| {}).err();
        assert!(matches!(error, Some(AuditError::Io { .. })), "{error:?}");
    }
}

#[test]
fn a_sparse_file_of_five_gibibytes_is_refused_at_once() {
    let scratch = Scratch::new("sparse.har", b"");
    let file = std::fs::File::options()
        .write(true)
        .open(&scratch.0)
        .unwrap_or_else(|e| panic!("{e}"));
    file.set_len(5 << 30)
        .unwrap_or_else(|error| panic!("{error}"));
    let error = read(&scratch.0, |_: Recorded| {})
        .err()
        .map(|error| error.to_string())
        .unwrap_or_default();
    assert!(error.contains("line 1 column 1"), "{error}");
}
