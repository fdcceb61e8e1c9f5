//! Credentials: where they are sent, how they are given, and that no message shows them.
#![cfg(unix)]

mod support;

use std::net::{SocketAddr, TcpListener};
use std::process::Command;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use originproof::mock::{Mock, MockConfig, Running};
use serde_json::{Value, json};
use test_case::test_case;

use support::command::{Ended, Folder, TOKEN, ZONE, end, spawn};
use support::relay::{Honest, Relay, Request, Script, Wire};
use support::zone;

/// A server that must not be contacted.
struct Nobody(TcpListener);

impl Nobody {
    fn new() -> Self {
        Self(TcpListener::bind("127.0.0.1:0").unwrap_or_else(|e| panic!("{e}")))
    }

    fn host(&self) -> String {
        let address = self.0.local_addr().unwrap_or_else(|e| panic!("{e}"));
        address.to_string()
    }

    fn url(&self) -> String {
        format!("http://{}/client/v4", self.host())
    }

    #[track_caller]
    fn was_not_contacted(&self, ended: &Ended) {
        self.0
            .set_nonblocking(true)
            .unwrap_or_else(|e| panic!("{e}"));
        let waiting = self.0.accept().map(|(_, from)| from);
        assert!(waiting.is_err(), "{waiting:?} came: {}", ended.said);
    }
}

fn file(folder: &Folder, text: &str) {
    let path = folder.path.join("originproof.toml");
    std::fs::write(path, text).unwrap_or_else(|e| panic!("{e}"));
}

#[track_caller]
fn run(mut command: Command, variables: &[(&str, &str)]) -> Ended {
    for (name, value) in variables {
        command.env(name, value);
    }
    end(spawn(command))
}

async fn mock() -> Running {
    let mut config = MockConfig::default();
    config.access.token = TOKEN.to_owned();
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    let running = Mock::new(config).serve(any).await;
    running.unwrap_or_else(|e| panic!("{e}"))
}

const ONE: [&str; 3] = ["run", "--case", "list/empty/v2"];

#[test_case(&["run", "--target", "http://user:pass-w0rd@HOST"], &[], ""; "by flag")]
#[test_case(&["run", "--target", "http://pass-w0rd@HOST"], &[], ""; "a user alone")]
#[test_case(&["run", "--target", "user:pass-w0rd@HOST"], &[], ""; "without a scheme")]
#[test_case(&["run"], &[("ORIGINPROOF_TARGET", "http://user:pass-w0rd@HOST")], ""; "by variable")]
#[test_case(&["run"], &[("CLOUDFLARE_BASE_URL", "http://user:pass-w0rd@HOST")], ""; "by the vendor's variable")]
#[test_case(&["run", "--config", "originproof.toml"], &[], "url = \"http://user:pass-w0rd@HOST\"\n"; "by file")]
#[test_case(&["run", "--target", "staging"], &[], "[target.staging]\nurl = \"http://user:pass-w0rd@HOST\"\n"; "by the name of a target")]
#[test_case(&["run", "--target", "user:pass-w0rd@HOST"], &[], "[target.staging]\nurl = \"http://h\"\n"; "in place of a name")]
#[test_case(&["run", "--against", "http://user:pass-w0rd@HOST"], &[], ""; "as the other target")]
#[test_case(&["drift", "--openapi", "http://user:pass-w0rd@HOST"], &[], ""; "a description")]
#[test_case(&["run", "--plan", "--target", "http://HOST/?key=pass-w0rd"], &[], ""; "a key in the query")]
#[test_case(&["run", "--target", "http://HOST/#pass-w0rd"], &[], ""; "a fragment")]
fn a_url_with_credentials_in_it_is_refused_without_showing_them(
    arguments: &[&str],
    variables: &[(&str, &str)],
    text: &str,
) {
    let (folder, nobody) = (Folder::new(), Nobody::new());
    let here = |text: &str| text.replace("HOST", &nobody.host());
    if !text.is_empty() {
        file(&folder, &here(text));
    }
    let arguments: Vec<String> = arguments.iter().map(|text| here(text)).collect();
    let mut arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    if arguments[0] == "run" {
        arguments.extend(["--case", "list/empty/v2"]);
    }
    let variables: Vec<(&str, String)> = variables
        .iter()
        .map(|(name, value)| (*name, here(value)))
        .collect();
    let variables: Vec<(&str, &str)> = variables
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    let ended = run(folder.originproof(&arguments), &variables);
    ended.with(2, &["remove"]);
    assert!(!ended.said.contains("pass-w0rd"), "{}", ended.said);
    nobody.was_not_contacted(&ended);
}

#[test]
fn config_shows_no_password_and_no_key_of_a_url() {
    let folder = Folder::new();
    for format in [&["config"][..], &["config", "--json"]] {
        let url = "http://user:pass-w0rd@h/x?key=pass-w0rd";
        let ended = run(folder.originproof(format), &[("ORIGINPROOF_TARGET", url)]);
        ended.with(0, &["http://***@h/x?key=***"]);
        assert!(!ended.said.contains("pass-w0rd"), "{}", ended.said);
    }
}

#[test_case(" TOKEN\n"; "a line break")]
#[test_case("\tTOKEN \r\n"; "blanks on both sides")]
#[tokio::test(flavor = "multi_thread")]
async fn blanks_and_line_breaks_around_a_token_are_taken_off(form: &str) {
    let (mock, folder) = (mock().await, Folder::new());
    let url = mock.base_url();
    let arguments = [&ONE[..], &["--target", &url]].concat();
    let token = form.replace("TOKEN", TOKEN);
    let ended = run(
        folder.originproof(&arguments),
        &[("CLOUDFLARE_API_TOKEN", &token)],
    );
    ended.with(0, &["1 conforms"]);
    assert!(
        zone::read(mock.address)
            .iter()
            .all(zone::Mappings::is_empty)
    );
}

#[test_case(&["--target", "URL"], &[("CLOUDFLARE_API_TOKEN", "pass-\nw0rd")], "", "CLOUDFLARE_API_TOKEN"; "a variable")]
#[test_case(&["--target", "URL"], &[("CLOUDFLARE_EMAIL", "pass-\u{1}w0rd")], "", "CLOUDFLARE_EMAIL"; "an e mail address")]
#[test_case(&["--target", "URL", "--token", "pass-\tw0rd"], &[], "", "--token"; "a flag")]
#[test_case(&["--config", "originproof.toml"], &[], "url = \"URL\"\nkey = \"pass-\\nw0rd\"\n", "originproof.toml"; "a key of the file")]
fn a_credential_with_a_control_character_is_refused_by_the_name_of_its_place(
    more: &[&str],
    variables: &[(&str, &str)],
    text: &str,
    place: &str,
) {
    let (folder, nobody) = (Folder::new(), Nobody::new());
    if !text.is_empty() {
        file(&folder, &text.replace("URL", &nobody.url()));
    }
    let more: Vec<String> = more
        .iter()
        .map(|text| text.replace("URL", &nobody.url()))
        .collect();
    let mut arguments = ONE.to_vec();
    arguments.extend(more.iter().map(String::as_str));
    let ended = run(folder.originproof(&arguments), variables);
    ended.with(2, &[place, "control character"]);
    assert!(!ended.said.contains("w0rd"), "{}", ended.said);
    nobody.was_not_contacted(&ended);
}

#[test_case("url = \"URL\"\n", &[]; "its url")]
#[test_case("default-target = \"a\"\n[target.a]\nurl = \"URL\"\n", &[]; "its default target")]
#[test_case("url = \"URL\"\ntoken = \"${CLOUDFLARE_API_TOKEN}\"\n", &[]; "a token that it takes from a variable")]
#[test_case("url = \"URL\"\ntoken = \"literal\"\nemail = \"${CLOUDFLARE_API_TOKEN}\"\n", &[]; "an e mail address beside a token of its own")]
#[test_case("resolve = [\"api.example.com:HOST\"]\n", &["--target", "http://api.example.com"]; "an address for a host that was named")]
#[test_case("insecure = true\n", &["--target", "URL"]; "no look at certificates")]
fn what_a_file_that_was_found_by_itself_decides_gets_no_credentials_of_the_environment(
    text: &str,
    more: &[&str],
) {
    let (folder, nobody) = (Folder::new(), Nobody::new());
    let here = |text: &str| {
        text.replace("URL", &nobody.url())
            .replace("HOST", &nobody.host())
    };
    file(&folder, &here(text));
    let more: Vec<String> = more.iter().map(|text| here(text)).collect();
    let mut arguments = ONE.to_vec();
    arguments.extend(more.iter().map(String::as_str));
    let ended = run(folder.originproof(&arguments), &[]);
    ended.with(
        2,
        &[
            "originproof.toml",
            "CLOUDFLARE_API_TOKEN",
            "--config",
            "--target",
        ],
    );
    nobody.was_not_contacted(&ended);
}

#[test_case("url = \"URL\"\n", &["--config", "originproof.toml"], "CLOUDFLARE_API_TOKEN"; "a file that is named")]
#[test_case("[target.a]\nurl = \"URL\"\n", &["--target", "a"], "CLOUDFLARE_API_TOKEN"; "a target that is named")]
#[test_case("url = \"URL\"\ntoken = \"TOKEN\"\n", &[], "token of originproof.toml"; "a token of the file itself")]
#[tokio::test(flavor = "multi_thread")]
async fn credentials_go_where_a_person_named_the_way_or_the_file_has_both_and_the_run_says_so_first(
    text: &str,
    more: &[&str],
    says: &str,
) {
    let (mock, folder) = (mock().await, Folder::new());
    let url = mock.base_url();
    file(&folder, &text.replace("URL", &url).replace("TOKEN", TOKEN));
    let mut command = folder.originproof(&[&ONE[..], more].concat());
    if more.is_empty() {
        command.env_remove("CLOUDFLARE_API_TOKEN");
    }
    command.stdout(std::process::Stdio::null());
    let output = command.output().unwrap_or_else(|e| panic!("{e}"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{said}");
    let first = said.lines().next().unwrap_or_default();
    assert_eq!(first, format!("credentials: {says} to {url}"));
    assert!(!said.contains(TOKEN), "{said}");
}

#[test]
fn the_line_about_credentials_comes_before_the_first_request() {
    let folder = Folder::new();
    // The listener is already dropped, so nothing listens at this URL.
    let url = Nobody::new().url();
    let arguments = [&ONE[..], &["--target", &url]].concat();
    let ended = run(folder.originproof(&arguments), &[]);
    ended.with(3, &["out of reach"]);
    let line = format!("credentials: CLOUDFLARE_API_TOKEN to {url}\n");
    assert!(ended.said.starts_with(&line), "{}", ended.said);
}

#[test]
fn the_embedded_mock_gets_no_credentials_and_no_line() {
    let folder = Folder::new();
    let ended = run(folder.originproof(&ONE), &[]);
    ended.with(0, &["1 conforms"]);
    assert!(!ended.said.contains("credentials:"), "{}", ended.said);
}

#[test]
fn a_file_of_another_user_is_used_only_if_it_is_named() {
    let folder = Folder::new();
    file(&folder, "timeout = \"7s\"\n");
    let path = folder.path.join("originproof.toml");
    if std::os::unix::fs::chown(&path, Some(12_345), None).is_err() {
        // Only root can change the owner of a file; without root, `settings::owner` is not checked here.
        return;
    }
    let ended = run(folder.originproof(&["config"]), &[]);
    ended.with(
        2,
        &[
            "originproof.toml",
            "belongs to another user (uid 12345",
            "--config",
        ],
    );
    let named = run(
        folder.originproof(&["config", "--config", "originproof.toml"]),
        &[],
    );
    named.with(0, &["7s"]);
    std::os::unix::fs::chown(&path, Some(0), None).unwrap_or_else(|e| panic!("{e}"));
    run(folder.originproof(&["config"]), &[]).with(0, &["7s"]);
    std::os::unix::fs::chown(&folder.path, Some(12_345), None).unwrap_or_else(|e| panic!("{e}"));
    run(folder.originproof(&["config"]), &[]).with(2, &["belongs to another user"]);
}

#[test_case("token = [\"s3cret-one\", \"s3cret-two\"]\n", "1:9"; "a list for a token")]
#[test_case("tokn = \"s3cret-one\"\n", "1:1"; "a key that is misspelled")]
#[test_case("[target]\na = { url = \"http://h\", tokn = \"s3cret-one\", token = \"s3cret-two\" }\n", "2:25"; "a secret beside a fault")]
#[test_case("url = 1\ntoken = s3cret-one\n", "2:9"; "a value without quotes")]
#[test_case("token \"s3cret-one\"\n", "1:7"; "no equals sign")]
#[test_case("token = \"s3cret-one\n", "1:"; "no end of a text")]
#[test_case("token = \"a${s3cret-one}b\"\n", "1:9"; "a variable that is not one")]
#[test_case("key = \"${\\u0073s3cret-one\"\n", "1:7"; "a variable without its end")]
#[test_case("url = [\"http://user:s3cret-one@h\"]\n", "1:7"; "a url of the wrong type")]
fn a_fault_in_the_file_is_shown_with_its_place_and_without_secrets(text: &str, place: &str) {
    let folder = Folder::new();
    file(&folder, text);
    let ended = run(folder.originproof(&["config"]), &[]);
    ended.with(2, &[&format!("originproof.toml:{place}")]);
    assert!(!ended.said.contains("s3cret"), "{}", ended.said);
}

/// A relay script that echoes the credentials in bodies and fields, in the encodings that servers use.
struct Coded;

/// A token with characters that base64 and base64url encode differently.
const CODED: &str = "c4nary>>>???~~~t0ken";

impl Script for Coded {
    async fn serve(&self, request: Request, mut wire: Wire) -> Option<Wire> {
        let head = String::from_utf8_lossy(&request.bytes).into_owned();
        if head.contains("originproof-case: probe") {
            return Honest.serve(request, wire).await;
        }
        let honest = wire.forward(&request).await.ok()?;
        let honest = String::from_utf8_lossy(&honest).into_owned();
        let (_, body) = honest.split_once("\r\n\r\n")?;
        let mut json: Value = serde_json::from_str(body).ok()?;
        let texts = coded();
        json["messages"] = json!(texts);
        json["success"] = json!(texts.join(" "));
        json["result"] = json!("c00kie-of-the-target");
        let body = json.to_string();
        let answer = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nx-echo: {}\r\nserver: {}\r\n\
             set-cookie: session=c00kie-of-the-target\r\ncontent-length: {}\r\n\r\n{body}",
            texts[0],
            texts[1],
            body.len()
        );
        wire.answer(answer.as_bytes()).await
    }
}

fn coded() -> Vec<String> {
    let mut texts = Vec::new();
    for before in ["", "u:", "user@example.com:"] {
        let text = format!("{before}{CODED}");
        texts.extend([STANDARD.encode(&text), URL_SAFE.encode(&text)]);
        let digits = text.bytes().flat_map(|byte| [byte >> 4, byte & 0xf]);
        let hex: String = digits
            .filter_map(|digit| char::from_digit(u32::from(digit), 16))
            .collect();
        texts.extend([hex.to_uppercase(), hex]);
    }
    texts
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_echoed_in_base64_or_hexadecimal_is_in_no_stream_and_in_no_file() {
    let mut config = MockConfig {
        hooks: false,
        ..MockConfig::default()
    };
    config.access.token = CODED.to_owned();
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    let mock = Mock::new(config).serve(any).await;
    let mock = mock.unwrap_or_else(|e| panic!("{e}"));
    let relay = Relay::start(mock.address, Arc::new(Coded));
    let (folder, url) = (Folder::new(), relay.url());
    let mut arguments = vec![
        "run",
        "--target",
        &url,
        "--zone",
        ZONE,
        "--case",
        "list/empty/v2",
        "-vv",
        "--save",
        "run.json",
    ];
    for report in ["junit=r.xml", "html=r.html", "markdown=r.md", "json=r.json"] {
        arguments.extend(["--report", report]);
    }
    let ended = run(
        folder.originproof(&arguments),
        &[("CLOUDFLARE_API_TOKEN", CODED)],
    );
    relay.stop().await;
    ended.with(1, &["ENV-2"]);
    let mut all = ended.said.clone();
    for name in ["run.json", "r.xml", "r.html", "r.md", "r.json"] {
        let text = std::fs::read_to_string(folder.path.join(name));
        all.push_str(&text.unwrap_or_else(|e| panic!("{name}: {e}")));
    }
    assert!(all.contains("***"));
    for text in coded() {
        // The text before the token may be shown, but not 12 characters of the token.
        let tail = &text[text.len() - 16..text.len() - 4];
        assert!(!all.contains(tail), "{tail} of {text}");
    }
    // Reports must not show a cookie that the target sets either, neither in fields nor in bodies.
    let records: Vec<&str> = all.split("c00kie-of-the-target").collect();
    assert!(records.len() <= 1, "{}", records.join("<HERE>"));
    assert_eq!(folder.journals(), 0);
}
