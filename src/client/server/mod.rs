//! The scenario server: one for each scenario, on loopback and a port of its own, so that a late request of another
//! scenario cannot reach it.

mod answer;
mod log;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::body::{Body, to_bytes};
use futures_util::StreamExt;
use http::request::Parts;
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use self::answer::{Prepared, prepare};
pub(super) use self::log::{Host, Seen};
use self::log::{Log, locked};
use super::scenario::{Given, RetryAfter, Scenario, ScriptedAnswer, Times};
use crate::contract::{Contract, routes};
use crate::exchange::Operation;
use crate::mock::{Access, Change, Mock, MockConfig, Place, variation};

/// The largest body of a request, in bytes.
const BODY_LIMIT: usize = 4 * 1024 * 1024;
/// The largest number of requests that a scenario keeps.
const MOST_REQUESTS: usize = 1_000;
/// The path of the API below the host.
pub(super) const BASE_PATH: &str = "/client/v4";

/// A started scenario server. It stops when it is dropped.
pub(super) struct Stage {
    port: u16,
    shared: Arc<Shared>,
    _stop: watch::Sender<bool>,
}

/// What the connections of a server share.
struct Shared {
    mock: Arc<Mock>,
    /// The operation that the client is asked for now; only its requests get the answers of the script.
    asked: Mutex<Operation>,
    /// The number of requests that came before the client was asked for what is judged.
    before: AtomicUsize,
    /// Whether field names are written in title case.
    title_case: bool,
    answers: Vec<ScriptedAnswer>,
    /// The number of requests that each answer was given to.
    given: Mutex<Vec<usize>>,
    log: Log,
    /// The port of the other host.
    other: u16,
}

impl Stage {
    /// Starts the server of a scenario.
    ///
    /// # Errors
    /// If no port is free.
    pub(super) async fn start(scenario: &Scenario, zone: &str, access: Access) -> io::Result<Self> {
        let own = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await?;
        let other = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await?;
        let port = own.local_addr()?.port();
        let shared = Arc::new(Shared {
            mock: Arc::new(mock(scenario, zone, access)),
            asked: Mutex::new(scenario.step.operation),
            before: AtomicUsize::new(0),
            title_case: scenario.title_case,
            answers: scenario.answers.clone(),
            given: Mutex::new(vec![0; scenario.answers.len()]),
            log: Log::default(),
            other: other.local_addr()?.port(),
        });
        let (stop, stopped) = watch::channel(false);
        for (listener, host) in [(own, Host::Own), (other, Host::Other)] {
            tokio::spawn(accept(listener, host, Arc::clone(&shared), stopped.clone()));
        }
        Ok(Self {
            port,
            shared,
            _stop: stop,
        })
    }

    /// Returns the base URL for the client.
    pub(super) fn base_url(&self) -> String {
        format!("http://127.0.0.1:{}{BASE_PATH}", self.port)
    }

    /// Notes what the client is asked for now. Requests so far are not shown any more.
    pub(super) fn asks_for(&self, operation: Operation) {
        *locked(&self.shared.asked) = operation;
        let so_far = self.shared.log.all().len();
        self.shared.before.store(so_far, Ordering::SeqCst);
    }

    /// Writes mappings as somebody else would.
    pub(super) fn put(&self, zone: &str, mappings: &[[String; 3]]) {
        put(&self.shared.mock, zone, mappings);
    }

    /// Returns this long after the first request was answered.
    pub(super) async fn watched(&self, time: Duration) {
        while self.seen().iter().all(|seen| seen.answer.is_none()) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        tokio::time::sleep(time).await;
    }

    /// Returns the requests so far, in the order of their arrival.
    pub(super) fn seen(&self) -> Vec<Seen> {
        let before = self.shared.before.load(Ordering::SeqCst);
        self.shared.log.all().split_off(before)
    }
}

/// Returns the mock that answers where the scenario does not.
fn mock(scenario: &Scenario, zone: &str, access: Access) -> Mock {
    let variations = scenario.variations.iter();
    let variations = variations.filter_map(|name| variation::by_name(name));
    let changes: Vec<Change> = variations
        .flat_map(|variation| variation.changes.iter().copied())
        .collect();
    let mut config = MockConfig {
        access,
        changes,
        hooks: false,
        ..MockConfig::default()
    };
    if let Given::Number(number) = scenario.given {
        config.seed_mappings = number;
    }
    let mock = Mock::new(config);
    if let Given::Mappings(mappings) = &scenario.given {
        put(&mock, zone, mappings);
    }
    mock
}

fn put(mock: &Mock, zone: &str, mappings: &[[String; 3]]) {
    for [address, vendor, region] in mappings {
        if let Some(ip) = crate::contract::address::parse(address) {
            let place = Place {
                vendor: vendor.clone(),
                region: region.clone(),
            };
            mock.put(zone, ip, place);
        }
    }
}

async fn accept(
    listener: TcpListener,
    host: Host,
    shared: Arc<Shared>,
    mut stopped: watch::Receiver<bool>,
) {
    loop {
        let stream = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(_) => {
                    // Such as too many open files, which may pass.
                    tokio::time::sleep(Duration::from_millis(10)).await;
                    continue;
                }
            },
            _ = stopped.changed() => return,
        };
        let (shared, mut stopped) = (Arc::clone(&shared), stopped.clone());
        tokio::spawn(async move {
            tokio::select! {
                () = connection(stream, host, shared) => {}
                _ = stopped.changed() => {}
            }
        });
    }
}

async fn connection(stream: TcpStream, host: Host, shared: Arc<Shared>) {
    let _ = stream.set_nodelay(true);
    let served = Arc::clone(&shared);
    let service = service_fn(move |request| respond(request, host, Arc::clone(&served)));
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .title_case_headers(shared.title_case);
    builder.http2().timer(TokioTimer::new());
    let serving = builder.serve_connection(TokioIo::new(stream), service);
    if let Err(error) = serving.await
        && let Some(error) = error.downcast_ref::<hyper::Error>()
        && error.is_parse()
    {
        shared.log.unreadable(host, error.to_string());
    }
}

/// The connection is closed without an answer.
#[derive(Debug, thiserror::Error)]
#[error("the scenario loses this answer")]
struct Lost;

async fn respond(
    request: Request<Incoming>,
    host: Host,
    shared: Arc<Shared>,
) -> Result<Response<Body>, Lost> {
    let arrived = Instant::now();
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(Body::new(body), BODY_LIMIT).await else {
        return Err(Lost);
    };
    let number = shared
        .log
        .begin(host, arrived, &parts, &body, MOST_REQUESTS);
    let script = match host {
        Host::Own if is_asked(&shared, &parts) => next(&shared),
        Host::Own | Host::Other => None,
    };
    // If the client closes the connection, this task is dropped where it waits, and the log says when that was.
    let waiting = Waiting {
        log: &shared.log,
        number,
    };
    let request = Request::from_parts(parts, body);
    let prepared = prepare(script.as_ref(), request, &shared.mock, shared.other).await;
    if let Some(script) = &script {
        if !script.wire.delay.is_zero() {
            tokio::time::sleep(script.wire.delay).await;
        }
        if script.wire.is_lost {
            return Err(Lost);
        }
    }
    let not_before = script
        .as_ref()
        .and_then(|script| asked_wait(script, &prepared));
    shared.log.answered(number, &prepared, not_before);
    std::mem::forget(waiting);
    let response = prepared.into_response();
    Ok(response.map(|body| watched(body, shared, number)))
}

/// Notes when a client gives up an answer that it waits for.
struct Waiting<'l> {
    log: &'l Log,
    number: Option<usize>,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.log.ended(self.number);
    }
}

/// Returns a body that notes when it was read or given up.
fn watched(body: Body, shared: Arc<Shared>, number: Option<usize>) -> Body {
    struct End(Arc<Shared>, Option<usize>);
    impl Drop for End {
        fn drop(&mut self) {
            self.0.log.ended(self.1);
        }
    }
    let end = End(shared, number);
    Body::from_stream(body.into_data_stream().map(move |part| {
        let _ = &end;
        part
    }))
}

/// Returns whether a request is of the operation that the client is asked for.
fn is_asked(shared: &Shared, parts: &Parts) -> bool {
    let below = parts.uri.path().strip_prefix(BASE_PATH).unwrap_or_default();
    let asked = *locked(&shared.asked);
    let mut all = routes(Contract::embedded(), below);
    all.any(|route| route.operation == asked && route.method == parts.method.as_str())
}

/// Returns the next answer of the script; `None` for the mock's.
fn next(shared: &Shared) -> Option<ScriptedAnswer> {
    let mut given = locked(&shared.given);
    for (answer, given) in shared.answers.iter().zip(given.iter_mut()) {
        let is_left = match answer.times {
            Times::Always => true,
            Times::Number(number) => *given < number,
        };
        if is_left {
            *given += 1;
            return Some(answer.clone());
        }
    }
    None
}

/// Returns the time before which no further request may come.
fn asked_wait(script: &ScriptedAnswer, prepared: &Prepared) -> Option<Instant> {
    let wait = match script.retry_after? {
        RetryAfter::Seconds(wait) => wait,
        RetryAfter::Date(..) => prepared.wait_for_date?,
    };
    Some(Instant::now() + wait.min(Duration::from_hours(24)))
}
