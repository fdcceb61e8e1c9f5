//! What was wrong with a refused request, as messages in the answer. The errors keep their documented texts.

use axum::http::request::Parts;
use bytes::Bytes;
use serde_json::{Value, json};

use super::call::Reply;
use crate::contract::{Contract, Level};

/// The code of these messages.
const HINT: i64 = 10_400;
/// The largest number of messages.
const MOST: usize = 5;

/// Adds a message for each clause that the request breaks. An answer that has messages already, or none where the list
/// must be, stays as it is.
pub(super) fn add(reply: &mut Reply, operation: &str, parts: &Parts, body: &Bytes) {
    let Some(Value::Array(messages)) = reply.body.get_mut("messages") else {
        return;
    };
    if !messages.is_empty() {
        return;
    }
    let mut request = axum::http::Request::new(body.clone());
    *request.method_mut() = parts.method.clone();
    *request.uri_mut() = parts.uri.clone();
    *request.headers_mut() = parts.headers.clone();
    let contract = Contract::embedded();
    let findings = contract.check_request(&request).into_iter();
    let breaches = findings.filter(|finding| finding.level == Level::Must);
    messages.extend(breaches.take(MOST).map(|finding| {
        let at = if finding.at.is_empty() { "body" } else { &finding.at };
        let (expected, found) = (finding.what.expected(), finding.what.found());
        json!({
            "code": HINT,
            "message": format!("{operation}, {at}: expected {expected}, found {found} ({})", finding.clause),
        })
    }));
}
