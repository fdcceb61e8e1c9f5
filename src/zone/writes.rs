//! Writes: what their answers say about the state before, and the state that they leave.

use std::net::IpAddr;

use super::blame::takes_effect_by;
use super::fact::{AnyCase, Fact, Known, KnownTo, Origin, Shown};
use super::observe::Sight;
use super::{Certainty, Model, Outcome, of_mapping, of_refusal};
use crate::contract::{
    Answer, Answered, ClauseId, Contract, Evidence, Finding, Level, Meaning, RequestItem, What,
    address, request_items,
};
use crate::exchange::{Exchange, Kind, Operation};

pub(super) fn contract() -> &'static Contract {
    Contract::embedded()
}

impl Model {
    pub(super) fn write(
        &mut self,
        operation: Operation,
        exchange: &Exchange,
        (outcome, answer): (Outcome, Option<&Answer<'_>>),
        findings: &mut Vec<Finding>,
    ) -> Certainty {
        let json = exchange.request.json.as_deref();
        let items = json.map(|json| request_items(operation, json));
        let items = items.unwrap_or_default();
        match (outcome, answer) {
            (Outcome::Accepted, Some(answer)) => {
                self.wrote(operation, exchange, &items, answer);
                let is_known = match operation.kind() {
                    Kind::BatchUpsert | Kind::BatchDelete => {
                        self.batch(operation, &items, answer, findings)
                    }
                    Kind::Delete => self.deleted(operation, exchange, answer, findings),
                    Kind::Create | Kind::Upsert => {
                        self.written(operation, exchange, (items.first(), answer), findings)
                    }
                    // The others write nothing.
                    _ => true,
                };
                if is_known {
                    self.within_limit(operation, findings);
                    return Certainty::Kept;
                }
                self.forget();
                Certainty::Lost
            }
            (Outcome::Refused, _) => self.refused(operation, exchange, &items, findings),
            _ if self.has_failed_whole(operation, exchange, &items) => Certainty::Kept,
            _ => {
                self.forget();
                Certainty::Lost
            }
        }
    }

    /// Takes in a single write. Returns whether its effect is known.
    fn written(
        &mut self,
        operation: Operation,
        exchange: &Exchange,
        (sent, answer): (Option<&RequestItem<'_>>, &Answer<'_>),
        findings: &mut Vec<Finding>,
    ) -> bool {
        let path = exchange.request.address.as_deref();
        let text = sent.and_then(|sent| sent.address).or(path);
        let Some(ip) = text.and_then(|text| self.facts.identity(text)) else {
            // A possible alias makes only that address uncertain; text that is not an address makes the whole zone
            // unknown.
            return text.is_some_and(is_address);
        };
        let generation = operation.generation();
        let pair = sent.and_then(|sent| Some((sent.vendor?, sent.region?)));
        if let Some(pair) = pair {
            self.catalogue.accepted(generation, pair, findings);
        }
        if operation.kind() == Kind::Create
            && self.facts.of(ip).is_some_and(|fact| fact.place.is_some())
        {
            let sight = Sight {
                ip,
                place: None,
                by: operation,
            };
            self.observe(sight, findings);
        }
        let shown = answer
            .entries
            .iter()
            .find(|entry| entry.identity() == Some(ip))
            .and_then(AnyCase::of);
        let sent = pair.map(|(vendor, region)| AnyCase::new(vendor, region));
        self.set_written(operation, ip, agreed(sent, shown));
        if operation.shows_all() {
            let mut listed = self.shown(answer);
            listed.retain(|(other, _)| *other != ip);
            self.whole_but(operation, ip, &listed, findings);
        }
        true
    }

    /// Takes in the list that a write answers with, except for the entry that was written.
    fn whole_but(
        &mut self,
        operation: Operation,
        ip: IpAddr,
        listed: &[(IpAddr, Shown<'_>)],
        findings: &mut Vec<Finding>,
    ) {
        let written = self.facts.of(ip);
        self.facts.forget_one(ip);
        self.whole(operation, listed, findings);
        match written {
            Some(fact) => self.facts.set(ip, fact),
            None => self.facts.forget_one(ip),
        }
    }

    /// Sets what a write left. If that is unknown, nothing is known about the address any more.
    pub(super) fn set_written(&mut self, operation: Operation, ip: IpAddr, place: Known) {
        let before = match self.facts.of(ip).map(|fact| fact.place) {
            Some(Some(place)) => Known::Mapped(place),
            Some(None) => Known::Absent,
            None => Known::Nothing,
        };
        let place = match place {
            Known::Mapped(place) => Some(place),
            Known::Absent => None,
            Known::Nothing => {
                self.facts.forget_one(ip);
                return;
            }
        };
        let fact = Fact {
            place,
            known_to: KnownTo::only(operation.generation()),
            origin: Origin::Written {
                by: operation,
                before,
                doubt: None,
                beside_others: self.is_beside_others,
            },
            seen_at: self.facts.writes,
        };
        self.facts.set(ip, fact);
    }

    fn deleted(
        &mut self,
        operation: Operation,
        exchange: &Exchange,
        answer: &Answer<'_>,
        findings: &mut Vec<Finding>,
    ) -> bool {
        let path = exchange.request.address.as_deref();
        let Some(ip) = path.and_then(|path| self.facts.identity(path)) else {
            return path.is_some_and(is_address);
        };
        self.was_mapped(operation, ip, findings);
        let entry = answer.entries.first();
        self.showed_deleted(operation, ip, entry.and_then(AnyCase::of), findings);
        self.set_written(operation, ip, Known::Absent);
        true
    }

    /// Checks the deleted values that an answer shows against what is known.
    pub(super) fn showed_deleted(
        &self,
        operation: Operation,
        ip: IpAddr,
        shown: Option<AnyCase>,
        findings: &mut Vec<Finding>,
    ) {
        let generation = operation.generation();
        let fact = self.facts.of(ip);
        let known = fact.filter(|fact| fact.known_to.has(generation));
        let (Some(known), Some(shown)) = (known.and_then(|fact| fact.place), shown) else {
            return;
        };
        let Some(clause) = operation.promises().deleted_values.clone() else {
            return;
        };
        if known != shown {
            let refused = self.facts.last_refused(ip);
            let refused = refused.filter(|refused| refused.wanted.as_ref() == Some(&shown));
            let clause = refused.map_or((clause, Level::Must), |refused| {
                contract().leveled(&refused.clause)
            });
            findings.push(of_mapping(
                clause,
                ip,
                (Some(&known), Some(&shown)),
                Evidence::History,
            ));
        }
    }

    /// Checks an accepted delete against what is known.
    pub(super) fn was_mapped(
        &mut self,
        operation: Operation,
        ip: IpAddr,
        findings: &mut Vec<Finding>,
    ) {
        let is_absent = |fact: Fact| fact.place.is_none();
        let Some(fact) = self.facts.of(ip).filter(|fact| is_absent(fact.clone())) else {
            return;
        };
        let (clause, level) = if fact.known_to.has(operation.generation()) {
            let absent = operation.promises().absent.clone();
            (absent.unwrap_or(ClauseId::of("ENV-5")), Level::Must)
        } else {
            (ClauseId::of("X-1"), Level::Should)
        };
        let why = "a refusal, since earlier exchanges of the zone show no mapping";
        let what = What::accepted(why, format!("{operation} of {ip}"));
        findings.push(Finding::new((clause, level), "/result", what));
    }

    /// Takes in a refused write: what the refusal says about the state, and what it leaves unknown.
    fn refused(
        &mut self,
        operation: Operation,
        exchange: &Exchange,
        items: &[RequestItem<'_>],
        findings: &mut Vec<Finding>,
    ) -> Certainty {
        let codes = exchange.response.codes();
        let says = |meaning| codes.iter().any(|code| contract().means(*code, meaning));
        let status = exchange.response.status;
        let path = exchange.request.address.as_deref();
        match operation.kind() {
            Kind::Delete if status == 404 => {
                if let Some(ip) = path.and_then(|path| self.facts.identity(path)) {
                    let sight = Sight {
                        ip,
                        place: None,
                        by: operation,
                    };
                    self.observe(sight, findings);
                }
                return Certainty::Kept;
            }
            Kind::Delete => {
                if let Some(ip) = path.and_then(|path| self.facts.identity(path)) {
                    self.was_understood(operation, exchange, ip, findings);
                }
                return Certainty::Kept;
            }
            _ => {}
        }
        if says(Meaning::Full) {
            self.was_full(operation, exchange, items, findings);
        }
        if operation.kind().is_batch() {
            // Only a batch of more than 100 items must change nothing when it is refused.
            let is_long = items.len() > contract().limits.batch;
            if items.is_empty() || !is_long {
                return self.unsure_of(items);
            }
            self.note_all_refused(operation.promises().size.as_ref(), items);
            return Certainty::Kept;
        }
        let Some(sent) = items.first() else {
            // HTTP-1 and HTTP-2 only recommend that such a request changes nothing.
            self.forget();
            return Certainty::Lost;
        };
        let generation = operation.generation();
        self.catalogue.refused(exchange, generation, sent, findings);
        self.note_refused(operation, exchange, sent);
        if operation.kind() == Kind::Upsert && says(Meaning::Exists) {
            self.was_no_create(operation, exchange, sent, findings);
        }
        let ip = sent.address.and_then(|text| self.facts.identity(text));
        if let Some(ip) = ip
            && operation.kind() == Kind::Create
            && says(Meaning::Exists)
        {
            let fact = self.facts.of(ip);
            if let Some(fact) = fact.filter(|fact| fact.place.is_none()) {
                let (clause, level) = if fact.known_to.has(generation) {
                    let new = takes_effect_by(operation, false);
                    (new.unwrap_or(ClauseId::of("ENV-5")), Level::Must)
                } else {
                    (ClauseId::of("X-1"), Level::Should)
                };
                let lawful = "it is created, since it has no mapping";
                findings.push(of_refusal((clause, level), ip, lawful, exchange));
                self.facts.forget_one(ip);
            }
        }
        Certainty::Kept
    }

    /// Checks an upsert that was refused because the address has a mapping.
    fn was_no_create(
        &mut self,
        operation: Operation,
        exchange: &Exchange,
        sent: &RequestItem<'_>,
        findings: &mut Vec<Finding>,
    ) {
        let Some(ip) = sent.address.and_then(|text| self.facts.identity(text)) else {
            return;
        };
        let place = match (sent.vendor, sent.region) {
            (Some(vendor), Some(region)) => Some(AnyCase::new(vendor, region)),
            _ => return,
        };
        let is_repeated = self.facts.of(ip).is_some_and(|fact| fact.place == place);
        let promises = operation.promises();
        let clause = if is_repeated {
            &promises.repeated
        } else {
            &promises.existing
        };
        let Some(clause) = clause.clone() else { return };
        let clause = (clause, Level::Must);
        findings.push(of_refusal(clause, ip, "it is overwritten", exchange));
    }

    fn unsure_of(&mut self, items: &[RequestItem<'_>]) -> Certainty {
        if items.iter().any(|item| item.address.is_none()) || items.is_empty() {
            self.forget();
            return Certainty::Lost;
        }
        for text in items.iter().filter_map(|item| item.address) {
            if let Some(ip) = self.facts.identity(text) {
                self.facts.forget_one(ip);
            }
        }
        Certainty::Kept
    }

    /// Checks a refusal for lack of room against the room that the zone is known to have.
    fn was_full(
        &self,
        operation: Operation,
        exchange: &Exchange,
        items: &[RequestItem<'_>],
        findings: &mut Vec<Finding>,
    ) {
        let limit = contract().limits.zone;
        let generation = operation.generation();
        if !self.facts.is_complete(generation) {
            return;
        }
        let room = limit.saturating_sub(self.facts.count_all());
        let ip = items
            .first()
            .and_then(|item| item.address)
            .and_then(address::identity);
        let had_mapping = ip
            .and_then(|ip| self.facts.of(ip))
            .is_some_and(|fact| fact.place.is_some());
        if let (Some(ip), true, Kind::Upsert, 0) = (ip, had_mapping, operation.kind(), room) {
            if let Some(clause) = &operation.promises().full_existing {
                let lawful = "it is overwritten, also in a full zone";
                let clause = contract().leveled(clause);
                findings.push(of_refusal(clause, ip, lawful, exchange));
            }
            return;
        }
        // A body with too many items is refused for its size, whatever the code.
        let is_of_a_size = (1..=contract().limits.batch).contains(&items.len());
        if !is_of_a_size || items.len() > room {
            return;
        }
        if let Some(clause) = takes_effect_by(operation, had_mapping) {
            findings.push(Finding::new(
                (clause, Level::Must),
                "/errors",
                What::answer(
                    format!(
                        "a success, since earlier exchanges show {} of {limit} mappings in the zone",
                        limit - room
                    ),
                    Answered::of(exchange),
                ),
            ));
        }
    }

    /// Checks whether the zone holds too many mappings after a write.
    fn within_limit(&self, operation: Operation, findings: &mut Vec<Finding>) {
        if matches!(operation.kind(), Kind::Delete | Kind::BatchDelete) {
            return;
        }
        let (own, all) = (
            self.facts.count(operation.generation()),
            self.facts.count_all(),
        );
        let limit = contract().limits.zone;
        if all <= limit {
            return;
        }
        let (clause, level) = match &operation.promises().full {
            Some(clause) if own > limit => contract().leveled(clause),
            _ => (ClauseId::of("X-2"), Level::Should),
        };
        findings.push(Finding::new(
            (clause, level),
            "/result",
            What::too_many(
                "mappings in the zone, as its exchanges show, and a refusal beyond them",
                limit,
                all,
            ),
        ));
    }
}

/// Returns what a write left: the place that was sent, in the spelling of the answer. The result is unknown if the two
/// differ or neither is known.
pub(super) fn agreed(sent: Option<AnyCase>, shown: Option<AnyCase>) -> Known {
    match (sent, shown) {
        (Some(sent), Some(shown)) if sent == shown => Known::Mapped(shown),
        (Some(_), Some(_)) | (None, None) => Known::Nothing,
        (Some(place), None) | (None, Some(place)) => Known::Mapped(place),
    }
}

pub(super) fn is_address(text: &str) -> bool {
    address::parse(text).is_some()
}
