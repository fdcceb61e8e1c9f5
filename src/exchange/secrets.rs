//! Learns the secrets of traffic from the exchanges themselves. A value in a field, in a query or before a host is a
//! secret unless it is known to be harmless. It is masked there, and by value wherever it is echoed.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::harmless::{Class, UrlParts, class, is_harmless_member, is_secret_name};
use super::json::{JsonFault, parse_json};
use super::message::{Exchange, Headers};
use super::redaction::Redactor;

/// The least length of a value that is masked elsewhere, in bytes. Shorter values occur everywhere by chance.
const LEAST: usize = 8;
/// The maximum number of secrets that are masked in later exchanges. An exchange's own secrets are always masked in it.
const MOST: usize = 512;
/// The members of bodies whose values are the contract's own words and addresses.
const CONTRACT_MEMBERS: [&str; 6] = ["ip", "name", "origin-ip", "origin_ip", "region", "vendor"];

/// The parts of an exchange that secrets are learned from.
#[derive(Debug, Clone, Copy)]
pub struct Seen<'e> {
    /// The URL, or a path with its query.
    pub url: &'e str,
    /// The request's fields.
    pub request_headers: &'e Headers,
    /// The response's fields.
    pub response_headers: &'e Headers,
    /// The bodies. If they are JSON, the values in their mappings are not secrets, even if a field repeats them.
    pub bodies: [Body<'e>; 2],
}

/// A body, parsed or not.
#[derive(Debug, Clone, Copy)]
pub enum Body<'e> {
    /// The body as JSON, if it is JSON.
    Json(Option<&'e Value>),
    /// The body as received; it is parsed only if needed.
    Bytes(Option<&'e [u8]>),
}

impl<'e> From<&'e Exchange> for Seen<'e> {
    fn from(exchange: &'e Exchange) -> Self {
        let (request, response) = (&exchange.request, &exchange.response);
        Self {
            url: &request.url,
            request_headers: &request.headers,
            response_headers: &response.headers,
            bodies: [
                Body::Json(request.json.as_deref()),
                Body::Json(response.value()),
            ],
        }
    }
}

/// The secrets that were seen so far.
#[derive(Debug, Clone, Default)]
pub struct Secrets {
    known: usize,
    redactor: Redactor,
}

impl Secrets {
    /// Starts with the secrets that a redactor already knows.
    #[must_use]
    pub fn new(redactor: Redactor) -> Self {
        Self { known: 0, redactor }
    }

    /// Returns a redactor that masks everything learned so far.
    #[must_use]
    pub fn redactor(&self) -> &Redactor {
        &self.redactor
    }

    /// Learns from an exchange. Returns a redactor that also masks all secrets of this exchange, even those that are
    /// not kept.
    pub fn learn(&mut self, seen: Seen<'_>) -> Redactor {
        let found = Found::of(seen);
        if self.known < MOST {
            self.known += found.lasting.len();
            self.redactor = self.redactor.with(found.lasting.iter().cloned());
        }
        self.redactor
            .with(found.lasting.into_iter().chain(found.passing))
    }
}

/// Returns a redactor that also knows the secrets of an exchange.
#[must_use]
pub fn redactor_of(seen: Seen<'_>, redactor: &Redactor) -> Redactor {
    let found = Found::of(seen);
    redactor.with(found.lasting.into_iter().chain(found.passing))
}

/// The certainty that a value is a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Weight {
    /// The name says that it is a secret.
    Named,
    /// Nothing says that it is not a secret.
    Possible,
}

#[derive(Debug, Default)]
struct Found {
    /// Secrets that are also masked in later exchanges: values that clients send, and values whose name says secret.
    lasting: BTreeSet<String>,
    /// Secrets that are masked only in this exchange, such as the number that a server gives it.
    passing: BTreeSet<String>,
}

impl Found {
    fn of(seen: Seen<'_>) -> Self {
        let mut values: Vec<(Weight, bool, String)> = Vec::new();
        of_url(seen.url, &mut values);
        for (is_sent, headers) in [(true, seen.request_headers), (false, seen.response_headers)] {
            for (name, value) in &headers.0 {
                let weight = match class(name) {
                    Class::Harmless => continue,
                    Class::Url => {
                        of_url(value, &mut values);
                        continue;
                    }
                    Class::Secret => Weight::Named,
                    Class::Unknown => Weight::Possible,
                };
                let parts = parts(name, value);
                values.extend(parts.into_iter().map(|part| (weight, is_sent, part)));
            }
        }
        values.retain(|(_, _, value)| value.len() >= LEAST && !is_everyday(value));
        let mut found = Self::default();
        let mut words: Option<BTreeSet<String>> = None;
        for (weight, is_sent, value) in values {
            if weight == Weight::Possible {
                let words = words.get_or_insert_with(|| contract_words(seen));
                if words.contains(&value) || value.parse::<jiff::Timestamp>().is_ok() {
                    continue;
                }
            }
            if weight == Weight::Named || is_sent {
                found.lasting.insert(value);
            } else {
                found.passing.insert(value);
            }
        }
        found.passing.retain(|value| !found.lasting.contains(value));
        found
    }
}

/// Adds the user information, the query values and the fragment of a URL.
fn of_url(url: &str, values: &mut Vec<(Weight, bool, String)>) {
    let parts = UrlParts::of(url);
    let mut add = |weight, text: &str| {
        let decoded = percent_decode_str(text).decode_utf8_lossy().into_owned();
        values.push((weight, true, decoded));
    };
    if let Some(user) = parts.user {
        user.split(':').for_each(|part| add(Weight::Named, part));
    }
    for (name, value) in parts
        .members()
        .filter(|(name, _)| !is_harmless_member(name))
    {
        let weight = if is_secret_name(name) {
            Weight::Named
        } else {
            Weight::Possible
        };
        add(weight, value.unwrap_or(name));
    }
    for part in parts.fragment.unwrap_or_default().split(['&', '=']) {
        add(Weight::Possible, part);
    }
}

/// Returns the secrets in a field's value: the whole value, and the parts inside a scheme, a list of cookies or
/// parameters.
fn parts(name: &str, value: &str) -> Vec<String> {
    let mut parts = Vec::new();
    let mut add = |part: &str| {
        let part = part.trim().trim_matches('"');
        // Bytes that were not UTF-8 have become U+FFFD.
        parts.extend(part.split('\u{fffd}').map(str::to_owned));
    };
    let is_cookie = |field: &str| name.eq_ignore_ascii_case(field);
    if is_cookie("set-cookie") {
        let pair = value.split(';').next().unwrap_or_default();
        add(pair.split_once('=').map_or(pair, |(_, value)| value));
        return parts;
    }
    if is_cookie("cookie") {
        for pair in value.split(';') {
            add(pair.split_once('=').map_or(pair, |(_, value)| value));
        }
        return parts;
    }
    let (scheme, rest) = value.trim().split_once(' ').unwrap_or(("", value.trim()));
    let is_scheme = scheme
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || c == '-');
    let rest = if is_scheme { rest.trim() } else { value };
    add(rest);
    if scheme.eq_ignore_ascii_case("basic")
        && let Ok(bytes) = STANDARD.decode(rest)
    {
        let pair = String::from_utf8_lossy(&bytes).into_owned();
        pair.split(':').for_each(&mut add);
    }
    let is_token = |c: char| c.is_ascii_alphanumeric() || "._~+/=:@-".contains(c);
    for parameter in rest.split([';', ',']) {
        if let Some((_, value)) = parameter.split_once('=') {
            let value = value.trim().trim_matches('"');
            if value.chars().all(is_token) {
                add(value);
            }
        }
    }
    parts
}

/// Returns whether a value is an everyday one and not a secret: a short number, an address or a media type.
fn is_everyday(value: &str) -> bool {
    const SHORT_NUMBER: usize = 12;
    const TYPES: [&str; 8] = [
        "application/",
        "audio/",
        "font/",
        "image/",
        "message/",
        "multipart/",
        "text/",
        "video/",
    ];
    let is_number = value.len() <= SHORT_NUMBER
        && value
            .chars()
            .all(|c| c.is_ascii_digit() || matches!(c, '.' | '-' | ',' | ':'));
    let is_type = TYPES.iter().any(|start| {
        let rest = value.to_ascii_lowercase();
        rest.strip_prefix(start).is_some_and(|rest| {
            let subtype = rest.split(';').next().unwrap_or_default().trim();
            subtype.len() <= 40 && !subtype.contains('/')
        })
    });
    is_number || is_type || value.parse::<std::net::IpAddr>().is_ok()
}

/// Returns the words of an exchange that come from the contract, or name its zone and address.
fn contract_words(seen: Seen<'_>) -> BTreeSet<String> {
    let mut words: BTreeSet<String> = UrlParts::of(seen.url)
        .place
        .split('/')
        .map(|part| percent_decode_str(part).decode_utf8_lossy().into_owned())
        .collect();
    words.insert("origin_public_cloud_region".to_owned());
    for body in seen.bodies {
        match body {
            Body::Json(Some(body)) => collect(body, None, &mut words),
            Body::Bytes(Some(bytes)) => {
                if let Ok(body) | Err(JsonFault::TooMany(body)) = parse_json(bytes) {
                    collect(&body, None, &mut words);
                }
            }
            Body::Json(None) | Body::Bytes(None) => {}
        }
    }
    words
}

fn collect(value: &Value, member: Option<&str>, words: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => {
            if member.is_some_and(|member| CONTRACT_MEMBERS.contains(&member)) {
                words.insert(text.clone());
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, member, words)),
        Value::Object(members) => {
            for (name, member) in members {
                collect(member, Some(name), words);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use test_case::test_case;

    fn learned(sent: &[(&str, &str)], said: &[(&str, &str)], url: &str, body: &Value) -> Redactor {
        let headers = |fields: &[(&str, &str)]| {
            let mut headers = Headers::default();
            for (name, value) in fields {
                headers.push(name, *value);
            }
            headers
        };
        Secrets::default().learn(Seen {
            url,
            request_headers: &headers(sent),
            response_headers: &headers(said),
            bodies: [Body::Bytes(None), Body::Json(Some(body))],
        })
    }

    #[test_case("authorization", "Bearer t0ken-of-tests", "t0ken-of-tests"; "a token")]
    #[test_case("authorization", "Basic dXNlci1uYW1lOnBhc3MtdzByZA==", "pass-w0rd"; "a password")]
    #[test_case("cf-access-client-secret", "0a1b2c3d4e", "0a1b2c3d4e"; "a client secret")]
    #[test_case("cookie", "a=short; session=\"c00kie-value\"", "c00kie-value"; "a cookie")]
    #[test_case("x-whatever", "opaque-value", "opaque-value"; "a field that nobody knows")]
    #[test_case("x-signed", "keyId=\"x\",signature=\"YWJjZGVmZ2g=\"", "YWJjZGVmZ2g="; "a parameter")]
    #[test_case("referer", "https://h/x?state=s3ssion-state", "s3ssion-state"; "a query of another page")]
    fn what_a_field_hides_is_masked_by_value(name: &str, value: &str, secret: &str) {
        let redactor = learned(&[(name, value)], &[], "/x", &Value::Null);
        assert_eq!(redactor.text(&format!("<{secret}>")), "<***>");
    }

    #[test]
    fn query_values_and_user_information_are_masked_by_value() {
        let url = "https://some-user:pass-w0rd@h/x?access_token=t0ken%2Fof-tests&page=12345678";
        let redactor = learned(&[], &[], url, &Value::Null);
        for secret in ["some-user", "pass-w0rd", "t0ken/of-tests"] {
            assert_eq!(redactor.text(secret), "***");
        }
        assert_eq!(redactor.text("12345678"), "12345678");
    }

    #[test_case("true"; "a flag")]
    #[test_case("123456789"; "a number")]
    #[test_case("application/json"; "a media type")]
    #[test_case("192.0.2.123"; "an address")]
    #[test_case("2026-01-01T00:00:00Z"; "a time")]
    #[test_case("us-east-1"; "a region of the body")]
    #[test_case("0123456789abcdef"; "the zone of the path")]
    fn what_is_nobodys_secret_is_shown_in_bodies(value: &str) {
        let body = json!({"result": {"region": "us-east-1"}});
        let url = "/zones/0123456789abcdef/x";
        let redactor = learned(&[("x-whatever", value)], &[("x-more", value)], url, &body);
        assert_eq!(redactor.text(value), value);
    }

    #[test]
    fn secrets_of_one_exchange_are_masked_in_the_next_but_not_the_number_of_an_answer() {
        let mut secrets = Secrets::default();
        let mut sent = Headers::default();
        sent.push("x-api-key", "first-secret");
        let mut said = Headers::default();
        said.push("x-request", "number-of-an-answer");
        let seen = |request_headers, response_headers| Seen {
            url: "/x",
            request_headers,
            response_headers,
            bodies: [Body::Bytes(None); 2],
        };
        let own = secrets.learn(seen(&sent, &said));
        assert_eq!(own.text("number-of-an-answer"), "***");
        let none = Headers::default();
        let next = secrets.learn(seen(&none, &none));
        assert_eq!(next.text("first-secret"), "***");
        assert_eq!(next.text("number-of-an-answer"), "number-of-an-answer");
    }
}
