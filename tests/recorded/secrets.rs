//! Secrets of recorded traffic appear in no stream and in no report, wherever they stood and however they were echoed.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use test_case::test_case;

use crate::command::{Folder, said};
use crate::{har, mapping, success};

const URL: &str =
    "https://api.example.com/client/v4/zones/0123456789abcdef0123456789abcdef/origin/cloud_regions";
const SECRET: &str = "s3cret-of+the/traffic";

/// Returns an exchange that breaks ENV-2 (`messages` is not a list) and echoes a text in its answer.
fn broken(fields: &[(&str, &str)], query: &str, said: &[(&str, &str)], echo: &Value) -> Value {
    let pairs = |fields: &[(&str, &str)]| -> Vec<Value> {
        let pair = |(name, value): &(&str, &str)| json!({"name": name, "value": value});
        fields.iter().map(pair).collect()
    };
    let mut answer = success(&mapping("192.0.2.1", "us-east-1"));
    answer["messages"] = echo.clone();
    answer["errors"] = json!([{"code": 1000, "message": echo.to_string()}]);
    let mut headers = vec![("content-type", "application/json")];
    headers.extend(said);
    json!({
        "request": {
            "method": "GET",
            "url": format!("{URL}/192.0.2.1{query}"),
            "headers": pairs(fields),
            "postData": {"mimeType": "text/plain", "text": echo.to_string()},
        },
        "response": {"status": 200, "headers": pairs(&headers), "content": {"text": answer.to_string()}},
    })
}

/// Returns everything that `check` shows of a recording, in every format.
fn shown(name: &str, entries: &[Value]) -> String {
    let folder = Folder::with(
        &format!("secrets-{name}"),
        &[("traffic.har", &har(entries))],
    );
    let mut arguments = vec!["traffic.har".to_owned(), "-vv".to_owned()];
    arguments.extend(["--save".to_owned(), "run.json".to_owned()]);
    let formats = [
        "terminal", "json", "junit", "markdown", "html", "github", "sarif",
    ];
    for format in formats {
        arguments.extend(["--report".to_owned(), format!("{format}=report.{format}")]);
    }
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let output = folder.check(&arguments, b"");
    let mut all = said(&output);
    assert_eq!(output.status.code(), Some(1), "{all}");
    assert!(all.contains("ENV-2"), "{all}");
    for file in formats.map(|format| format!("report.{format}")) {
        all.push_str(&folder.read(&file));
    }
    all.push_str(&folder.read("run.json"));
    all
}

/// Checks that the text does not contain the secret, plain or in base64.
#[track_caller]
fn has_no_trace(text: &str, secret: &str) {
    let coded = STANDARD.encode(secret);
    for part in [secret, &secret[..8], &coded[..10]] {
        let place = text.find(part).map(|at| {
            let start = text.floor_char_boundary(at.saturating_sub(100));
            let end = text.floor_char_boundary((at + 100).min(text.len()));
            &text[start..end]
        });
        assert_eq!(place, None);
    }
}

#[test_case("Authorization", "Bearer SECRET"; "a token")]
#[test_case("authorization", "BASIC"; "a password in base64")]
#[test_case("CF-Access-Client-Secret", "SECRET"; "a client secret")]
#[test_case("Cf-Access-Jwt-Assertion", "SECRET"; "an assertion")]
#[test_case("X-Auth-User-Service-Key", "SECRET"; "a service key")]
#[test_case("Proxy-Authorization", "Bearer SECRET"; "credentials for a proxy")]
#[test_case("X-Api-Key", "SECRET"; "a key")]
#[test_case("Cookie", "a=b; session=SECRET"; "a cookie")]
#[test_case("X-Nobody-Knows", "SECRET"; "a field that is not known")]
#[test_case("Referer", "https://h/?state=SECRET"; "a query of another page")]
fn a_field_that_is_not_known_to_be_harmless_is_masked_where_it_stands_and_where_it_is_echoed(
    name: &str,
    value: &str,
) {
    let basic = format!("Basic {}", STANDARD.encode(format!("user:{SECRET}")));
    let value = value.replace("SECRET", SECRET).replace("BASIC", &basic);
    let echo = json!([
        SECRET,
        STANDARD.encode(SECRET),
        STANDARD.encode(format!("user:{SECRET}")),
        SECRET.replace('/', "%2F")
    ]);
    let entry = broken(
        &[(name, &value)],
        "",
        &[("x-echo", SECRET)],
        &json!({"all": echo}),
    );
    let text = shown(&name.to_lowercase(), &[entry]);
    has_no_trace(&text, SECRET);
    assert!(text.contains("***"));
}

#[test_case("?access_token=SECRET", "query"; "a member of the query")]
#[test_case("?page=1&x=SECRET", "query-2"; "a member that is not known")]
#[test_case("?SECRET", "query-3"; "a query without names")]
fn a_query_value_is_masked_unless_it_is_the_contracts(query: &str, name: &str) {
    let coded = SECRET.replace('/', "%2F").replace('+', "%2B");
    let entry = broken(
        &[],
        &query.replace("SECRET", &coded),
        &[],
        &json!({"said": SECRET}),
    );
    has_no_trace(&shown(name, &[entry]), SECRET);
}

#[test]
fn the_second_field_of_a_name_a_cookie_that_is_set_and_a_secret_of_a_later_exchange_are_masked() {
    let token = "Bearer some-other-token";
    let sent = [
        ("authorization", token),
        ("authorization", "Bearer t0ken-that-is-second"),
    ];
    let set = [("set-cookie", "session=c00kie-that-is-set; Path=/")];
    let early = broken(&[], "", &[], &json!({"said": "later-s3cret-value"}));
    let echo = json!({"said": "t0ken-that-is-second c00kie-that-is-set"});
    let middle = broken(&sent, "", &set, &echo);
    let late = broken(&[("x-api-key", "later-s3cret-value")], "", &[], &json!({}));
    let text = shown("several", &[early, middle, late]);
    for secret in [
        "later-s3cret-value",
        "t0ken-that-is-second",
        "c00kie-that-is-set",
    ] {
        has_no_trace(&text, secret);
    }
}

#[test]
fn what_is_harmless_and_what_stands_everywhere_is_still_shown() {
    let sent = [
        ("user-agent", "some-client/1.0"),
        ("x-flag", "true"),
        ("x-region", "us-east-1"),
        ("x-type", "application/json"),
        ("x-number", "12345678"),
    ];
    let set = [("cf-ray", "0123456789abcdef-FRA")];
    let echo = json!({"said": "true us-east-1 application/json 12345678"});
    let text = shown(
        "harmless",
        &[broken(&sent, "?page=2&per_page=50", &set, &echo)],
    );
    for part in [
        "some-client/1.0",
        "true us-east-1 application/json 12345678",
        "page=2&per_page=50",
        "0123456789abcdef-FRA",
    ] {
        let escaped = part.replace('&', "&amp;");
        assert!(text.contains(part) || text.contains(&escaped), "{part}");
    }
}
