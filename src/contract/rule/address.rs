//! Judges IP-1 (every IPv6 address is in its canonical form) and IP-4 (IPv4 addresses are spelled as sent).

use std::collections::HashMap;
use std::net::IpAddr;

use super::super::address::{parse, spelling_faults};
use super::super::answer::Item;
use super::super::check::Subject;
use super::super::finding::Findings;
use crate::api::{ClauseId, Level};
use crate::contract::What;

pub(super) fn check(subject: &Subject<'_>, findings: &mut Findings) {
    // The documents promise the canonical form for entries. For batch items and some answers they only say that the
    // member is the address.
    let entries = subject.operation.row().canonical;
    let sent = sent_ipv4(subject);
    for item in &subject.answer.entries {
        spelling(subject, item, entries, &sent, findings);
    }
    for item in &subject.answer.succeeded {
        spelling(subject, item, Level::Should, &sent, findings);
    }
}

/// Returns the IPv4 addresses of the request, each with its text.
fn sent_ipv4<'a>(subject: &'a Subject<'_>) -> HashMap<IpAddr, &'a str> {
    subject
        .items
        .iter()
        .filter_map(|item| item.address)
        .chain(subject.exchange.request.address.as_deref())
        .filter_map(|text| Some((parse(text).filter(IpAddr::is_ipv4)?, text)))
        .collect()
}

fn spelling(
    subject: &Subject<'_>,
    item: &Item<'_>,
    level: Level,
    sent: &HashMap<IpAddr, &str>,
    findings: &mut Findings,
) {
    let Some(text) = item.address else { return };
    let Some(ip) = item.ip else {
        // IP-7 judges how a server answers a host name that it accepts.
        let is_numeric = text
            .chars()
            .all(|c| c.is_ascii_hexdigit() || matches!(c, '.' | 'x' | 'X'));
        let clause = if text.contains(':') {
            "IP-1"
        } else if is_numeric {
            "IP-4"
        } else {
            return;
        };
        findings.add(
            (ClauseId::of(clause), level),
            item.address_at(subject.generation()),
            What::form("an IP address", format!("{text:?}")),
        );
        return;
    };
    for clause in spelling_faults(text, ip) {
        findings.add(
            (clause, level),
            item.address_at(subject.generation()),
            What::value(format!("{:?}", ip.to_string()), format!("{text:?}")),
        );
    }
    if let Some(sent) = sent.get(&ip.to_canonical())
        && *sent != text
    {
        findings.add(
            (ClauseId::of("IP-4"), level),
            item.address_at(subject.generation()),
            What::value(format!("{sent:?}"), format!("{text:?}")),
        );
    }
}
