//! A request and its answer in the API's terms, without HTTP.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::access::Credentials;
use crate::contract::FaultRequest;
use crate::exchange::Operation;

/// A request that was routed to an operation.
#[derive(Debug, Clone)]
pub struct Call {
    /// The operation.
    pub operation: Operation,
    /// The zone id from the path.
    pub zone: String,
    /// The address from the path, percent-decoded.
    pub address: Option<String>,
    /// The same path segment as it was sent.
    pub raw_address: Option<String>,
    /// The query parameters (name and value), decoded.
    pub query: Vec<(String, String)>,
    /// The body.
    pub body: Body,
    /// The caller's credentials.
    pub credentials: Credentials,
    /// The failure that the caller requests (`fault-injection`).
    pub fault: Option<FaultRequest>,
    /// The time at which the request arrived.
    pub now: Timestamp,
}

/// A request body.
#[derive(Debug, Clone, PartialEq)]
pub enum Body {
    /// No body.
    None,
    /// A JSON body.
    Json(Value),
    /// A body that is not JSON, with the parser's error message.
    Malformed(String),
}

/// An answer, before it becomes an HTTP response.
#[derive(Debug, Clone)]
pub struct Reply {
    /// The HTTP status code.
    pub status: u16,
    /// The whole body.
    pub body: Value,
    /// Header fields beyond the usual ones.
    pub headers: Vec<(&'static str, String)>,
}

impl Reply {
    /// Builds a 200 answer with a result.
    #[must_use]
    pub fn success(result: Value) -> Self {
        let mut body = json!({"success": true, "errors": [], "messages": []});
        body["result"] = result;
        Self {
            status: 200,
            body,
            headers: Vec::new(),
        }
    }

    /// Builds a failure with one error.
    #[must_use]
    pub fn failure(status: u16, code: i64, message: &str) -> Self {
        Self {
            status,
            body: json!({
                "success": false,
                "errors": [{"code": code, "message": message}],
                "messages": [],
                "result": null,
            }),
            headers: Vec::new(),
        }
    }

    /// Returns whether the status is 2xx.
    #[must_use]
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

impl Call {
    /// Returns the first value of a query parameter.
    #[must_use]
    pub fn query(&self, name: &str) -> Option<&str> {
        self.query
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }
}
