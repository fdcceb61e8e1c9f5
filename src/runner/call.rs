//! Makes the request for a step's call.

use std::sync::Arc;

use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::mapping::Wanted;
use super::scope::Variables;
use super::target::{Credentials, Target};
use crate::case::{Auth, CallSpec, OperationName, Unfilled};
use crate::contract::FaultRequest;
use crate::diagnostic::visible::one_line;
use crate::exchange::{Generation, Headers, Operation, RequestBody};
use crate::transport::{Outgoing, encode_segment, query_string};

/// A token and key that no target accepts. It is not a secret.
const WRONG: &str = "0000000000000000000000000000000000000000";

/// A request body before it becomes bytes.
enum Payload {
    None,
    Json(Value),
    Text(String),
}

/// The parts of a request that its argument determines.
struct Parts {
    address: Option<String>,
    segment: Option<String>,
    query: Vec<(String, String)>,
    payload: Payload,
}

/// The context of a call: its target, trial, generation and zone.
#[derive(Debug, Clone, Copy)]
pub(super) struct Context<'a> {
    pub(super) target: &'a Target,
    pub(super) trial: &'a str,
    pub(super) generation: Option<Generation>,
    pub(super) zone: &'a str,
}

/// Returns the request of a call.
///
/// # Errors
/// Returns the reason why the request can't be made on this target, such as a variable without a value or missing
/// credentials.
pub(super) fn outgoing(
    context: Context<'_>,
    spec: &CallSpec,
    variables: &mut Variables<'_>,
) -> Result<Outgoing, Unfilled> {
    let argument = variables.fill(&spec.argument)?;
    let mut headers = Headers::default();
    credentials(&context.target.credentials, spec.auth, &mut headers)
        .map_err(Unfilled::TargetLacks)?;
    // The id contains the path of a file, which may have any name.
    headers.push("originproof-case", one_line(context.trial));
    if let Some(fault) = spec.fault {
        headers.push(FaultRequest::HEADER, fault.0);
    }
    let Some(operation) = spec.operation.operation(context.generation) else {
        if let OperationName::General(kind) = spec.operation {
            let why = format!("this generation has no {kind:?}");
            return Err(Unfilled::CaseFault(why));
        }
        return outside(context, &argument, headers, spec);
    };
    let parts = parts(operation, &argument, variables)?;
    let description = operation.row();
    let path = description
        .path
        .replace("{zone_id}", &encode_segment(context.zone))
        .replace("{origin_ip}", parts.segment.as_deref().unwrap_or_default());
    let url = format!(
        "{}{path}{}",
        context.target.base_url,
        query_string(&parts.query)
    );
    finish(
        spec,
        headers,
        Outgoing {
            operation: Some(operation),
            method: description.method.clone(),
            url,
            address: parts.address,
            query: parts.query,
            ..Outgoing::default()
        },
        parts.payload,
    )
}

fn outside(
    context: Context<'_>,
    argument: &Value,
    headers: Headers,
    spec: &CallSpec,
) -> Result<Outgoing, Unfilled> {
    let text = |name: &str| argument.get(name).and_then(Value::as_str);
    let path = text("path")
        .unwrap_or_default()
        .replace("{zone}", &encode_segment(context.zone));
    let payload = match (argument.get("json"), text("text")) {
        (Some(json), _) => Payload::Json(json.clone()),
        (None, Some(text)) => Payload::Text(text.to_owned()),
        (None, None) => Payload::None,
    };
    finish(
        spec,
        headers,
        Outgoing {
            method: text("method").unwrap_or("GET").to_owned(),
            url: format!("{}{path}", context.target.base_url),
            ..Outgoing::default()
        },
        payload,
    )
}

fn finish(
    spec: &CallSpec,
    mut headers: Headers,
    mut outgoing: Outgoing,
    payload: Payload,
) -> Result<Outgoing, Unfilled> {
    match payload {
        Payload::None => {}
        Payload::Json(json) => {
            let bytes = serde_json::to_vec(&json)
                .map_err(|error| Unfilled::CaseFault(error.to_string()))?;
            outgoing.body = Some(Bytes::from(bytes));
            outgoing.json = Some(Arc::new(json));
        }
        Payload::Text(text) => outgoing.body = Some(Bytes::from(text)),
    }
    if outgoing.body.is_some() && !spec.headers.contains_key("content-type") {
        headers.push("content-type", "application/json");
    }
    for (name, value) in &spec.headers {
        headers.push(
            name,
            value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned),
        );
    }
    outgoing.headers = headers;
    Ok(outgoing)
}

/// Adds the credentials that a step wants to send.
pub(super) fn credentials(
    own: &Credentials,
    auth: Auth,
    headers: &mut Headers,
) -> Result<(), String> {
    let email = || {
        own.email
            .clone()
            .unwrap_or_else(|| "nobody@example.com".to_owned())
    };
    match auth {
        Auth::None => {}
        Auth::WrongToken => headers.push("authorization", format!("Bearer {WRONG}")),
        Auth::WrongKey => {
            headers.push("x-auth-email", email());
            headers.push("x-auth-key", WRONG);
        }
        Auth::EmptyToken => headers.push("authorization", "Bearer "),
        Auth::BasicScheme => {
            let token = own.token.as_deref().unwrap_or("nobody:nothing");
            headers.push("authorization", format!("Basic {token}"));
        }
        Auth::EmailAlone => headers.push("x-auth-email", email()),
        Auth::ShortenedKey | Auth::LengthenedKey | Auth::OtherCaseKey => {
            let key = own.key.as_deref().unwrap_or_default();
            let altered = altered(key, auth);
            if key.is_empty() || altered.is_empty() || altered == key {
                return Err("there is no key to alter".to_owned());
            }
            headers.push("x-auth-email", email());
            headers.push("x-auth-key", altered);
        }
        Auth::ShortenedToken | Auth::LengthenedToken | Auth::OtherCaseToken => {
            let token = own.token.as_deref().unwrap_or_default();
            let altered = altered(token, auth);
            if altered.is_empty() || altered == token {
                return Err("there is no token to alter".to_owned());
            }
            headers.push("authorization", format!("Bearer {altered}"));
        }
        Auth::Token => match (&own.token, &own.email, &own.key) {
            (Some(token), _, _) => headers.push("authorization", format!("Bearer {token}")),
            (None, Some(email), Some(key)) => {
                headers.push("x-auth-email", email.as_str());
                headers.push("x-auth-key", key.as_str());
            }
            _ => return Err("there are no credentials".to_owned()),
        },
        Auth::Key => match (&own.email, &own.key) {
            (Some(email), Some(key)) => {
                headers.push("x-auth-email", email.as_str());
                headers.push("x-auth-key", key.as_str());
            }
            _ => return Err("there is no e-mail address with a key to try".to_owned()),
        },
    }
    Ok(())
}

/// Returns a token or key that is nearly the right one. A server that compares only prefixes or ignores case would
/// accept it.
pub(super) fn altered(token: &str, auth: Auth) -> String {
    match auth {
        Auth::ShortenedToken | Auth::ShortenedKey => {
            let end = token
                .char_indices()
                .next_back()
                .map_or(0, |(index, _)| index);
            token[..end].to_owned()
        }
        Auth::LengthenedToken | Auth::LengthenedKey => format!("{token}0"),
        Auth::OtherCaseToken | Auth::OtherCaseKey => token
            .chars()
            .map(|c| {
                if c.is_ascii_uppercase() {
                    c.to_ascii_lowercase()
                } else {
                    c.to_ascii_uppercase()
                }
            })
            .collect(),
        Auth::Token
        | Auth::Key
        | Auth::None
        | Auth::WrongToken
        | Auth::WrongKey
        | Auth::EmptyToken
        | Auth::BasicScheme
        | Auth::EmailAlone => token.to_owned(),
    }
}

fn parts(
    operation: Operation,
    argument: &Value,
    variables: &mut Variables<'_>,
) -> Result<Parts, Unfilled> {
    let mut parts = Parts {
        address: None,
        segment: None,
        query: Vec::new(),
        payload: Payload::None,
    };
    let body = operation.body();
    if operation.has_address_in_path() {
        let of_item = || argument.get("path").or_else(|| argument.get("ip"));
        let is_argument = body == RequestBody::Nothing;
        let address = is_argument.then_some(argument).or_else(of_item);
        set_path(&mut parts, address.unwrap_or(&Value::Null));
    } else if body == RequestBody::Nothing {
        for (name, value) in argument.as_object().into_iter().flatten() {
            parts.query.push((name.clone(), scalar(value)));
        }
    }
    parts.payload = match (body, whole_body(argument)) {
        (RequestBody::Nothing, _) => Payload::None,
        (_, Some(payload)) => payload,
        (RequestBody::Item, None) => Payload::Json(write_body(operation, argument, variables)?),
        (RequestBody::Items, None) => Payload::Json(batch_body(operation, argument, variables)?),
        (RequestBody::Addresses, None) => Payload::Json(deletions(argument, variables)?),
    };
    Ok(parts)
}

/// Sets the address in the path: a text that is encoded here, or `raw`, which is sent exactly as it is.
fn set_path(parts: &mut Parts, address: &Value) {
    if let Some(raw) = address.get("raw").and_then(Value::as_str) {
        let decoded = percent_encoding::percent_decode_str(raw);
        parts.address = Some(decoded.decode_utf8_lossy().into_owned());
        parts.segment = Some(raw.to_owned());
    } else {
        let address = scalar(address);
        parts.segment = Some(encode_segment(&address));
        parts.address = Some(address);
    }
}

fn scalar(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

fn whole_body(argument: &Value) -> Option<Payload> {
    let members = argument.as_object()?;
    if let Some(json) = members.get("json") {
        return Some(Payload::Json(json.clone()));
    }
    if members.contains_key("no-body") {
        return Some(Payload::None);
    }
    let text = members.get("text")?;
    Some(Payload::Text(scalar(text)))
}

fn write_body(
    operation: Operation,
    argument: &Value,
    variables: &Variables<'_>,
) -> Result<Value, Unfilled> {
    let mut body = Map::new();
    if let Some(ip) = argument.get("ip") {
        body.insert(
            operation.generation().request_address().to_owned(),
            ip.clone(),
        );
    }
    // `vendor` and `region` may be any JSON here, since cases also test wrong types.
    for name in ["vendor", "region"] {
        let value = match (
            argument.get(name),
            argument.get("at").and_then(Value::as_str),
        ) {
            (Some(value), _) => Some(value.clone()),
            (None, Some(at)) => {
                let place = variables.place(at)?;
                Some(json!(if name == "vendor" {
                    place.vendor
                } else {
                    place.region
                }))
            }
            (None, None) => None,
        };
        if let Some(value) = value {
            body.insert(name.to_owned(), value);
        }
    }
    for omitted in argument
        .get("omit")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        if let Some(name) = omitted.as_str() {
            body.remove(name);
        }
    }
    if let Some(extra) = argument.get("extra").and_then(Value::as_object) {
        body.extend(extra.clone());
    }
    Ok(Value::Object(body))
}

/// Returns the batch item for a wanted mapping.
pub(super) fn batch_item(generation: Generation, wanted: &Wanted) -> Value {
    let mut item = Map::new();
    item.insert(generation.request_address().to_owned(), json!(wanted.ip));
    for (name, value) in [("vendor", &wanted.vendor), ("region", &wanted.region)] {
        if let Some(value) = value {
            item.insert(name.to_owned(), json!(value));
        }
    }
    Value::Object(item)
}

fn batch_body(
    operation: Operation,
    argument: &Value,
    variables: &Variables<'_>,
) -> Result<Value, Unfilled> {
    let mut body = Vec::new();
    for item in argument.as_array().into_iter().flatten() {
        if let Some(raw) = item.get("raw") {
            body.push(raw.clone());
            continue;
        }
        // An address that is not a text, such as a number, is sent as it is.
        let odd = item.get("ip").filter(|ip| !ip.is_string()).cloned();
        let names_place = ["at", "vendor", "region"]
            .iter()
            .any(|name| item.get(name).is_some());
        let whole = !names_place;
        for wanted in variables.items(&json!([item]), whole)? {
            let mut sent = batch_item(operation.generation(), &wanted);
            if let Some(odd) = &odd {
                sent[operation.generation().request_address()] = odd.clone();
            }
            body.push(sent);
        }
    }
    Ok(Value::Array(body))
}

fn deletions(argument: &Value, variables: &Variables<'_>) -> Result<Value, Unfilled> {
    let mut body = Vec::new();
    for item in argument.as_array().into_iter().flatten() {
        match item.as_object() {
            Some(members) if members.contains_key("raw") => body.push(members["raw"].clone()),
            Some(_) => {
                let items = variables.items(&json!([item]), false)?;
                body.extend(items.into_iter().map(|wanted| json!(wanted.ip)));
            }
            None => body.push(item.clone()),
        }
    }
    Ok(Value::Array(body))
}
