//! Judges addresses, vendors, regions and bodies that must be refused but were answered with success.

use serde::de::IgnoredAny;
use serde_json::{Map, Value};

use super::super::address::{is_none, parse, same};
use super::super::check::Subject;
use super::super::finding::Findings;
use crate::api::{ClauseId, Level};
use crate::contract::What;
use crate::exchange::RequestBody;

/// The reason why something must be refused: the clause, its level, and the thing in words.
type Unfit = (ClauseId, Level, String);

pub(super) fn check(subject: &Subject<'_>, findings: &mut Findings) {
    if !subject.succeeded() {
        return;
    }
    path(subject, findings);
    if body(subject, findings) {
        return;
    }
    match subject.operation.body() {
        RequestBody::Items | RequestBody::Addresses => batch(subject, findings),
        RequestBody::Item => item(subject, findings),
        RequestBody::Nothing => {}
    }
}

fn accepted(subject: &Subject<'_>, (clause, level, what): Unfit, findings: &mut Findings) {
    findings.add(
        (clause, level),
        "status",
        What::status(format!("4xx for {what}"), subject.status()),
    );
}

/// Judges the address of the path.
fn path(subject: &Subject<'_>, findings: &mut Findings) {
    let address = subject.exchange.request.address.as_deref();
    if let Some(unfit) = address.and_then(unfit_address) {
        accepted(subject, unfit, findings);
    }
}

/// Judges a body that is missing or has a wrong shape, and returns whether it does.
fn body(subject: &Subject<'_>, findings: &mut Findings) -> bool {
    let request = &subject.exchange.request;
    let should = |id: &'static str, what: &str| (ClauseId::of(id), Level::Should, what.to_owned());
    let sent = request.body.as_ref().filter(|body| !body.is_empty());
    let unfit = match (subject.operation.body(), sent, request.json.as_deref()) {
        (RequestBody::Nothing, _, _) => None,
        (_, None, None) if request.is_body_known => subject
            .promised(|promises| &promises.no_body)
            .map(|(clause, level)| (clause, level, "a missing body".to_owned())),
        (_, Some(body), None) => serde_json::from_slice::<IgnoredAny>(body)
            .is_err()
            .then(|| should("HTTP-1", "a body that is not JSON")),
        (RequestBody::Item, _, Some(json)) => {
            (!json.is_object()).then(|| should("HTTP-2", "a body that is not an object"))
        }
        (RequestBody::Items | RequestBody::Addresses, _, Some(json)) => {
            (!json.is_array()).then(|| should("HTTP-2", "a body that is not a list"))
        }
        (_, None, None) => None,
    };
    let is_unfit = unfit.is_some();
    if let Some(unfit) = unfit {
        accepted(subject, unfit, findings);
    }
    is_unfit
}

/// Judges the one item of a body.
fn item(subject: &Subject<'_>, findings: &mut Findings) {
    let Some(Value::Object(body)) = subject.exchange.request.json.as_deref() else {
        return;
    };
    for unfit in unfit_members(body) {
        accepted(subject, unfit, findings);
    }
    let name = subject.generation().request_address();
    let path = subject.exchange.request.address.as_deref();
    match (body.get(name), path) {
        (Some(Value::String(sent)), Some(path)) if parse(sent).is_some() => {
            if !same(sent, path)
                && parse(path).is_some()
                && let Some((clause, _)) = subject.promised(|promises| &promises.differs)
            {
                let what = "a body that names another address".to_owned();
                accepted(subject, (clause, Level::Must, what), findings);
            }
        }
        // The path has the same text, which was judged above.
        (Some(Value::String(sent)), Some(path)) if sent == path => {}
        (Some(sent), _) => {
            if let Some(unfit) = unfit_value(sent) {
                accepted(subject, unfit, findings);
            }
        }
        (None, None) => {
            let unfit = (
                ClauseId::of("IP-5"),
                Level::Must,
                "a missing address".to_owned(),
            );
            accepted(subject, unfit, findings);
        }
        (None, Some(_)) => {}
    }
}

/// Judges the items of a batch by the number of items that must be refused. They cannot be matched one by one, because
/// a failed item is answered with an address text of the server's choice.
fn batch(subject: &Subject<'_>, findings: &mut Findings) {
    let Some(Value::Array(items)) = subject.exchange.request.json.as_deref() else {
        return;
    };
    let (succeeded, failed) = (&subject.answer.succeeded, &subject.answer.failed);
    if succeeded.len() + failed.len() != items.len() {
        return;
    }
    let unfit: Vec<(Unfit, &Value)> = items
        .iter()
        .filter_map(|item| Some((unfit_item(subject, item)?, item)))
        .collect();
    let is_accepted = |address: Option<&str>| {
        let mut answered = succeeded.iter().filter_map(|item| item.address);
        address.is_some_and(|address| answered.any(|text| same(text, address)))
    };
    for level in [Level::Must, Level::Should] {
        let mut wrong = unfit.iter().filter(|((_, other, _), _)| *other >= level);
        let count = wrong.clone().count();
        if failed.len() >= count {
            continue;
        }
        let of_level = |((_, other, _), _): &&(Unfit, &Value)| *other == level;
        let named = wrong
            .clone()
            .filter(of_level)
            .find(|(_, item)| is_accepted(address_of(subject, item)));
        if let Some(((clause, level, what), _)) = named.or_else(|| wrong.find(of_level)) {
            let what = What::count(
                format!("failed item(s), one for {what}"),
                count,
                failed.len(),
            );
            findings.add((clause.clone(), *level), "/result/failed", what);
        }
        return;
    }
}

fn address_of<'a>(subject: &Subject<'_>, item: &'a Value) -> Option<&'a str> {
    let name = subject.generation().request_address();
    item.as_str().or_else(|| item.get(name)?.as_str())
}

fn unfit_item(subject: &Subject<'_>, item: &Value) -> Option<Unfit> {
    if subject.operation.body() == RequestBody::Addresses {
        return unfit_value(item);
    }
    let Value::Object(members) = item else {
        return Some((
            ClauseId::of("HTTP-2"),
            Level::Should,
            "an item that is not an object".to_owned(),
        ));
    };
    let address = match members.get(subject.generation().request_address()) {
        Some(sent) => unfit_value(sent),
        None => Some((
            ClauseId::of("IP-5"),
            Level::Must,
            "a missing address".to_owned(),
        )),
    };
    let all = address.into_iter().chain(unfit_members(members));
    all.max_by_key(|(_, level, _)| *level)
}

/// Returns what is wrong with the vendor and the region of an item.
fn unfit_members(members: &Map<String, Value>) -> Vec<Unfit> {
    let mut unfit = Vec::new();
    for name in ["vendor", "region"] {
        match members.get(name) {
            None => unfit.push((
                ClauseId::of("REG-9"),
                Level::Must,
                format!("a missing {name}"),
            )),
            // The target itself tells which vendors and regions exist; an empty name is never one of them.
            Some(Value::String(text)) if text.trim().is_empty() => {
                let clause = if name == "vendor" { "REG-1" } else { "REG-2" };
                unfit.push((
                    ClauseId::of(clause),
                    Level::Must,
                    format!("an empty {name}"),
                ));
            }
            Some(Value::String(_)) => {}
            Some(other) => {
                let what = format!("the {name} {other}");
                unfit.push((ClauseId::of("HTTP-2"), Level::Should, what));
            }
        }
    }
    unfit
}

fn unfit_value(value: &Value) -> Option<Unfit> {
    match value {
        Value::String(text) => unfit_address(text),
        other => Some((
            ClauseId::of("IP-7"),
            Level::Should,
            format!("{other}, which is not an address"),
        )),
    }
}

fn unfit_address(text: &str) -> Option<Unfit> {
    if parse(text).is_some() {
        return None;
    }
    let what = format!("{text:?}, which is not an address");
    let is_surely_none = is_none(text) || text.trim().is_empty();
    Some(if is_surely_none {
        (ClauseId::of("IP-5"), Level::Must, what)
    } else {
        (ClauseId::of("IP-7"), Level::Should, what)
    })
}
