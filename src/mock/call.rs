//! A request and its answer in the API's terms, free of HTTP.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::access::Credentials;
use crate::contract::FaultRequest;
use crate::exchange::Operation;

/// A request that was routed to an operation.
#[derive(Debug, Clone)]
pub struct Call {
    /// Which operation.
    pub operation: Operation,
    /// The zone of the path.
    pub zone: String,
    /// The address of the path, percent-decoded.
    pub address: Option<String>,
    /// The same segment as it came.
    pub raw_address: Option<String>,
    /// The query's pairs, decoded.
    pub query: Vec<(String, String)>,
    /// The body.
    pub body: Body,
    /// Who asks.
    pub credentials: Credentials,
    /// A failure that the caller asks for (`fault-injection`).
    pub fault: Option<FaultRequest>,
    /// When it arrived.
    pub now: Timestamp,
}

/// A request body.
#[derive(Debug, Clone, PartialEq)]
pub enum Body {
    /// There was none.
    None,
    /// It is JSON.
    Json(Value),
    /// It is not JSON.
    Malformed(String),
}

/// An answer, before it becomes HTTP.
#[derive(Debug, Clone)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The whole body.
    pub body: Value,
    /// Header fields beyond the usual.
    pub headers: Vec<(&'static str, String)>,
}

impl Reply {
    /// 200 with a result.
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

    /// A failure with one error.
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

    /// Whether it is a 2xx.
    #[must_use]
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

impl Call {
    /// The value of a query parameter.
    #[must_use]
    pub fn query(&self, name: &str) -> Option<&str> {
        self.query
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }
}
