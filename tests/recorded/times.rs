//! Times as recorders write them, in files of any order: only exchanges whose order is known are judged together.

use serde_json::{Value, json};
use test_case::{test_case, test_matrix};

use crate::{as_written, audited, get, not_found, put};

const A: &str = "192.0.2.1";
const EAST: &str = "us-east-1";

/// Returns a time, in seconds after noon, in the form in which a recorder writes it.
fn written(form: &str, second: u32) -> Value {
    json!(match form {
        "UTC" => format!("2026-03-01T12:00:{second:02}.000Z"),
        "an offset" => format!("2026-03-01T20:00:{second:02}.000+08:00"),
        "an offset without colon" => format!("2026-03-01T07:00:{second:02}.000-0500"),
        "no zone" => format!("2026-03-01T12:00:{second:02}.000"),
        "no zone and no T" => format!("2026-03-01 12:00:{second:02}"),
        "microseconds" => format!("2026-03-01T12:00:{second:02}.000001Z"),
        "seconds" => return json!(1_772_366_400 + second),
        "milliseconds" => return json!((1_772_366_400_u64 + u64::from(second)) * 1_000),
        other => panic!("{other}"),
    })
}

fn at(mut entry: Value, started: Value) -> Value {
    entry["startedDateTime"] = started;
    entry["time"] = json!(5.0);
    entry
}

/// Returns a file with the entries at intervals of three seconds, written in this order.
fn file(entries: Vec<Value>, forms: &[&str], order: &str) -> Vec<u8> {
    let mut entries: Vec<Value> = (1..)
        .zip(entries)
        .map(|(second, entry)| {
            at(
                entry,
                written(forms[second as usize % forms.len()], 3 * second),
            )
        })
        .collect();
    match order {
        "first to last" => {}
        "last to first" => entries.reverse(),
        "turned" => entries.rotate_left(1),
        other => panic!("{other}"),
    }
    as_written(&entries)
}

fn lawful() -> Vec<Value> {
    vec![not_found("GET", A), put(A, EAST), get(A, EAST)]
}

fn faulty() -> Vec<Value> {
    vec![not_found("GET", A), put(A, EAST), not_found("GET", A)]
}

#[test_matrix(
    ["UTC", "an offset", "an offset without colon", "no zone", "no zone and no T", "microseconds", "seconds", "milliseconds"],
    ["first to last", "last to first", "turned"]
)]
fn times_of_one_form_give_the_order(form: &str, order: &str) {
    assert_eq!(
        audited(&file(lawful(), &[form], order)).0,
        Vec::<String>::new()
    );
    assert_eq!(audited(&file(faulty(), &[form], order)).0, ["V2-PUT-1"]);
}

#[test_matrix(
    ["an offset", "microseconds", "seconds", "milliseconds"],
    ["first to last", "last to first", "turned"]
)]
fn forms_with_a_zone_are_comparable(other: &str, order: &str) {
    let forms = ["UTC", other];
    assert_eq!(
        audited(&file(lawful(), &forms, order)).0,
        Vec::<String>::new()
    );
    assert_eq!(audited(&file(faulty(), &forms, order)).0, ["V2-PUT-1"]);
}

#[test_matrix(
    ["UTC", "an offset", "milliseconds"],
    ["first to last", "last to first", "turned"]
)]
fn times_with_and_without_a_zone_give_no_order(other: &str, order: &str) {
    let (clauses, auditor) = audited(&file(faulty(), &["no zone", other], order));
    assert_eq!(clauses, Vec::<String>::new());
    assert_eq!(auditor.tallies().unordered, 3);
}

#[test_case(&Value::Null; "null")]
#[test_case(&json!(""); "an empty text")]
#[test_case(&json!("yesterday"); "a word")]
#[test_case(&json!("[redacted]"); "taken out")]
#[test_case(&json!({"at": 7}); "an object")]
fn without_times_nothing_is_followed(time: &Value) {
    let entries: Vec<Value> = faulty()
        .into_iter()
        .map(|entry| at(entry, time.clone()))
        .collect();
    let (clauses, auditor) = audited(&as_written(&entries));
    assert_eq!(clauses, Vec::<String>::new());
    assert_eq!(
        (auditor.tallies().judged, auditor.tallies().unordered),
        (3, 3)
    );
}

#[test]
fn a_write_without_a_time_may_have_been_at_any_time() {
    let entries = [
        at(put(A, EAST), written("UTC", 1)),
        at(not_found("GET", A), written("UTC", 2)),
        at(put("192.0.2.2", EAST), Value::Null),
    ];
    assert_eq!(audited(&as_written(&entries)).0, Vec::<String>::new());
}

#[test]
fn a_long_file_from_last_to_first_is_followed_from_the_first() {
    let mut entries: Vec<Value> = (0..600_usize)
        .map(|index| {
            let entry = if index % 2 == 0 {
                put(A, EAST)
            } else {
                get(A, EAST)
            };
            at(
                entry,
                json!(format!(
                    "2026-03-01T12:{:02}:{:02}.000Z",
                    index / 60,
                    index % 60
                )),
            )
        })
        .collect();
    entries[599] = at(not_found("GET", A), json!("2026-03-01T12:09:59.000Z"));
    entries.reverse();
    let (clauses, auditor) = audited(&as_written(&entries));
    assert_eq!(clauses, ["V2-PUT-2"]);
    assert_eq!(auditor.tallies().unordered, 0);
}

#[test_case("2026-03-01T12:05:00.000Z", &["V2-PUT-1"]; "minutes later")]
#[test_case("2026-03-01T13:00:00.000Z", &[]; "an hour later")]
#[test_case("2026-03-04T12:00:00.000Z", &[]; "three days later")]
fn what_is_known_of_a_zone_ends_with_a_long_gap(later: &str, wanted: &[&str]) {
    let entries = [
        at(not_found("GET", A), written("UTC", 1)),
        at(put(A, EAST), written("UTC", 2)),
        at(not_found("GET", A), json!(later)),
    ];
    assert_eq!(audited(&as_written(&entries)).0, wanted);
}

#[test]
fn what_is_known_of_a_zone_ends_with_the_file() {
    let mut auditor =
        originproof::audit::Auditor::new("two", originproof::exchange::Redactor::default());
    let files = [
        as_written(&[
            at(not_found("GET", A), written("UTC", 1)),
            at(put(A, EAST), written("UTC", 2)),
        ]),
        as_written(&[at(not_found("GET", A), written("UTC", 3))]),
    ];
    let mut found = Vec::new();
    for (name, bytes) in ["monday.har", "tuesday.har"].iter().zip(files) {
        auditor.begin(name);
        originproof::audit::read_plain(bytes.as_slice(), |recorded| {
            found.extend(auditor.take(recorded));
        })
        .unwrap_or_else(|error| panic!("{error}"));
    }
    found.extend(auditor.finish());
    assert!(found.is_empty(), "{found:?}");
}

/// Returns a file with a lawful pair whose order is unknown: the read shows the state before the write.
fn unordered(first: Value, second: Value) -> Vec<u8> {
    as_written(&[first, second])
}

#[test_case(json!("2026-03-01T12:00:01.000Z"), json!(0), json!("2026-03-01T12:00:01.000Z"); "one moment for both")]
#[test_case(json!("2026-03-01T12:00:01.000Z"), json!(-1), json!("2026-03-01T12:00:01.500Z"); "a length that is not known")]
#[test_case(json!("2026-03-01T12:00:01.000Z"), json!(null), json!("2026-03-01T12:00:01.500Z"); "no length")]
#[test_case(json!("2026-03-01T12:00:01.000Z"), json!("5000"), json!("2026-03-01T12:00:02.000Z"); "a length as text")]
#[test_case(json!("2026-03-01T12:00:01Z"), json!(300), json!("2026-03-01T12:00:02Z"); "whole seconds")]
#[test_case(json!(1_772_366_401), json!(300), json!(1_772_366_402); "whole seconds as numbers")]
fn what_may_have_overlapped_is_not_followed(written: Value, length: Value, read: Value) {
    let mut first = at(put(A, EAST), written);
    first["time"] = length.clone();
    let mut second = at(not_found("GET", A), read);
    second["time"] = length;
    assert_eq!(audited(&unordered(first, second)).0, Vec::<String>::new());
}

#[test]
fn the_parts_of_a_length_count_where_the_whole_is_missing() {
    let mut first = at(put(A, EAST), json!("2026-03-01T12:00:01.000Z"));
    first["time"] = json!(-1);
    first["timings"] = json!({"send": 1, "wait": 5_000, "receive": -1});
    let second = at(not_found("GET", A), json!("2026-03-01T12:00:03.000Z"));
    assert_eq!(audited(&unordered(first, second)).0, Vec::<String>::new());
}

#[test]
fn lines_of_which_some_have_a_time_give_no_order() {
    let zone = crate::ZONE;
    let line = |method: &str, status: u16, started: Option<i64>, body: Value| {
        let mut line = json!({"method": method, "url": format!("{zone}/origin/cloud_regions/{A}"), "status": status,
            "response_headers": [["content-type", "application/json"]], "response_body": body.to_string(), "elapsed_us": 5_000});
        if let Some(started) = started {
            line["started_us"] = json!(started);
        }
        line.to_string()
    };
    let entry = crate::success(&crate::mapping(A, EAST));
    let absent = json!({"success": false, "errors": [{"code": 1142, "message": "Unable to retrieve origin_public_cloud_region setting value. The zone setting does not exist."}], "messages": [], "result": null});
    for times in [
        [Some(0), None, Some(9_000_000)],
        [None, Some(0), None],
        [Some(0), Some(9_000_000), None],
    ] {
        let lines = [
            line("GET", 404, times[0], absent.clone()),
            line("PUT", 200, times[1], entry.clone()),
            line("GET", 404, times[2], absent.clone()),
        ];
        assert_eq!(
            audited(lines.join("\n").as_bytes()).0,
            Vec::<String>::new(),
            "{times:?}"
        );
    }
}
