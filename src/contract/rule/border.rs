//! Requests that must be refused and were answered as a success.

use serde_json::Value;

use super::super::address::{is_none, parse, same};
use super::super::check::Subject;
use super::super::clause::{ClauseId, Level};
use super::super::finding::Findings;
use crate::exchange::{Kind, Operation};

/// The most items that a batch may have.
const BATCH_MAX: usize = 100;

pub(super) fn check(subject: &Subject<'_>, findings: &mut Findings) {
    if !subject.succeeded() {
        return;
    }
    match subject.kind() {
        Kind::BatchUpsert if subject.items.len() > BATCH_MAX => {
            accepted(
                subject,
                subject.must("BATCH-7").0,
                "a batch of more than 100 items",
                findings,
            );
        }
        Kind::BatchDelete if subject.items.len() > BATCH_MAX => {
            accepted(
                subject,
                subject.must("BDEL-4").0,
                "a batch of more than 100 items",
                findings,
            );
        }
        Kind::List => pagination(subject, findings),
        Kind::Create | Kind::Upsert => item(subject, findings),
        _ => {}
    }
}

fn accepted(subject: &Subject<'_>, clause: ClauseId, what: &str, findings: &mut Findings) {
    findings.add(
        (clause, Level::Must),
        "status",
        format!("4xx for {what}"),
        subject.status().to_string(),
    );
}

fn pagination(subject: &Subject<'_>, findings: &mut Findings) {
    if subject.operation != Operation::V2List {
        return;
    }
    let rows = [
        ("per_page", "V2-LIST-3", 1..=100),
        ("page", "V2-LIST-4", 1..=i64::MAX),
    ];
    for (name, clause, lawful) in rows {
        if let Some(text) = subject.exchange.request.query(name)
            && !text
                .parse::<i64>()
                .is_ok_and(|number| lawful.contains(&number))
        {
            accepted(
                subject,
                ClauseId::of(clause),
                &format!("{name}={text}"),
                findings,
            );
        }
    }
}

fn item(subject: &Subject<'_>, findings: &mut Findings) {
    let Some(Value::Object(body)) = &subject.exchange.request.json else {
        return;
    };
    for name in ["vendor", "region"] {
        if !body.contains_key(name) {
            accepted(
                subject,
                ClauseId::of("REG-9"),
                &format!("a missing {name}"),
                findings,
            );
        }
    }
    let sent = subject.items.first().and_then(|item| item.address);
    // An address that is there and no text (a number, null) is IP-7's.
    if sent.is_none() && body.contains_key(subject.generation().request_address()) {
        return;
    }
    match (sent, subject.exchange.request.address.as_deref()) {
        (Some(sent), _) if is_none(sent) => accepted(
            subject,
            ClauseId::of("IP-5"),
            &format!("{sent:?}, which is no address"),
            findings,
        ),
        (None, None) => accepted(subject, ClauseId::of("IP-5"), "a missing address", findings),
        (Some(sent), Some(path)) if parse(sent).is_some() && !same(sent, path) => {
            accepted(
                subject,
                ClauseId::of("V2-PUT-4"),
                "a body that names another address",
                findings,
            );
        }
        _ => {}
    }
}
