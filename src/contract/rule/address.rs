//! IP-1: every IPv6 address in its canonical form. IP-4: IPv4 as sent.

use super::super::address::{identity, parse, spelling_faults};
use super::super::answer::Item;
use super::super::check::Subject;
use super::super::clause::{ClauseId, Level};
use super::super::finding::Findings;
use crate::exchange::Operation;

pub(super) fn check(subject: &Subject<'_>, findings: &mut Findings) {
    // The documents promise the canonical form of entries; of batch items and of v2.delete's answer
    // they only say that it is the address.
    let entries = if subject.operation == Operation::V2Delete {
        Level::Should
    } else {
        Level::Must
    };
    for item in &subject.answer.entries {
        spelling(subject, item, entries, findings);
    }
    for item in &subject.answer.succeeded {
        spelling(subject, item, Level::Should, findings);
    }
}

fn spelling(subject: &Subject<'_>, item: &Item<'_>, level: Level, findings: &mut Findings) {
    let Some(text) = item.address else { return };
    let at = item.address_at(subject.generation());
    let Some(ip) = parse(text) else {
        let clause = if text.contains(':') { "IP-1" } else { "IP-4" };
        findings.add(
            (ClauseId::of(clause), level),
            at,
            "an IP address",
            format!("{text:?}"),
        );
        return;
    };
    for clause in spelling_faults(text) {
        findings.add(
            (clause, level),
            &at,
            format!("{:?}", ip.to_string()),
            format!("{text:?}"),
        );
    }
    let sent = sent_addresses(subject).find(|sent| identity(sent) == identity(text));
    if let Some(sent) = sent
        && parse(sent).is_some_and(|ip| ip.is_ipv4())
        && sent != text
    {
        findings.add(
            (ClauseId::of("IP-4"), level),
            at,
            format!("{sent:?}"),
            format!("{text:?}"),
        );
    }
}

fn sent_addresses<'a>(subject: &'a Subject<'_>) -> impl Iterator<Item = &'a str> {
    subject
        .items
        .iter()
        .filter_map(|item| item.address)
        .chain(subject.exchange.request.address.as_deref())
}
