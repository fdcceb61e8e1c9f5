//! Single answers as curl shows them, or as a shell writes them into a file.

use originproof::audit::{Framing, parse_response};
use originproof::exchange::Operation;
use test_case::test_case;

const BODY: &str = r#"{"success": true, "errors": [], "messages": [], "result": {"origin_ip": "192.0.2.1", "vendor": "aws", "region": "us-east-1"}}"#;
const FIELDS: &str = "Content-Type: application/json\r\n\r\n";

fn parsed(bytes: &[u8], status: Option<u16>) -> (u16, String, Option<String>) {
    let operation = Operation::from_id("v2.put").unwrap_or_else(|| panic!("no v2.put"));
    let read = parse_response(operation, bytes, Framing { status })
        .unwrap_or_else(|error| panic!("{error}"));
    let media_type = read
        .response_headers
        .get("content-type")
        .unwrap_or_default()
        .to_owned();
    let body = read
        .response_body
        .map(|body| String::from_utf8_lossy(&body).into_owned());
    (read.status, media_type, body)
}

#[test_case("HTTP/1.1 200 OK\r\n"; "over HTTP 1.1")]
#[test_case("HTTP/1.0 200\r\n"; "over HTTP 1.0 without a reason")]
#[test_case("HTTP/2 200 \r\n"; "over HTTP 2")]
#[test_case("HTTP/3 200 \r\n"; "over HTTP 3")]
#[test_case("HTTP/1.1 200 Connection established\r\n\r\nHTTP/1.1 200 OK\r\n"; "behind a tunnel")]
#[test_case("HTTP/1.1 200 Connection established\r\nProxy-Agent: x\r\n\r\nHTTP/2 200 \r\n"; "behind a tunnel with fields")]
#[test_case("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n"; "behind an interim response")]
#[test_case("HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 200 OK\r\n"; "behind early hints")]
#[test_case("HTTP/1.1 301 Moved\r\nLocation: /x\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 OK\r\n"; "behind a redirect")]
#[test_case("HTTP/1.1 301 Moved\r\nLocation: /x\r\nContent-Length: 5\r\n\r\nmovedHTTP/1.1 200 OK\r\n"; "behind a redirect with a body")]
#[test_case("HTTP/2 503 \r\nretry-after: 1\r\n\r\n<html>\nbusy</html>\nHTTP/2 200 \r\n"; "behind an earlier try")]
#[test_case("HTTP/2 503 \r\n\r\nHTTP/2 503 \r\n\r\nHTTP/2 200 \r\n"; "behind two tries")]
#[test_case("HTTP/1.1 200 OK\r\nX-Long: one\r\n two\r\n"; "with a folded field")]
fn the_last_answer_is_judged(head: &str) {
    let bytes = format!("{head}{FIELDS}{BODY}");
    let wanted = (200, "application/json".to_owned(), Some(BODY.to_owned()));
    assert_eq!(parsed(bytes.as_bytes(), None), wanted);
}

#[test]
fn a_body_that_speaks_of_http_is_a_body() {
    let body = r#"{"message": "HTTP/1.1 200 OK"}"#;
    let bytes = format!("HTTP/1.1 400 Bad Request\r\n{FIELDS}{body}");
    assert_eq!(parsed(bytes.as_bytes(), None).2.as_deref(), Some(body));
}

#[test]
fn lines_that_end_without_a_carriage_return_are_read() {
    let bytes = format!("HTTP/1.1 200 OK\nContent-Type: application/json\n\n{BODY}");
    assert_eq!(parsed(bytes.as_bytes(), None).2.as_deref(), Some(BODY));
}

#[test_case("gzip, said and undone", true, false; "undone by the command")]
#[test_case("gzip, said and there", true, true; "as it came")]
#[test_case("gzip, there and not said", false, true; "without its field")]
fn a_packed_body_is_read(_what: &str, is_said: bool, is_packed: bool) {
    use std::io::Write;
    let mut body = BODY.as_bytes().to_vec();
    if is_packed {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder
            .write_all(&body)
            .unwrap_or_else(|error| panic!("{error}"));
        body = encoder.finish().unwrap_or_else(|error| panic!("{error}"));
    }
    let field = if is_said {
        "Content-Encoding: gzip\r\n"
    } else {
        ""
    };
    let head = format!("HTTP/1.1 200 OK\r\n{field}{FIELDS}");
    let bytes = [head.as_bytes(), &body].concat();
    assert_eq!(parsed(&bytes, None).2.as_deref(), Some(BODY));
}

#[test_case(true, false; "an answer in UTF-8 with a mark")]
#[test_case(true, true; "an answer in UTF-16")]
#[test_case(false, false; "a body in UTF-8 with a mark")]
#[test_case(false, true; "a body in UTF-16")]
fn the_mark_of_the_shell_is_not_the_servers(has_head: bool, is_wide: bool) {
    let head = if has_head {
        format!("HTTP/1.1 200 OK\r\n{FIELDS}")
    } else {
        String::new()
    };
    let text = format!("\u{feff}{head}{BODY}");
    let bytes = if is_wide {
        text.encode_utf16().flat_map(u16::to_le_bytes).collect()
    } else {
        text.into_bytes()
    };
    assert_eq!(parsed(&bytes, Some(200)).2.as_deref(), Some(BODY));
}

#[test]
fn a_body_that_is_shorter_than_was_announced_is_not_judged() {
    let bytes = format!("HTTP/1.1 200 OK\r\nContent-Length: 125\r\n{FIELDS}{{\"succ");
    assert_eq!(parsed(bytes.as_bytes(), None).2, None);
}

#[test_case("HTTP/1.1 200 OK\r\nContent-Type: x", "has no end"; "a header without end")]
#[test_case("HTTP/1.1 200 OK\r\nno field\r\n\r\n", "line 2 is not a header field"; "a line that is not a field")]
#[test_case("HTTP/1.1 100 Continue\r\n\r\n", "interim"; "an interim response alone")]
#[test_case("{}", "--status"; "a body alone")]
fn what_is_missing_is_said(text: &str, says: &str) {
    let operation = Operation::from_id("v2.put").unwrap_or_else(|| panic!("no v2.put"));
    let error = parse_response(operation, text.as_bytes(), Framing::default()).err();
    assert!(
        error.as_ref().is_some_and(|error| error.contains(says)),
        "{error:?}"
    );
}
