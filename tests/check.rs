//! The check of a single exchange: documented examples pass, and each spoiled copy fails the clause that it breaks.

use std::sync::Arc;

use originproof::contract::{Contract, check};
use originproof::exchange::{Exchange, Headers, Operation, Request, Response};
use serde_json::{Value, json};
use test_case::test_case;

fn exchange(operation: Operation, status: u16, request: Option<Value>, body: &Value) -> Exchange {
    let mut headers = Headers::default();
    headers.push("content-type", "application/json");
    Exchange {
        operation: Some(operation),
        request: Request {
            method: "GET".into(),
            url: "http://localhost/".into(),
            headers: Headers::default(),
            body: None,
            json: request.map(Arc::new),
            is_body_known: true,
            address: None,
            query: Vec::new(),
        },
        response: Response::new(status, headers, body.to_string().into()),
        elapsed_us: 0,
    }
}

fn broken(exchange: &Exchange) -> Vec<String> {
    let findings = check(Contract::embedded(), exchange);
    findings
        .iter()
        .map(|finding| finding.clause.to_string())
        .collect()
}

/// Returns S4, the list with which v1.upsert answers.
fn v1_list() -> Value {
    json!({"errors": [], "messages": [], "success": true, "result": {
        "editable": true, "id": "origin_public_cloud_region", "modified_on": "2026-03-01T12:00:00Z",
        "value": [
            {"modified_on": "2026-03-01T12:00:00Z", "origin-ip": "192.0.2.1", "region": "us-east-1", "vendor": "aws"},
            {"modified_on": "2026-03-01T12:00:00Z", "origin-ip": "2001:db8::1", "region": "us-central1", "vendor": "gcp"},
        ],
    }})
}

/// Returns S1 and S2, the answer to a v1 batch.
fn v1_batch() -> Value {
    json!({"errors": [], "messages": [], "success": true, "result": {
        "editable": true, "id": "origin_public_cloud_region", "modified_on": "2026-03-01T12:00:00Z",
        "value": {"failed": [], "succeeded": [
            {"origin-ip": "192.0.2.1", "region": "us-east-1", "vendor": "aws"},
            {"origin-ip": "2001:db8::1", "region": "us-central1", "vendor": "gcp"},
        ]},
    }})
}

/// Returns S0 and S3, the answer to a v2 batch.
fn v2_batch() -> Value {
    json!({"errors": [], "messages": [], "success": true, "result": {"failed": [], "succeeded": [
        {"origin_ip": "192.0.2.1", "region": "us-east-1", "vendor": "aws"},
        {"origin_ip": "2001:db8::1", "region": "us-central1", "vendor": "gcp"},
    ]}})
}

fn v1_items() -> Value {
    json!([
        {"ip": "192.0.2.1", "region": "us-east-1", "vendor": "aws"},
        {"ip": "2001:db8::1", "region": "us-central1", "vendor": "gcp"},
    ])
}

fn v2_items() -> Value {
    json!([
        {"origin_ip": "192.0.2.1", "region": "us-east-1", "vendor": "aws"},
        {"origin_ip": "2001:db8::1", "region": "us-central1", "vendor": "gcp"},
    ])
}

fn v2_list() -> Value {
    json!({"errors": [], "messages": [], "success": true,
        "result": [{"origin_ip": "192.0.2.1", "region": "us-east-1", "vendor": "aws", "modified_on": "2026-03-01T12:00:00Z"}],
        "result_info": {"page": 1, "per_page": 20, "count": 1, "total_count": 1, "total_pages": 1}})
}

fn failure(code: i64, message: &str) -> Value {
    json!({"errors": [{"code": code, "message": message}], "messages": [], "result": null, "success": false})
}

#[test_case(Operation::named("v1.upsert"), 200, Some(json!({"ip": "2001:db8::1", "vendor": "gcp", "region": "us-central1"})), &v1_list(); "S4 success")]
#[test_case(Operation::named("v1.upsert"), 400, None, &failure(1157, "The vendor provided doesn't exist or the region provided does not exist for the specified cloud vendor"); "S4 1157")]
#[test_case(Operation::named("v1.upsert"), 403, None, &failure(1164, "Maximum number of IP mappings configured for zone."); "S4 1164")]
#[test_case(Operation::named("v1.batch_upsert"), 200, Some(v1_items()), &v1_batch(); "S1 and S2 success")]
#[test_case(Operation::named("v1.batch_upsert"), 403, Some(v1_items()), &failure(1164, "Maximum number of IP mappings configured for zone."); "S1 1164")]
#[test_case(Operation::named("v1.batch_upsert"), 500, Some(v1_items()), &failure(1140, "Unable to update origin_public_cloud_region setting value. Internal error."); "S1 1140")]
#[test_case(Operation::named("v1.batch_upsert"), 503, Some(v1_items()), &failure(1156, "Failed to validate region against cloud vendor"); "S1 1156")]
#[test_case(Operation::named("v2.batch_put"), 200, Some(v2_items()), &v2_batch(); "S0 and S3 success")]
#[test_case(Operation::named("v2.batch_put"), 400, Some(v2_items()), &failure(1164, "Maximum number of IP mappings configured for zone."); "S0 1164")]
#[test_case(Operation::named("v2.list"), 200, None, &v2_list(); "a page")]
fn a_documented_example_breaks_nothing(
    operation: Operation,
    status: u16,
    request: Option<Value>,
    body: &Value,
) {
    assert_eq!(
        broken(&exchange(operation, status, request, body)),
        Vec::<String>::new()
    );
}

/// Returns the body with the member at a JSON Pointer replaced, or removed.
fn spoiled(mut body: Value, at: &str, with: Option<Value>) -> Value {
    let (parent, member) = at.rsplit_once('/').unwrap_or(("", at));
    match (body.pointer_mut(parent), with) {
        (Some(Value::Object(members)), Some(value)) => {
            drop(members.insert(member.to_owned(), value));
        }
        (Some(Value::Object(members)), None) => drop(members.remove(member)),
        (place, _) => panic!("{at} is not in an object: {place:?}"),
    }
    body
}

#[test_case(Operation::named("v1.upsert"), v1_list(), "/result/value/0/origin-ip", None, "ENV-5"; "v1 entry without address")]
#[test_case(Operation::named("v1.upsert"), v1_list(), "/result/value/0/vendor", None, "ENV-5"; "v1 entry without vendor")]
#[test_case(Operation::named("v1.upsert"), v1_list(), "/result/value/0/region", None, "ENV-5"; "v1 entry without region")]
#[test_case(Operation::named("v1.upsert"), v1_list(), "/result/id", None, "V1-UPSERT-1"; "v1 set without id")]
#[test_case(Operation::named("v1.upsert"), v1_list(), "/result/id", Some(json!("other")), "V1-UPSERT-1"; "v1 set with another id")]
#[test_case(Operation::named("v1.list"), v1_list(), "/result/editable", None, "V1-LIST-1"; "v1 set without editable")]
#[test_case(Operation::named("v1.list"), v1_list(), "/result/value", None, "V1-LIST-1"; "v1 set without value")]
#[test_case(Operation::named("v1.list"), v1_list(), "/result/modified_on", Some(json!("2026-03-01T12:00:00")), "HTTP-6"; "a date without zone")]
#[test_case(Operation::named("v1.list"), v1_list(), "/result/value/0/modified_on", Some(json!("yesterday")), "HTTP-6"; "no date at all")]
#[test_case(Operation::named("v1.list"), v1_list(), "/result/value/1/origin-ip", Some(json!("2001:DB8::1")), "IP-1a"; "upper case")]
#[test_case(Operation::named("v1.list"), v1_list(), "/result/value/1/origin-ip", Some(json!("2001:0db8::1")), "IP-1b"; "leading zero")]
#[test_case(Operation::named("v1.list"), v1_list(), "/result/value/1/origin-ip", Some(json!("192.0.2.1")), "V1-LIST-3"; "an address twice")]
#[test_case(Operation::named("v1.list"), v1_list(), "/result/modified_on", Some(json!("2026-02-01T12:00:00Z")), "V1-LIST-4"; "set older than an entry")]
#[test_case(Operation::named("v1.batch_upsert"), v1_batch(), "/result/value/failed", None, "V1-BATCH-1"; "v1 batch without failed")]
#[test_case(Operation::named("v1.batch_upsert"), v1_batch(), "/result/value/succeeded/0/error", Some(json!("x")), "V1-BATCH-5"; "error on succeeded")]
#[test_case(Operation::named("v1.batch_upsert"), v1_batch(), "/result/value/succeeded/0/vendor", None, "V1-BATCH-5"; "succeeded without vendor")]
#[test_case(Operation::named("v1.batch_upsert"), v1_batch(), "/result/value/succeeded/0/origin-ip", Some(json!("192.0.2.9")), "V1-BATCH-4"; "a stranger in place of an item")]
#[test_case(Operation::named("v1.batch_upsert"), v1_batch(), "/result/modified_on", Some(json!(null)), "V1-BATCH-6"; "no time though applied")]
#[test_case(Operation::named("v2.batch_put"), v2_batch(), "/result/succeeded", Some(json!([])), "V2-BATCH-4"; "items lost")]
#[test_case(Operation::named("v2.batch_put"), v2_batch(), "/result/succeeded/0/region", Some(json!("old-1")), "V2-BATCH-5"; "an old region")]
#[test_case(Operation::named("v2.batch_put"), v2_batch(), "/result/failed", None, "V2-BATCH-1"; "v2 batch without failed")]
#[test_case(Operation::named("v2.list"), v2_list(), "/result/0/origin_ip", None, "V2-LIST-1"; "v2 entry without address")]
#[test_case(Operation::named("v2.list"), v2_list(), "/result_info", None, "V2-LIST-1"; "no result_info")]
#[test_case(Operation::named("v2.list"), v2_list(), "/result_info/total_pages", None, "V2-LIST-1"; "no total_pages")]
#[test_case(Operation::named("v2.list"), v2_list(), "/result_info/count", Some(json!(2)), "V2-LIST-5"; "a wrong count")]
#[test_case(Operation::named("v2.list"), v2_list(), "/result_info/total_pages", Some(json!(2)), "V2-LIST-5"; "a page too many")]
#[test_case(Operation::named("v2.list"), v2_list(), "/result_info/per_page", Some(json!(25)), "V2-LIST-2"; "another default")]
#[test_case(Operation::named("v2.list"), v2_list(), "/success", Some(json!(false)), "ENV-3"; "success contradicts the status")]
#[test_case(Operation::named("v2.list"), v2_list(), "/success", None, "ENV-2"; "no success")]
#[test_case(Operation::named("v2.list"), v2_list(), "/messages", None, "ENV-2"; "no messages")]
#[test_case(Operation::named("v2.list"), v2_list(), "/errors", Some(json!([{"code": 1000, "message": "x"}])), "ENV-6"; "errors in a success")]
#[test_case(Operation::named("v2.list"), v2_list(), "/errors", Some(json!(null)), "ENV-2"; "errors null")]
fn a_spoiled_success_is_refused_for_its_clause(
    operation: Operation,
    body: Value,
    at: &str,
    with: Option<Value>,
    clause: &str,
) {
    let request = match operation.id() {
        "v1.batch_upsert" => Some(v1_items()),
        "v2.batch_put" => Some(v2_items()),
        _ => None,
    };
    let found = broken(&exchange(operation, 200, request, &spoiled(body, at, with)));
    assert!(found.contains(&clause.to_owned()), "{found:?}");
}

#[test_case("/errors/0/code", Some(json!("1142")), "ENV-2"; "a code as text")]
#[test_case("/errors/0/code", Some(json!(999)), "ENV-2"; "a code below 1000")]
#[test_case("/errors/0/message", None, "ENV-2"; "an error without message")]
#[test_case("/errors", Some(json!([])), "ENV-4"; "no errors")]
#[test_case("/result", Some(json!({})), "ENV-4"; "an empty object as result")]
#[test_case("/result", None, "ENV-4"; "no result")]
#[test_case("/success", Some(json!(true)), "ENV-3"; "success in a failure")]
#[test_case("/errors/0/message", Some(json!("nope")), "ENV-7"; "another text")]
fn a_spoiled_failure_is_refused_for_its_clause(at: &str, with: Option<Value>, clause: &str) {
    let body = failure(
        1142,
        "Unable to retrieve origin_public_cloud_region setting value. The zone setting does not exist.",
    );
    assert_eq!(
        broken(&exchange(Operation::named("v2.get"), 404, None, &body)),
        Vec::<String>::new()
    );
    let found = broken(&exchange(
        Operation::named("v2.get"),
        404,
        None,
        &spoiled(body, at, with),
    ));
    assert!(found.contains(&clause.to_owned()), "{found:?}");
}

#[test]
fn the_names_of_the_address_are_not_interchangeable() {
    for (operation, mut body, place, from, to) in [
        (
            Operation::named("v1.list"),
            v1_list(),
            "/result/value/0",
            "origin-ip",
            "origin_ip",
        ),
        (
            Operation::named("v2.list"),
            v2_list(),
            "/result/0",
            "origin_ip",
            "origin-ip",
        ),
    ] {
        if let Some(Value::Object(entry)) = body.pointer_mut(place)
            && let Some(value) = entry.remove(from)
        {
            entry.insert(to.to_owned(), value);
        }
        let form = operation
            .promises()
            .form
            .clone()
            .map(|clause| clause.to_string())
            .unwrap_or_default();
        assert!(
            broken(&exchange(operation, 200, None, &body)).contains(&form),
            "{operation}"
        );
    }
}

#[test]
fn all_findings_are_returned_and_not_the_first() {
    let body = spoiled(
        spoiled(v2_list(), "/messages", None),
        "/result_info/count",
        Some(json!(7)),
    );
    let found = broken(&exchange(Operation::named("v2.list"), 200, None, &body));
    assert!(
        found.contains(&"ENV-2".to_owned()) && found.contains(&"V2-LIST-5".to_owned()),
        "{found:?}"
    );
}

#[test_case(r#""big": 1e400"#; "a number beyond a double")]
#[test_case(r#""text": "half \ud83d""#; "half a surrogate pair")]
fn a_value_that_no_parser_holds_is_still_json(member: &str) {
    let body = format!(
        r#"{{"errors": [], "messages": [], "success": true, {member}, "result": {{"editable": true,
        "id": "origin_public_cloud_region", "modified_on": null, "value": []}}}}"#
    );
    let mut answered = exchange(Operation::named("v1.list"), 200, None, &Value::Null);
    let headers = answered.response.headers.clone();
    answered.response = Response::new(200, headers, body.into());
    assert_eq!(broken(&answered), [""; 0]);
}

#[test]
fn a_quoted_comma_does_not_end_a_media_type() {
    let mut answered = exchange(Operation::named("v1.list"), 200, None, &v1_list());
    answered.response.headers = Headers::default();
    let field = r#"application/json; profile="a,b\";c""#;
    answered.response.headers.push("content-type", field);
    assert_eq!(broken(&answered), [""; 0]);
}
