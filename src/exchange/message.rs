//! Requests, responses and the exchanges that they form. Bodies are parsed once, when they arrive.

use std::net::IpAddr;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use serde_json::Value;

use super::json::{JsonFault, parse_answer};
use crate::api::Operation;

/// The size of the part of an answer that is kept after judging, in bytes; more than a report shows.
const RETIRED: usize = 64 * 1024;

/// Header fields in the order in which they were sent, with names in lower case.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Headers(pub Vec<(String, String)>);

impl Headers {
    /// Returns the first value of a field; `name` is in lower case.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(field, _)| field.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// Adds a field.
    pub fn push(&mut self, name: &str, value: impl Into<String>) {
        self.0.push((name.to_ascii_lowercase(), value.into()));
    }
}

/// Returns the name of a value's JSON type.
#[must_use]
pub fn json_type(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// Returns a whole number, also if it is written with a fraction of zero (JSON has one kind of number).
#[must_use]
pub fn whole_number(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| {
        let number = value.as_f64()?;
        // Beyond this limit, not every whole number can be represented exactly.
        let is_whole = number.fract() == 0.0 && number.abs() < 9_007_199_254_740_992.0;
        is_whole.then(|| format!("{number:.0}").parse().ok())?
    })
}

/// A request that was sent.
#[derive(Debug, Clone)]
pub struct Request {
    /// The method, in upper case.
    pub method: String,
    /// The whole URL as sent.
    pub url: String,
    /// The fields as sent, credentials included. Redact them before showing them ([`super::Redactor`]).
    pub headers: Headers,
    /// The body, if one was sent.
    pub body: Option<Bytes>,
    /// Whether it is known what the body was, or that there was none; a recorder may leave it out.
    pub is_body_known: bool,
    /// The body as JSON, if it is JSON.
    pub json: Option<Arc<Value>>,
    /// The IP address in the path, percent-decoded, for get, delete and put.
    pub address: Option<String>,
    /// The query's pairs, decoded.
    pub query: Vec<(String, String)>,
}

impl Request {
    /// Returns the value of a query parameter.
    #[must_use]
    pub fn query(&self, name: &str) -> Option<&str> {
        self.query
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }
}

/// The reason why a body is not held as JSON.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoJson {
    /// The body is empty.
    #[error("the body is empty")]
    Empty,
    /// The body is nested more deeply than the parser follows. That is a limit of the parser, not a fault of the body.
    #[error("the body is nested too deeply to be read")]
    TooDeep,
    /// The body holds more values than are read; these are the first ones. That is a limit of the parser too.
    #[error("the body holds more than 100,000 JSON values, which is more than originproof reads")]
    TooMany(Box<Value>),
    /// The body is not JSON (RFC 8259).
    #[error("{0}")]
    Faulty(String),
    /// The parsed body is not held, for example because it was freed after judging.
    #[error("it is no longer held")]
    Released,
}

impl NoJson {
    /// Returns whether the reason is a limit of the parser, which says nothing about the body.
    #[must_use]
    pub fn is_limit_of_parser(&self) -> bool {
        matches!(self, Self::TooDeep | Self::TooMany(_))
    }

    fn of(body: &[u8], fault: JsonFault) -> Self {
        let error = match fault {
            JsonFault::TooMany(kept) => return Self::TooMany(Box::new(kept)),
            JsonFault::Parse(error) => error.to_string(),
        };
        if body.is_empty() {
            Self::Empty
        } else if error.starts_with("recursion limit") {
            Self::TooDeep
        } else {
            Self::Faulty(error)
        }
    }
}

/// A response that was received.
#[derive(Debug, Clone)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// The fields as received.
    pub headers: Headers,
    /// The body after content decoding, or its start once the exchange is retired.
    pub body: Bytes,
    /// The length of the whole body, in bytes.
    pub length: usize,
    /// The body as JSON, or the reason why it is not held as JSON.
    pub json: Result<Value, NoJson>,
    /// The addresses of the items in the body, once they have been parsed.
    addresses: OnceLock<Vec<Option<IpAddr>>>,
}

impl Response {
    /// Creates a response from its parts, and parses the body once.
    #[must_use]
    pub fn new(status: u16, headers: Headers, body: Bytes) -> Self {
        let json = parse_answer(&body).map_err(|fault| NoJson::of(&body, fault));
        Self {
            status,
            headers,
            length: body.len(),
            body,
            json,
            addresses: OnceLock::new(),
        }
    }

    /// Creates a response whose body is not parsed.
    #[must_use]
    pub fn unread(status: u16, headers: Headers, body: Bytes) -> Self {
        Self {
            status,
            headers,
            length: body.len(),
            body,
            json: Err(NoJson::Released),
            addresses: OnceLock::new(),
        }
    }

    /// Returns the JSON body, if there is one.
    #[must_use]
    pub fn value(&self) -> Option<&Value> {
        self.json.as_ref().ok()
    }

    /// Returns the value at a place in the JSON body, given by a JSON Pointer.
    #[must_use]
    pub fn pointer(&self, pointer: &str) -> Option<&Value> {
        self.value()?.pointer(pointer)
    }

    /// Returns the addresses of the items in the body, in order. `parse` is called the first time: an answer is looked at
    /// several times, and a long list has thousands of addresses.
    pub(crate) fn addresses(
        &self,
        parse: impl FnOnce() -> Vec<Option<IpAddr>>,
    ) -> &[Option<IpAddr>] {
        self.addresses.get_or_init(parse)
    }

    /// Returns whether the status is 2xx.
    #[must_use]
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Returns whether the status is 4xx or 5xx.
    #[must_use]
    pub fn is_failure(&self) -> bool {
        (400..600).contains(&self.status)
    }

    /// Returns the codes of the envelope's `errors`, in order.
    #[must_use]
    pub fn codes(&self) -> Vec<i64> {
        self.pointer("/errors")
            .and_then(Value::as_array)
            .map(|errors| {
                errors
                    .iter()
                    .filter_map(|error| whole_number(error.get("code")?))
                    .collect()
            })
            .unwrap_or_default()
    }
}

/// A request and its response, with their operation and duration.
#[derive(Debug, Clone)]
pub struct Exchange {
    /// The operation, or `None` for a request outside the contract.
    pub operation: Option<Operation>,
    /// The request that was sent.
    pub request: Request,
    /// The response that was received.
    pub response: Response,
    /// The time from the first byte sent to the last byte received, in microseconds.
    pub elapsed_us: u64,
}

impl Exchange {
    /// Frees what only judging needs: the parsed bodies, and all but the first 64 KiB of the answer's body. The rest
    /// stays for the report.
    pub fn retire(&mut self) {
        self.request.json = None;
        self.response.json = Err(NoJson::Released);
        self.response.addresses = OnceLock::new();
        if let Some(start) = self.response.body.get(..RETIRED) {
            // A slice would keep the whole body in memory.
            self.response.body = Bytes::copy_from_slice(start);
        }
    }
}
