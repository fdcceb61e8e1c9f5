//! The client: pooled connections, whole-exchange time limit, body limit.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use serde_json::Value;

use super::error::{TransportError, TransportFault};
use crate::exchange::{Exchange, Headers, Operation, Request, Response};

/// Limits on every exchange.
#[derive(Debug, Clone)]
pub struct Limits {
    /// To connect, TLS included.
    pub connect: Duration,
    /// From the first byte sent to the last received.
    pub exchange: Duration,
    /// The largest body after content decoding, in bytes.
    pub body: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            exchange: Duration::from_secs(30),
            body: 32 * 1024 * 1024,
        }
    }
}

/// A request to send.
#[derive(Debug, Clone)]
pub struct Outgoing {
    /// Its operation, if it is one of the fifteen.
    pub operation: Option<Operation>,
    /// The method.
    pub method: String,
    /// The whole URL.
    pub url: String,
    /// The fields, credentials included.
    pub headers: Headers,
    /// The body.
    pub body: Option<Bytes>,
    /// The body as JSON, where it is.
    pub json: Option<Value>,
    /// The address of the path, decoded.
    pub address: Option<String>,
    /// The query's pairs, decoded.
    pub query: Vec<(String, String)>,
}

/// Requests in the order in which they were sent, for whoever wants to send them again.
pub type RequestLog = Arc<Mutex<Vec<Outgoing>>>;

/// Sends requests.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    limits: Arc<Limits>,
    log: Option<RequestLog>,
}

impl Client {
    /// Sets up a client.
    ///
    /// # Errors
    /// [`TransportFault::Setup`] if the HTTP client can't be built.
    pub fn new(limits: Limits) -> Result<Self, TransportError> {
        // Another part of the process may have chosen a provider; theirs serves as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder()
            .connect_timeout(limits.connect)
            .redirect(reqwest::redirect::Policy::none())
            .tcp_nodelay(true)
            // Shorter than the usual keep-alive of servers, so that a connection is rarely used
            // in the moment in which the server closes it.
            .pool_idle_timeout(Duration::from_secs(4))
            .user_agent(concat!("originproof/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| TransportError::from_client(&error))?;
        Ok(Self {
            http,
            limits: Arc::new(limits),
            log: None,
        })
    }

    /// The same client, which also notes every request that it sends.
    #[must_use]
    pub fn with_log(mut self, log: Option<RequestLog>) -> Self {
        self.log = log;
        self
    }

    /// Sends a request and reads the whole answer.
    ///
    /// # Errors
    /// Any [`TransportFault`]; the limits bound how long it takes.
    pub async fn send(&self, outgoing: &Outgoing) -> Result<Exchange, TransportError> {
        if let Some(log) = &self.log {
            log.lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(outgoing.clone());
        }
        let within = self.limits.exchange;
        match tokio::time::timeout(within, self.exchange(outgoing)).await {
            Ok(result) => result,
            Err(_) => Err(TransportError::new(
                TransportFault::Timeout,
                format!("no complete answer within {} s", within.as_secs_f32()),
            )),
        }
    }

    async fn exchange(&self, outgoing: &Outgoing) -> Result<Exchange, TransportError> {
        let method = reqwest::Method::from_bytes(outgoing.method.as_bytes())
            .map_err(|error| TransportError::new(TransportFault::Setup, error.to_string()))?;
        let mut request = self.http.request(method, &outgoing.url);
        for (name, value) in &outgoing.headers.0 {
            request = request.header(name, value);
        }
        if let Some(body) = &outgoing.body {
            request = request.body(body.clone());
        }
        let begun = Instant::now();
        let mut answer = request
            .send()
            .await
            .map_err(|error| TransportError::from_client(&error))?;
        let status = answer.status().as_u16();
        let mut headers = Headers::default();
        for (name, value) in answer.headers() {
            headers.push(name.as_str(), String::from_utf8_lossy(value.as_bytes()));
        }
        let mut body = BytesMut::new();
        while let Some(chunk) = answer
            .chunk()
            .await
            .map_err(|error| TransportError::from_client(&error))?
        {
            if body.len() + chunk.len() > self.limits.body {
                let message = format!("the body is larger than {} bytes", self.limits.body);
                return Err(TransportError::new(TransportFault::TooLarge, message));
            }
            body.extend_from_slice(&chunk);
        }
        let elapsed_us = u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX);
        Ok(Exchange {
            operation: outgoing.operation,
            request: Request {
                method: outgoing.method.clone(),
                url: outgoing.url.clone(),
                headers: outgoing.headers.clone(),
                body: outgoing.body.clone(),
                json: outgoing.json.clone(),
                address: outgoing.address.clone(),
                query: outgoing.query.clone(),
            },
            response: Response::new(status, headers, body.freeze()),
            elapsed_us,
        })
    }
}
