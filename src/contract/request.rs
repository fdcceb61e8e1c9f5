//! Judges a request by itself: the client's side of the contract (REQ-1 to REQ-13). Parts that a recorder left out are
//! not judged.

use serde_json::{Map, Value};

use super::address::{parse, same};
use super::finding::{Finding, Findings};
use super::what::{MissingPart, What};
use crate::api::{ClauseId, Contract, Level, Operation, RequestBody, routes};
use crate::exchange::{Exchange, Headers, is_mark, json_type};

/// Returns a finding for each client clause that a request breaks.
#[must_use]
pub fn check_request(contract: &Contract, exchange: &Exchange) -> Vec<Finding> {
    let Some(operation) = exchange.operation else {
        return stray(exchange);
    };
    let mut judge = Judge {
        contract,
        exchange,
        operation,
        findings: Findings::default(),
    };
    judge.path();
    judge.credentials();
    judge.query();
    judge.body();
    judge.findings.list
}

/// Returns the finding for a request to a path of the API that does not match an operation.
fn stray(exchange: &Exchange) -> Vec<Finding> {
    let request = &exchange.request;
    let path = request.url.split(['?', '#']).next().unwrap_or_default();
    let below = path.find("/zones/").and_then(|at| path.get(at..));
    let found = format!("{} {}", request.method, below.unwrap_or(path));
    let mut findings = Findings::default();
    let clause = (ClauseId::of("REQ-1"), Level::Must);
    let methods = methods_of(below.unwrap_or_default());
    let is_right_method = methods.contains(&request.method.as_str());
    let found = if is_right_method {
        // What is wrong stands before or after the part that is compared.
        format!("{} {}", request.method, request.url)
    } else {
        found
    };
    let wanted = if methods.is_empty() || is_right_method {
        "the method and path of an operation".to_owned()
    } else {
        format!("an operation: this path has {}", methods.join(", "))
    };
    findings.add(clause, "path", What::value(wanted, found));
    findings.list
}

/// Returns the methods of the operations at a path below the base URL.
fn methods_of(below: &str) -> Vec<&'static str> {
    let routes = routes(Contract::embedded(), below.trim_end_matches('/'));
    let mut methods: Vec<&str> = routes.map(|route| route.method).collect();
    methods.sort_unstable();
    methods.dedup();
    methods
}

struct Judge<'e> {
    contract: &'e Contract,
    exchange: &'e Exchange,
    operation: Operation,
    findings: Findings,
}

impl Judge<'_> {
    fn add(&mut self, id: &'static str, at: impl Into<String>, what: What) {
        let clause = self.contract.leveled(&ClauseId::of(id));
        self.findings.add(clause, at, what);
    }

    fn path(&mut self) {
        let request = &self.exchange.request;
        let Some(address) = &request.address else {
            return;
        };
        let path = request.url.split(['?', '#']).next().unwrap_or_default();
        let segment = path
            .trim_end_matches('/')
            .rsplit('/')
            .next()
            .unwrap_or_default();
        if !is_segment(segment) {
            let what = What::value("one percent-encoded segment", format!("{segment:?}"));
            self.add("REQ-2", "path", what);
        }
        self.address(address, "path");
    }

    fn address(&mut self, text: &str, at: &str) {
        if parse(text).is_none() {
            self.add(
                "REQ-13",
                at,
                What::form("an IP address", format!("{text:?}")),
            );
        }
    }

    fn credentials(&mut self) {
        let headers = &self.exchange.request.headers;
        let token = headers.get("authorization");
        let (email, key) = (headers.get("x-auth-email"), headers.get("x-auth-key"));
        // A recorder may replace a value with a mark. The mark tells nothing about the value, but a scheme may precede
        // it.
        let is_bearer = token.is_none_or(|field| {
            let scheme = field.split_whitespace().next().unwrap_or_default();
            scheme.eq_ignore_ascii_case("bearer") || !field.trim().contains(' ') && is_mark(field)
        });
        if !is_bearer {
            let scheme = token
                .and_then(|field| field.split_once(' '))
                .map_or("another one", |(scheme, _)| scheme);
            let what = What::value("the scheme Bearer", format!("the scheme {scheme}"));
            self.add("REQ-3", "header authorization", what);
        }
        match (token, email, key) {
            (Some(_), Some(_), _) | (Some(_), _, Some(_)) => {
                let what = What::unexpected(
                    "one scheme of credentials",
                    "a token beside an e-mail address or key",
                );
                self.add("REQ-3", "header authorization", what);
            }
            (None, Some(_), None) => {
                self.add(
                    "REQ-3",
                    "header x-auth-key",
                    What::missing("the key of the e-mail address", MissingPart::Header),
                );
            }
            (None, None, Some(_)) => {
                self.add(
                    "REQ-3",
                    "header x-auth-email",
                    What::missing("the e-mail address of the key", MissingPart::Header),
                );
            }
            (_, None, None) | (None, Some(_), Some(_)) => {}
        }
    }

    fn query(&mut self) {
        let most = i64::try_from(self.contract.limits.page).unwrap_or(i64::MAX);
        let query = &self.exchange.request.query;
        for (index, (name, text)) in query.iter().enumerate() {
            if query.iter().take(index).any(|(earlier, _)| earlier == name) {
                let what = What::repeated("a parameter is given once", name.clone());
                self.add("REQ-10", format!("query {name}"), what);
                continue;
            }
            let lawful = match name.as_str() {
                "page" if self.operation.is_paged() => 1..=i64::MAX,
                "per_page" if self.operation.is_paged() => 1..=most,
                _ => {
                    let what = What::unexpected("the parameters of the operation", name.clone());
                    self.add("REQ-12", format!("query {name}"), what);
                    continue;
                }
            };
            if !text.parse().is_ok_and(|number| lawful.contains(&number)) {
                let wanted = if name == "page" {
                    "a whole number from 1".to_owned()
                } else {
                    format!("a whole number from 1 to {most}")
                };
                self.add(
                    "REQ-10",
                    format!("query {name}"),
                    What::value(wanted, format!("{text:?}")),
                );
            }
        }
    }

    fn body(&mut self) {
        let request = &self.exchange.request;
        let sent = request.body.as_ref().filter(|body| !body.is_empty());
        let kind = self.operation.body();
        match (kind, sent) {
            (RequestBody::Nothing, Some(_)) => {
                self.add("REQ-12", "body", What::unexpected("no body", "a body"));
                return;
            }
            (RequestBody::Nothing, None) => return,
            (_, None) => {
                if request.is_body_known {
                    let what = What::value("the body of the operation", "no body");
                    self.add("REQ-8", "body", what);
                }
                return;
            }
            (_, Some(_)) => self.media_type(),
        }
        match (kind, request.json.as_deref()) {
            // The body has too many values to be read.
            (_, None) if !request.is_body_known => {}
            (_, None) => self.add("REQ-11", "body", What::form("JSON", "another text")),
            (RequestBody::Item, Some(Value::Object(item))) => self.item(item, ""),
            (RequestBody::Items | RequestBody::Addresses, Some(Value::Array(items))) => {
                self.size(items.len());
                for (index, item) in items.iter().enumerate() {
                    self.one_of(kind, item, &format!("/{index}"));
                }
            }
            (_, Some(other)) => {
                let wanted = if kind == RequestBody::Item {
                    "an object"
                } else {
                    "a list"
                };
                self.add(
                    "REQ-11",
                    "body",
                    What::form(wanted, format!("a JSON {}", json_type(other))),
                );
            }
        }
    }

    fn media_type(&mut self) {
        let headers: &Headers = &self.exchange.request.headers;
        let Some(field) = headers.get("content-type") else {
            // If no header field was recorded at all, this one does not count as missing.
            if !headers.0.is_empty() {
                let clause = (ClauseId::of("REQ-4"), Level::Should);
                self.findings.add(
                    clause,
                    "header content-type",
                    What::missing("application/json", MissingPart::Header),
                );
            }
            return;
        };
        let essence = field.split(';').next().unwrap_or_default().trim();
        if !essence.eq_ignore_ascii_case("application/json") && !is_mark(field) {
            let what = What::value("application/json", field);
            self.add("REQ-4", "header content-type", what);
        }
    }

    fn size(&mut self, items: usize) {
        let most = self.contract.limits.batch;
        if items > most {
            let what = What::value(format!("at most {most} items"), format!("{items} items"));
            self.add("REQ-7", "body", what);
        }
    }

    fn one_of(&mut self, kind: RequestBody, item: &Value, at: &str) {
        match (kind, item) {
            (RequestBody::Addresses, Value::String(text)) => self.address(text, at),
            (RequestBody::Items, Value::Object(members)) => self.item(members, at),
            (_, other) => {
                let wanted = if kind == RequestBody::Items {
                    "an object"
                } else {
                    "a text"
                };
                self.add(
                    "REQ-11",
                    at,
                    What::form(wanted, format!("a JSON {}", json_type(other))),
                );
            }
        }
    }

    fn item(&mut self, members: &Map<String, Value>, at: &str) {
        let own = self.operation.generation().request_address();
        let foreign = ["ip", "origin_ip", "origin-ip"];
        for name in members.keys() {
            if foreign.contains(&name.as_str()) && name != own {
                let what = What::value(
                    format!("the member {own}"),
                    format!("the member {name}, which is not this generation's"),
                );
                self.add("REQ-5", format!("{at}/{name}"), what);
            } else if !["vendor", "region", own].contains(&name.as_str()) {
                let what = What::unexpected("the members of the operation", name.clone());
                self.add("REQ-12", format!("{at}/{name}"), what);
            }
        }
        let has_foreign = foreign
            .iter()
            .any(|name| members.contains_key(*name) && *name != own);
        for name in [own, "vendor", "region"] {
            match members.get(name) {
                Some(Value::String(_)) => {}
                Some(other) => {
                    let what = What::form("a text", format!("a JSON {}", json_type(other)));
                    self.add("REQ-6", format!("{at}/{name}"), what);
                }
                None if name == own && has_foreign => {}
                None => {
                    let what = What::missing("what each item has", MissingPart::Member);
                    self.add("REQ-6", format!("{at}/{name}"), what);
                }
            }
        }
        let Some(Value::String(sent)) = members.get(own) else {
            return;
        };
        self.address(sent, &format!("{at}/{own}"));
        if let Some(path) = &self.exchange.request.address
            && parse(sent).is_some()
            && parse(path).is_some()
            && !same(sent, path)
        {
            let what = What::value(format!("the address of the path, {path}"), sent.clone());
            self.add("REQ-9", format!("{at}/{own}"), what);
        }
    }
}

/// Returns whether a text is one path segment as RFC 3986 (3.3) defines it.
fn is_segment(text: &str) -> bool {
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let is_plain = byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@".contains(&byte);
        let is_encoded = byte == b'%'
            && rest.next().is_some_and(|digit| digit.is_ascii_hexdigit())
            && rest.next().is_some_and(|digit| digit.is_ascii_hexdigit());
        if !is_plain && !is_encoded {
            return false;
        }
    }
    !text.is_empty()
}
