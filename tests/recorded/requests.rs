//! The client's side of recorded traffic: faults of its requests are told apart from faults of the server.

use originproof::audit::{Auditor, Side, Sides, read_plain};
use originproof::event::{Event, Verdict};
use originproof::exchange::Redactor;
use serde_json::{Value, json};
use test_case::test_case;

use crate::{entry, har, mapping, success};

const LIST: &str = "/origin/cloud_regions";
const ONE: &str = "/origin/cloud_regions/192.0.2.1";
const BATCH: &str = "/origin/cloud_regions/batch";
const V1: &str = "/cache/origin_cloud_regions";

/// Returns the clauses that a request breaks; the answer is the same for each request.
fn broken(request: &Value) -> Vec<String> {
    let mut entry = entry("GET", LIST, None, 429, &success(&json!(null)));
    entry["request"] = request.clone();
    let mut auditor = Auditor::new("x.har", Redactor::default()).judging(Sides::Client);
    let mut judged = Vec::new();
    read_plain(har(&[entry]).as_slice(), |recorded| {
        judged.extend(auditor.take(recorded));
    })
    .unwrap_or_else(|error| panic!("{error}"));
    judged.extend(auditor.finish());
    assert!(judged.iter().all(|judged| judged.side == Side::Client));
    let findings = judged.into_iter().flat_map(|judged| judged.findings);
    let mut clauses: Vec<String> = findings.map(|finding| finding.clause.to_string()).collect();
    clauses.sort();
    clauses.dedup();
    clauses
}

fn request(method: &str, path: &str, body: Option<Value>) -> Value {
    let mut request = json!({
        "method": method, "url": format!("{}{path}", crate::ZONE), "bodySize": 0,
        "headers": [{"name": "authorization", "value": "Bearer ***"}, {"name": "accept", "value": "*/*"}],
    });
    if let Some(body) = body {
        let text = body.to_string();
        request["bodySize"] = json!(text.len());
        request["postData"] = json!({"text": text});
        if let Some(headers) = request["headers"].as_array_mut() {
            headers
                .push(json!({"name": "content-type", "value": "application/json; charset=utf-8"}));
        }
    }
    request
}

fn item(ip: &str) -> Value {
    mapping(ip, "us-east-1")
}

#[test_case("GET", LIST, None; "a list")]
#[test_case("GET", "/origin/cloud_regions?page=2&per_page=100", None; "a page")]
#[test_case("GET", "/origin/cloud_regions/2001:db8::1", None; "an address with plain colons")]
#[test_case("GET", "/origin/cloud_regions/2001%3Adb8%3a%3A1", None; "with encoded ones")]
#[test_case("PUT", ONE, Some(item("192.0.2.1")); "a write")]
#[test_case("PUT", "/origin/cloud_regions/2001:DB8::1", Some(item("2001:db8::1")); "another spelling in the path")]
#[test_case("PUT", BATCH, Some(json!([item("192.0.2.1"), item("192.0.2.2")])); "a batch")]
#[test_case("PUT", BATCH, Some(json!([])); "a batch of none")]
#[test_case("DELETE", BATCH, Some(json!(["192.0.2.1", "2001:db8::1"])); "a batch delete")]
#[test_case("POST", V1, Some(json!({"ip": "192.0.2.1", "vendor": "aws", "region": "us-east-1"})); "a write of v1")]
#[test_case("DELETE", ONE, None; "a deletion")]
fn a_lawful_request_breaks_nothing(method: &str, path: &str, body: Option<Value>) {
    assert_eq!(broken(&request(method, path, body)), Vec::<String>::new());
}

#[test_case("PUT", ONE, Some(json!({"ip": "192.0.2.1", "vendor": "aws", "region": "r"})), &["REQ-5"]; "the name of v1 in v2")]
#[test_case("POST", V1, Some(item("192.0.2.1")), &["REQ-5"]; "the name of v2 in v1")]
#[test_case("POST", V1, Some(json!({"origin-ip": "192.0.2.1", "vendor": "aws", "region": "r"})), &["REQ-5"]; "the name of answers of v1")]
#[test_case("PUT", ONE, Some(json!({"origin_ip": "192.0.2.1", "vendor": "aws"})), &["REQ-6"]; "no region")]
#[test_case("PUT", ONE, Some(json!({"vendor": "aws", "region": "r"})), &["REQ-6"]; "no address")]
#[test_case("PUT", ONE, Some(json!({"origin_ip": "192.0.2.1", "vendor": 7, "region": "r"})), &["REQ-6"]; "a vendor that is not a text")]
#[test_case("PUT", BATCH, Some(json!([{"origin_ip": "192.0.2.1", "region": "r"}])), &["REQ-6"]; "an item without vendor")]
#[test_case("PUT", BATCH, Some(Value::from(vec![item("192.0.2.1"); 101])), &["REQ-7"]; "101 items")]
#[test_case("DELETE", BATCH, Some(Value::from(vec![json!("192.0.2.1"); 101])), &["REQ-7"]; "101 addresses")]
#[test_case("DELETE", BATCH, None, &["REQ-8"]; "a batch delete without a body")]
#[test_case("PUT", ONE, None, &["REQ-8"]; "a write without a body")]
#[test_case("PUT", ONE, Some(item("192.0.2.2")), &["REQ-9"]; "another address than the path's")]
#[test_case("GET", "/origin/cloud_regions?page=0", None, &["REQ-10"]; "page 0")]
#[test_case("GET", "/origin/cloud_regions?per_page=101", None, &["REQ-10"]; "pages of 101")]
#[test_case("GET", "/origin/cloud_regions?per_page=all", None, &["REQ-10"]; "pages of all")]
#[test_case("PUT", BATCH, Some(item("192.0.2.1")), &["REQ-11"]; "an object for a list")]
#[test_case("PUT", ONE, Some(json!([item("192.0.2.1")])), &["REQ-11"]; "a list for an object")]
#[test_case("DELETE", BATCH, Some(json!([{"origin_ip": "192.0.2.1"}])), &["REQ-11"]; "items for addresses")]
#[test_case("PUT", ONE, Some(json!({"origin_ip": "192.0.2.1", "vendor": "aws", "region": "r", "note": "x"})), &["REQ-12"]; "another member")]
#[test_case("GET", "/origin/cloud_regions?limit=5", None, &["REQ-12"]; "another parameter")]
#[test_case("GET", "/origin/cloud_regions/192.0.2.1?page=1", None, &["REQ-12"]; "a page of one")]
#[test_case("DELETE", ONE, Some(json!({})), &["REQ-12"]; "a body that nobody asked for")]
#[test_case("PUT", "/origin/cloud_regions/192.0.2.1%2F32", Some(item("192.0.2.1/32")), &["REQ-13"]; "a network")]
#[test_case("GET", "/origin/cloud_regions/example.com", None, &["REQ-13"]; "a name")]
#[test_case("GET", "/origin/cloud_regions/[2001:db8::1]", None, &["REQ-13", "REQ-2"]; "brackets that are not encoded")]
#[test_case("GET", "/origin/cloud_regions/192.0.2.1%2", None, &["REQ-13", "REQ-2"]; "half an escape")]
fn a_request_that_the_contract_does_not_have_is_told(
    method: &str,
    path: &str,
    body: Option<Value>,
    clauses: &[&str],
) {
    assert_eq!(broken(&request(method, path, body)), clauses);
}

fn with_headers(headers: &[(&str, &str)]) -> Value {
    let mut request = request("PUT", ONE, Some(item("192.0.2.1")));
    let headers = headers
        .iter()
        .map(|(name, value)| json!({"name": name, "value": value}));
    request["headers"] = headers.collect();
    request
}

const JSON: (&str, &str) = ("content-type", "application/json");

#[test_case(&[("authorization", "Bearer t0ken"), JSON], &[]; "a token")]
#[test_case(&[("authorization", "[redacted]"), JSON], &[]; "a token that was taken out")]
#[test_case(&[("x-auth-email", "a@b"), ("x-auth-key", "k"), JSON], &[]; "an address with its key")]
#[test_case(&[("accept", "*/*"), JSON], &[]; "none that was recorded")]
#[test_case(&[], &[]; "no field that was recorded")]
#[test_case(&[("authorization", "Basic dTpw"), JSON], &["REQ-3"]; "another scheme")]
#[test_case(&[("authorization", "t0ken-alone"), JSON], &["REQ-3"]; "a token without its scheme")]
#[test_case(&[("authorization", "Bearer t0ken"), ("x-auth-key", "k"), JSON], &["REQ-3"]; "both")]
#[test_case(&[("x-auth-email", "a@b"), JSON], &["REQ-3"]; "an address without its key")]
#[test_case(&[("x-auth-key", "k"), JSON], &["REQ-3"]; "a key without its address")]
#[test_case(&[("content-type", "application/x-www-form-urlencoded")], &["REQ-4"]; "the media type of forms")]
#[test_case(&[("content-type", "[redacted]")], &[]; "a media type that was taken out")]
#[test_case(&[("accept", "*/*")], &["REQ-4"]; "no media type")]
fn fields_are_judged_where_they_were_recorded(headers: &[(&str, &str)], clauses: &[&str]) {
    assert_eq!(broken(&with_headers(headers)), clauses);
}

#[test_case(json!(null), -1; "no body that was recorded")]
#[test_case(json!({"text": "[redacted]"}), 100; "a body that was taken out")]
#[test_case(json!({"text": ""}), 100; "an empty text for a body")]
fn a_body_that_is_not_known_is_not_missed(sent: Value, size: i64) {
    let mut request = request("DELETE", BATCH, None);
    request["postData"] = sent;
    request["bodySize"] = json!(size);
    assert_eq!(broken(&request), Vec::<String>::new());
}

/// Returns the verdicts and notes for one v2 exchange, in which the client names the address as in v1 and the server
/// refuses this correctly.
fn verdicts(sides: Sides) -> (Vec<(String, Verdict)>, String) {
    let refusal = json!({"success": false, "errors": [{"code": 1146, "message": "Invalid or missing origin IP address."}], "messages": [], "result": null});
    let sent = json!({"ip": "192.0.2.1", "vendor": "aws", "region": "us-east-1"});
    let mut auditor = Auditor::new("x.har", Redactor::default()).judging(sides);
    let bytes = har(&[entry("PUT", ONE, Some(sent), 400, &refusal)]);
    read_plain(bytes.as_slice(), |recorded| {
        auditor.take(recorded);
    })
    .unwrap_or_else(|error| panic!("{error}"));
    let (mut trials, mut notes) = (Vec::new(), String::new());
    for event in auditor.events() {
        match event {
            Event::TrialFinished(trial) => trials.push((trial.id, trial.verdict)),
            Event::RunStarted(header) => notes = header.notes.join("\n"),
            _ => {}
        }
    }
    (trials, notes)
}

#[test]
fn a_fault_of_the_client_is_the_clients_alone() {
    let server = ("x.har/v2.put".to_owned(), Verdict::Conforms);
    let client = ("x.har/client/v2.put".to_owned(), Verdict::Violates);
    let (trials, notes) = verdicts(Sides::Server);
    assert_eq!(trials.as_slice(), std::slice::from_ref(&server));
    assert!(
        notes.contains("1 requests break the contract themselves"),
        "{notes}"
    );
    assert_eq!(
        verdicts(Sides::Client).0.as_slice(),
        std::slice::from_ref(&client)
    );
    assert_eq!(verdicts(Sides::Both).0, [server, client]);
}

#[test_case("POST", LIST, &["REQ-1"]; "a method that the collection does not have")]
#[test_case("PATCH", ONE, &["REQ-1"]; "one that a mapping does not have")]
#[test_case("GET", "/origin/cloud_regions/192.0.2.1/region", &["REQ-1"]; "a path below a mapping")]
#[test_case("OPTIONS", LIST, &[]; "what a browser asks before it asks")]
#[test_case("HEAD", LIST, &[]; "the fields of a list")]
#[test_case("GET", "/dns_records", &[]; "another API")]
#[test_case("GET", "/origin/cloud_regions_other", &[]; "a path that only begins so")]
fn a_request_to_the_paths_of_the_api_is_an_operation(method: &str, path: &str, expected: &[&str]) {
    assert_eq!(broken(&request(method, path, None)), expected);
}
