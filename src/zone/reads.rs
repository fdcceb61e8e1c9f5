//! Reads: single mappings, lists and their pages.

use std::collections::{BTreeSet, HashSet};
use std::net::IpAddr;

use super::fact::{AnyCase, Shown};
use super::observe::Sight;
use super::{Certainty, Model, Traffic, of_refusal};
use crate::contract::{Answer, ClauseId, Contract, Finding, Level, Meaning, What};
use crate::exchange::{Exchange, Operation, whole_number};

/// Pages of a v2 list that were read one after the other.
#[derive(Debug, Clone)]
pub(super) struct Pages {
    /// The number of the next page.
    next: u64,
    /// The number of mappings per page.
    size: Option<u64>,
    seen: BTreeSet<IpAddr>,
}

/// The last page that was read, with the order of its entries.
#[derive(Debug, Clone)]
pub(super) struct Page {
    asked: (u64, Option<u64>),
    order: Vec<IpAddr>,
}

impl Model {
    pub(super) fn get(
        &mut self,
        operation: Operation,
        exchange: &Exchange,
        answer: Option<&Answer<'_>>,
        findings: &mut Vec<Finding>,
    ) {
        let path = exchange.request.address.as_deref();
        let Some(ip) = path.and_then(|path| self.facts.identity(path)) else {
            return;
        };
        let entry = answer.and_then(|answer| answer.entries.first());
        let place = entry.and_then(AnyCase::of);
        if exchange.response.status != 404 && place.is_none() {
            self.was_understood(operation, exchange, ip, findings);
            return;
        }
        // The check of the exchange reports an entry with another address.
        if entry.is_some_and(|entry| entry.identity() != Some(ip)) {
            return;
        }
        let sight = Sight {
            ip,
            place,
            by: operation,
        };
        self.observe(sight, findings);
    }

    pub(super) fn list(
        &mut self,
        operation: Operation,
        exchange: &Exchange,
        answer: &Answer<'_>,
        findings: &mut Vec<Finding>,
    ) -> Certainty {
        let shown = self.shown(answer);
        if !operation.is_paged() {
            let shows_others =
                self.traffic == Traffic::Recorded && self.clock.shows_others_in_set(exchange);
            if shows_others {
                self.forget();
            }
            self.whole(operation, &shown, findings);
            return if shows_others {
                Certainty::Lost
            } else {
                Certainty::Kept
            };
        }
        self.observe_all(operation, &shown, findings);
        if self.doubts.is_empty() {
            self.wrong_total = self.total(operation, exchange);
        }
        self.page(operation, exchange, shown, findings);
        Certainty::Kept
    }

    /// Checks a path that was refused as invalid although its address has a mapping (IP-3).
    pub(super) fn was_understood(
        &self,
        operation: Operation,
        exchange: &Exchange,
        ip: IpAddr,
        findings: &mut Vec<Finding>,
    ) {
        let codes = exchange.response.codes();
        let is_refused = (400..500).contains(&exchange.response.status)
            && codes
                .iter()
                .any(|code| Contract::embedded().means(*code, Meaning::Invalid));
        let fact = self
            .facts
            .of(ip)
            .filter(|fact| fact.place.is_some() && fact.known_to.has(operation.generation()));
        if is_refused && fact.is_some() {
            let clause = (ClauseId::of("IP-3"), Level::Must);
            let lawful = "it is found, since it has a mapping";
            findings.push(of_refusal(clause, ip, lawful, exchange));
        }
    }

    /// Returns the addresses and mappings of an answer, as far as they can be told apart.
    pub(super) fn shown<'a>(&mut self, answer: &Answer<'a>) -> Vec<(IpAddr, Shown<'a>)> {
        let entries = answer.entries.iter();
        entries
            .filter_map(|entry| Some((self.facts.identity_of(entry.ip?)?, Shown::of(entry)?)))
            .collect()
    }

    /// Compares each mapping that an answer shows with what is known.
    pub(super) fn observe_all(
        &mut self,
        operation: Operation,
        shown: &[(IpAddr, Shown<'_>)],
        findings: &mut Vec<Finding>,
    ) {
        for (ip, place) in shown {
            // Nearly all entries of a long list were there before.
            if self.facts.confirm(*ip, place, operation.generation()) {
                continue;
            }
            let sight = Sight {
                ip: *ip,
                place: Some(place.place()),
                by: operation,
            };
            self.observe(sight, findings);
        }
    }

    /// Takes in a whole list, as v1.list and v1.upsert return it.
    pub(super) fn whole(
        &mut self,
        operation: Operation,
        shown: &[(IpAddr, Shown<'_>)],
        findings: &mut Vec<Finding>,
    ) {
        self.observe_all(operation, shown, findings);
        let listed: HashSet<IpAddr> = shown.iter().map(|(ip, _)| *ip).collect();
        self.missing(operation, |ip| listed.contains(ip), findings);
        self.facts.complete(operation.generation());
        self.count(operation, findings);
    }

    /// Takes in one page. After the last page, the list is complete.
    fn page(
        &mut self,
        operation: Operation,
        exchange: &Exchange,
        shown: Vec<(IpAddr, Shown<'_>)>,
        findings: &mut Vec<Finding>,
    ) {
        let asked = |name: &str, default: u64| {
            let text = exchange.request.query(name);
            text.map_or(Some(default), |text| text.parse::<u64>().ok())
        };
        let info = exchange.response.pointer("/result_info/total_pages");
        let all = info
            .and_then(whole_number)
            .and_then(|all| u64::try_from(all).ok());
        let (Some(page), Some(all)) = (asked("page", 1), all) else {
            self.pages = None;
            return;
        };
        let default = Contract::embedded().limits.default_page;
        let size = asked("per_page", u64::try_from(default).unwrap_or(u64::MAX));
        self.same_order(operation, (page, size), &shown, findings);
        let mut pages = match self.pages.take() {
            Some(pages) if pages.next == page && pages.size == size => pages,
            _ if page == 1 => Pages {
                next: 1,
                size,
                seen: BTreeSet::new(),
            },
            _ => return,
        };
        for (ip, _) in shown {
            if page > 1 && pages.seen.contains(&ip) {
                let shown = operation.promises().shown.clone();
                let clause = (shown.unwrap_or(ClauseId::of("ENV-5")), Level::Must);
                let what = What::repeated("each mapping on one page", format!("{ip} on two pages"));
                findings.push(Finding::new(clause, "/result", what));
            }
            pages.seen.insert(ip);
        }
        if page < all {
            pages.next = page + 1;
            self.pages = Some(pages);
            return;
        }
        self.missing(operation, |ip| pages.seen.contains(ip), findings);
        self.facts.complete(operation.generation());
        self.count(operation, findings);
    }

    /// Checks that a page has the same order when it is read again with no write in between (V2-LIST-8).
    fn same_order(
        &mut self,
        operation: Operation,
        asked: (u64, Option<u64>),
        shown: &[(IpAddr, Shown<'_>)],
        findings: &mut Vec<Finding>,
    ) {
        let order: Vec<IpAddr> = shown.iter().map(|(ip, _)| *ip).collect();
        if let Some(last) = self.last_page.take()
            && last.asked == asked
            && last.order != order
        {
            let sorted = |order: &[IpAddr]| order.iter().copied().collect::<BTreeSet<_>>();
            if sorted(&last.order) == sorted(&order)
                && let Some(clause) = &operation.promises().order
            {
                findings.push(Finding::new(
                    Contract::embedded().leveled(clause),
                    "/result",
                    What::Order {
                        expected: "the order of the same page before".to_owned(),
                        found: "another one, with no write between".to_owned(),
                    },
                ));
            }
        }
        self.last_page = Some(Page { asked, order });
    }

    /// Takes in the absence of every known mapping that a whole list does not show.
    fn missing(
        &mut self,
        operation: Operation,
        is_listed: impl Fn(&IpAddr) -> bool,
        findings: &mut Vec<Finding>,
    ) {
        for ip in self.facts.mapped(is_listed) {
            let sight = Sight {
                ip,
                place: None,
                by: operation,
            };
            self.observe(sight, findings);
        }
    }

    /// Checks whether the zone holds too many mappings.
    fn count(&self, operation: Operation, findings: &mut Vec<Finding>) {
        let limit = Contract::embedded().limits.zone;
        let count = self.facts.count(operation.generation());
        if count > limit
            && let Some(clause) = &operation.promises().limit
        {
            findings.push(Finding::new(
                (clause.clone(), Level::Must),
                "/result",
                What::too_many("mappings in a zone", limit, count),
            ));
        }
    }
}
