//! The answers that lawful requests of our own must get. For traffic of others, it is unknown whether the credentials
//! were right and who else writes. For our own traffic, both are known.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::blame::{shown_by, takes_effect_by};
use super::fact::{AnyCase, Fact, Refused};
use super::{Model, Traffic, of_refusal};
use crate::contract::{
    Answer, Answered, ClauseId, Contract, Finding, Item, Level, Meaning, Place, RequestItem, What,
    address, is_edge_failure, request_items,
};
use crate::exchange::{Exchange, Kind, Operation};

/// Statuses that prove nothing, since a temporary reason kept the request from being carried out.
const OF_THE_MOMENT: [u16; 5] = [408, 425, 429, 499, 503];

impl Model {
    /// Sets what a zone of our own holds at first, as each generation shows it, which places the target certainly accepts,
    /// and which ones it lists.
    pub fn begin(
        &mut self,
        traffic: Traffic,
        (places, listed): (&[Place], &[Place]),
        states: &[super::Seen],
    ) {
        self.traffic = traffic;
        self.places = places.to_vec();
        self.catalogue.begin(listed);
        for (generation, state) in states {
            for (ip, place) in state {
                let known = self.facts.of(*ip);
                let mut fact = Fact::read(Some(AnyCase(place.clone())), *generation, 0);
                if let Some(known) = known.filter(|known| known.place.is_some()) {
                    fact.known_to.join(known.known_to);
                }
                self.facts.set(*ip, fact);
            }
            self.facts.complete(*generation);
        }
    }

    /// Takes in a request of our own with credentials that must be refused by this clause. Such a request must change
    /// nothing.
    pub fn take_without_leave(&mut self, exchange: &Exchange, clause: &ClauseId) -> Vec<Finding> {
        let (Some(operation), false) = (exchange.operation, is_of_the_moment(exchange)) else {
            return Vec::new();
        };
        if exchange.response.is_success() {
            let what = What::accepted(
                "a refusal, since the credentials are not valid",
                operation.to_string(),
            );
            let mut findings = vec![Finding::new((clause.clone(), Level::Must), "status", what)];
            findings.extend(self.take(exchange).0);
            return findings;
        }
        let json = exchange.request.json.as_deref();
        let items = json.map(|json| request_items(operation, json));
        for item in items.unwrap_or_default() {
            let place = item.vendor.zip(item.region);
            let refused = Refused {
                wanted: place.map(|(vendor, region)| AnyCase::new(vendor, region)),
                clause: clause.clone(),
                since: self.facts.writes,
                until: self.facts.writes,
            };
            if let Some(ip) = item.address.and_then(|text| self.facts.identity(text)) {
                self.facts.refuse(ip, refused);
            }
        }
        Vec::new()
    }

    /// Returns whether the content of any address is unknown, or only known to be one of several.
    #[must_use]
    pub fn has_doubt(&self) -> bool {
        self.facts.most() != Some(self.facts.count_all())
    }

    /// Returns the first fault in the answer to a lawful request, as far as the state before it reveals one.
    pub(super) fn unlawful(&self, operation: Operation, exchange: &Exchange) -> Option<Finding> {
        if self.traffic == Traffic::Recorded || is_of_the_moment(exchange) {
            return None;
        }
        let json = exchange.request.json.as_deref();
        let items = json.map(|json| request_items(operation, json));
        let items = items.unwrap_or_default();
        match operation.kind() {
            Kind::List => self.refused_page(operation, exchange),
            Kind::Get | Kind::Delete => self.refused_address(operation, exchange),
            Kind::Create | Kind::Upsert => self.refused_item(operation, exchange, items.first()?),
            Kind::BatchUpsert | Kind::BatchDelete => {
                self.refused_batch(operation, exchange, &items)
            }
            Kind::SupportedRegions => None,
        }
    }

    /// Returns how many more mappings certainly fit; `None` if it is unknown what the zone holds.
    pub(super) fn room(&self) -> Option<usize> {
        self.facts.room(Contract::embedded().limits.zone)
    }

    /// Returns whether the target accepts the place of an item.
    pub(super) fn takes(&self, item: &RequestItem<'_>) -> bool {
        let (Some(vendor), Some(region)) = (item.vendor, item.region) else {
            return false;
        };
        let mut places = self.places.iter();
        places.any(|place| place.vendor == vendor && place.region == region)
    }

    /// Returns the address of an item, if nothing is wrong with the item.
    fn faultless(&self, operation: Operation, item: &RequestItem<'_>) -> Option<IpAddr> {
        let ip = plain(item.address?)?;
        (operation.kind() == Kind::BatchDelete || self.takes(item)).then_some(ip)
    }

    fn refused_page(&self, operation: Operation, exchange: &Exchange) -> Option<Finding> {
        if exchange.response.status == 200 {
            return None;
        }
        let number = |name: &str, default: usize| match exchange.request.query(name) {
            None => Some(default),
            Some(text) => text.parse::<usize>().ok(),
        };
        let limits = Contract::embedded().limits;
        let page = number("page", 1).filter(|page| *page > 0)?;
        let size = number("per_page", limits.default_page)
            .filter(|size| (1..=limits.page).contains(size))?;
        let promises = operation.promises();
        let is_past = page > 1
            && self
                .facts
                .most()
                .is_none_or(|most| page > most.div_ceil(size));
        let clause = if is_past {
            promises.page_past_the_end.as_ref()
        } else {
            promises.form.as_ref()
        };
        let what = What::answer("200 for a lawful page", Answered::of(exchange));
        let clause = Contract::embedded().leveled(clause?);
        Some(Finding::new(clause, "status", what))
    }

    fn refused_address(&self, operation: Operation, exchange: &Exchange) -> Option<Finding> {
        let status = exchange.response.status;
        let ip = plain(exchange.request.address.as_deref()?)?;
        let fact = self.facts.of(ip)?;
        if !fact.known_to.has(operation.generation()) || matches!(status, 200 | 404) {
            return None;
        }
        let clause = (shown_by(operation, fact.place.is_some()), Level::Must);
        let lawful = if fact.place.is_some() {
            "200, since it has a mapping"
        } else {
            "404, since it has no mapping"
        };
        Some(of_refusal(clause, ip, lawful, exchange))
    }

    fn refused_item(
        &self,
        operation: Operation,
        exchange: &Exchange,
        item: &RequestItem<'_>,
    ) -> Option<Finding> {
        if exchange.response.is_success() {
            return None;
        }
        let ip = self.faultless(operation, item)?;
        if let Some(path) = exchange.request.address.as_deref()
            && plain(path) != Some(ip)
        {
            return None;
        }
        let fact = self.facts.of(ip);
        let has_mapping = fact.as_ref().is_some_and(|fact| fact.place.is_some());
        let is_known = fact
            .as_ref()
            .is_some_and(|fact| fact.known_to.has(operation.generation()));
        let says = |meaning| says(exchange, meaning);
        let promises = operation.promises();
        if operation.kind() == Kind::Create && (has_mapping || fact.is_none()) {
            let is_refused_rightly = exchange.response.status == 400 && says(Meaning::Exists);
            let clause = promises.shown.clone();
            let clause = clause.filter(|_| has_mapping && is_known && !is_refused_rightly)?;
            let lawful = "400 with 1145, since it has a mapping";
            return Some(of_refusal((clause, Level::Must), ip, lawful, exchange));
        }
        if has_mapping {
            let wanted = item.vendor.zip(item.region);
            let wanted = wanted.map(|(vendor, region)| AnyCase::new(vendor, region));
            let is_full = says(Meaning::Full);
            let is_repeated = fact.is_some_and(|fact| fact.place == wanted);
            let clause = if is_full && self.room().is_none_or(|room| room == 0) {
                let clause = promises.full_existing.as_ref()?;
                Contract::embedded().leveled(clause)
            } else {
                let repeated = promises.repeated.clone().filter(|_| is_repeated);
                (repeated.or_else(|| promises.existing.clone())?, Level::Must)
            };
            return Some(of_refusal(clause, ip, "it is overwritten", exchange));
        }
        match self.room() {
            Some(0) => {
                let is_refused_rightly = exchange.response.status == 403 && says(Meaning::Full);
                let clause = promises.full.as_ref().filter(|_| !is_refused_rightly)?;
                let clause = Contract::embedded().leveled(clause);
                let lawful = "403 with 1164, since the zone is full";
                Some(of_refusal(clause, ip, lawful, exchange))
            }
            Some(_) => {
                let clause = (takes_effect_by(operation, false)?, Level::Must);
                Some(of_refusal(clause, ip, "a success", exchange))
            }
            None => None,
        }
    }

    fn refused_batch(
        &self,
        operation: Operation,
        exchange: &Exchange,
        items: &[RequestItem<'_>],
    ) -> Option<Finding> {
        let limits = Contract::embedded().limits;
        if !(1..=limits.batch).contains(&items.len()) {
            return None;
        }
        let whole: Vec<Option<IpAddr>> = items
            .iter()
            .map(|item| self.faultless(operation, item))
            .collect();
        let lawful: BTreeSet<IpAddr> = whole.iter().flatten().copied().collect();
        let named: Vec<IpAddr> = items
            .iter()
            .filter_map(|item| address::identity(item.address?))
            .collect();
        let is_doubled = named.iter().collect::<BTreeSet<_>>().len() < named.len();
        let adds = operation.kind() == Kind::BatchUpsert;
        let new = lawful.iter().filter(|ip| !self.is_mapped(**ip)).count();
        // The server may choose which items a full zone refuses.
        if is_doubled || (adds && self.room().is_none_or(|room| room < new)) {
            return None;
        }
        let all_are_whole = whole.iter().all(Option::is_some);
        let promises = operation.promises();
        let may_be_full = self.room().is_none_or(|room| room < items.len());
        let clause = if adds && may_be_full {
            // It is only recommended that mappings of a full zone can still be changed (BATCH-8), also for a batch
            // whose new mappings fill the zone.
            (promises.full.clone()?, Level::Should)
        } else if all_are_whole {
            (takes_effect_by(operation, false)?, Level::Must)
        } else {
            (promises.one_by_one.clone()?, Level::Must)
        };
        if !exchange.response.is_success() {
            // A body with odd addresses in it may be refused as a whole (IP-7).
            let is_plain = |item: &RequestItem<'_>| {
                item.address
                    .is_some_and(|text| plain(text).is_some() || address::is_none(text))
            };
            let what = What::answer("200, its items judged one by one", Answered::of(exchange));
            return items
                .iter()
                .all(is_plain)
                .then(|| Finding::new(clause, "status", what));
        }
        if !adds {
            return None;
        }
        let answer = Answer::of(exchange)?;
        let failed = answer.failed.iter().filter_map(Item::identity);
        let ip = failed.into_iter().find(|ip| lawful.contains(ip))?;
        let what = What::unexpected(
            "a lawful item among those that succeeded",
            format!("{ip} failed"),
        );
        Some(Finding::new(clause, "/result", what))
    }

    fn is_mapped(&self, ip: IpAddr) -> bool {
        self.facts.of(ip).is_some_and(|fact| fact.place.is_some())
    }

    /// Checks the total of a page against what the zone is known to hold.
    pub(super) fn total(&self, operation: Operation, exchange: &Exchange) -> Option<Finding> {
        let generation = operation.generation();
        let is_known = self.traffic == Traffic::Own && self.facts.is_complete(generation);
        let all = self.facts.count_all();
        if !is_known || all != self.facts.count(generation) {
            return None;
        }
        let at = "/result_info/total_count";
        let total = exchange
            .response
            .pointer(at)
            .and_then(crate::exchange::whole_number)?;
        if usize::try_from(total) == Ok(all) {
            return None;
        }
        let clause: ClauseId = shown_by(operation, true);
        let expected = format!("{all}, as earlier exchanges of the zone show");
        let what = What::value(expected, total.to_string());
        Some(Finding::new((clause, Level::Must), at, what))
    }
}

/// Returns whether an answer proves nothing about the request, since the request came too fast or too late, or the edge
/// answered. A failure of the store that is documented for the operation proves nothing either, since its cause is
/// unknown.
pub(super) fn is_of_the_moment(exchange: &Exchange) -> bool {
    let response = &exchange.response;
    let is_documented = |operation: Operation| {
        let contract = Contract::embedded();
        let codes = response.codes();
        let mut rows = codes
            .iter()
            .filter_map(|code| contract.code(operation, *code));
        rows.any(|row| row.operations.contains_key(&operation))
            || (operation.kind() == Kind::BatchDelete && operation.promises().store.is_some())
    };
    let platform = &Contract::embedded().platform;
    let codes = response.codes();
    // The live edge refuses a fresh token for some seconds, and a generation may be switched off.
    let is_of_the_platform = matches!(response.status, 400..=404)
        && codes
            .iter()
            .any(|code| platform.access.contains(code) || platform.unrouted.contains(code));
    OF_THE_MOMENT.contains(&response.status)
        || is_of_the_platform
        || is_edge_failure(exchange)
        || (response.status >= 500 && exchange.operation.is_some_and(is_documented))
}

pub(super) fn says(exchange: &Exchange, meaning: Meaning) -> bool {
    let codes = exchange.response.codes();
    codes
        .iter()
        .any(|code| Contract::embedded().means(*code, meaning))
}

/// Returns the address of a text, if no server can misread it.
fn plain(text: &str) -> Option<IpAddr> {
    let ip = address::parse(text)?;
    let is_exempt = matches!(ip, IpAddr::V6(ip) if address::is_exempt(ip));
    (!is_exempt && ip == ip.to_canonical()).then_some(ip)
}
