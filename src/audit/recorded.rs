//! An exchange as others recorded it, and the exchange that the contract is checked against.

use bytes::Bytes;
use percent_encoding::percent_decode_str;

use super::clock::Moment;
use super::coding;
use crate::contract::{Contract, Route, is_below_a_collection, routes};
use crate::exchange::{
    Body, Exchange, Headers, JsonFault, Operation, Redactor, Request, Response, Secrets, Seen,
    is_mark, parse_json, whole_number,
};

/// What was recorded; what is missing was not.
#[derive(Debug, Clone, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own that a recorder tells or not"
)]
pub struct Recorded {
    /// The method.
    pub method: String,
    /// The URL, or at least its path; empty if it can't be read.
    pub url: String,
    /// The request's fields.
    pub request_headers: Headers,
    /// The request's body; empty if it surely had none, `None` if it was not recorded.
    pub request_body: Option<Vec<u8>>,
    /// The status; 0 if there was no answer.
    pub status: u16,
    /// The response's fields.
    pub response_headers: Headers,
    /// The response's body; `None` if it was not recorded.
    pub response_body: Option<Vec<u8>>,
    /// When it began.
    pub moment: Option<Moment>,
    /// Whether its place in the recording is its place in time, where it has no moment.
    pub is_in_order: bool,
    /// How long it took, in microseconds.
    pub elapsed_us: u64,
    /// Whether the answer came from the client's own memory.
    pub is_cached: bool,
    /// Exchanges that took place since the one before and were not recorded.
    pub missed_before: usize,
    /// Whether only the response is known, and the request no further than its operation.
    pub is_response_alone: bool,
    /// What of it can't be read, in words.
    pub faults: Vec<String>,
    /// Whether another recording of the same file begins with it.
    pub begins_another: bool,
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
    /// Whether its zone and address are known; they are not where the recorder took them out.
    pub is_placed: bool,
}

impl Recorded {
    /// An exchange of which nothing can be read, and why.
    pub(super) fn unreadable(why: String) -> Self {
        Self {
            faults: vec![why],
            ..Self::default()
        }
    }

    /// Which operation of the contract it is, if any, at any host and below any base path.
    #[must_use]
    pub fn operation(&self) -> Option<Operation> {
        let (_, route) = self.route()?;
        Some(route.operation)
    }

    /// Scheme, host and zone, if it is an exchange of this API.
    pub(super) fn zone(&self) -> Option<String> {
        let (base, route) = self.route()?;
        Some(zone_of(base, self.request_headers.get("host"), route.zone))
    }

    /// Whether the request went to the paths of this API and is none of its operations (REQ-1). Browsers send OPTIONS by
    /// themselves, and HEAD asks for what GET shows.
    pub(super) fn is_stray(&self) -> bool {
        let method = self.method.to_ascii_uppercase();
        let is_sent = !self.is_response_alone && !is_mark(&method);
        let is_meant = !["", "OPTIONS", "HEAD", "CONNECT", "TRACE"].contains(&method.as_str());
        let is_near = || {
            let (_, below) = self.path()?;
            is_below_a_collection(Contract::embedded(), below).then_some(())
        };
        is_sent && is_meant && self.operation().is_none() && is_near().is_some()
    }

    /// The exchange of a stray request.
    pub(super) fn stray(self) -> Exchange {
        self.exchange(None, None, Vec::new())
    }

    /// The base URL, and the path below it.
    fn path(&self) -> Option<(&str, &str)> {
        let before = self.url.split(['?', '#']).next().unwrap_or_default();
        Some(before.split_at(before.find("/zones/")?))
    }

    fn route(&self) -> Option<(&str, Route<'_>)> {
        let (base, below) = self.path()?;
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
            faults: self.faults.clone(),
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
        let zone = zone_of(base, self.request_headers.get("host"), route.zone);
        let operation = route.operation;
        let address = route.address.map(decoded);
        let is_known = |text: &str| !is_mark(text);
        let is_placed = is_known(&decoded(route.zone)) && address.as_deref().is_none_or(is_known);
        let address = address.filter(|text| !self.is_response_alone && is_known(text));
        let mut query = pairs(query);
        let asked = query.len();
        query.retain(|(name, value)| is_known(name) && is_known(value) && !value.is_empty());
        let is_asked_for_unknown = self.is_response_alone || query.len() < asked;
        let has_body = self.response_body.is_some();
        let mut exchange = self.exchange(Some(operation), address, query);
        if is_asked_for_unknown {
            ask_for_its_page(&mut exchange, operation);
        }
        Some(Identified {
            exchange,
            zone,
            has_body,
            is_placed,
        })
    }

    fn exchange(
        self,
        operation: Option<Operation>,
        address: Option<String>,
        query: Vec<(String, String)>,
    ) -> Exchange {
        let is_body_known = self.request_body.is_some();
        let request_body = self.request_body.filter(|body| !body.is_empty());
        let body = self.response_body.unwrap_or_default();
        // A parser may pass over a mark at the start of a text (RFC 8259, 8.1), and a recorder may have put it there.
        let without_mark = |body: &[u8]| body.strip_prefix(MARK).unwrap_or(body).to_vec();
        let json = request_body.as_deref().map(without_mark);
        let json = json.as_deref().map(parse_json);
        let is_too_long = matches!(json, Some(Err(JsonFault::TooMany(_))));
        Exchange {
            operation,
            request: Request {
                method: self.method.to_uppercase(),
                url: self.url,
                headers: self.request_headers,
                json: json.and_then(Result::ok),
                body: request_body.map(Bytes::from),
                is_body_known: is_body_known && !is_too_long,
                address,
                query,
            },
            response: Response::new(self.status, self.response_headers, Bytes::from(body)),
            elapsed_us: self.elapsed_us,
        }
    }
}

/// The mark of UTF-8.
const MARK: &[u8] = &[0xef, 0xbb, 0xbf];

/// What tells one zone from another.
fn zone_of(base: &str, host: Option<&str>, zone: &str) -> String {
    let is_relative = !base.contains("://");
    let host = host.filter(|_| is_relative).unwrap_or_default();
    let base = base.to_ascii_lowercase();
    let usual = [("https://", ":443"), ("http://", ":80")];
    let usual = usual
        .into_iter()
        .find(|(scheme, _)| base.starts_with(scheme));
    // The usual port may stand there or not.
    let base = usual.map_or(base.clone(), |(scheme, port)| {
        let (authority, path) = base[scheme.len()..].split_once('/').map_or(
            (&base[scheme.len()..], String::new()),
            |(authority, path)| (authority, format!("/{path}")),
        );
        let authority = authority.strip_suffix(port).unwrap_or(authority);
        format!("{scheme}{authority}{path}")
    });
    format!("{host}{base}/{zone}")
}

/// Which page was asked for is only known from the answer: it is taken at its word.
fn ask_for_its_page(exchange: &mut Exchange, operation: Operation) {
    if !operation.is_paged() {
        return;
    }
    for name in ["page", "per_page"] {
        let said = exchange.response.pointer(&format!("/result_info/{name}"));
        if exchange.request.query(name).is_none()
            && let Some(number) = said.and_then(whole_number)
        {
            let pair = (name.to_owned(), number.to_string());
            exchange.request.query.push(pair);
        }
    }
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
