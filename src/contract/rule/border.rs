//! Requests that must be refused and were answered as a success.

use serde_json::Value;

use super::super::address::{is_none, parse, same};
use super::super::check::Subject;
use super::super::finding::Findings;
use crate::api::{ClauseId, Level};
use crate::contract::What;
use crate::exchange::RequestBody;

pub(super) fn check(subject: &Subject<'_>, findings: &mut Findings) {
    if !subject.succeeded() {
        return;
    }
    match subject.operation.body() {
        RequestBody::Items | RequestBody::Addresses => size(subject, findings),
        RequestBody::Item => item(subject, findings),
        RequestBody::Nothing => pagination(subject, findings),
    }
}

fn size(subject: &Subject<'_>, findings: &mut Findings) {
    let most = subject.contract.limits.batch;
    if let Some((clause, _)) = subject.promised(|promises| &promises.size)
        && subject.items.len() > most
    {
        let what = format!("a batch of more than {most} items");
        accepted(subject, clause, &what, findings);
    }
}

fn accepted(subject: &Subject<'_>, clause: ClauseId, what: &str, findings: &mut Findings) {
    findings.add(
        (clause, Level::Must),
        "status",
        What::status(format!("4xx for {what}"), subject.status()),
    );
}

fn pagination(subject: &Subject<'_>, findings: &mut Findings) {
    let promises = subject.operation.promises();
    let most = i64::try_from(subject.contract.limits.page).unwrap_or(i64::MAX);
    let rows = [
        ("per_page", &promises.page_size, 1..=most),
        ("page", &promises.page_number, 1..=i64::MAX),
    ];
    for (name, clause, lawful) in rows {
        if let Some(clause) = clause
            && let Some(text) = subject.exchange.request.query(name)
            && !text
                .parse::<i64>()
                .is_ok_and(|number| lawful.contains(&number))
        {
            accepted(subject, clause.clone(), &format!("{name}={text}"), findings);
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
            if let Some((clause, _)) = subject.promised(|promises| &promises.differs) {
                let what = "a body that names another address";
                accepted(subject, clause, what, findings);
            }
        }
        _ => {}
    }
}
