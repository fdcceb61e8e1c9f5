//! The HTTP layer: routing, credentials, the hooks and the lock of a zone. It decides nothing that the
//! contract covers.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::{Body as HttpBody, to_bytes};
use axum::extract::State;
use axum::http::{Method, StatusCode, header, request::Parts};
use axum::response::Response;
use bytes::Bytes;
use jiff::Timestamp;
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::access::{Access, Credentials};
use super::call::{Body, Call, Reply};
use super::change::Change;
use super::handle::handle;
use super::hint;
use super::rules::Rules;
use super::store::{Mapping, Place, Zone};
use super::wire::Wire;
use super::zones::Zones;
use crate::contract::{Contract, FaultRequest, routes};
use crate::exchange::Operation;

/// The path prefix of everything that is served.
const BASE_PATH: &str = "/client/v4";
/// The largest request body, in bytes.
const BODY_LIMIT: usize = 1024 * 1024;

/// The configuration of a mock.
#[derive(Debug, Clone)]
pub struct MockConfig {
    /// The credentials that the mock accepts.
    pub access: Access,
    /// The changes of behaviour. An empty list makes the mock the honest reference.
    pub changes: Vec<Change>,
    /// The number of mappings that every zone holds from the start.
    pub seed_mappings: usize,
    /// True if the hooks are offered.
    pub hooks: bool,
    /// The rate limit `(n, s)`: each n-th request is answered with 429 and a `retry-after` of `s` seconds.
    pub throttle: Option<(u64, u64)>,
}

impl Default for MockConfig {
    fn default() -> Self {
        Self {
            access: Access {
                token: "mock-token".into(),
                email: "mock@example.com".into(),
                key: "mock-key".into(),
            },
            changes: Vec::new(),
            seed_mappings: 0,
            hooks: true,
            throttle: None,
        }
    }
}

/// A mock that can be served.
#[derive(Debug)]
pub struct Mock {
    access: Access,
    /// The rules that the router reads before it knows the operation.
    routing: Rules,
    /// The rules of each operation, by its index. They may differ, since a change may apply to some operations only.
    rules: Vec<Rules>,
    wire: Wire,
    changes: Vec<Change>,
    seed_mappings: usize,
    zones: Mutex<Zones>,
    requests: AtomicU64,
}

/// A mock that is being served. It stops when this value is dropped or on [`Running::stop`].
#[derive(Debug)]
pub struct Running {
    /// The address on which the mock listens.
    pub address: SocketAddr,
    mock: Arc<Mock>,
    stop: watch::Sender<bool>,
    task: Option<tokio::task::JoinHandle<()>>,
}

impl Running {
    /// Returns the base URL for clients.
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("http://{}{BASE_PATH}", self.address)
    }

    /// Reads or changes a zone directly, whatever the mock's answers say about it.
    pub fn with_zone<T>(&self, zone: &str, look: impl FnOnce(&mut Zone) -> T) -> T {
        let operation = Operation::named("v2.list");
        let key = (self.mock.rules(operation).zone_key)(operation, zone);
        look(&mut locked(&self.mock.zone(&key)))
    }

    /// Stops listening and lets pending requests finish, for at most 200 ms.
    pub async fn stop(mut self) {
        let _ = self.stop.send(true);
        if let Some(task) = self.task.take() {
            // Idle client connections may stay open for long, so the wait is short.
            let _ = tokio::time::timeout(Duration::from_millis(200), task).await;
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.stop.send(true);
    }
}

impl Mock {
    /// Creates a mock.
    #[must_use]
    pub fn new(config: MockConfig) -> Self {
        let (mut routing, mut wire) = (Rules::default(), Wire::default());
        let mut rules = vec![routing.clone(); Operation::all().count()];
        for change in &config.changes {
            match change {
                Change::Rules(set) => set(&mut routing),
                Change::Wire(set) => set(&mut wire),
                Change::Ask(_)
                | Change::Handle(_)
                | Change::Answer(_)
                | Change::Admit(_)
                | Change::Only(..) => {}
            }
            for (operation, rules) in Operation::all().zip(&mut rules) {
                if let Some(Change::Rules(set)) = change.at(operation) {
                    set(rules);
                }
            }
        }
        routing.hooks &= config.hooks;
        wire.throttle = config.throttle.or(wire.throttle);
        Self {
            access: config.access,
            routing,
            rules,
            wire,
            changes: config.changes,
            seed_mappings: config.seed_mappings,
            zones: Mutex::default(),
            requests: AtomicU64::new(0),
        }
    }

    /// Serves the mock on an address. Port 0 picks any free port.
    ///
    /// # Errors
    /// If the address can't be bound.
    pub async fn serve(self, address: SocketAddr) -> io::Result<Running> {
        use axum::serve::ListenerExt;
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        // Answers are small: waiting for more data (Nagle's algorithm) only delays them.
        let listener = listener.tap_io(|stream| {
            let _ = stream.set_nodelay(true);
        });
        let (stop, mut stopped) = watch::channel(false);
        let mock = Arc::new(self);
        let router = Router::new().fallback(answer).with_state(Arc::clone(&mock));
        let task = tokio::spawn(async move {
            let until = async move {
                let _ = stopped.wait_for(|stop| *stop).await;
            };
            let _ = axum::serve(listener, router)
                .with_graceful_shutdown(until)
                .await;
        });
        Ok(Running {
            address,
            mock,
            stop,
            task: Some(task),
        })
    }

    /// Answers a request without a network.
    pub async fn answer(
        self: &Arc<Self>,
        request: axum::http::Request<Bytes>,
    ) -> axum::http::Response<Bytes> {
        let request = request.map(HttpBody::from);
        let (parts, body) = answer(State(Arc::clone(self)), request).await.into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
        axum::http::Response::from_parts(parts, body)
    }

    /// Writes a mapping into a zone directly.
    pub fn put(&self, zone: &str, ip: IpAddr, place: Place) {
        let mapping = Mapping {
            place,
            modified_on: Timestamp::now(),
            sent_as: ip.to_string(),
        };
        locked(&self.zone(zone)).put(ip, mapping);
    }

    fn rules(&self, operation: Operation) -> &Rules {
        &self.rules[operation.index()]
    }

    /// Returns the changes that apply to an operation.
    fn changes(&self, operation: Operation) -> impl Iterator<Item = &Change> {
        let changes = self.changes.iter();
        changes.filter_map(move |change| change.at(operation))
    }

    fn zone(&self, key: &str) -> Arc<Mutex<Zone>> {
        locked(&self.zones).get(key, || self.seeded())
    }

    fn seeded(&self) -> Zone {
        let mut zone = Zone::default();
        let now = Timestamp::now();
        for index in 0..u32::try_from(self.seed_mappings).unwrap_or(u32::MAX) {
            let ip =
                std::net::Ipv6Addr::from(0x2001_0db8_5eed_0000_u128 << 64 | u128::from(index + 1));
            let place = Place {
                vendor: "aws".into(),
                region: "us-east-1".into(),
            };
            let sent_as = ip.to_string();
            zone.put(
                ip.into(),
                Mapping {
                    place,
                    modified_on: now,
                    sent_as,
                },
            );
        }
        zone
    }

    async fn call(&self, mut call: Call) -> Reply {
        let admitted = self.access.admits(&call.credentials)
            || self
                .changes(call.operation)
                .any(|change| matches!(change, Change::Admit(lets) if lets(&call)));
        let mut reply = if admitted {
            self.carry_out(&mut call).await
        } else {
            refused_credentials(&call.credentials)
        };
        for change in self.changes(call.operation) {
            if let Change::Answer(bend) = change {
                bend(&call, &mut reply);
            }
        }
        reply
    }

    async fn carry_out(&self, call: &mut Call) -> Reply {
        for change in self.changes(call.operation) {
            if let Change::Ask(ask) = change {
                ask(call);
            }
        }
        let rules = self.rules(call.operation);
        let zone = self.zone(&(rules.zone_key)(call.operation, &call.zone));
        self.hold(rules, &zone, call).await
    }

    pub(super) fn work(&self, rules: &Rules, zone: &mut Zone, call: &Call) -> Reply {
        for change in self.changes(call.operation) {
            if let Change::Handle(instead) = change
                && let Some(reply) = instead(rules, zone, call)
            {
                return reply;
            }
        }
        handle(rules, zone, call)
    }
}

/// Locks a mutex even if another holder panicked. This is safe since the data is a map that is valid at every moment.
pub(super) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn refused_credentials(credentials: &Credentials) -> Reply {
    if *credentials == Credentials::default() {
        Reply::failure(
            400,
            9106,
            "Missing X-Auth-Key, X-Auth-Email or Authorization headers",
        )
    } else {
        Reply::failure(403, 10_000, "Authentication error")
    }
}

fn no_route() -> Reply {
    Reply::failure(
        404,
        7003,
        "Could not route to this path, perhaps the identifier is invalid?",
    )
}

async fn answer(State(mock): State<Arc<Mock>>, request: axum::extract::Request) -> Response {
    let (parts, body) = request.into_parts();
    let count = mock.requests.fetch_add(1, Ordering::Relaxed) + 1;
    if !mock.wire.delay.is_zero() {
        tokio::time::sleep(mock.wire.delay).await;
    }
    let reply = match mock.wire.throttle {
        Some((every, retry_after)) if count % every == 0 => {
            let mut reply = Reply::failure(429, 10_429, "Rate limited");
            reply.headers.push(("retry-after", retry_after.to_string()));
            reply
        }
        _ => respond(&mock, &parts, body).await,
    };
    mock.wire.response(&parts, reply)
}

async fn respond(mock: &Mock, parts: &Parts, body: HttpBody) -> Reply {
    let path = parts.uri.path();
    let Some(below) = path.strip_prefix(BASE_PATH) else {
        return no_route();
    };
    if below == "/__conformance" && mock.routing.hooks {
        return Reply {
            status: 200,
            body: json!({"capabilities": mock.routing.capabilities}),
            headers: Vec::new(),
        };
    }
    let routed = match route(mock, &parts.method, below) {
        Ok(routed) => routed,
        Err(reply) => {
            let mut reply = (mock.routing.router_says)(reply);
            hint::add(&mut reply, "no operation", parts, &Bytes::new());
            return reply;
        }
    };
    let Ok(bytes) = to_bytes(body, BODY_LIMIT).await else {
        return Reply::failure(413, 10_413, "The request body is too large");
    };
    let body = if bytes.is_empty() {
        Body::None
    } else {
        serde_json::from_slice(&bytes).map_or_else(|e| Body::Malformed(e.to_string()), Body::Json)
    };
    let field = |name: &str| Some(parts.headers.get(name)?.to_str().ok()?.to_owned());
    let fault = field(FaultRequest::HEADER)
        .filter(|_| mock.routing.hooks)
        .and_then(|word| FaultRequest::from_word(&word));
    let token = field("authorization").and_then(|value| {
        let (scheme, token) = value.split_once(' ')?;
        scheme
            .eq_ignore_ascii_case("bearer")
            .then(|| token.trim().to_owned())
    });
    let call = Call {
        operation: routed.operation,
        zone: routed.zone,
        address: routed.address.as_deref().map(decoded),
        raw_address: routed.address,
        query: query(parts.uri.query().unwrap_or_default()),
        body,
        credentials: Credentials {
            token,
            email: field("x-auth-email"),
            key: field("x-auth-key"),
            authorization: field("authorization"),
        },
        fault,
        now: Timestamp::now(),
    };
    let is_known_caller = mock.access.admits(&call.credentials);
    let operation = call.operation;
    let mut reply = mock.call(call).await;
    if is_known_caller && (400..500).contains(&reply.status) {
        hint::add(&mut reply, operation.id(), parts, &bytes);
    }
    reply
}

struct Routed {
    operation: Operation,
    zone: String,
    address: Option<String>,
}

/// Finds the operation of a method and path. The path templates are the contract's.
fn route(mock: &Mock, method: &Method, below: &str) -> Result<Routed, Reply> {
    let mut is_known_path = false;
    for route in routes(Contract::embedded(), below) {
        if (mock.routing.unrouted)(route.operation) {
            continue;
        }
        is_known_path = true;
        if route.method == method.as_str() {
            return checked_zone(Routed {
                operation: route.operation,
                zone: decoded(route.zone),
                address: route.address.map(str::to_owned),
            });
        }
    }
    if is_known_path {
        let text = "Method not allowed for this path";
        Err(Reply::failure(405, 10_405, text))
    } else {
        Err(no_route())
    }
}

fn checked_zone(routed: Routed) -> Result<Routed, Reply> {
    if (1..=32).contains(&routed.zone.chars().count()) {
        Ok(routed)
    } else {
        Err(Reply::failure(400, 7003, "The zone identifier is too long"))
    }
}

fn decoded(segment: &str) -> String {
    percent_decode_str(segment).decode_utf8_lossy().into_owned()
}

fn query(text: &str) -> Vec<(String, String)> {
    text.split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decoded(name), decoded(&value.replace('+', " ")))
        })
        .collect()
}

impl Wire {
    /// Builds the HTTP response of an answer.
    fn response(&self, parts: &Parts, reply: Reply) -> Response {
        let status =
            StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut builder = Response::builder().status(status);
        if !reply
            .headers
            .iter()
            .any(|(name, _)| *name == "content-type")
        {
            builder = builder.header(header::CONTENT_TYPE, self.content_type);
        }
        for (name, value) in reply.headers {
            builder = builder.header(name, value);
        }
        if self.close {
            builder = builder.header(header::CONNECTION, "close");
        }
        // A string stands for a body that is not JSON. Honest operations never answer with a bare string.
        let mut bytes = match reply.body {
            Value::String(text) => text.into_bytes(),
            body => serde_json::to_vec(&body).unwrap_or_default(),
        };
        let accepts_gzip = parts
            .headers
            .get(header::ACCEPT_ENCODING)
            .and_then(|value| value.to_str().ok())
            .is_some_and(|value| value.contains("gzip"));
        if self.gzip && accepts_gzip {
            bytes = gzipped(&bytes);
            builder = builder.header(header::CONTENT_ENCODING, "gzip");
        }
        let body = if self.chunked {
            let half = bytes.len() / 2;
            let chunks = [bytes[..half].to_vec(), bytes[half..].to_vec()].map(Ok::<_, io::Error>);
            HttpBody::from_stream(futures_util::stream::iter(chunks))
        } else {
            HttpBody::from(bytes)
        };
        builder.body(body).unwrap_or_default()
    }
}

fn gzipped(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    // Writing to memory does not fail.
    let _ = encoder.write_all(bytes);
    encoder.finish().unwrap_or_default()
}
