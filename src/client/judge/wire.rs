//! Holds the requests on the wire against the clauses, what the client was asked to do, and what the scenario expects.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::super::adapter::Outcome;
use super::super::protocol::{Credentials, Item};
use super::super::scenario::Check;
use super::super::server::{BASE_PATH, Host, Seen};
use super::{Evidence, Found, Place, REFUSED};
use crate::contract::address::{parse, same};
use crate::contract::{
    ClauseId, Contract, Level, MissingPart, What, check_request, decoded, pairs, routes,
};
use crate::exchange::{
    Exchange, Headers, Kind, Operation, Request, RequestBody, Response, parse_json, whole_number,
};

/// The time by which clocks and timers may differ.
const TOLERANCE: Duration = Duration::from_millis(10);
/// The time by which a client may hold on beyond its time limit, on a machine that is busy with other things.
const LENIENCE: Duration = Duration::from_secs(1);

/// Returns a request and its answer as an exchange.
pub(super) fn exchange(seen: &Seen, base_url: &str) -> Exchange {
    let (path, query) = seen.target.split_once('?').unwrap_or((&seen.target, ""));
    let below = path.strip_prefix(BASE_PATH).unwrap_or_default();
    let mut all = routes(Contract::embedded(), below);
    let route = all.find(|route| route.method == seen.method);
    let host = match (seen.host, seen.headers.get("host")) {
        (Host::Other, Some(host)) => format!("http://{host}"),
        _ => base_url
            .strip_suffix(BASE_PATH)
            .unwrap_or(base_url)
            .to_owned(),
    };
    let body = (!seen.body.is_empty()).then(|| seen.body.clone());
    let answer = seen.answer.as_ref();
    Exchange {
        operation: route.as_ref().map(|route| route.operation),
        request: Request {
            method: seen.method.clone(),
            url: format!("{host}{}", seen.target),
            headers: seen.headers.clone(),
            json: body
                .as_deref()
                .and_then(|body| parse_json(body).ok())
                .map(Arc::new),
            body,
            is_body_known: true,
            address: route.and_then(|route| route.address).map(decoded),
            query: pairs(query),
        },
        response: match answer {
            Some(answer) => {
                Response::new(answer.status, answer.headers.clone(), answer.body.clone())
            }
            None => Response::new(0, Headers::default(), bytes::Bytes::new()),
        },
        elapsed_us: answer.map_or(0, |answer| answer.elapsed_us),
    }
}

/// Judges every request by itself, and whether the requests are what the client was asked for.
pub(super) fn judge(evidence: &Evidence<'_>, exchanges: &[Exchange], found: &mut Found) {
    let clause = |id: &'static str| Contract::embedded().leveled(&ClauseId::of(id));
    let asked = evidence.scenario.step.operation;
    let mut was_sent = false;
    for (number, (seen, exchange)) in evidence.seen.iter().zip(exchanges).enumerate() {
        let place = Place::Request(number);
        if let Some(fault) = &seen.fault {
            let what = What::form("an HTTP request", fault);
            found.add(place, clause("REQ-1"), "request", what);
            continue;
        }
        // HEAD and OPTIONS ask for nothing that the operations do not show.
        if seen.host == Host::Other || ["HEAD", "OPTIONS"].contains(&seen.method.as_str()) {
            continue;
        }
        for finding in check_request(Contract::embedded(), exchange) {
            found.list.push((place, finding));
        }
        for (name, id) in [("authorization", "REQ-3"), ("content-type", "REQ-4")] {
            let fields = exchange.request.headers.0.iter();
            let times = fields.filter(|(field, _)| field == name).count();
            if times > 1 {
                let what =
                    What::repeated("a request has this field once", format!("{times} fields"));
                found.add(place, clause(id), &format!("header {name}"), what);
            }
        }
        credentials(
            evidence.credentials,
            &exchange.request.headers,
            (place, clause("REQ-3")),
            found,
        );
        let Some(operation) = exchange.operation else {
            continue;
        };
        if operation == asked {
            was_sent = true;
            let mut note = |at: &str, what: What| found.add(place, clause("CLI-1"), at, what);
            zone(evidence.zone, &seen.target, &mut note);
            as_asked(evidence, exchange, &mut note);
        } else if operation.kind().writes() {
            let what = What::unexpected(format!("only writes of {asked}"), operation.id());
            found.add(place, clause("CLI-1"), "request", what);
        }
    }
    let succeeded = matches!(evidence.outcome, Some(Outcome::Ok(_)));
    // A report without any request: an error is the client's own, unless it says that it refused.
    let made_up = match evidence.outcome {
        Some(Outcome::Error(error)) if evidence.seen.is_empty() => error.kind != REFUSED,
        _ => false,
    };
    if (succeeded || made_up) && !was_sent {
        let others = exchanges.iter().filter_map(|exchange| exchange.operation);
        let others: BTreeSet<&str> = others.map(Operation::id).collect();
        let others: Vec<&str> = others.into_iter().collect();
        let sent = if others.is_empty() {
            "no request".to_owned()
        } else {
            others.join(", ")
        };
        let what = What::value(format!("a request of {asked}"), sent);
        found.add(
            Place::Line(evidence.scenario.step.line),
            clause("CLI-1"),
            "requests",
            what,
        );
    }
    if succeeded && was_sent {
        complete(evidence, exchanges, &mut |what| {
            found.add(
                Place::Line(evidence.scenario.step.line),
                clause("CLI-1"),
                "requests",
                what,
            );
        });
    }
}

/// Judges whether a request has the given credentials.
fn credentials(
    given: &Credentials,
    headers: &Headers,
    (place, clause): (Place, (ClauseId, Level)),
    found: &mut Found,
) {
    let wanted: Vec<(&str, &str, String)> = match given {
        Credentials::Token { token } => vec![(
            "authorization",
            "the given token",
            format!("Bearer {token}"),
        )],
        Credentials::Key { email, key } => vec![
            ("x-auth-email", "the given e-mail address", email.clone()),
            ("x-auth-key", "the given key", key.clone()),
        ],
    };
    for (name, what, value) in wanted {
        let at = format!("header {name}");
        match headers.get(name) {
            None => {
                let what = What::missing(what, MissingPart::Header);
                found.add(place, clause.clone(), &at, what);
            }
            Some(sent) => {
                let (scheme, rest) = sent.split_once(' ').unwrap_or(("", sent));
                let is_same = sent == value
                    || scheme.eq_ignore_ascii_case("bearer")
                        && format!("Bearer {}", rest.trim()) == value;
                // A scheme that is not Bearer is already judged.
                let is_judged = name == "authorization"
                    && !scheme.is_empty()
                    && !scheme.eq_ignore_ascii_case("bearer");
                if !is_same && !is_judged {
                    let what = What::value(what, "another value");
                    found.add(place, clause.clone(), &at, what);
                }
            }
        }
    }
}

fn zone(given: &str, target: &str, note: &mut dyn FnMut(&str, What)) {
    let path = target.split('?').next().unwrap_or_default();
    let below = path.strip_prefix(BASE_PATH).unwrap_or_default();
    let sent = below.split('/').nth(2).map(decoded).unwrap_or_default();
    if sent != given {
        note("path", What::value(format!("the zone {given}"), sent));
    }
}

/// Judges whether a request of the asked operation says what was asked.
fn as_asked(evidence: &Evidence<'_>, exchange: &Exchange, note: &mut dyn FnMut(&str, What)) {
    let step = &evidence.scenario.step;
    let arguments = &step.arguments;
    let request = &exchange.request;
    if step.operation.has_address_in_path()
        && let (Some(asked), Some(sent)) = (&arguments.address, &request.address)
        && !is_same(asked, sent)
        // A text that is not an address is already judged.
        && parse(sent).is_some()
    {
        note(
            "path",
            What::value(format!("the address {asked}"), sent.clone()),
        );
    }
    for (name, asked) in [("page", arguments.page), ("per_page", arguments.per_page)] {
        let sent = request.query(name);
        if let Some(asked) = asked
            && sent != Some(asked.to_string().as_str())
        {
            let found = sent.map_or("none".to_owned(), str::to_owned);
            note(
                &format!("query {name}"),
                What::value(asked.to_string(), found),
            );
        }
    }
    let Some(body) = &request.json else {
        return;
    };
    match step.operation.body() {
        RequestBody::Nothing => {}
        RequestBody::Item => {
            let asked =
                [&arguments.address, &arguments.vendor, &arguments.region].map(Clone::clone);
            if let [Some(address), Some(vendor), Some(region)] = asked
                && let Some(sent) = sent_item(step.operation, body)
            {
                let asked = Item {
                    address,
                    vendor,
                    region,
                };
                if !is_item(&asked, &sent) {
                    note("body", What::value(shown(&asked), shown(&sent)));
                }
            }
        }
        RequestBody::Items => {
            let asked = arguments.items.as_deref().unwrap_or_default();
            let sent = body.as_array().into_iter().flatten();
            for (index, item) in sent.enumerate() {
                if let Some(item) = sent_item(step.operation, item)
                    && !asked.iter().any(|asked| is_item(asked, &item))
                {
                    note(
                        &format!("/{index}"),
                        What::unexpected("an item that was asked for", shown(&item)),
                    );
                }
            }
        }
        RequestBody::Addresses => {
            let asked = arguments.addresses.as_deref().unwrap_or_default();
            let sent = body.as_array().into_iter().flatten();
            for (index, item) in sent.enumerate() {
                if let Some(sent) = item.as_str()
                    && !asked.iter().any(|asked| is_same(asked, sent))
                {
                    note(
                        &format!("/{index}"),
                        What::unexpected("an address that was asked for", sent),
                    );
                }
            }
        }
    }
}

/// Judges whether all items of a batch were sent by a client that reports success.
fn complete(evidence: &Evidence<'_>, exchanges: &[Exchange], note: &mut dyn FnMut(What)) {
    let step = &evidence.scenario.step;
    let arguments = &step.arguments;
    let mut asked: Vec<&str> = match step.operation.body() {
        RequestBody::Items => arguments
            .items
            .iter()
            .flatten()
            .map(|item| item.address.as_str())
            .collect(),
        RequestBody::Addresses => arguments
            .addresses
            .iter()
            .flatten()
            .map(String::as_str)
            .collect(),
        RequestBody::Nothing | RequestBody::Item => return,
    };
    let all = asked.len();
    for exchange in exchanges
        .iter()
        .filter(|exchange| exchange.operation == Some(step.operation))
    {
        let body = exchange.request.json.as_deref();
        for item in body.and_then(Value::as_array).into_iter().flatten() {
            let sent = match item {
                Value::String(text) => Some(text.clone()),
                item => any_address(item),
            };
            if let Some(sent) = sent {
                asked.retain(|asked| !is_same(asked, &sent));
            }
        }
        // A body that is missing or of another form is already judged.
        if !matches!(body, Some(Value::Array(_))) {
            return;
        }
    }
    if let Some(first) = asked.first() {
        let missing = format!("{} are missing, such as {first}", asked.len());
        note(What::value(
            format!("all {all} items that were asked for"),
            missing,
        ));
    }
}

fn is_same(asked: &str, sent: &str) -> bool {
    asked == sent || same(asked, sent)
}

fn is_item(asked: &Item, sent: &Item) -> bool {
    is_same(&asked.address, &sent.address)
        && asked.vendor == sent.vendor
        && asked.region == sent.region
}

fn any_address(item: &Value) -> Option<String> {
    let names = ["origin_ip", "ip", "origin-ip"];
    let address = names.iter().find_map(|name| item.get(name));
    Some(address?.as_str()?.to_owned())
}

/// Returns an item of a body, if it has all its members; else it is already judged.
fn sent_item(operation: Operation, item: &Value) -> Option<Item> {
    let text = |name: &str| Some(item.get(name)?.as_str()?.to_owned());
    let own = operation.generation().request_address();
    let address = text(own).or_else(|| any_address(item))?;
    // A text that is not an address, or not the path's, is already judged.
    parse(&address)?;
    Some(Item {
        address,
        vendor: text("vendor")?,
        region: text("region")?,
    })
}

fn shown(item: &Item) -> String {
    format!("{} {} {}", item.address, item.vendor, item.region)
}

/// Adds a finding if the requests are not as the scenario expects.
pub(super) fn expect(
    evidence: &Evidence<'_>,
    exchanges: &[Exchange],
    check: &Check,
    (place, clause): (Place, (ClauseId, Level)),
    found: &mut Found,
) {
    let asked = evidence.scenario.step.operation;
    let own = |number: usize| {
        evidence
            .seen
            .get(number)
            .is_some_and(|seen| seen.host == Host::Own)
    };
    match check {
        Check::Requests { least, most } => {
            let sent = exchanges.iter().enumerate();
            let sent = sent
                .filter(|(number, exchange)| own(*number) && exchange.operation == Some(asked))
                .count();
            if sent < *least {
                let what = What::value(format!("at least {least} request(s)"), sent.to_string());
                found.add(place, clause, "requests", what);
            } else if sent > *most {
                let what = What::too_many("requests", *most, sent);
                found.add(place, clause, "requests", what);
            }
        }
        Check::Waits => waits(evidence, clause, found),
        Check::Abandons => abandons(evidence, clause, found),
        Check::PagesOnce => pages(evidence.seen, exchanges, asked, clause, found),
        Check::NoCredentialsElsewhere => {
            for (number, seen) in evidence.seen.iter().enumerate() {
                if seen.host == Host::Other {
                    elsewhere(evidence.credentials, (number, seen), &clause, found);
                }
            }
        }
        _ => {}
    }
}

fn waits(evidence: &Evidence<'_>, clause: (ClauseId, Level), found: &mut Found) {
    let seen = evidence.seen;
    for (number, asking) in seen.iter().enumerate() {
        let Some(until) = asking.not_before else {
            continue;
        };
        // Other requests, such as those of a client that reads several pages at a time, are not repetitions.
        let is_repetition = |next: &&(usize, &Seen)| {
            let (_, next) = next;
            (&next.method, &next.target, &next.body)
                == (&asking.method, &asking.target, &asking.body)
        };
        let later: Vec<(usize, &Seen)> = seen.iter().enumerate().skip(number + 1).collect();
        let Some((next, follower)) = later.iter().find(is_repetition).copied() else {
            continue;
        };
        let early = until.saturating_duration_since(follower.arrived);
        if early > TOLERANCE {
            let asked = asking
                .answer
                .as_ref()
                .and_then(|answer| answer.headers.get("retry-after"));
            let expected = format!(
                "no request before retry-after ({})",
                asked.unwrap_or_default()
            );
            let what = What::value(
                expected,
                format!("a request {} ms too early", early.as_millis()),
            );
            found.add(Place::Request(next), clause, "request", what);
            return;
        }
    }
}

/// Judges whether the client gives up an answer that does not come within its time limit.
fn abandons(evidence: &Evidence<'_>, clause: (ClauseId, Level), found: &mut Found) {
    let Some(limit) = evidence.scenario.step.timeout else {
        return;
    };
    for (number, seen) in evidence.seen.iter().enumerate() {
        // A client that has reported, or sent the request again, no longer waits, even if its connection stays open.
        let next = evidence.seen.get(number + 1).map(|next| next.arrived);
        let ends = [seen.ended, next, Some(evidence.reported)];
        let Some(ended) = ends.into_iter().flatten().min() else {
            continue;
        };
        let held = ended.saturating_duration_since(seen.arrived);
        if held > limit + LENIENCE {
            let expected = format!("at most {} ms of waiting for an answer", limit.as_millis());
            let what = What::value(expected, format!("{} ms", held.as_millis()));
            found.add(Place::Request(number), clause, "request", what);
            return;
        }
    }
}

/// Judges whether each page is read once, and none that neither an answer promised nor is needed: after an empty page was
/// answered, only pages up to the told `total_pages` may follow.
fn pages(
    seen: &[Seen],
    exchanges: &[Exchange],
    asked: Operation,
    clause: (ClauseId, Level),
    found: &mut Found,
) {
    let mut known: BTreeSet<String> = BTreeSet::new();
    let mut empty_since: Option<Instant> = None;
    let mut promised = 1;
    for (number, (seen, exchange)) in seen.iter().zip(exchanges).enumerate() {
        if exchange.operation != Some(asked) || asked.kind() != Kind::List {
            continue;
        }
        let page = exchange.request.query("page").unwrap_or("1").to_owned();
        let is_promised = page.parse().is_ok_and(|page: i64| page <= promised);
        if empty_since.is_some_and(|since| seen.arrived > since) && !is_promised {
            let what = What::unexpected("no page after an empty one", format!("page {page}"));
            found.add(Place::Request(number), clause, "query page", what);
            return;
        }
        if !known.insert(page.clone()) {
            let what = What::repeated("each page is read once", format!("page {page}"));
            found.add(Place::Request(number), clause, "query page", what);
            return;
        }
        let result = exchange
            .response
            .pointer("/result")
            .and_then(Value::as_array);
        if result.is_some_and(Vec::is_empty) && empty_since.is_none() {
            let taken = Duration::from_micros(exchange.elapsed_us);
            empty_since = seen.arrived.checked_add(taken);
        }
        let told = exchange.response.pointer("/result_info/total_pages");
        promised = promised.max(told.and_then(whole_number).unwrap_or_default());
    }
}

/// Judges whether a request to another host has no credentials: no field of theirs, and no secret anywhere.
fn elsewhere(
    given: &Credentials,
    (number, seen): (usize, &Seen),
    clause: &(ClauseId, Level),
    found: &mut Found,
) {
    let names = [
        "authorization",
        "x-auth-email",
        "x-auth-key",
        "x-auth-user-service-key",
    ];
    let secret = match given {
        Credentials::Token { token } => token,
        Credentials::Key { key, .. } => key,
    };
    let fields = seen.headers.0.iter();
    let fields =
        fields.filter(|(name, value)| names.contains(&name.as_str()) || value.contains(secret));
    let mut sent: Vec<&str> = fields.map(|(name, _)| name.as_str()).collect();
    if decoded(&seen.target).contains(secret) {
        sent.push("the secret in the URL");
    }
    if String::from_utf8_lossy(&seen.body).contains(secret) {
        sent.push("the secret in the body");
    }
    if !sent.is_empty() {
        let what = What::unexpected("no credentials for another host", sent.join(", "));
        found.add(Place::Request(number), clause.clone(), "request", what);
    }
}
