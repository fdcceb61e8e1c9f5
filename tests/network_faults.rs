//! A broken network is not a broken contract: runs on real sockets against servers that refuse, reset, hang,
//! lie about lengths, throttle, redirect and vanish. Each row of a table states how the run ends, what it reports,
//! and what happens to the zone. All runs end within the time limit of `support::command`.
#![cfg(unix)]

mod support;

#[path = "support/fault.rs"]
mod fault;
#[path = "support/goaway.rs"]
mod goaway;
#[path = "support/tls.rs"]
mod tls;

use std::net::SocketAddr;
use std::process::Child;
use std::sync::Arc;

use originproof::mock::{Mock, MockConfig, Running};
use tokio::net::{TcpListener, TcpSocket};

use test_case::test_case;

use fault::{
    EXPIRED, Fault, Faulty, THROTTLED, THROTTLED_FOR_A_DAY, UNAVAILABLE, UNKNOWN_ERROR, When,
};
use goaway::Leaving;
use support::command::{Ended, Folder, TOKEN, ZONE, end, spawn};
use support::relay::{Honest, Relay};
use support::zone;
use tls::Certificate;

/// Starts a mock like most targets: without hooks, and with mappings in its zones.
async fn mock() -> Running {
    let mut config = MockConfig {
        hooks: false,
        seed_mappings: 5,
        ..MockConfig::default()
    };
    config.access.token = TOKEN.to_owned();
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    let running = Mock::new(config).serve(any).await;
    running.unwrap_or_else(|e| panic!("{e}"))
}

/// Starts a run of two quick cases in the zone, with short timeouts.
fn start(folder: &Folder, url: &str, more: &[&str]) -> Child {
    let mut arguments = vec!["run", "--target", url, "--zone", ZONE, "--allow-existing"];
    arguments.extend(["--filter", "^v1/create$", "--filter", "^batch/merges/v2$"]);
    arguments.extend(["--jobs", "1"]);
    if !more.contains(&"--timeout") {
        arguments.extend(["--timeout", "2s"]);
    }
    arguments.extend(more);
    spawn(folder.originproof(&arguments))
}

/// Runs these two cases to the end.
#[track_caller]
fn run(folder: &Folder, url: &str, more: &[&str]) -> Ended {
    end(start(folder, url, more))
}

/// A run through a faulty relay, on a zone whose mappings are known.
struct Trial {
    folder: Folder,
    mock: Running,
    script: Arc<Faulty>,
    relay: Relay,
    before: [zone::Mappings; 2],
}

impl Trial {
    async fn of(fault: Fault, when: When) -> Self {
        let mock = mock().await;
        let script = Arc::new(Faulty::new(fault, when));
        let relay = Relay::start(mock.address, script.clone());
        Self {
            folder: Folder::new(),
            before: zone::read(mock.address),
            mock,
            script,
            relay,
        }
    }

    fn run(&self) -> Ended {
        let ended = run(&self.folder, &self.relay.url(), &[]);
        assert!(self.script.has_begun(), "no fault came: {}", ended.said);
        ended
    }

    /// Checks that the zone is as it was and that no journal is left.
    #[track_caller]
    fn is_as_it_was(&self, ended: &Ended) {
        let said = &ended.said;
        assert_eq!(zone::read(self.mock.address), self.before, "{said}");
        assert_eq!(self.folder.journals(), 0, "{said}");
    }

    /// Checks that the zone waits for `restore`, which restores it once the target works again.
    #[track_caller]
    fn waits_for_restore(&self, ended: &Ended) {
        let said = &ended.said;
        assert_ne!(zone::read(self.mock.address), self.before, "{said}");
        assert_eq!(self.folder.journals(), 1, "{said}");
        assert!(said.contains("originproof restore"), "{said}");
        self.script.heal();
        end(spawn(self.folder.originproof(&["restore"]))).with(0, &["is as it was: 5 mapping(s)"]);
        self.is_as_it_was(ended);
    }
}

#[test_case(Fault::ResetAtAccept, "out of reach"; "reset at accept")]
#[test_case(Fault::ResetBeforeTheTarget, "out of reach"; "reset before the request is served")]
#[test_case(Fault::ResetAfterRequest, "out of reach"; "reset after the request")]
#[test_case(Fault::ResetInHeaders, "out of reach"; "reset in the headers")]
#[test_case(Fault::ResetInBody, "out of reach"; "reset in the body")]
#[test_case(Fault::ClosedInBody, "out of reach"; "closed in the body")]
#[test_case(Fault::HangBeforeHeaders, "no complete answer within 2 s"; "hang before the headers")]
#[test_case(Fault::HangInHeaders, "no complete answer within 2 s"; "hang in the headers")]
#[test_case(Fault::HangInBody, "no complete answer within 2 s"; "hang in the body")]
#[test_case(Fault::Drip, "no complete answer within 2 s"; "a byte a second")]
#[test_case(Fault::LengthTooLong, "out of reach"; "content length too long")]
#[test_case(Fault::BrokenChunking, "out of reach"; "broken chunking")]
#[test_case(Fault::GzipBomb, "larger than 33554432 bytes"; "gzip bomb")]
#[test_case(Fault::HugeBody, "larger than 33554432 bytes"; "a body of 2 GiB announced")]
#[test_case(Fault::HugeHeader, "out of reach"; "a header of 1 MiB")]
#[test_case(Fault::LengthTooShort, "can't all be read"; "content length too short")]
#[test_case(Fault::NotUtf8, "can't all be read"; "invalid utf 8")]
#[test_case(Fault::Nested, "can't all be read"; "nested 10000 levels deep")]
#[test_case(Fault::Empty, "can't all be read"; "empty bodies")]
#[test_case(Fault::Html, "can't all be read"; "pages of html")]
#[test_case(Fault::RedirectLoop, "routes neither v1 nor v2"; "redirect loop")]
#[test_case(EXPIRED, "refuses the credentials (status 401)"; "an expired token")]
#[test_case(THROTTLED, "keeps answering 429"; "429 for ever")]
#[test_case(THROTTLED_FOR_A_DAY, "longer than the longest wait"; "429 for a day")]
#[test_case(UNAVAILABLE, "keeps answering 503"; "503 for ever")]
#[test_case(UNKNOWN_ERROR, "keeps answering 520"; "520 for ever")]
#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_is_broken_from_the_start_stops_the_run_before_any_change(
    fault: Fault,
    says: &str,
) {
    let trial = Trial::of(fault, When::Always).await;
    let ended = trial.run();
    ended.with(3, &[says]);
    assert!(!ended.said.contains("violates"), "{}", ended.said);
    trial.is_as_it_was(&ended);
}

#[test_case(Fault::ResetAtAccept, "went out of reach"; "reset at accept")]
#[test_case(Fault::ResetBeforeTheTarget, "went out of reach"; "reset before the request is served")]
#[test_case(Fault::ResetAfterRequest, "went out of reach"; "reset after the request")]
#[test_case(Fault::ResetInHeaders, "went out of reach"; "reset in the headers")]
#[test_case(Fault::ResetInBody, "went out of reach"; "reset in the body")]
#[test_case(Fault::ClosedInBody, "went out of reach"; "closed in the body")]
#[test_case(Fault::HangBeforeHeaders, "no complete answer within 2 s"; "hang before the headers")]
#[test_case(Fault::HangInHeaders, "no complete answer within 2 s"; "hang in the headers")]
#[test_case(Fault::HangInBody, "no complete answer within 2 s"; "hang in the body")]
#[test_case(Fault::Drip, "no complete answer within 2 s"; "a byte a second")]
#[test_case(Fault::LengthTooLong, "went out of reach"; "content length too long")]
#[test_case(Fault::BrokenChunking, "went out of reach"; "broken chunking")]
#[test_case(Fault::GzipBomb, "larger than 33554432 bytes"; "gzip bomb")]
#[test_case(Fault::HugeBody, "larger than 33554432 bytes"; "a body of 2 GiB announced")]
#[test_case(Fault::HugeHeader, "went out of reach"; "a header of 1 MiB")]
#[test_case(Fault::Nested, "nested too deeply"; "nested 10000 levels deep")]
#[test_case(Fault::RedirectLoop, "more than 5 redirects"; "redirect loop")]
#[test_case(EXPIRED, "no longer accepts the credentials"; "401 halfway")]
#[test_case(THROTTLED, "it keeps answering 429"; "429 for ever")]
#[test_case(THROTTLED_FOR_A_DAY, "longer than the longest wait"; "429 for a day")]
#[test_case(UNAVAILABLE, "it keeps answering 503"; "503 for ever")]
#[test_case(UNKNOWN_ERROR, "it keeps answering 520"; "520 for ever")]
#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_breaks_in_the_middle_is_inconclusive_and_its_zone_waits_for_restore(
    fault: Fault,
    says: &str,
) {
    let trial = Trial::of(fault, When::FromSecondWrite).await;
    let ended = trial.run();
    ended.with(3, &[says, "inconclusive"]);
    assert!(!ended.said.contains("violates"), "{}", ended.said);
    trial.waits_for_restore(&ended);
}

#[test_case(Fault::ResetBeforeTheTarget; "reset before the request is served")]
#[test_case(Fault::ResetAfterRequest; "reset after the request")]
#[test_case(Fault::ResetInHeaders; "reset in the headers")]
#[test_case(Fault::ResetInBody; "reset in the body")]
#[test_case(Fault::ClosedInBody; "closed in the body")]
#[test_case(Fault::HangBeforeHeaders; "hang before the headers")]
#[test_case(Fault::HangInHeaders; "hang in the headers")]
#[test_case(Fault::HangInBody; "hang in the body")]
#[test_case(Fault::Drip; "a byte a second")]
#[test_case(Fault::LengthTooLong; "content length too long")]
#[test_case(Fault::BrokenChunking; "broken chunking")]
#[test_case(Fault::GzipBomb; "gzip bomb")]
#[test_case(Fault::HugeBody; "a body of 2 GiB announced")]
#[test_case(Fault::HugeHeader; "a header of 1 MiB")]
#[test_case(Fault::Nested; "nested 10000 levels deep")]
#[test_case(UNAVAILABLE; "503 whose write may have been carried out")]
#[test_case(UNKNOWN_ERROR; "520 whose write may have been carried out")]
#[tokio::test(flavor = "multi_thread")]
async fn a_write_whose_answer_is_lost_is_inconclusive_and_its_zone_is_put_back(fault: Fault) {
    let trial = Trial::of(fault, When::OnceAtCreate).await;
    let ended = trial.run();
    ended.with(3, &["inconclusive v1/create", "1 conforms, 1 inconclusive"]);
    trial.is_as_it_was(&ended);
}

#[test_case(Fault::ResetAfterRequest, When::OnceAtList; "a read whose connection is reset")]
#[test_case(Fault::ResetInBody, When::OnceAtList; "a read that is cut off")]
#[test_case(THROTTLED, When::OnceAtCreate; "429 once")]
#[test_case(UNAVAILABLE, When::OnceAtList; "503 in HTML once")]
#[test_case(UNKNOWN_ERROR, When::OnceAtList; "520 once")]
#[test_case(Fault::RedirectLoop, When::OnceAtCreate; "a redirect to the same host")]
#[test_case(Fault::DuplicateKeys, When::InCases; "duplicate keys of which the last one counts")]
#[tokio::test(flavor = "multi_thread")]
async fn what_passes_by_itself_is_ridden_out(fault: Fault, when: When) {
    let trial = Trial::of(fault, when).await;
    let ended = trial.run();
    ended.with(0, &["2 conforms"]);
    trial.is_as_it_was(&ended);
}

#[test_case(Fault::LengthTooShort; "content length too short")]
#[test_case(Fault::NotUtf8; "invalid utf 8")]
#[test_case(Fault::Empty; "an empty body with 200")]
#[test_case(Fault::Html; "html with 200")]
#[tokio::test(flavor = "multi_thread")]
async fn a_whole_answer_that_is_no_json_violates_the_contract(fault: Fault) {
    let trial = Trial::of(fault.clone(), When::OnceAtCreate).await;
    let ended = trial.run();
    ended.with(1, &["violates v1/create", "ENV-1 (must)"]);
    trial.is_as_it_was(&ended);
    let trial = Trial::of(fault, When::FromSecondWrite).await;
    let ended = trial.run();
    // Without a readable answer nothing more is written, so only the running case reports the violation.
    ended.with(1, &["violates ", "ENV-1 (must)"]);
    trial.waits_for_restore(&ended);
}

#[test_case(UNAVAILABLE, &[], 3, "keeps answering 503"; "503 where fresh zones might be offered")]
#[test_case(Fault::Html, &["--capability", "fresh-zones"], 1, "ENV-1 (must)"; "html where every zone is fresh")]
#[tokio::test(flavor = "multi_thread")]
async fn without_a_zone_by_hand_the_verdicts_are_the_same(
    fault: Fault,
    more: &[&str],
    code: i32,
    says: &str,
) {
    let trial = Trial::of(fault, When::Always).await;
    let url = trial.relay.url();
    let mut arguments = vec!["run", "--target", &url, "--filter", "^v1/create$"];
    arguments.extend(more);
    end(spawn(trial.folder.originproof(&arguments))).with(code, &[says]);
}

#[test_case(When::Always, "routes neither v1 nor v2"; "from the start")]
#[test_case(When::OnceAtCreate, "it is not followed to another host"; "of a write")]
#[tokio::test(flavor = "multi_thread")]
async fn no_redirect_takes_the_credentials_to_another_host(when: When, says: &str) {
    let other = TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap_or_else(|e| panic!("{e}"));
    let address = other.local_addr().unwrap_or_else(|e| panic!("{e}"));
    let trial = Trial::of(Fault::Redirect(format!("http://{address}/elsewhere")), when).await;
    let ended = trial.run();
    ended.with(3, &[says]);
    trial.is_as_it_was(&ended);
    // A connection to the other host would still be waiting to be accepted.
    let other = other.into_std().unwrap_or_else(|e| panic!("{e}"));
    let waiting = other.accept().map(|(_, from)| from);
    assert!(
        waiting.is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock),
        "{}",
        ended.said
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_gone_in_the_middle_leaves_a_zone_that_waits_for_restore() {
    let trial = Trial::of(Fault::HangBeforeHeaders, When::FromSecondWrite).await;
    let run = start(&trial.folder, &trial.relay.url(), &[]);
    trial.script.begins().await;
    let place = trial.relay.stop().await;
    let ended = end(run);
    ended.with(
        3,
        &["inconclusive", "went out of reach", "originproof restore"],
    );
    assert_eq!(trial.folder.journals(), 1);
    let again = place.serve(trial.mock.address, Arc::new(Honest));
    let restored = end(spawn(trial.folder.originproof(&["restore"])));
    restored.with(0, &["is as it was: 5 mapping(s)"]);
    again.stop().await;
    assert_eq!(zone::read(trial.mock.address), trial.before);
    assert_eq!(trial.folder.journals(), 0);
}

#[test_case(Certificate::OfAnotherHost, &["--ca-cert", "authority.pem"], "not valid for name"; "a wrong name")]
#[test_case(Certificate::Expired, &["--ca-cert", "authority.pem"], "expired"; "an expired certificate")]
#[test_case(Certificate::Good, &[], "UnknownIssuer"; "an unknown certificate")]
#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_can_not_be_trusted_is_out_of_reach(
    certificate: Certificate,
    flags: &[&str],
    says: &str,
) {
    let ended = secured(certificate, flags).await;
    ended.with(3, &["out of reach", "certificate", says]);
}

#[test_case(Certificate::Good, &["--ca-cert", "authority.pem"], "2 conforms"; "of an authority that was named")]
#[test_case(Certificate::Expired, &["--insecure"], "warning: --insecure"; "any with insecure, and a warning")]
#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_is_to_be_trusted_is(
    certificate: Certificate,
    flags: &[&str],
    says: &str,
) {
    secured(certificate, flags).await.with(0, &[says]);
}

/// Runs the two cases over TLS.
async fn secured(certificate: Certificate, flags: &[&str]) -> Ended {
    let mock = mock().await;
    let before = zone::read(mock.address);
    let secured = tls::serve(mock.address, certificate).await;
    let folder = Folder::new();
    let written = std::fs::write(folder.path.join("authority.pem"), &secured.authority_pem);
    written.unwrap_or_else(|e| panic!("{e}"));
    let ended = run(&folder, &secured.url, flags);
    assert_eq!(zone::read(mock.address), before);
    assert_eq!(folder.journals(), 0);
    ended
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tls_handshake_that_hangs_ends_with_the_limit_to_connect() {
    // The system accepts the connection, but nobody ever reads from it.
    let silent = TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap_or_else(|e| panic!("{e}"));
    let address = silent.local_addr().unwrap_or_else(|e| panic!("{e}"));
    let folder = Folder::new();
    let limits = ["--connect-timeout", "1s", "--timeout", "10m"];
    let ended = run(&folder, &format!("https://{address}/client/v4"), &limits);
    ended.with(3, &["out of reach", "timed out"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_http2_goaway_in_order_is_no_fault() {
    let mock = mock().await;
    let before = zone::read(mock.address);
    let (leaving, url) = Leaving::start(mock.address, goaway::When::AfterEach(5)).await;
    let folder = Folder::new();
    let ended = run(&folder, &url, &["--http2"]);
    ended.with(0, &["2 conforms"]);
    assert!(leaving.said() > 2);
    assert_eq!(zone::read(mock.address), before);
    assert_eq!(folder.journals(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_http2_goaway_from_the_start_is_out_of_reach() {
    let mock = mock().await;
    let (leaving, url) = Leaving::start(mock.address, goaway::When::ForEverAfter(0)).await;
    let folder = Folder::new();
    let ended = run(&folder, &url, &["--http2"]);
    ended.with(3, &["out of reach"]);
    assert!(leaving.said() > 0);
    assert_eq!(folder.journals(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_http2_goaway_for_ever_in_the_middle_leaves_a_zone_that_waits_for_restore() {
    let mock = mock().await;
    let before = zone::read(mock.address);
    let (leaving, url) = Leaving::start(mock.address, goaway::When::ForEverAfter(12)).await;
    let folder = Folder::new();
    let ended = run(&folder, &url, &["--http2"]);
    ended.with(
        3,
        &["inconclusive", "went out of reach", "originproof restore"],
    );
    assert_ne!(zone::read(mock.address), before);
    leaving.heal();
    let restored = end(spawn(folder.originproof(&["restore", "--http2"])));
    restored.with(0, &["is as it was: 5 mapping(s)"]);
    assert_eq!(zone::read(mock.address), before);
    assert_eq!(folder.journals(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_that_nobody_listens_on_is_out_of_reach() {
    // The socket is bound but not listening, so that nobody else can take the port.
    let socket = TcpSocket::new_v4().unwrap_or_else(|e| panic!("{e}"));
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    socket.bind(any).unwrap_or_else(|e| panic!("{e}"));
    let address = socket.local_addr().unwrap_or_else(|e| panic!("{e}"));
    let folder = Folder::new();
    let ended = run(&folder, &format!("http://{address}/client/v4"), &[]);
    ended.with(3, &["out of reach", "refused"]);
    assert_eq!(folder.journals(), 0);
}

#[test]
fn a_host_that_has_no_address_is_out_of_reach() {
    let folder = Folder::new();
    let ended = run(&folder, "http://nowhere.invalid/client/v4", &[]);
    ended.with(
        3,
        &[
            "http://nowhere.invalid/client/v4 is out of reach",
            "dns error",
        ],
    );
    assert_eq!(folder.journals(), 0);
}
