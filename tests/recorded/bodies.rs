//! Bodies as recorders keep them: compressed or not; as text, base64 or one character per byte; labelled correctly or
//! wrongly; with any size; cut off, left out or removed.

use std::io::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
use serde_json::{Value, json};
use test_case::test_case;
use test_case::test_matrix;

use crate::{audited, get, har, mapping, success};

/// Returns the body of a lawful answer with one mapping.
fn lawful() -> Vec<u8> {
    success(&mapping("192.0.2.1", "us-east-1"))
        .to_string()
        .into_bytes()
}

/// Returns the same body with `errors` set to null, which breaks ENV-2.
fn faulty() -> Vec<u8> {
    let mut answer = success(&mapping("192.0.2.1", "us-east-1"));
    answer["errors"] = Value::Null;
    answer.to_string().into_bytes()
}

/// Compresses a body with each coding in order; `raw` is deflate without the zlib wrapper.
fn packed(codings: &[&str], body: &[u8]) -> Vec<u8> {
    codings.iter().fold(body.to_vec(), |body, coding| {
        let level = Compression::default();
        let packed = match *coding {
            "gzip" => {
                let mut encoder = GzEncoder::new(Vec::new(), level);
                encoder.write_all(&body).and_then(|()| encoder.finish())
            }
            "deflate" => {
                let mut encoder = ZlibEncoder::new(Vec::new(), level);
                encoder.write_all(&body).and_then(|()| encoder.finish())
            }
            "raw" => {
                let mut encoder = DeflateEncoder::new(Vec::new(), level);
                encoder.write_all(&body).and_then(|()| encoder.finish())
            }
            "br" => {
                let mut packed = Vec::new();
                let mut writer = brotli::CompressorWriter::new(&mut packed, 4_096, 5, 20);
                let written = writer.write_all(&body);
                drop(writer);
                written.map(|()| packed)
            }
            "zstd" => Ok(ruzstd::encoding::compress_to_vec(
                body.as_slice(),
                ruzstd::encoding::CompressionLevel::Fastest,
            )),
            other => panic!("{other}"),
        };
        packed.unwrap_or_else(|error| panic!("{error}"))
    })
}

/// Returns an entry with these content codings and this content.
fn kept(codings: &[&str], content: Value) -> Value {
    let mut entry = get("192.0.2.1", "us-east-1");
    let names: Vec<&str> = codings
        .iter()
        .map(|coding| if *coding == "raw" { "deflate" } else { coding })
        .collect();
    if !names.is_empty() {
        let field = json!({"name": "Content-Encoding", "value": names.join(", ")});
        if let Some(headers) = entry["response"]["headers"].as_array_mut() {
            headers.push(field);
        }
    }
    entry["response"]["content"] = content;
    entry
}

/// Returns bytes in the form in which a recorder keeps them.
fn content(form: &str, bytes: &[u8]) -> Value {
    let characters = |bytes: &[u8]| {
        bytes
            .iter()
            .map(|byte| char::from(*byte))
            .collect::<String>()
    };
    match form {
        "base64" => json!({"text": STANDARD.encode(bytes), "encoding": "base64"}),
        "base64 in lines" => {
            let coded = STANDARD.encode(bytes);
            let lines: Vec<String> = coded.as_bytes().chunks(60).map(characters).collect();
            json!({"text": lines.join("\r\n"), "encoding": "base64"})
        }
        "base64 without padding" => {
            json!({"text": STANDARD.encode(bytes).trim_end_matches('='), "encoding": "BASE64"})
        }
        "base64 without label" => json!({"text": STANDARD.encode(bytes)}),
        "Latin-1" => json!({"text": characters(bytes)}),
        "Windows-1252" => {
            let (text, _, _) = encoding_rs::WINDOWS_1252.decode(bytes);
            json!({"text": text})
        }
        other => panic!("{other}"),
    }
}

fn clauses(entry: Value) -> Vec<String> {
    audited(&har(&[entry])).0
}

fn is_judged(entry: Value) -> bool {
    audited(&har(&[entry])).1.tallies().judged == 1
}

/// Returns a size as recorders give it; `None` if they give none.
fn size(which: &str, packed: usize, unpacked: usize) -> Option<i64> {
    match which {
        "none" => None,
        "unknown" => Some(-1),
        "zero" => Some(0),
        "packed" => i64::try_from(packed).ok(),
        "unpacked" => i64::try_from(unpacked).ok(),
        other => panic!("{other}"),
    }
}

#[test_matrix(
    ["gzip", "deflate", "raw", "br", "zstd", "gzip gzip", "deflate gzip", "gzip br"],
    ["base64", "base64 in lines", "base64 without padding", "base64 without label", "Latin-1", "Windows-1252"],
    ["none", "unknown", "zero", "packed", "unpacked"]
)]
fn a_packed_body_is_unpacked_and_judged(codings: &str, form: &str, length: &str) {
    let codings: Vec<&str> = codings.split(' ').collect();
    let wanted = [(lawful(), Vec::new()), (faulty(), vec!["ENV-2".to_owned()])];
    for (body, wanted) in wanted {
        let bytes = packed(&codings, &body);
        let mut content = content(form, &bytes);
        if let Some(size) = size(length, bytes.len(), body.len()) {
            content["size"] = json!(size);
        }
        let entry = kept(&codings, content);
        assert!(is_judged(entry.clone()));
        assert_eq!(clauses(entry), wanted);
    }
}

#[test_matrix(
    ["gzip", "deflate", "br", "zstd"],
    ["none", "unknown", "zero", "packed", "unpacked"]
)]
fn a_body_that_the_recorder_unpacked_is_judged_though_the_field_stayed(coding: &str, length: &str) {
    for (body, wanted) in [(lawful(), vec![]), (faulty(), vec!["ENV-2".to_owned()])] {
        let packed = packed(&[coding], &body);
        let mut content = json!({"text": String::from_utf8_lossy(&body)});
        if let Some(size) = size(length, packed.len(), body.len()) {
            content["size"] = json!(size);
        }
        assert_eq!(clauses(kept(&[coding], content)), wanted);
    }
}

#[test_case("gzip", &["gzip", "gzip"]; "twice, and said once")]
#[test_case("gzip, gzip", &["gzip"]; "once, and said twice")]
#[test_case("gzip", &["zstd"]; "by another coding than is said")]
#[test_case("", &["gzip"]; "and not said")]
fn a_packed_body_is_read_by_its_mark(said: &str, done: &[&str]) {
    let mut entry = kept(&[], content("base64", &packed(done, &faulty())));
    if let Some(headers) = entry["response"]["headers"].as_array_mut() {
        headers.push(json!({"name": "content-encoding", "value": said}));
    }
    assert_eq!(clauses(entry), ["ENV-2"]);
}

#[test_case("base64"; "base64")]
#[test_case("Base64"; "another spelling")]
#[test_case("base64; charset=utf-8"; "with a parameter")]
fn a_text_that_is_wrongly_labelled_is_read_as_it_stands(label: &str) {
    let content = json!({"text": String::from_utf8_lossy(&faulty()), "encoding": label});
    assert_eq!(clauses(kept(&[], content)), ["ENV-2"]);
}

#[test_case(&json!("utf-8"); "a charset")]
#[test_case(&json!(""); "nothing")]
#[test_case(&json!(null); "null")]
#[test_case(&json!(7); "a number")]
fn another_label_changes_nothing(label: &Value) {
    let content = json!({"text": String::from_utf8_lossy(&faulty()), "encoding": label});
    assert_eq!(clauses(kept(&[], content)), ["ENV-2"]);
}

#[test_case(&[], json!({}); "no member at all")]
#[test_case(&[], json!({"size": 125}); "a size without text")]
#[test_case(&[], json!({"size": 0}); "a size of 0 without text")]
#[test_case(&[], json!({"size": -1}); "a size that is not known")]
#[test_case(&[], json!({"text": "", "size": 125}); "an empty text for a body of 125 bytes")]
#[test_case(&[], json!({"text": null, "size": 0}); "null")]
#[test_case(&[], json!({"text": "[redacted]", "size": 125}); "taken out")]
#[test_case(&[], json!({"text": "[application/json redacted]"}); "taken out by its media type")]
#[test_case(&[], json!({"text": "***"}); "masked")]
#[test_case(&[], json!({"text": "{\"success\": tr", "size": 400}); "cut off, with the whole size")]
#[test_case(&[], json!({"text": "{\"success\": tr"}); "cut off, without a size")]
#[test_case(&[], json!({"text": "{\"success\": true, \"errors\": [], \"messages\": [], \"result\": {\"origin_ip\": \"[redacted]\", \"vendor\": \"aws\", \"region\": \"us-east-1\"}}"}); "a value taken out")]
#[test_case(&["br"], json!({"text": "AAECAwQFBgcICQ==", "encoding": "base64"}); "packed, and broken")]
#[test_case(&["gzip"], json!({"text": "\u{1f}\u{fffd}\u{8}\u{0}\u{fffd}"}); "packed bytes with what could not be written")]
#[test_case(&["compress"], json!({"text": "H52QAAECAwQFBgcI", "encoding": "base64"}); "a coding that nobody uses")]
fn a_body_that_can_not_be_had_is_not_judged(codings: &[&str], content: Value) {
    let entry = kept(codings, content);
    assert_eq!(clauses(entry.clone()), Vec::<String>::new());
    assert!(!is_judged(entry));
}

#[test_case("125", json!({"size": 0}), false; "a length of 125, and no text")]
#[test_case("125", json!({"text": "", "size": 0}), false; "a length of 125, and an empty text")]
#[test_case("125", json!({"text": "{\"succ"}), false; "a length of 125, and a part")]
#[test_case("0", json!({"size": 0}), true; "a length of 0, and no text")]
#[test_case("0", json!({"text": ""}), true; "a length of 0, and an empty text")]
#[test_case("6", json!({"text": "{\"succ"}), true; "a length of 6, and 6 bytes")]
#[test_case("6", json!({"text": "<html>"}), true; "a page")]
fn the_length_on_the_wire_tells_whether_a_body_was_recorded(
    length: &str,
    content: Value,
    judged: bool,
) {
    let mut entry = kept(&[], content);
    if let Some(headers) = entry["response"]["headers"].as_array_mut() {
        headers.push(json!({"name": "content-length", "value": length}));
    }
    assert_eq!(is_judged(entry.clone()), judged);
    let wanted: &[&str] = if judged { &["ENV-1"] } else { &[] };
    assert_eq!(clauses(entry), wanted);
}

#[test_case(json!({"text": "<html>down</html>"}), &["ENV-1"]; "a page")]
#[test_case(json!({"text": "<html>down</html>", "size": 17}), &["ENV-1"]; "a page with its size")]
#[test_case(json!({"text": "\"yes\""}), &["ENV-1"]; "a JSON text")]
#[test_case(json!({"text": "null"}), &["ENV-1"]; "null as JSON")]
#[test_case(json!({"text": "PGh0bWw+ZG93bjwvaHRtbD4=", "encoding": "base64"}), &["ENV-1"]; "a page in base64")]
fn a_body_that_is_surely_not_json_is_a_fault(content: Value, wanted: &[&str]) {
    assert_eq!(clauses(kept(&[], content)), wanted);
}

#[test_case(json!([]), &json!("application/json"), &[]; "no field was recorded")]
#[test_case(json!([]), &json!("text/html"), &["ENV-1"]; "the media type stands beside the fields")]
#[test_case(json!([{"name": "server", "value": "x"}]), &json!("application/json"), &[]; "beside other fields")]
#[test_case(json!([{"name": "server", "value": "x"}]), &json!(""), &["ENV-1"]; "it is missing among others")]
#[test_case(json!([{"name": "content-type", "value": "[content-type redacted]"}]), &json!("[mimeType redacted]"), &[]; "it was taken out")]
#[test_case(json!([{"name": "content-type", "value": "text/html"}]), &json!("application/json"), &["ENV-1"]; "the field counts")]
#[test_case(json!({"content-type": "application/json"}), &json!(""), &[]; "fields as an object")]
#[test_case(json!([{"name": "content-type", "value": "application/json"}, {"name": "x-n", "value": 7}, {"value": "y"}, 3]), &json!(""), &[]; "fields of other forms")]
fn the_media_type_is_judged_where_it_was_recorded(headers: Value, beside: &Value, wanted: &[&str]) {
    let mut entry = kept(
        &[],
        json!({"text": String::from_utf8_lossy(&lawful()), "mimeType": beside}),
    );
    entry["response"]["headers"] = headers;
    assert_eq!(clauses(entry), wanted);
}

#[test_case("?page=[page redacted]&per_page=20"; "the page")]
#[test_case("?page=1&per_page=%5Bper_page%20redacted%5D"; "the size of the page, encoded")]
#[test_case("?[redacted]"; "all of it")]
#[test_case("?page=***"; "masked")]
fn a_query_that_was_taken_out_is_not_judged(query: &str) {
    let mut answer = success(&json!([mapping("192.0.2.1", "us-east-1")]));
    answer["result_info"] =
        json!({"page": 1, "per_page": 20, "count": 1, "total_count": 1, "total_pages": 1});
    let path = format!("/origin/cloud_regions{query}");
    let entry = crate::entry("GET", &path, None, 200, &answer);
    assert_eq!(clauses(entry), Vec::<String>::new());
}

#[test]
fn an_address_or_a_zone_that_was_taken_out_is_not_followed() {
    use crate::{not_found, put};
    let hide = |entry: &Value, what: &str, mark: &str| {
        let mut entry = entry.clone();
        let url = entry["request"]["url"]
            .as_str()
            .unwrap_or_default()
            .replace(what, mark);
        entry["request"]["url"] = json!(url);
        entry
    };
    let (written, absent) = (put("192.0.2.1", "us-east-1"), not_found("GET", "192.0.2.1"));
    for (what, mark) in [
        ("192.0.2.1", "[redacted]"),
        ("0123456789abcdef0123456789abcdef", "REDACTED"),
    ] {
        let entries = [hide(&written, what, mark), hide(&absent, what, mark)];
        assert_eq!(audited(&har(&entries)).0, Vec::<String>::new(), "{what}");
    }
}

#[test]
fn a_body_beside_the_recording_is_read() {
    let folder = tempfile::tempdir().unwrap_or_else(|error| panic!("{error}"));
    let path = folder.path().join("traffic.har");
    let entry = |name: &str| kept(&[], json!({"_file": name, "size": 9}));
    let recording = har(&[
        entry("there.json"),
        entry("missing.json"),
        entry("../there.json"),
    ]);
    for (name, bytes) in [("there.json", faulty()), ("traffic.har", recording)] {
        std::fs::write(folder.path().join(name), bytes).unwrap_or_else(|error| panic!("{error}"));
    }
    let mut read = Vec::new();
    originproof::audit::read(&path, |recorded| read.push(recorded))
        .unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(read[0].response_body, Some(faulty()));
    for unread in &read[1..] {
        assert_eq!(
            (unread.response_body.as_ref(), unread.faults.len()),
            (None, 1)
        );
    }
}

#[test]
fn an_archive_with_its_bodies_is_read() {
    use zip::write::{SimpleFileOptions, ZipWriter};
    let folder = tempfile::tempdir().unwrap_or_else(|error| panic!("{error}"));
    let path = folder.path().join("traffic.zip");
    let file = std::fs::File::create(&path).unwrap_or_else(|error| panic!("{error}"));
    let mut archive = ZipWriter::new(file);
    let recording = har(&[
        kept(&[], json!({"_file": "a1.json"})),
        kept(&[], json!({"_sha1": "b2.json"})),
    ]);
    let members = [
        ("har.har", recording),
        ("a1.json", faulty()),
        ("resources/b2.json", faulty()),
    ];
    for (name, bytes) in members {
        archive
            .start_file(name, SimpleFileOptions::default())
            .unwrap_or_else(|error| panic!("{error}"));
        archive
            .write_all(&bytes)
            .unwrap_or_else(|error| panic!("{error}"));
    }
    archive.finish().unwrap_or_else(|error| panic!("{error}"));
    let mut bodies = Vec::new();
    originproof::audit::read(&path, |recorded| bodies.push(recorded.response_body))
        .unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(bodies, [Some(faulty()), Some(faulty())]);
}

/// Returns an answer that is too large to be read whole: its member `member` is a list of 400,000 copies of `item`.
fn large(member: &str, item: &Value) -> Value {
    let mut answer = success(&mapping("192.0.2.1", "us-east-1"));
    answer[member] = Value::Array(vec![item.clone(); 400_000]);
    answer
}

#[test]
fn a_large_member_outside_the_envelope_hides_nothing() {
    let mut lawful = get("192.0.2.1", "us-east-1");
    let extra = large("extra", &json!(7));
    lawful["response"]["content"]["text"] = json!(extra.to_string());
    let (clauses, auditor) = audited(&har(&[lawful.clone()]));
    assert_eq!((clauses.len(), auditor.tallies().judged), (0, 1));
    let mut wrong = extra;
    wrong["errors"] = Value::Null;
    lawful["response"]["content"]["text"] = json!(wrong.to_string());
    assert_eq!(audited(&har(&[lawful])).0, ["ENV-2"]);
}

#[test_case("result", &json!({"origin_ip": "192.0.2.1", "vendor": "aws", "region": "us-east-1"}), 0, 0; "nothing is known of a list that was cut")]
#[test_case("messages", &json!({"code": 1000, "message": "a text"}), 0, 0; "nor of what follows it")]
#[test_case("errors", &json!({}), 1, 0; "but a wrong item in it is wrong")]
fn what_is_too_large_to_read_is_judged_by_what_was_read(
    member: &str,
    item: &Value,
    faults: usize,
    judged: usize,
) {
    let mut entry = get("192.0.2.1", "us-east-1");
    entry["response"]["content"]["text"] = json!(large(member, item).to_string());
    let (clauses, auditor) = audited(&har(&[entry]));
    assert!(
        clauses.iter().all(|clause| clause == "ENV-2"),
        "{clauses:?}"
    );
    assert_eq!((clauses.len(), auditor.tallies().judged), (faults, judged));
}

#[test]
fn a_field_that_was_sent_twice_and_joined_is_one_media_type() {
    let mut entry = get("192.0.2.1", "us-east-1");
    let field = "application/json, application/json; charset=utf-8";
    entry["response"]["headers"] = json!([{"name": "content-type", "value": field}]);
    assert!(audited(&har(&[entry.clone()])).0.is_empty());
    entry["response"]["headers"] =
        json!([{"name": "content-type", "value": "application/json, text/html"}]);
    assert_eq!(audited(&har(&[entry])).0, ["ENV-1"]);
}

#[test]
fn a_mark_before_a_requests_json_is_passed_over() {
    let mut entry = crate::put("192.0.2.1", "us-east-1");
    let text = format!("\u{feff}{}", mapping("192.0.2.1", "us-east-1"));
    entry["request"]["postData"]["text"] = json!(text);
    assert!(audited(&har(&[entry])).0.is_empty());
}
