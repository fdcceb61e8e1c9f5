//! The entry for library users: judges an exchange by its HTTP messages, without any setup.

use std::sync::Arc;

use bytes::Bytes;
use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::{Finding, check, check_request, is_edge_failure, routes};
use crate::api::Contract;
use crate::exchange::{Exchange, Headers, Operation, Request, Response, parse_json};

/// The request is not one of the contract's operations, so nothing can be judged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{method} {path}` is not an operation of the Origin Cloud Regions API: expected a path such as /zones/ID/origin/cloud_regions"
)]
#[non_exhaustive]
pub struct NotAnOperation {
    /// The method of the request.
    pub method: String,
    /// The path of the request.
    pub path: String,
}

impl Contract {
    /// Returns the clauses that the answer to a request breaks, as far as one exchange can show it. The base of the path,
    /// such as `/client/v4`, can be any. An answer of something in front of the server, such as a 502 of a gateway,
    /// breaks none.
    ///
    /// ```
    /// use bytes::Bytes;
    /// use http::{Request, Response};
    /// use originproof::contract::Contract;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let zone = "0123456789abcdef0123456789abcdef";
    /// let request = Request::get(format!("/client/v4/zones/{zone}/origin/cloud_regions/192.0.2.1"))
    ///     .header("authorization", "Bearer token")
    ///     .body(Bytes::new())?;
    /// let body = r#"{"success": true, "errors": [], "messages": [],
    ///     "result": {"origin_ip": "192.0.2.1", "vendor": "aws"}}"#;
    /// let response = Response::builder()
    ///     .header("content-type", "application/json")
    ///     .body(Bytes::from(body))?;
    /// let findings = Contract::embedded().check(&request, &response)?;
    /// // The region is missing.
    /// assert!(findings.iter().any(|finding| finding.clause.as_str() == "V2-GET-1"));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`NotAnOperation`] if the method and the path are not those of an operation.
    pub fn check(
        &'static self,
        request: &http::Request<Bytes>,
        response: &http::Response<Bytes>,
    ) -> Result<Vec<Finding>, NotAnOperation> {
        let exchange = self.exchange(request, response)?;
        Ok(judged(self, &exchange))
    }

    /// Returns the clauses that the answer to a request breaks, for tests that hold bodies as JSON. `target` is the path
    /// with its query. The answer counts as served with the media type `application/json`.
    ///
    /// ```
    /// use originproof::contract::Contract;
    /// use serde_json::json;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let target = "/zones/0123456789abcdef0123456789abcdef/origin/cloud_regions/192.0.2.1";
    /// let sent = json!({"origin_ip": "192.0.2.1", "vendor": "aws", "region": "us-east-1"});
    /// let got = json!({"success": true, "errors": [], "messages": [], "result": sent});
    /// let findings = Contract::embedded().check_values("PUT", target, Some(&sent), 200, &got)?;
    /// assert!(findings.is_empty());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`NotAnOperation`] if the method and the path are not those of an operation.
    pub fn check_values(
        &'static self,
        method: &str,
        target: &str,
        sent: Option<&Value>,
        status: u16,
        got: &Value,
    ) -> Result<Vec<Finding>, NotAnOperation> {
        let mut headers = Headers::default();
        headers.push("content-type", "application/json");
        let sent = sent.map(|sent| Bytes::from(sent.to_string()));
        let request = self.request(method, target, headers.clone(), sent)?;
        let response = Response::new(status, headers, Bytes::from(got.to_string()));
        Ok(judged(self, &exchange_of(request, response)))
    }

    /// Returns the clauses (`REQ-1` to `REQ-13`) that a request breaks. A request that is not an operation breaks
    /// `REQ-1`.
    ///
    /// ```
    /// use bytes::Bytes;
    /// use originproof::contract::Contract;
    ///
    /// # fn main() -> Result<(), http::Error> {
    /// let zone = "0123456789abcdef0123456789abcdef";
    /// let request = http::Request::put(format!("/zones/{zone}/origin/cloud_regions/192.0.2.1"))
    ///     .header("authorization", "Bearer token")
    ///     .header("content-type", "application/json")
    ///     .body(Bytes::from(r#"{"ip": "192.0.2.1", "vendor": "aws", "region": "us-east-1"}"#))?;
    /// let findings = Contract::embedded().check_request(&request);
    /// // The name of the member is that of v1.
    /// assert!(findings.iter().any(|finding| finding.clause.as_str() == "REQ-5"));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn check_request(&'static self, request: &http::Request<Bytes>) -> Vec<Finding> {
        let response = Response::new(0, Headers::default(), Bytes::new());
        let parts = (request.method().as_str(), request.uri().to_string());
        let (headers, body) = (fields(request.headers()), body_of(request.body()));
        let (operation, request) = self.parsed(parts.0, &parts.1, headers, body);
        check_request(self, &exchange_of((operation, request), response))
    }

    fn exchange(
        &'static self,
        request: &http::Request<Bytes>,
        response: &http::Response<Bytes>,
    ) -> Result<Exchange, NotAnOperation> {
        let sent = self.request(
            request.method().as_str(),
            &request.uri().to_string(),
            fields(request.headers()),
            body_of(request.body()),
        )?;
        let (status, headers) = (response.status().as_u16(), fields(response.headers()));
        let response = Response::new(status, headers, response.body().clone());
        Ok(exchange_of(sent, response))
    }

    fn request(
        &'static self,
        method: &str,
        target: &str,
        headers: Headers,
        body: Option<Bytes>,
    ) -> Result<(Option<Operation>, Request), NotAnOperation> {
        let (operation, request) = self.parsed(method, target, headers, body);
        if operation.is_none() {
            return Err(NotAnOperation {
                method: method.to_owned(),
                path: target.split('?').next().unwrap_or_default().to_owned(),
            });
        }
        Ok((operation, request))
    }

    /// Parses the path and the query of a request, and tells which operation it is.
    fn parsed(
        &'static self,
        method: &str,
        target: &str,
        headers: Headers,
        body: Option<Bytes>,
    ) -> (Option<Operation>, Request) {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let below = path.find("/zones/").and_then(|at| path.get(at..));
        let mut all = routes(self, below.unwrap_or_default().trim_end_matches('/'));
        let route = all.find(|route| route.method.eq_ignore_ascii_case(method));
        let request = Request {
            method: method.to_ascii_uppercase(),
            url: target.to_owned(),
            headers,
            json: body
                .as_deref()
                .and_then(|body| parse_json(body).ok())
                .map(Arc::new),
            body,
            is_body_known: true,
            address: route.and_then(|route| route.address).map(decoded),
            query: pairs(query),
        };
        (route.map(|route| route.operation), request)
    }
}

fn judged(contract: &Contract, exchange: &Exchange) -> Vec<Finding> {
    if is_edge_failure(exchange) {
        return Vec::new();
    }
    check(contract, exchange)
}

fn exchange_of((operation, request): (Option<Operation>, Request), response: Response) -> Exchange {
    Exchange {
        operation,
        request,
        response,
        elapsed_us: 0,
    }
}

fn body_of(body: &Bytes) -> Option<Bytes> {
    (!body.is_empty()).then(|| body.clone())
}

fn fields(map: &http::HeaderMap) -> Headers {
    let mut headers = Headers::default();
    for (name, value) in map {
        headers.push(name.as_str(), String::from_utf8_lossy(value.as_bytes()));
    }
    headers
}

/// Returns a text without its percent-encoding.
#[must_use]
pub fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// Returns the decoded pairs of a query.
#[must_use]
pub fn pairs(query: &str) -> Vec<(String, String)> {
    query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decoded(name), decoded(&value.replace('+', " ")))
        })
        .collect()
}
