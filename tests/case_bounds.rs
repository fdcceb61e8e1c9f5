//! Limits for untrusted case files: a run sends credentials only to the target's host and writes only in its own zone,
//! whatever path a variable or an answer of the target produces.
#![cfg(unix)]

mod support;

use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex, PoisonError};

use originproof::mock::{Mock, MockConfig};
use test_case::test_case;

use support::command::{Ended, Folder, TOKEN, ZONE, end, spawn};
use support::relay::{Honest, Relay, Request, Script, Wire};
use support::zone;

/// A zone that no case owns.
const OTHER: &str = "ffffffffffffffffffffffffffffffff";

/// Records the first line of every request.
#[derive(Default)]
struct Watch(Mutex<Vec<String>>);

impl Watch {
    fn note(&self, line: String) {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lines.push(line);
    }

    fn seen(&self) -> Vec<String> {
        let lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lines.clone()
    }
}

impl Script for Watch {
    async fn serve(&self, request: Request, wire: Wire) -> Option<Wire> {
        let head = String::from_utf8_lossy(&request.bytes).into_owned();
        let line = head.lines().next().unwrap_or_default().to_owned();
        self.note(line);
        let request = if head.contains(" /client/v4/") {
            request
        } else {
            // The base URL had no path, so the mock's base path is added.
            let bytes = head.replacen(" /", " /client/v4/", 1).into_bytes();
            Request { bytes }
        };
        Honest.serve(request, wire).await
    }
}

/// Runs one case in the zone against a mock. `ELSEWHERE` in the case stands for the address of a foreign server, which
/// must never be contacted. Returns how the run ended, and the request lines that the target saw from the case.
async fn run(steps: &str) -> (Ended, Vec<String>) {
    let mut config = MockConfig {
        hooks: false,
        ..MockConfig::default()
    };
    config.access.token = TOKEN.to_owned();
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    let mock = Mock::new(config).serve(any).await;
    let mock = mock.unwrap_or_else(|e| panic!("{e}"));
    let before = zone::read(mock.address);
    let watch = Arc::new(Watch::default());
    let relay = Relay::start(mock.address, watch.clone());
    let elsewhere = TcpListener::bind("127.0.0.1:0").unwrap_or_else(|e| panic!("{e}"));
    let address = elsewhere.local_addr().unwrap_or_else(|e| panic!("{e}"));
    let folder = Folder::new();
    let cases = folder.path.join("cases");
    std::fs::create_dir(&cases).unwrap_or_else(|e| panic!("{e}"));
    let text = format!("title: A case of somebody else\nproves: [HTTP-3]\nneeds: [v2]\n{steps}")
        .replace("ELSEWHERE", &address.to_string())
        .replace("OTHER", OTHER);
    std::fs::write(cases.join("case.yaml"), text).unwrap_or_else(|e| panic!("{e}"));
    // A base URL without a path: text that is appended to it could extend the host.
    let base = relay.url().replace("/client/v4", "");
    let url = if steps.contains("@ELSEWHERE") {
        base
    } else {
        relay.url()
    };
    let cases = cases.to_string_lossy().into_owned();
    let arguments = [
        "run",
        "--target",
        &url,
        "--zone",
        ZONE,
        "--cases",
        &cases,
        "--capability",
        "v2",
    ];
    let ended = end(spawn(folder.originproof(&arguments)));
    elsewhere
        .set_nonblocking(true)
        .unwrap_or_else(|e| panic!("{e}"));
    let waiting = elsewhere.accept().map(|(_, from)| from);
    assert!(waiting.is_err(), "{waiting:?} came: {}", ended.said);
    relay.stop().await;
    assert_eq!(zone::read(mock.address), before, "{}", ended.said);
    assert_eq!(folder.journals(), 0, "{}", ended.said);
    (ended, watch.seen())
}

const EXPECT: &str = "    expect: { HTTP-3: { status: 4xx } }\n";

#[test_case("@ELSEWHERE/zones/{zone}/x"; "the target as user information of another host")]
#[test_case("/zones/OTHER/origin/cloud_regions"; "another zone")]
#[test_case("/zones/{zone}/../OTHER/origin/cloud_regions"; "up and into another zone")]
#[test_case("/zones/{zone}/%2e%2E/OTHER/origin/cloud_regions"; "up, encoded")]
#[test_case("/zones/{zone}/%252e%252e/OTHER/origin/cloud_regions"; "up, encoded twice")]
#[test_case("/zones/{zone}/..\\OTHER/origin/cloud_regions"; "up with a backslash")]
#[test_case("/zones/{zone}/.\\t./OTHER/origin/cloud_regions"; "up with a tab that is taken out")]
#[test_case("//ELSEWHERE/zones/{zone}/x"; "two slashes")]
#[test_case("HTTP://ELSEWHERE/zones/{zone}/x"; "a whole url")]
#[test_case("/user/tokens"; "outside all zones")]
#[test_case("/zones/{zone}"; "the zone as a whole")]
#[tokio::test(flavor = "multi_thread")]
async fn a_path_that_a_variable_brings_does_not_leave_the_zone(path: &str) {
    let quoted = if path.contains("\\t") {
        path.to_owned()
    } else {
        path.replace('\\', "\\\\")
    };
    let steps = format!(
        "steps:\n  - let: {{ way: \"{quoted}\" }}\n  - request: {{ method: DELETE, path: \"{{{{way}}}}\" }}\n{EXPECT}"
    );
    let (ended, seen) = run(&steps).await;
    ended.with(70, &["broken", "a request was not sent"]);
    let is_the_probe = |line: &String| line.starts_with("GET ") && line.contains(ZONE);
    let others: Vec<&String> = seen
        .iter()
        .filter(|line| !is_the_probe(line) && !line.contains("__conformance"))
        .collect();
    assert!(others.is_empty(), "{others:?}: {}", ended.said);
}

#[test_case("../../../OTHER/origin/cloud_regions/192.0.2.1"; "up")]
#[test_case("..%2F..%2F..%2FOTHER%2Forigin%2Fcloud_regions%2F192.0.2.1"; "up, encoded")]
#[test_case("192.0.2.1?x=1"; "a query, behind which the journal does not know the address")]
#[test_case("192.0.2.1#x"; "a fragment")]
#[test_case("192.0.2.1/.."; "back to the collection")]
#[test_case(".."; "nothing but dots")]
#[tokio::test(flavor = "multi_thread")]
async fn a_raw_address_that_a_variable_brings_is_one_segment(raw: &str) {
    let steps = format!(
        "steps:\n  - let: {{ way: \"{raw}\" }}\n  - v2.delete: {{ raw: \"{{{{way}}}}\" }}\n{EXPECT}"
    );
    let (ended, seen) = run(&steps).await;
    ended.with(70, &["broken", "a request was not sent"]);
    assert!(
        !seen.iter().any(|line| line.starts_with("DELETE")),
        "{seen:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_path_in_the_zone_and_an_id_that_no_zone_can_have_are_sent() {
    let long = format!("{ZONE}0");
    let steps = format!(
        "table: [{{ row: own, way: \"/zones/{{zone}}/origin/cloud_regionz\" }}, {{ row: long, way: \"/zones/{long}/origin/cloud_regions\" }}]\n\
         steps:\n  - request: {{ method: GET, path: \"{{{{way}}}}\" }}\n{EXPECT}"
    );
    let (ended, seen) = run(&steps).await;
    ended.with(0, &["2 conform"]);
    for part in ["cloud_regionz", &long] {
        assert!(seen.iter().any(|line| line.contains(part)), "{seen:?}");
    }
}

#[test_case("three", "v2.list: {}\n    expect: { HTTP-3: { mappings: { count: \"{{way}}\" } } }\n", "`count` expects a number"; "a count")]
#[test_case("pair0", "v2.put: { ip: \"{{v4.0}}\", at: \"{{way}}\" }\n    expect: { HTTP-3: { status: 4xx } }\n", "there is no place `pair0`"; "a place")]
#[test_case("few", "v2.batch_put: [{ fill: \"{{way}}\" }]\n    expect: { HTTP-3: { status: 4xx } }\n", "`fill` expects a number"; "a filling")]
#[test_case("ten", "pages: \"{{way}}\"\n    proves: HTTP-3\n", "`pages` expects a number"; "pages")]
#[test_case("nowhere", "holds: [{ ip: \"{{way}}\" }]\n    proves: HTTP-3\n", "`nowhere` is not an address to hold"; "an address to hold")]
#[tokio::test(flavor = "multi_thread")]
async fn a_variable_that_makes_no_sense_is_the_fault_of_the_case_at_its_line(
    value: &str,
    step: &str,
    says: &str,
) {
    let steps = format!("steps:\n  - let: {{ way: {value} }}\n  - {step}");
    let (ended, _) = run(&steps).await;
    ended.with(70, &["broken", says, "case.yaml:6: "]);
    assert!(!ended.said.contains("violates"), "{}", ended.said);
}
