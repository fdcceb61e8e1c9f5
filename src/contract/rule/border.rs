//! Judges batches and pages beyond their limits that were answered with success.

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
        RequestBody::Nothing => pagination(subject, findings),
        RequestBody::Item => {}
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
