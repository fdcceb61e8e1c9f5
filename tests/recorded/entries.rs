//! Entries that can't be read, or only in part: the other entries are still judged.

use serde_json::{Value, json};
use test_case::test_case;

use crate::{audited, get, har, not_found, put};

const A: &str = "192.0.2.1";
const EAST: &str = "us-east-1";
const FOREIGN: &str = "https://example.org/app.js";

/// Returns a HAR with this text as its first entry, followed by a write whose mapping is lost (V2-PUT-1).
fn with(entry: &str) -> Vec<u8> {
    let rest = har(&[put(A, EAST), not_found("GET", A)]);
    let rest = String::from_utf8_lossy(&rest).into_owned();
    rest.replacen("\"entries\":[", &format!("\"entries\":[{entry},"), 1)
        .into_bytes()
}

/// Returns an entry of another API in which one member has another value.
fn foreign(pointer: &str, value: Value) -> String {
    let mut entry = json!({
        "startedDateTime": "2026-03-01T11:59:00.000Z", "time": 1.0,
        "request": {"method": "GET", "url": FOREIGN, "headers": []},
        "response": {"status": 200, "headers": [], "content": {"text": "ok"}},
    });
    *entry
        .pointer_mut(pointer)
        .unwrap_or_else(|| panic!("{pointer}")) = value;
    entry.to_string()
}

#[test_case("/response/status", json!("error"); "a status as a word")]
#[test_case("/response/status", json!("200"); "a status as text")]
#[test_case("/response/status", json!({}); "a status as an object")]
#[test_case("/response/headers", json!([{"name": "x", "value": 7}]); "a field's value as a number")]
#[test_case("/response/headers", json!([{"name": 7}]); "a field's name as a number")]
#[test_case("/response/headers", json!("none"); "fields as text")]
#[test_case("/response/content", json!([]); "a content that is a list")]
#[test_case("/response/content/text", json!({"a": 1}); "a text that is an object")]
#[test_case("/response/content", json!({"text": "a{color:red}", "encoding": "base64"}); "a false base64")]
#[test_case("/response", json!("none"); "a response as text")]
#[test_case("/response", json!(null); "no response")]
#[test_case("/time", json!("5 ms"); "a duration as text")]
#[test_case("/startedDateTime", json!([2026]); "a time as a list")]
#[test_case("/request/method", json!(7); "a method as a number")]
#[test_case("/request/url", json!("data:text/plain,x"); "a data URL")]
#[test_case("/request/url", json!("blob:https://example.org/1-2"); "a blob URL")]
#[test_case("/request/url", json!("chrome-extension://abc/page.html"); "an extension")]
#[test_case("/request/url", json!("wss://example.org/socket"); "a WebSocket")]
fn an_entry_of_another_api_is_passed_over_whatever_its_form(pointer: &str, value: Value) {
    assert_eq!(audited(&with(&foreign(pointer, value))).0, ["V2-PUT-1"]);
}

#[test_case(r#"{"request": {"method": "GET", "url": "https://example.org/"}, "response": {"content": {"text": "cut \ud83d"}}}"#; "the first half of a pair")]
#[test_case(r#"{"request": {"method": "GET", "url": "https://example.org/"}, "response": {"content": {"text": "\ude00 cut"}}}"#; "the second half of a pair")]
#[test_case("{\"request\": {\"method\": \"GET\", \"url\": \"https://example.org/\"}, \"response\": {\"content\": {\"text\": \"a\tb\nc\"}}}"; "control characters")]
#[test_case(r#"{"time": NaN, "request": {"method": "GET", "url": "https://example.org/"}, "response": {"status": -Infinity}}"#; "numbers that JSON does not have")]
#[test_case(r#"{"request": {"method": "GET", "url": "https://example.org/", "url": "https://example.org/"}}"#; "a member twice")]
fn what_recorders_write_in_place_of_json_is_passed_over(entry: &str) {
    assert_eq!(audited(&with(entry)).0, ["V2-PUT-1"]);
}

#[test]
fn bytes_that_are_not_utf_8_are_passed_over() {
    let entry = r#"{"request": {"method": "GET", "url": "https://example.org/"}, "response": {"content": {"text": "caf@"}}}"#;
    let mut bytes = with(entry);
    let at = bytes
        .iter()
        .position(|byte| *byte == b'@')
        .unwrap_or_default();
    bytes[at] = 0xe9;
    assert_eq!(audited(&bytes).0, ["V2-PUT-1"]);
}

#[test_case("7", "it is not an object"; "a number")]
#[test_case("null", "it is not an object"; "null")]
#[test_case("{}", "`request` is missing"; "an entry without request")]
#[test_case(r#"{"request": {"method": "GET"}}"#, "`request.url` is missing"; "a request without url")]
#[test_case(r#"{"request": {"method": "GET", "url": }}"#, "it is not JSON"; "broken JSON")]
fn an_entry_that_can_not_be_read_is_named(entry: &str, why: &str) {
    let bytes = with(entry);
    let (clauses, auditor) = audited(&bytes);
    assert_eq!(auditor.tallies().unreadable, 1);
    let notes = notes(auditor);
    assert!(
        notes.contains("traffic.har, entry 1: ") && notes.contains(why),
        "{notes}"
    );
    // The unreadable entry may have been a write, but it came before the others, so their finding remains.
    assert_eq!(clauses, ["V2-PUT-1"]);
}

fn notes(auditor: originproof::audit::Auditor) -> String {
    let header = auditor.events().into_iter().find_map(|event| match event {
        originproof::event::Event::RunStarted(header) => Some(header),
        _ => None,
    });
    header.unwrap_or_default().notes.join("\n")
}

#[test]
fn an_entry_that_can_not_be_read_may_have_been_a_write() {
    let text = String::from_utf8_lossy(&har(&[put(A, EAST), json!("gone"), not_found("GET", A)]))
        .into_owned();
    assert_eq!(audited(text.as_bytes()).0, Vec::<String>::new());
}

#[test]
fn an_entry_of_this_api_whose_status_can_not_be_read_is_not_judged() {
    let mut entry = get(A, EAST);
    entry["response"]["status"] = json!("error");
    let (clauses, auditor) = audited(&har(&[entry]));
    assert_eq!(clauses, Vec::<String>::new());
    assert_eq!(
        (auditor.tallies().unreadable, auditor.tallies().judged),
        (1, 0)
    );
}

#[test_case(json!(false), &["V2-PUT-1"]; "false")]
#[test_case(json!(null), &["V2-PUT-1"]; "null")]
#[test_case(json!(""), &["V2-PUT-1"]; "an empty text")]
#[test_case(json!("false"), &["V2-PUT-1"]; "false as text")]
#[test_case(json!(0), &["V2-PUT-1"]; "zero")]
#[test_case(json!(true), &[]; "true")]
#[test_case(json!("memory"), &[]; "the memory")]
#[test_case(json!("disk"), &[]; "the disk")]
fn an_answer_counts_as_cached_where_the_recorder_says_so(mark: Value, wanted: &[&str]) {
    let mut read = not_found("GET", A);
    read["_fromCache"] = mark;
    assert_eq!(audited(&har(&[put(A, EAST), read])).0, wanted);
}

/// Returns everything up to the end of the last occurrence of a text.
fn cut_at(bytes: &[u8], behind: &str) -> Vec<u8> {
    let text = String::from_utf8_lossy(bytes);
    let at = text.rfind(behind).unwrap_or_else(|| panic!("{behind}")) + behind.len();
    text[..at].as_bytes().to_vec()
}

#[test_case("\"time\":77.0", 1; "in the middle of an entry")]
#[test_case("\"time\":77", 1; "in a number")]
#[test_case("\"ti", 1; "in a name")]
fn a_recording_that_was_cut_off_is_judged_up_to_the_cut(behind: &str, unreadable: usize) {
    let mut last = get(A, EAST);
    last["time"] = json!(77.0);
    let bytes = cut_at(&har(&[put(A, EAST), not_found("GET", A), last]), behind);
    let (clauses, auditor) = audited(&bytes);
    assert_eq!(
        (clauses, auditor.tallies().unreadable),
        (vec!["V2-PUT-1".to_owned()], unreadable)
    );
}

#[test_case(1; "without the last bracket")]
#[test_case(2; "without two")]
#[test_case(3; "without the end of the list")]
fn a_recording_without_its_end_is_judged(missing: usize) {
    let bytes = as_without_version(&[put(A, EAST), not_found("GET", A)]);
    let cut = &bytes[..bytes.len() - missing];
    let extent =
        originproof::audit::read_plain(cut, |_| {}).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!((extent.exchanges, extent.is_whole), (2, false));
    assert_eq!(audited(cut).0, ["V2-PUT-1"]);
}

fn as_without_version(entries: &[Value]) -> Vec<u8> {
    String::from_utf8_lossy(&har(entries))
        .replace(",\"version\":\"1.2\"", "")
        .into_bytes()
}

#[test_case(&[0xef, 0xbb, 0xbf], "UTF-8"; "in UTF-8 with a mark")]
#[test_case(&[0xff, 0xfe], "UTF-16LE"; "in UTF-16, little end first")]
#[test_case(&[0xfe, 0xff], "UTF-16BE"; "in UTF-16, big end first")]
#[test_case(&[], "UTF-16LE"; "in UTF-16 without a mark")]
fn a_file_is_read_whatever_the_shell_wrote_it_in(mark: &[u8], encoding: &str) {
    let text = String::from_utf8_lossy(&har(&[put(A, EAST), not_found("GET", A)])).into_owned();
    let body: Vec<u8> = match encoding {
        "UTF-16LE" => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        "UTF-16BE" => text.encode_utf16().flat_map(u16::to_be_bytes).collect(),
        _ => text.into_bytes(),
    };
    assert_eq!(audited(&[mark, &body].concat()).0, ["V2-PUT-1"]);
}

#[test]
fn a_line_that_can_not_be_read_does_not_stop_the_others() {
    let zone = crate::ZONE;
    let line = json!({"method": "GET", "url": format!("{zone}/origin/cloud_regions/192.0.2.1"), "status": 200,
        "response_headers": [["content-type", "text/html"]], "response_body": "<html>"});
    let text = format!("{line}\n{{\"method\": 7}}\n{line}\n{{\"meth");
    let (clauses, auditor) = audited(text.as_bytes());
    assert_eq!(
        (clauses, auditor.tallies().unreadable),
        (vec!["ENV-1".to_owned()], 2)
    );
}

#[test_case("_fetchType", json!("Disk Cache"), &[]; "Safari's disk")]
#[test_case("_fetchType", json!("Network"), &["V2-PUT-1"]; "Safari's network")]
#[test_case("_serviceWorkerResponseSource", json!("cache-storage"), &[]; "Chromium's service worker")]
#[test_case("_serviceWorkerResponseSource", json!("network"), &["V2-PUT-1"]; "its network")]
fn a_cache_is_known_by_the_response(member: &str, value: Value, wanted: &[&str]) {
    let mut read = not_found("GET", A);
    read["response"][member] = value;
    assert_eq!(audited(&har(&[put(A, EAST), read])).0, wanted);
}

#[test_case(100; "an interim answer")]
#[test_case(103; "early hints")]
#[test_case(302; "a redirect without its place")]
#[test_case(304; "a copy that is still good")]
fn an_answer_that_is_not_the_operations_is_not_judged(status: u16) {
    let mut read = get(A, EAST);
    read["response"]["status"] = json!(status);
    read["response"]["content"] = json!({"text": "", "size": 0});
    let (clauses, auditor) = audited(&har(&[read]));
    assert_eq!((clauses, auditor.tallies().judged), (Vec::new(), 0));
}

#[test_case("#fragment"; "a fragment")]
#[test_case(" "; "a blank")]
fn what_was_not_sent_is_not_of_the_url(behind: &str) {
    let more = |mut entry: Value| {
        let url = entry["request"]["url"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        entry["request"]["url"] = json!(format!("{url}{behind}"));
        entry
    };
    let entries = [more(put(A, EAST)), more(not_found("GET", A))];
    assert_eq!(audited(&har(&entries)).0, ["V2-PUT-1"]);
}

#[test]
fn a_query_that_the_recorder_keeps_apart_was_asked_for() {
    let mut answer = crate::success(&json!([]));
    answer["result_info"] =
        json!({"page": 3, "per_page": 5, "count": 0, "total_count": 7, "total_pages": 2});
    let mut list = crate::entry("GET", "/origin/cloud_regions", None, 200, &answer);
    let without = audited(&har(std::slice::from_ref(&list))).0;
    assert!(without.contains(&"V2-LIST-2".to_owned()), "{without:?}");
    list["request"]["queryString"] =
        json!([{"name": "page", "value": "3"}, {"name": "per_page", "value": "5"}]);
    assert_eq!(audited(&har(&[list])).0, Vec::<String>::new());
}

#[test_case(b"\0\0\0\0"; "zeros")]
#[test_case(b"\xef\xbb\xbf"; "a mark")]
#[test_case(b"}"; "a spare brace")]
#[test_case(b"\n{\"log\": {\"entries\": []}}"; "another document")]
fn what_follows_the_recording_voids_nothing(more: &[u8]) {
    let bytes = [har(&[put(A, EAST), not_found("GET", A)]).as_slice(), more].concat();
    assert_eq!(audited(&bytes).0, ["V2-PUT-1"]);
}

#[test_case("https://api.example.com:443"; "the usual port")]
#[test_case("https://API.Example.COM"; "another case")]
fn a_host_is_the_same_however_it_is_spelled(other: &str) {
    let mut read = not_found("GET", A);
    let url = read["request"]["url"].as_str().unwrap_or_default();
    let url = url.replace("https://api.example.com", other);
    read["request"]["url"] = json!(url);
    assert_eq!(audited(&har(&[put(A, EAST), read])).0, ["V2-PUT-1"]);
}

#[test_case(json!([{"name": "Content-Type"}]); "a field without a value")]
#[test_case(json!([{"name": "Content-Type", "value": null}]); "a value of null")]
#[test_case(json!({"content-type": ["application/json"]}); "a list of values")]
#[test_case(json!([{"name": "Content-Type", "value": "application/json\napplication/json"}]); "two values in one")]
fn a_media_type_in_another_form_is_read(headers: Value) {
    let mut read = get(A, EAST);
    read["response"]["headers"] = headers;
    read["response"]["content"]["mimeType"] = json!("application/json");
    assert_eq!(audited(&har(&[read])).0, Vec::<String>::new());
}
