//! The HTTP client, with pooled connections, limits of time and size, redirects within one origin, and pacing.

use std::io::Read;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use reqwest::Url;
use serde_json::Value;

use super::error::{TransportError, TransportFault};
use super::limits::{Limits, Network};
use super::pace::{Pace, Pacer, Purpose, Refusal};
use super::proxies::Proxies;
use crate::contract::address::identity;
use crate::contract::request_items;
use crate::exchange::{Exchange, Headers, Operation, Request, Response};

/// The maximum memory that is reserved for a body before any of it has arrived, in bytes.
const RESERVED: usize = 1024 * 1024;
/// The maximum number of idle connections that are kept to a host.
const POOLED: usize = 256;
/// The maximum number of redirects that one request follows.
const REDIRECTS: usize = 5;

/// A request to send.
#[derive(Debug, Clone, Default)]
pub struct Outgoing {
    /// The operation, if the request is one of the contract's.
    pub operation: Option<Operation>,
    /// The method.
    pub method: String,
    /// The whole URL.
    pub url: String,
    /// The fields, credentials included.
    pub headers: Headers,
    /// The body.
    pub body: Option<Bytes>,
    /// The body as JSON, if it is JSON.
    pub json: Option<Arc<Value>>,
    /// The IP address in the path, decoded.
    pub address: Option<String>,
    /// The query's pairs, decoded.
    pub query: Vec<(String, String)>,
    /// Whether the answer is a document that is parsed elsewhere and not here.
    pub is_document: bool,
}

impl Outgoing {
    /// Returns the addresses that the request names, in its path and in its body.
    #[must_use]
    pub fn named(&self) -> Vec<IpAddr> {
        let items = match (self.operation, &self.json) {
            (Some(operation), Some(json)) => request_items(operation, json),
            _ => Vec::new(),
        };
        let texts = items.iter().filter_map(|item| item.address);
        texts
            .chain(self.address.as_deref())
            .filter_map(identity)
            .collect()
    }
}

/// Requests in the order in which they were sent, to be sent again later.
pub type RequestLog = Arc<Mutex<Vec<Outgoing>>>;

/// Sends requests.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    /// The client for a target that closes idle connections without notice: every request gets its own connection.
    unpooled: reqwest::Client,
    is_pool_trusted: Arc<AtomicBool>,
    limits: Arc<Limits>,
    pacer: Arc<Pacer>,
    log: Option<RequestLog>,
    proxies: Arc<Proxies>,
}

impl Client {
    /// Sets up a client.
    ///
    /// # Errors
    /// [`TransportFault::Setup`] if the HTTP client can't be built, for example because of an invalid certificate.
    pub fn new(limits: Limits, network: &Network, pace: &Pace) -> Result<Self, TransportError> {
        // Another part of the process may have installed a provider, which works as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Ok(Self {
            http: client(&limits, network, POOLED)?,
            unpooled: client(&limits, network, 0)?,
            is_pool_trusted: Arc::new(AtomicBool::new(true)),
            limits: Arc::new(limits),
            pacer: Arc::new(Pacer::new(pace)),
            log: None,
            proxies: Arc::new(network.proxies.clone()),
        })
    }

    /// Returns the same client, which also logs every request that it sends to `log`.
    #[must_use]
    pub fn with_log(mut self, log: Option<RequestLog>) -> Self {
        self.log = log;
        self
    }

    /// Returns the number of requests that were sent so far.
    #[must_use]
    pub fn sent(&self) -> u64 {
        self.pacer.sent()
    }

    /// Sends no request during the given time.
    pub fn pause(&self, wait: Duration) {
        self.pacer.pause(wait);
    }

    /// Returns the number of requests that [`Client::turn`] may still allow, if there is a limit.
    #[must_use]
    pub fn left(&self) -> Option<u64> {
        self.pacer.left()
    }

    /// Reserves this number of requests, out of the maximum, for [`Client::send`].
    pub fn reserve(&self, requests: u64) {
        self.pacer.reserve(requests);
    }

    /// Waits until the budget allows another request, without using the reserve.
    ///
    /// # Errors
    /// [`TransportFault::Budget`] if no more requests may be sent, or only after too long a wait.
    pub async fn turn(&self) -> Result<(), TransportError> {
        self.turn_for(Purpose::Work).await
    }

    async fn turn_for(&self, purpose: Purpose) -> Result<(), TransportError> {
        self.pacer.turn(purpose).await.map_err(|refusal| {
            let message = match refusal {
                Refusal::Spent(most) => format!("the {most} requests of the run are spent"),
                Refusal::TooLong(wait) => format!(
                    "the target asks to wait {} s, which is longer than the longest wait that was allowed",
                    wait.as_secs()
                ),
            };
            TransportError::new(TransportFault::Budget, message)
        })
    }

    /// Waits for its turn, sends a request and reads the whole answer. It may use the reserve.
    ///
    /// # Errors
    /// Any [`TransportFault`]; the limits bound how long it takes.
    pub async fn send(&self, outgoing: &Outgoing) -> Result<Exchange, TransportError> {
        self.send_for(Purpose::Care, outgoing).await
    }

    /// Works like [`Client::send`], for another purpose.
    ///
    /// # Errors
    /// Any [`TransportFault`]; the limits bound how long it takes.
    pub async fn send_for(
        &self,
        purpose: Purpose,
        outgoing: &Outgoing,
    ) -> Result<Exchange, TransportError> {
        self.turn_for(purpose).await?;
        self.send_now(outgoing).await
    }

    /// Sends a request that has already had its [`Client::turn`].
    ///
    /// # Errors
    /// Any [`TransportFault`] except [`TransportFault::Budget`].
    pub async fn send_now(&self, outgoing: &Outgoing) -> Result<Exchange, TransportError> {
        if let Some(log) = &self.log {
            log.lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(outgoing.clone());
        }
        let within = self.limits.exchange;
        let result = match tokio::time::timeout(within, self.exchange(outgoing)).await {
            Ok(result) => result,
            Err(_) => Err(timed_out("complete answer", within)),
        };
        match &result {
            Ok(exchange) => {
                let response = &exchange.response;
                self.pacer.observe(response.status, &response.headers);
            }
            Err(error) if error.fault == TransportFault::Broken => {
                self.is_pool_trusted.store(false, Ordering::Relaxed);
            }
            Err(_) => {}
        }
        result
    }

    async fn exchange(&self, outgoing: &Outgoing) -> Result<Exchange, TransportError> {
        let begun = Instant::now();
        let mut url = outgoing.url.clone();
        let mut followed = 0;
        let response = loop {
            let response = self.response(outgoing, &url).await?;
            match redirected(&outgoing.method, &url, &response)? {
                None => break response,
                Some(_) if followed == REDIRECTS => {
                    let message = format!("more than {REDIRECTS} redirects, the last to {url}");
                    return Err(TransportError::new(TransportFault::Redirect, message));
                }
                Some(next) => url = next,
            }
            followed += 1;
        };
        let elapsed_us = u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX);
        Ok(Exchange {
            operation: outgoing.operation,
            request: Request {
                method: outgoing.method.clone(),
                url: outgoing.url.clone(),
                headers: outgoing.headers.clone(),
                body: outgoing.body.clone(),
                json: outgoing.json.clone(),
                is_body_known: true,
                address: outgoing.address.clone(),
                query: outgoing.query.clone(),
            },
            response,
            elapsed_us,
        })
    }

    /// Sends one request and reads its answer, without following redirects.
    async fn response(&self, outgoing: &Outgoing, url: &str) -> Result<Response, TransportError> {
        let method = reqwest::Method::from_bytes(outgoing.method.as_bytes())
            .map_err(|error| TransportError::new(TransportFault::Setup, error.to_string()))?;
        let http = if self.is_pool_trusted.load(Ordering::Relaxed) {
            &self.http
        } else {
            &self.unpooled
        };
        let mut request = http.request(method, url);
        for (name, value) in &outgoing.headers.0 {
            request = request.header(name, value);
        }
        if let Some(body) = &outgoing.body {
            request = request.body(body.clone());
        }
        let within = self.limits.first_byte;
        let mut answer = tokio::time::timeout(within, request.send())
            .await
            .map_err(|_| self.on_its_way(url, timed_out("answer began", within)))?
            .map_err(|error| self.on_its_way(url, TransportError::from_client(&error)))?;
        let status = answer.status().as_u16();
        let mut headers = Headers::default();
        for (name, value) in answer.headers() {
            headers.push(name.as_str(), String::from_utf8_lossy(value.as_bytes()));
        }
        let too_large = || {
            let message = format!("the body is larger than {} bytes", self.limits.body);
            TransportError::new(TransportFault::TooLarge, message)
        };
        let announced = usize::try_from(answer.content_length().unwrap_or(0)).unwrap_or(usize::MAX);
        if announced > self.limits.body {
            return Err(too_large());
        }
        let mut body = BytesMut::with_capacity(announced.min(RESERVED));
        while let Some(chunk) = answer
            .chunk()
            .await
            .map_err(|error| TransportError::from_client(&error))?
        {
            if body.len() + chunk.len() > self.limits.body {
                return Err(too_large());
            }
            body.extend_from_slice(&chunk);
        }
        // The client library decodes `gzip` and removes the field. Other spellings of it are decoded here.
        let coding = headers.get("content-encoding").unwrap_or_default().trim();
        if coding.eq_ignore_ascii_case("gzip") || coding.eq_ignore_ascii_case("x-gzip") {
            let body = self.inflated(&body)?;
            return Ok(Response::new(status, headers, body));
        }
        if outgoing.is_document {
            return Ok(Response::unread(status, headers, body.freeze()));
        }
        Ok(Response::new(status, headers, body.freeze()))
    }

    /// Returns the same error with the proxy that the request went through, which may be the cause.
    fn on_its_way(&self, url: &str, mut error: TransportError) -> TransportError {
        let url = Url::parse(url).ok();
        if let Some(proxy) = url.and_then(|url| self.proxies.of(&url).cloned()) {
            error.message = format!("{} (through the proxy {proxy})", error.message);
        }
        error
    }

    fn inflated(&self, body: &[u8]) -> Result<Bytes, TransportError> {
        let limit = u64::try_from(self.limits.body).unwrap_or(u64::MAX);
        let mut inflated = Vec::new();
        flate2::read::MultiGzDecoder::new(body)
            .take(limit.saturating_add(1))
            .read_to_end(&mut inflated)
            .map_err(|error| TransportError::new(TransportFault::Broken, error.to_string()))?;
        if inflated.len() > self.limits.body {
            let message = format!("the body is larger than {} bytes", self.limits.body);
            return Err(TransportError::new(TransportFault::TooLarge, message));
        }
        Ok(Bytes::from(inflated))
    }
}

/// Builds an HTTP client that keeps at most `idle` idle connections to a host.
fn client(
    limits: &Limits,
    network: &Network,
    idle: usize,
) -> Result<reqwest::Client, TransportError> {
    let mut builder = reqwest::Client::builder()
        .connect_timeout(limits.connect)
        .redirect(reqwest::redirect::Policy::none())
        .tcp_nodelay(true)
        .pool_max_idle_per_host(idle)
        // This is shorter than the usual keep-alive of servers, so a connection is rarely used just when the server
        // closes it.
        .pool_idle_timeout(Duration::from_secs(4))
        .user_agent(concat!("originproof/", env!("CARGO_PKG_VERSION")))
        // The environment's proxies are passed in explicitly, and are read as curl reads them.
        .no_proxy()
        .proxy(network.proxies.clone().into_client());
    for pem in &network.ca_certificates {
        let certificates = reqwest::Certificate::from_pem_bundle(pem)
            .map_err(|error| TransportError::from_client(&error))?;
        builder = builder.tls_certs_merge(certificates);
    }
    if network.insecure {
        builder = builder.tls_danger_accept_invalid_certs(true);
    }
    for (host, address) in &network.resolve {
        builder = builder.resolve(host, *address);
    }
    if network.http2 {
        builder = builder.http2_prior_knowledge();
    }
    builder
        .build()
        .map_err(|error| TransportError::from_client(&error))
}

fn timed_out(what: &str, within: Duration) -> TransportError {
    let message = format!("no {what} within {} s", within.as_secs_f32());
    TransportError::new(TransportFault::Timeout, message)
}

/// Returns the target of a redirect, if the answer is one. Credentials are not sent to another origin. A write that
/// would become a GET (301 to 303) is not sent again.
fn redirected(
    method: &str,
    url: &str,
    response: &Response,
) -> Result<Option<String>, TransportError> {
    let keeps_method = match response.status {
        307 | 308 => true,
        301..=303 => method == "GET" || method == "HEAD",
        _ => return Ok(None),
    };
    let Some(location) = response.headers.get("location") else {
        return Ok(None);
    };
    let refused = |why: &str| {
        let message = format!("{} to {location}: {why}", response.status);
        Err(TransportError::new(TransportFault::Redirect, message))
    };
    let (Ok(from), true) = (Url::parse(url), keeps_method) else {
        return refused("a redirect of a write would turn it into a read");
    };
    match from.join(location) {
        Ok(to) if to.origin() == from.origin() => Ok(Some(to.to_string())),
        Ok(_) => refused("it is not followed to another host, since requests carry credentials"),
        Err(error) => refused(&error.to_string()),
    }
}
