//! Batches: what their answers say about each item.

use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;

use super::fact::{AnyCase, Known, KnownTo, Open, Refused};
use super::observe::Sight;
use super::writes::{agreed, is_address};
use super::{Model, Traffic};
use crate::contract::{Answer, ClauseId, Finding, Item, RequestItem, address};
use crate::exchange::{Kind, Operation};

impl Model {
    /// Takes in a batch. Returns whether its effect is known.
    pub(super) fn batch(
        &mut self,
        operation: Operation,
        items: &[RequestItem<'_>],
        answer: &Answer<'_>,
        findings: &mut Vec<Finding>,
    ) -> bool {
        let deletes = operation.kind() == Kind::BatchDelete;
        let mut twice = BTreeSet::new();
        let mut once = BTreeSet::new();
        for text in items.iter().filter_map(|item| item.address) {
            if let Some(ip) = self.facts.identity(text)
                && !once.insert(ip)
            {
                twice.insert(ip);
            }
        }
        let answered = answer.succeeded.iter().chain(&answer.failed);
        let answered: BTreeSet<IpAddr> = answered.filter_map(Item::identity).collect();
        for ip in once.difference(&answered) {
            self.facts.forget_one(*ip);
        }
        let sent = items.iter().filter_map(|item| {
            let ip = item.address.and_then(address::identity)?;
            Some((ip, item.vendor.zip(item.region)))
        });
        let sent: HashMap<IpAddr, Option<(&str, &str)>> = sent.collect();
        let mut is_known = true;
        for item in &answer.succeeded {
            let Some(ip) = item.address.and_then(|text| self.facts.identity(text)) else {
                is_known &= item.address.is_some_and(is_address);
                continue;
            };
            if twice.contains(&ip) {
                continue;
            }
            if deletes {
                self.was_mapped(operation, ip, findings);
                self.showed_deleted(operation, ip, AnyCase::of(item), findings);
                self.set_written(operation, ip, Known::Absent);
                continue;
            }
            let pair = sent.get(&ip).copied().flatten();
            if let Some(pair) = pair {
                self.catalogue
                    .accepted(operation.generation(), pair, findings);
            }
            let sent = pair.map(|(vendor, region)| AnyCase::new(vendor, region));
            self.set_written(operation, ip, agreed(sent, AnyCase::of(item)));
        }
        for ip in &twice {
            self.named_twice(operation, *ip, items, answer);
        }
        if !deletes {
            self.note_failed(operation, items, answer, &twice);
        }
        if deletes {
            for item in &answer.failed {
                let ip = item.address.and_then(|text| self.facts.identity(text));
                let Some(ip) = ip.filter(|ip| !twice.contains(ip)) else {
                    continue;
                };
                let sight = Sight {
                    ip,
                    place: None,
                    by: operation,
                };
                self.observe(sight, findings);
            }
        }
        is_known
    }

    /// Notes what the failed items of a batch wanted.
    fn note_failed(
        &mut self,
        operation: Operation,
        items: &[RequestItem<'_>],
        answer: &Answer<'_>,
        twice: &BTreeSet<IpAddr>,
    ) {
        let Some(clause) = operation.promises().one_by_one.clone() else {
            return;
        };
        for ip in answer.failed.iter().filter_map(Item::identity) {
            let of_it =
                |item: &&RequestItem<'_>| item.address.and_then(address::identity) == Some(ip);
            if let Some(sent) = items.iter().find(of_it)
                && !twice.contains(&ip)
            {
                let wanted = sent.vendor.zip(sent.region);
                let wanted = wanted.map(|(vendor, region)| AnyCase::new(vendor, region));
                let refused = Refused {
                    wanted,
                    clause: clause.clone(),
                    since: self.facts.writes.saturating_sub(1),
                    until: self.facts.writes,
                };
                self.facts.refuse(ip, refused);
            }
        }
    }

    /// Notes what a batch leaves at an address that it names twice. The contract leaves open which of the two values
    /// stays, and whether both items fail. If one item is answered as succeeded, the address holds one of the two
    /// values (BATCH-12).
    fn named_twice(
        &mut self,
        operation: Operation,
        ip: IpAddr,
        items: &[RequestItem<'_>],
        answer: &Answer<'_>,
    ) {
        let before = self.facts.of(ip);
        self.facts.forget_one(ip);
        let of_it = |item: &&RequestItem<'_>| item.address.and_then(address::identity) == Some(ip);
        let place = |item: &RequestItem<'_>| {
            let place = item.vendor.zip(item.region);
            place.map(|(vendor, region)| AnyCase::new(vendor, region))
        };
        // The value of an item with a wrong region can't be the one that stays.
        let deletes = operation.kind() == Kind::BatchDelete;
        let lawful = items.iter().filter(of_it);
        let lawful = lawful.filter(|item| deletes || self.takes(item));
        let mut places: Vec<Option<AnyCase>> = lawful.map(place).collect();
        let mut known_to = KnownTo::only(operation.generation());
        let is_answered = answer
            .succeeded
            .iter()
            .any(|item| item.identity() == Some(ip));
        if !is_answered {
            let Some(before) = before else { return };
            known_to.join(before.known_to);
            places.push(before.place);
        }
        let clause = if deletes {
            operation.promises().existing.clone()
        } else {
            let prefix = operation.generation().clause_prefix();
            Some(ClauseId::from(format!("{prefix}-BATCH-12").as_str()))
        };
        let is_judged = self.traffic != Traffic::Recorded && !places.is_empty();
        if let Some(clause) = clause.filter(|_| is_judged) {
            let open = Open {
                places,
                known_to,
                clause,
            };
            self.facts.leave_open(ip, open);
        }
    }
}
