//! An interrupted run leaves no trace in a zone that is in use. After Ctrl-C or SIGTERM the run itself restores the
//! zone; after SIGKILL `originproof restore` does. The moments of interruption are random. Failure messages show the
//! seed; to repeat it, set `INTERRUPTED_SEED`.
#![cfg(unix)]

mod support;

use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use test_case::test_case;
use tokio::sync::watch;

use support::command::{Ended, Folder, TOKEN, ZONE, end, signal, spawn};
use support::relay::{Honest, Place, Relay, Request, Script, Wire};
use support::zone;

/// The number of moments for each signal and kind of run.
const MOMENTS: usize = 30;
/// Addresses in the zone that cases choose or name, besides its other mappings.
const CONTESTED: [&str; 5] = [
    "192.0.2.10",
    "2001:db8:a::1",
    "2001:db8::1",
    "198.51.100.1",
    "2001:db8:f111::5",
];

/// `originproof mock` without hooks, whose zone holds 300 mappings.
struct Served {
    child: Child,
    address: SocketAddr,
    original: [zone::Mappings; 2],
    _folder: Folder,
}

impl Served {
    fn start() -> Self {
        let folder = Folder::new();
        let mut command = folder.originproof(&["mock", "--no-hooks", "--token", TOKEN]);
        let mut child = command
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|e| panic!("{e}"));
        let mut line = String::new();
        if let Some(stdout) = child.stdout.as_mut() {
            let read = BufReader::new(stdout).read_line(&mut line);
            read.unwrap_or_else(|e| panic!("{e}"));
        }
        let address = line.split('/').nth(2).unwrap_or_default();
        let address = address.parse().unwrap_or_else(|e| panic!("{e}: {line}"));
        let fillings: Vec<String> = (CONTESTED.len()..300)
            .map(|n| format!("2001:db8:77::{n:x}"))
            .collect();
        let mut all: Vec<&str> = CONTESTED.to_vec();
        all.extend(fillings.iter().map(String::as_str));
        write(address, &all);
        let original = zone::read(address);
        assert_eq!(original.each_ref().map(zone::Mappings::len), [300, 300]);
        Self {
            child,
            address,
            original,
            _folder: folder,
        }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Writes mappings directly to the server, like another user of the zone.
fn write(server: SocketAddr, addresses: &[&str]) {
    for chunk in addresses.chunks(100) {
        let items: Vec<Value> = chunk
            .iter()
            .map(|ip| json!({"origin_ip": ip, "vendor": "gcp", "region": "us-east1"}))
            .collect();
        let answer = zone::request(
            server,
            "PUT",
            "/origin/cloud_regions/batch",
            Some(&Value::Array(items)),
        );
        assert_eq!(answer["result"]["failed"], json!([]), "{answer}");
    }
}

/// A relay script that counts requests and sends a signal to the run at a certain request.
struct Moment {
    signal: &'static str,
    /// The number of the request, from 1; `None` for no signal.
    at: Option<usize>,
    /// Whether the target handles that request before the signal is sent.
    served: bool,
    run: Mutex<Option<u32>>,
    requests: AtomicUsize,
    /// The number of requests in progress.
    open: watch::Sender<usize>,
    is_dead: AtomicBool,
}

impl Moment {
    fn new(signal: &'static str, at: Option<usize>, served: bool) -> Arc<Self> {
        Arc::new(Self {
            signal,
            at,
            served,
            run: Mutex::new(None),
            requests: AtomicUsize::new(0),
            open: watch::Sender::new(0),
            is_dead: AtomicBool::new(false),
        })
    }

    /// Starts the run; its first request waits until its process id is known.
    fn run(&self, folder: &Folder, arguments: &[&str]) -> Child {
        let mut run = self.run.lock().unwrap_or_else(|e| panic!("{e}"));
        let child = spawn(folder.originproof(arguments));
        *run = Some(child.id());
        child
    }

    fn strike(&self) {
        let run = *self.run.lock().unwrap_or_else(|e| panic!("{e}"));
        self.is_dead.store(self.signal == "KILL", Ordering::SeqCst);
        if let Some(run) = run {
            signal(self.signal, run);
        }
    }

    async fn relay(&self, request: &Request, mut wire: Wire) -> Option<Wire> {
        // A request of a killed run that nobody had read before the kill is dropped.
        if self.is_dead.load(Ordering::SeqCst) {
            return None;
        }
        let number = self.requests.fetch_add(1, Ordering::SeqCst) + 1;
        if self.at != Some(number) {
            return wire.pass(request).await;
        }
        if self.served {
            let answer = wire.forward(request).await.ok()?;
            self.strike();
            return wire.answer(&answer).await;
        }
        self.strike();
        wire.pass(request).await
    }
}

impl Script for Moment {
    async fn serve(&self, request: Request, wire: Wire) -> Option<Wire> {
        self.open.send_modify(|open| *open += 1);
        let wire = self.relay(&request, wire).await;
        self.open.send_modify(|open| *open -= 1);
        wire
    }
}

/// A pseudo-random number generator with a seed (`SplitMix64`).
struct Random(u64);

impl Random {
    fn new() -> Self {
        let given = std::env::var("INTERRUPTED_SEED").ok();
        Self(given.and_then(|seed| seed.parse().ok()).unwrap_or_else(|| {
            let mut hasher = RandomState::new().build_hasher();
            hasher.write_u64(0);
            hasher.finish()
        }))
    }

    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let number = usize::try_from((z ^ (z >> 31)) >> 33).unwrap_or(0);
        number % end.max(1)
    }
}

/// Returns the arguments of a run that works around the mappings in the zone.
fn arguments<'a>(url: &'a str, cases: &[&'a str], more: &[&'a str]) -> Vec<&'a str> {
    let mut arguments = vec!["run", "--target", url, "--zone", ZONE, "--allow-existing"];
    // A fixed order of cases, so that every run sends the same number of requests.
    arguments.extend(["--seed", "7", "--jobs", "1"]);
    arguments.extend(cases.iter().flat_map(|case| ["--filter", case]));
    arguments.extend(more);
    arguments
}

/// Runs `originproof restore` through a relay at the same address.
async fn restore(folder: &Folder, served: &Served, at: Place) -> (Ended, Place) {
    let relay = at.serve(served.address, Arc::new(Honest));
    let ended = end(spawn(folder.originproof(&["restore"])));
    (ended, relay.stop().await)
}

const AROUND: &[&str] = &["^v1/create", "^delete/single", "^batch/merges/"];
const EMPTIED: &[&str] = &[
    "^v1/create$",
    "^batch/merges/",
    "^ip/neighbours",
    "^list/empty/v2",
];

#[test_case("INT", AROUND, &[]; "ctrl c around the mappings")]
#[test_case("TERM", AROUND, &[]; "sigterm around the mappings")]
#[test_case("KILL", AROUND, &[]; "sigkill around the mappings")]
#[test_case("INT", EMPTIED, &["--allow-empty-zone"]; "ctrl c in a zone that was emptied")]
#[test_case("TERM", EMPTIED, &["--allow-empty-zone"]; "sigterm in a zone that was emptied")]
#[test_case("KILL", EMPTIED, &["--allow-empty-zone"]; "sigkill in a zone that was emptied")]
#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_run_leaves_the_zone_as_it_was(
    name: &'static str,
    cases: &[&str],
    more: &[&str],
) {
    let served = Served::start();
    let folder = Folder::new();
    let whole = Moment::new(name, None, false);
    let relay = Relay::start(served.address, whole.clone());
    let url = relay.url();
    end(whole.run(&folder, &arguments(&url, cases, more))).with(0, &["as it was: 300 mappings"]);
    // The last four requests are left out: a signal there could come after the end of the run.
    let last = whole.requests.load(Ordering::SeqCst) - 4;
    let mut random = Random::new();
    let mut put_back = 0;
    for moment in 1..=MOMENTS {
        let seed = random.0;
        let (at, served_first) = (1 + random.below(last), random.below(2) == 0);
        let script = Moment::new(name, Some(at), served_first);
        let relay = Relay::start(served.address, script.clone());
        let url = relay.url();
        let ended = end(script.run(&folder, &arguments(&url, cases, more)));
        let mut open = script.open.subscribe();
        let quiet = open.wait_for(|open| *open == 0).await;
        assert!(quiet.is_ok());
        let place = relay.stop().await;
        let context = format!(
            "moment {moment} of {MOMENTS}, seed {seed}: request {at} of {last}, served first: {served_first}\n{}",
            ended.said
        );
        if name == "KILL" {
            assert_eq!(ended.status.signal(), Some(9), "{context}");
            if folder.journals() > 0 {
                let (ended, _) = restore(&folder, &served, place).await;
                ended.with(0, &["is as it was: 300 mapping(s)"]);
                put_back += 1;
            }
        } else {
            assert_eq!(ended.status.code(), Some(130), "{context}");
        }
        assert_eq!(folder.journals(), 0, "{context}");
        assert!(zone::read(served.address) == served.original, "{context}");
    }
    // Most moments of a run come after its journal was begun, so some killed runs must have needed a restore.
    assert_eq!(
        name == "KILL",
        put_back > 0,
        "{put_back} of {MOMENTS} restored"
    );
}

/// The event at the first write of the run.
enum AtFirstWrite {
    /// Holds the write until the test releases it.
    Wait(watch::Sender<bool>, watch::Receiver<bool>),
    /// Writes this address as another user, directly to this server.
    Stranger(&'static str, SocketAddr),
    /// Never answers the write.
    Hang(watch::Sender<bool>),
}

struct FirstWrite {
    what: AtFirstWrite,
    has_come: AtomicBool,
}

impl FirstWrite {
    fn new(what: AtFirstWrite) -> Arc<Self> {
        let has_come = AtomicBool::new(false);
        Arc::new(Self { what, has_come })
    }
}

impl Script for FirstWrite {
    async fn serve(&self, request: Request, wire: Wire) -> Option<Wire> {
        if !request.bytes.starts_with(b"GET ") && !self.has_come.swap(true, Ordering::SeqCst) {
            match &self.what {
                AtFirstWrite::Wait(come, go) => {
                    come.send_replace(true);
                    go.clone().wait_for(|go| *go).await.ok()?;
                }
                AtFirstWrite::Stranger(ip, server) => write(*server, &[ip]),
                AtFirstWrite::Hang(come) => {
                    come.send_replace(true);
                    std::future::pending::<()>().await;
                }
            }
        }
        wire.pass(&request).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_runs_on_one_zone_the_second_is_refused() {
    let (served, folder) = (Served::start(), Folder::new());
    let (come, (go, may_go)) = (watch::Sender::new(false), watch::channel(false));
    let mut has_come = come.subscribe();
    let script = FirstWrite::new(AtFirstWrite::Wait(come, may_go));
    let relay = Relay::start(served.address, script);
    let url = relay.url();
    let first = spawn(folder.originproof(&arguments(&url, &["^v1/create$"], &[])));
    assert!(has_come.wait_for(|come| *come).await.is_ok());
    let second = end(spawn(folder.originproof(&arguments(
        &url,
        &["^v1/create$"],
        &[],
    ))));
    second.with(2, &["another run is at work on zone", ZONE, ".lock"]);
    go.send_replace(true);
    end(first).with(0, &["1 conforms", "as it was: 300 mappings"]);
    assert!(zone::read(served.address) == served.original);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_journal_that_waits_blocks_the_next_run_until_it_is_restored() {
    let (served, folder) = (Served::start(), Folder::new());
    let come = watch::Sender::new(false);
    let mut has_come = come.subscribe();
    let script = FirstWrite::new(AtFirstWrite::Hang(come));
    let relay = Relay::start(served.address, script);
    let url = relay.url();
    let killed = spawn(folder.originproof(&arguments(&url, &["^v1/create$"], &[])));
    assert!(has_come.wait_for(|come| *come).await.is_ok());
    signal("KILL", killed.id());
    end(killed);
    let blocked = end(spawn(folder.originproof(&arguments(
        &url,
        &["^v1/create$"],
        &[],
    ))));
    blocked.with(2, &["did not end", "originproof restore", ".journal"]);
    let place = relay.stop().await;
    let (restored, place) = restore(&folder, &served, place).await;
    restored.with(0, &["is as it was: 300 mapping(s)"]);
    let relay = place.serve(served.address, Arc::new(Honest));
    let again = end(spawn(folder.originproof(&arguments(
        &url,
        &["^v1/create$"],
        &[],
    ))));
    again.with(0, &["1 conforms"]);
    relay.stop().await;
    assert!(zone::read(served.address) == served.original);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_signal_ends_a_run_that_waits_and_leaves_its_journal() {
    let (served, folder) = (Served::start(), Folder::new());
    let come = watch::Sender::new(false);
    let mut has_come = come.subscribe();
    let script = FirstWrite::new(AtFirstWrite::Hang(come));
    let relay = Relay::start(served.address, script);
    let url = relay.url();
    let patient = ["--timeout", "10m", "--first-byte-timeout", "10m"];
    let mut run = spawn(folder.originproof(&arguments(&url, &["^v1/create$"], &patient)));
    assert!(has_come.wait_for(|come| *come).await.is_ok());
    // Signals in quick succession may be merged into one by the system, so they are repeated until the run ends.
    while matches!(run.try_wait(), Ok(None)) {
        signal("INT", run.id());
    }
    end(run).with(
        130,
        &[
            "interrupt once more",
            "interrupted three times",
            "originproof restore",
        ],
    );
    assert_eq!(folder.journals(), 1);
    let place = relay.stop().await;
    let (restored, _) = restore(&folder, &served, place).await;
    restored.with(0, &["is as it was: 300 mapping(s)"]);
    assert!(zone::read(served.address) == served.original);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mapping_that_somebody_else_writes_during_the_run_is_kept_and_reported() {
    let (served, folder) = (Served::start(), Folder::new());
    let stranger = "203.0.113.200";
    let script = FirstWrite::new(AtFirstWrite::Stranger(stranger, served.address));
    let relay = Relay::start(served.address, script);
    let url = relay.url();
    let ended = end(spawn(folder.originproof(&arguments(&url, AROUND, &[]))));
    ended.with(0, &[stranger, "the run never wrote it"]);
    assert_eq!(folder.journals(), 0);
    let mut expected = served.original.clone();
    for mappings in &mut expected {
        mappings.insert(stranger.to_owned(), "gcp us-east1".to_owned());
    }
    assert!(zone::read(served.address) == expected, "{}", ended.said);
}
