//! Judges that an answer shows the mapping of the request: the one that was written, read or deleted.

use super::super::address::{identity, parse, same};
use super::super::answer::Item;
use super::super::check::Subject;
use super::super::finding::Findings;
use crate::api::{ClauseId, Level};
use crate::contract::{MissingPart, What};
use crate::exchange::{Operation, RequestBody};

pub(super) fn check(subject: &Subject<'_>, findings: &mut Findings) {
    if !subject.succeeded() {
        return;
    }
    let Some(clause) = subject.operation.promises().form.clone() else {
        return;
    };
    match subject.operation.body() {
        RequestBody::Nothing => {
            let asked = subject.exchange.request.address.as_deref();
            if let (Some(asked), Some(entry)) = (asked, subject.answer.entries.first()) {
                address(subject, &clause, asked, entry, findings);
            }
        }
        RequestBody::Item => written(subject, &clause, findings),
        RequestBody::Items | RequestBody::Addresses => {}
    }
}

/// Returns whether a success of the operation shows the one mapping of the request.
pub(super) fn echoes(operation: Operation) -> bool {
    operation.has_address_in_path() || operation.body() == RequestBody::Item
}

fn address(
    subject: &Subject<'_>,
    clause: &ClauseId,
    asked: &str,
    entry: &Item<'_>,
    findings: &mut Findings,
) {
    // How a server answers an unusual spelling that it accepts (IP-7) is left open.
    if let Some(found) = entry.address
        && parse(asked).is_some()
        && !same(asked, found)
    {
        findings.add(
            (clause.clone(), Level::Must),
            entry.address_at(subject.generation()),
            What::value(format!("{asked:?}"), format!("{found:?}")),
        );
    }
}

fn written(subject: &Subject<'_>, clause: &ClauseId, findings: &mut Findings) {
    let Some(sent) = subject.items.first() else {
        return;
    };
    let Some(asked) = sent.address else { return };
    let entry = if subject.operation.shows_all() {
        let ip = identity(asked);
        let found =
            subject.answer.entries.iter().find(|item| {
                item.address == Some(asked) || (ip.is_some() && item.identity() == ip)
            });
        if found.is_none() && parse(asked).is_some() {
            findings.add(
                (clause.clone(), Level::Must),
                "/result/value",
                What::missing(
                    format!("the list with the mapping of {asked}"),
                    MissingPart::Mapping,
                ),
            );
        }
        found
    } else {
        let entry = subject.answer.entries.first();
        if let Some(entry) = entry {
            address(subject, clause, asked, entry, findings);
        }
        entry
    };
    let Some(entry) = entry else { return };
    for (name, found, sent) in [
        ("vendor", entry.vendor, sent.vendor),
        ("region", entry.region, sent.region),
    ] {
        // Letter case is left open (REG-10); the form rule judges a missing member.
        if let (Some(found), Some(sent)) = (found, sent)
            && !found.eq_ignore_ascii_case(sent)
        {
            findings.add(
                (clause.clone(), Level::Must),
                format!("{}/{name}", entry.at),
                What::value(format!("{sent:?}, as was sent"), format!("{found:?}")),
            );
        }
    }
}
