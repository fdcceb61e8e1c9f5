//! Judges batches: each item is answered once, only failed items have `error`, succeeded items have their values, and
//! the time of a v1 batch (BATCH-4 to BATCH-6, BDEL-1, BDEL-5).

use std::collections::HashMap;
use std::net::IpAddr;

use serde_json::Value;

use super::super::address::identity;
use super::super::answer::{Item, RequestItem};
use super::super::check::Subject;
use super::super::finding::Findings;
use crate::api::{ClauseId, Level};
use crate::contract::{MissingPart, What};
use crate::exchange::Kind;

pub(super) fn check(subject: &Subject<'_>, findings: &mut Findings) {
    if !subject.kind().is_batch() || !subject.succeeded() {
        return;
    }
    answered_once(subject, findings);
    errors(subject, findings);
    values(subject, findings);
    if let Some(clause) = subject.promised(|promises| &promises.applied_time) {
        modified_on(&clause, subject, findings);
    }
}

/// Returns the sent items by address; `None` if an address is there twice, a case that the contract leaves open
/// (BATCH-12).
fn by_address<'a>(items: &'a [RequestItem<'a>]) -> Option<HashMap<IpAddr, &'a RequestItem<'a>>> {
    let mut map = HashMap::with_capacity(items.len());
    for item in items {
        if let Some(ip) = item.address.and_then(identity)
            && map.insert(ip, item).is_some()
        {
            return None;
        }
    }
    Some(map)
}

fn answered_once(subject: &Subject<'_>, findings: &mut Findings) {
    // A response that was recorded without its request cannot be judged here.
    let request = &subject.exchange.request;
    if request.body.is_none() && request.json.is_none() {
        return;
    }
    // The form rule judges a missing list. A repeated address leaves the answers open (BATCH-12).
    let Some(sent) = by_address(&subject.items) else {
        return;
    };
    let Some(clause) = subject.promised(|promises| &promises.each_once) else {
        return;
    };
    let clause = || clause.clone();
    let mut counts: HashMap<IpAddr, usize> = HashMap::with_capacity(sent.len());
    let mut strangers: Vec<&Item<'_>> = Vec::new();
    for item in subject
        .answer
        .succeeded
        .iter()
        .chain(&subject.answer.failed)
    {
        match item.identity() {
            Some(ip) if sent.contains_key(&ip) => *counts.entry(ip).or_default() += 1,
            _ => strangers.push(item),
        }
    }
    for item in &subject.items {
        let Some(ip) = item.address.and_then(identity) else {
            continue;
        };
        let count = counts.get(&ip).copied().unwrap_or(0);
        if count != 1 {
            findings.add(
                clause(),
                "/result",
                What::count(
                    format!("answer(s) for {}", item.address.unwrap_or_default()),
                    1,
                    count,
                ),
            );
        }
    }
    // Items without a usable address are answered with a text of the server's choice.
    let unusable = subject.items.len() - sent.len();
    if strangers.len() != unusable {
        let first = strangers.first().map(|item| item.at.to_string());
        let at = first.unwrap_or_else(|| "/result".to_owned());
        findings.add(clause(), at, What::count("answer(s) for the items without a usable address, and none for addresses that were not sent", unusable, strangers.len()));
    }
}

fn errors(subject: &Subject<'_>, findings: &mut Findings) {
    // If the documents have no clause for `error`, ENV-5 applies.
    let own = subject.promised(|promises| &promises.item_error);
    let should = own.clone().map(|(clause, _)| (clause, Level::Should));
    let must = own.unwrap_or((ClauseId::of("ENV-5"), Level::Must));
    for item in &subject.answer.succeeded {
        if let Some(error) = item.value.get("error") {
            findings.add(
                must.clone(),
                format!("{}/error", item.at),
                What::unexpected("no `error` on a succeeded item", error.to_string()),
            );
        }
    }
    let Some(should) = should else { return };
    for item in &subject.answer.failed {
        if !item.value.get("error").is_some_and(Value::is_string) {
            findings.add(
                should.clone(),
                format!("{}/error", item.at),
                What::form("an `error` text on a failed item", item.value.to_string()),
            );
        }
    }
}

fn values(subject: &Subject<'_>, findings: &mut Findings) {
    let sent = by_address(&subject.items);
    let item_values = subject.promised(|promises| &promises.item_values);
    let deleted_values = subject.promised(|promises| &promises.deleted_values);
    for item in &subject.answer.succeeded {
        if let Some(clause) = &item_values {
            let sent = item
                .identity()
                .and_then(|ip| sent.as_ref()?.get(&ip).copied());
            new_values(clause, item, sent, findings);
        }
        if let Some(clause) = &deleted_values {
            for (name, value) in [("vendor", item.vendor), ("region", item.region)] {
                if value.is_none() {
                    findings.add(
                        clause.clone(),
                        format!("{}/{name}", item.at),
                        What::value("the deleted value", item.value.to_string()),
                    );
                }
            }
        }
    }
}

fn new_values(
    clause: &(ClauseId, Level),
    item: &Item<'_>,
    sent: Option<&RequestItem<'_>>,
    findings: &mut Findings,
) {
    let pairs = [
        ("vendor", item.vendor, sent.and_then(|sent| sent.vendor)),
        ("region", item.region, sent.and_then(|sent| sent.region)),
    ];
    for (name, found, sent) in pairs {
        // Letter case is open (REG-10).
        let fits = match (found, sent) {
            (Some(found), Some(sent)) => found.eq_ignore_ascii_case(sent),
            (Some(_), None) => true,
            (None, _) => false,
        };
        if !fits {
            findings.add(
                clause.clone(),
                format!("{}/{name}", item.at),
                What::value(
                    sent.map_or_else(|| "the new value".to_owned(), |sent| format!("{sent:?}")),
                    item.value.to_string(),
                ),
            );
        }
    }
}

fn modified_on(clause: &(ClauseId, Level), subject: &Subject<'_>, findings: &mut Findings) {
    let time = subject.exchange.response.pointer("/result/modified_on");
    let nothing_applied = subject.answer.succeeded.is_empty();
    let at = "/result/modified_on";
    match time {
        Some(Value::String(time)) if nothing_applied => {
            findings.add(
                clause.clone(),
                at,
                What::unexpected("no time, since nothing was applied", time),
            );
        }
        // After a batch delete the set may be empty, and an empty set has no time.
        Some(Value::Null) if !nothing_applied && subject.kind() == Kind::BatchUpsert => {
            findings.add(
                clause.clone(),
                at,
                What::missing("a time, since something was applied", MissingPart::Member),
            );
        }
        _ => {}
    }
}
