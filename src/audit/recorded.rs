//! An exchange as others recorded it, and its conversion to the exchange that the contract is checked against.

use std::sync::Arc;

use bytes::Bytes;

use super::clock::Moment;
use super::coding;
use crate::contract::{Contract, Route, decoded, is_below_a_collection, pairs, routes};
use crate::exchange::{
    Body, Exchange, Headers, JsonFault, Operation, Redactor, Request, Response, Secrets, Seen,
    is_mark, parse_json, whole_number,
};

/// A recorded exchange. A part that is missing was not recorded.
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
    /// The request's body; empty if it certainly had none, `None` if it was not recorded.
    pub request_body: Option<Vec<u8>>,
    /// The status; 0 if there was no answer.
    pub status: u16,
    /// The response's fields.
    pub response_headers: Headers,
    /// The response's body; `None` if it was not recorded.
    pub response_body: Option<Vec<u8>>,
    /// The start of the exchange.
    pub moment: Option<Moment>,
    /// Whether its place in the recording is its place in time, if it has no moment.
    pub is_in_order: bool,
    /// The duration, in microseconds.
    pub elapsed_us: u64,
    /// Whether the answer came from the client's own cache.
    pub is_cached: bool,
    /// The number of unrecorded exchanges since the previous one.
    pub missed_before: usize,
    /// Whether only the response and the operation are known.
    pub is_response_alone: bool,
    /// Descriptions of the parts that can't be read.
    pub faults: Vec<String>,
    /// Whether this exchange is the first of another recording in the same file.
    pub begins_another: bool,
}

/// An exchange of this API, with the zone that it is about.
#[derive(Debug)]
pub struct Identified {
    /// The exchange.
    pub exchange: Exchange,
    /// The scheme, host and zone, which together identify a zone.
    pub zone: String,
    /// Whether the answer's body was recorded.
    pub has_body: bool,
    /// Whether the zone and the address are known. They are not if the recorder removed them.
    pub is_placed: bool,
}

impl Recorded {
    /// Creates an exchange that can't be read at all, with the reason.
    pub(super) fn unreadable(why: String) -> Self {
        Self {
            faults: vec![why],
            ..Self::default()
        }
    }

    /// Returns the contract's operation, if it is one, at any host and below any base path.
    #[must_use]
    pub fn operation(&self) -> Option<Operation> {
        let (_, route) = self.route()?;
        Some(route.operation)
    }

    /// Returns the scheme, host and zone, if it is an exchange of this API.
    pub(super) fn zone(&self) -> Option<String> {
        let (base, route) = self.route()?;
        Some(zone_of(base, self.request_headers.get("host"), route.zone))
    }

    /// Returns whether the request went to the paths of this API but is not one of its operations (REQ-1). OPTIONS is
    /// excluded because browsers send it by themselves, and HEAD because it asks for what GET shows.
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

    /// Returns the exchange of a stray request.
    pub(super) fn stray(self) -> Exchange {
        self.exchange(None, None, Vec::new())
    }

    /// Returns the base URL and the path below it.
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

    /// Undoes the content codings of both bodies. A body that can't be unpacked is removed, because its content,
    /// secrets included, is not known.
    pub fn unpack(&mut self) {
        let body = self.request_body.take();
        self.request_body = body.and_then(|body| coding::undone(&self.request_headers, body));
        let body = self.response_body.take();
        self.response_body = body.and_then(|body| coding::undone(&self.response_headers, body));
    }

    /// Returns the exchange as it may be shown, with secrets masked in the fields, the URL and the bodies.
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

    /// Adds the exchange's secrets to the known ones. Returns a redactor that masks all of them.
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

    /// Returns the exchange if it is one of the contract's operations, at any host and below any base path.
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
        // A parser may ignore a byte order mark at the start of a text (RFC 8259, 8.1). The recorder may have added it.
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
                json: json.and_then(Result::ok).map(Arc::new),
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

/// The byte order mark of UTF-8.
const MARK: &[u8] = &[0xef, 0xbb, 0xbf];

/// Returns the text that identifies a zone.
fn zone_of(base: &str, host: Option<&str>, zone: &str) -> String {
    let is_relative = !base.contains("://");
    let host = host.filter(|_| is_relative).unwrap_or_default();
    let base = base.to_ascii_lowercase();
    let usual = [("https://", ":443"), ("http://", ":80")];
    let usual = usual
        .into_iter()
        .find(|(scheme, _)| base.starts_with(scheme));
    // The default port may be written or left out.
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

/// Adds the page and page size that the answer names to a request whose query does not give them.
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
