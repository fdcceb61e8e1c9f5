//! An exchange as others recorded it, and the exchange that the contract is checked against.

use bytes::Bytes;
use percent_encoding::percent_decode_str;

use super::coding;

use crate::contract::{Contract, Route, routes};
use crate::exchange::{
    Body, Exchange, Headers, Operation, Redactor, Request, Response, Secrets, Seen,
};

/// What was recorded; what is missing was not.
#[derive(Debug, Clone, Default)]
pub struct Recorded {
    /// The method.
    pub method: String,
    /// The URL, or at least its path.
    pub url: String,
    /// The request's fields.
    pub request_headers: Headers,
    /// The request's body.
    pub request_body: Option<Vec<u8>>,
    /// The status; 0 if there was no answer.
    pub status: u16,
    /// The response's fields.
    pub response_headers: Headers,
    /// The response's body; `None` if it was not recorded.
    pub response_body: Option<Vec<u8>>,
    /// When it began, in microseconds since 1970.
    pub started_us: Option<i64>,
    /// How fine that is told, in microseconds.
    pub resolution_us: i64,
    /// How long it took, in microseconds.
    pub elapsed_us: u64,
    /// Whether the answer came from the client's own memory.
    pub is_cached: bool,
    /// Exchanges that took place since the one before and were not recorded.
    pub missed_before: usize,
    /// Whether only the response is known, and the request no further than its operation.
    pub is_response_alone: bool,
}

/// An exchange of this API, with the zone that it is about.
#[derive(Debug)]
pub struct Identified {
    /// The exchange.
    pub exchange: Exchange,
    /// Scheme, host and zone: what tells one zone from another.
    pub zone: String,
    /// Whether the answer's body was recorded.
    pub has_body: bool,
}

impl Recorded {
    /// Which operation of the contract it is, if any, at any host and below any base path.
    #[must_use]
    pub fn operation(&self) -> Option<Operation> {
        let (_, route) = self.route()?;
        Some(route.operation)
    }

    fn route(&self) -> Option<(&str, Route<'_>)> {
        let (before, _) = self.url.split_once('?').unwrap_or((&self.url, ""));
        let (base, below) = before.split_at(before.find("/zones/")?);
        let route = routes(Contract::embedded(), below.trim_end_matches('/'))
            .find(|route| route.method.eq_ignore_ascii_case(&self.method))?;
        Some((base, route))
    }

    /// Undoes the codings of both bodies as they came over the wire. A body that can't be unpacked is taken out: what it
    /// says, secrets included, is not known.
    pub fn unpack(&mut self) {
        let body = self.request_body.take();
        self.request_body = body.and_then(|body| coding::undone(&self.request_headers, body));
        let body = self.response_body.take();
        self.response_body = body.and_then(|body| coding::undone(&self.response_headers, body));
    }

    /// The exchange as it may be shown: secrets are masked in fields, in the URL and in the bodies.
    #[must_use]
    pub fn masked(&self, secrets: &mut Secrets) -> Self {
        let redactor = self.learned(secrets);
        let body = |body: &Option<Vec<u8>>| body.clone().map(|body| redactor.bytes(body));
        Self {
            method: redactor.text(&self.method),
            url: redactor.url(&self.url),
            request_headers: redactor.headers(&self.request_headers),
            request_body: body(&self.request_body),
            response_headers: redactor.headers(&self.response_headers),
            response_body: body(&self.response_body),
            ..*self
        }
    }

    /// Adds its secrets to those that are known; returns what masks all of them here.
    pub(super) fn learned(&self, secrets: &mut Secrets) -> Redactor {
        secrets.learn(Seen {
            url: &self.url,
            request_headers: &self.request_headers,
            response_headers: &self.response_headers,
            bodies: [
                Body::Bytes(self.request_body.as_deref()),
                Body::Bytes(self.response_body.as_deref()),
            ],
        })
    }

    /// The exchange, if it is one of the contract's operations at any host and below any base path.
    #[must_use]
    pub fn identified(self) -> Option<Identified> {
        let (_, query) = self.url.split_once('?').unwrap_or((&self.url, ""));
        let query = query.split('#').next().unwrap_or_default();
        let (base, route) = self.route()?;
        let zone = format!("{base}/{}", route.zone);
        let operation = route.operation;
        let address = route
            .address
            .filter(|_| !self.is_response_alone)
            .map(decoded);
        let query = pairs(query);
        let has_body = self.response_body.is_some();
        let exchange = self.exchange(operation, address, query);
        Some(Identified {
            exchange,
            zone,
            has_body,
        })
    }

    fn exchange(
        self,
        operation: Operation,
        address: Option<String>,
        query: Vec<(String, String)>,
    ) -> Exchange {
        let request_body = self.request_body.filter(|body| !body.is_empty());
        let body = unpacked(
            &self.response_headers,
            self.response_body.unwrap_or_default(),
        );
        Exchange {
            operation: Some(operation),
            request: Request {
                method: self.method.to_uppercase(),
                url: self.url,
                headers: self.request_headers,
                json: request_body
                    .as_deref()
                    .and_then(|body| serde_json::from_slice(body).ok()),
                body: request_body.map(Bytes::from),
                address,
                query,
            },
            response: Response::new(self.status, self.response_headers, Bytes::from(body)),
            elapsed_us: self.elapsed_us,
        }
    }
}

/// Recorders keep bodies as they came or as they were unpacked, and the field `content-encoding` either way: the body
/// itself tells.
fn unpacked(headers: &Headers, body: Vec<u8>) -> Vec<u8> {
    if !coding::is_gzip(headers, &body) {
        return body;
    }
    coding::undone(headers, body.clone()).unwrap_or(body)
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

fn pairs(query: &str) -> Vec<(String, String)> {
    query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decoded(name), decoded(&value.replace('+', " ")))
        })
        .collect()
}
