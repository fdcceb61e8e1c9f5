//! Judgement of requests of our own that were in flight at the same time. Some order of these requests must explain
//! their answers and everything that is read afterwards (CONC-1 to CONC-3). Each address is judged separately.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::blame::takes_effect_by;
use super::fact::{AnyCase, Fact, Known, KnownTo, Open, Refused};
use super::lawful::{is_of_the_moment, says};
use super::linear::{Call, Orders, orders};
use super::observe::Sight;
use super::{Model, Outcome, Traffic};
use crate::contract::{
    Answer, ClauseId, Contract, Finding, Item, Level, Meaning, What, mapped, request_items,
};
use crate::exchange::{Exchange, Generation, Kind, Operation};

/// The part of one request that concerns one address.
#[derive(Debug, Clone)]
struct Part {
    operation: Operation,
    /// The place that it writes; `None` if it deletes.
    wanted: Option<AnyCase>,
    outcome: Outcome,
    /// Whether the refusal says that there is a mapping.
    says_exists: bool,
    /// Whether the refusal of a delete says that there is no mapping.
    says_absent: bool,
    /// The index of its exchange.
    number: usize,
    end: u64,
}

impl Part {
    fn creates(&self) -> bool {
        self.operation.kind() == Kind::Create
    }

    fn deletes(&self) -> bool {
        self.wanted.is_none()
    }
}

/// A finding, with the index of the exchange that shows it.
type Found = (usize, Finding);

/// The content of an address: nothing, or the index of a place.
type Content = Option<usize>;

impl Model {
    /// Takes in exchanges that overlapped. Returns the findings that no order of them explains, each with the index of
    /// the exchange that shows it. Also returns sentences about oddities that no clause forbids.
    pub fn take_together(&mut self, exchanges: &[&Exchange]) -> (Vec<Found>, Vec<String>) {
        let (mut found, mut said) = (Vec::new(), Vec::new());
        self.pages = None;
        self.last_page = None;
        let Some(parts) = self.parts(exchanges) else {
            // It is unknown which addresses were written.
            self.forget();
            return (found, said);
        };
        let before: BTreeMap<IpAddr, Option<Fact>> =
            parts.keys().map(|ip| (*ip, self.facts.of(*ip))).collect();
        found.extend(self.refused_together(exchanges));
        self.is_beside_others = parts.len() > 1;
        for (number, exchange) in exchanges.iter().enumerate() {
            self.taking = number;
            if let Some(operation) = exchange.operation.filter(|one| one.kind().writes())
                && Outcome::of(exchange) == Outcome::Accepted
            {
                let json = exchange.request.json.as_deref();
                let items = json.map(|json| request_items(operation, json));
                let answer = Answer::of(exchange).unwrap_or_default();
                self.wrote(operation, exchange, &items.unwrap_or_default(), &answer);
            }
            found.extend(self.shown_together(exchange, number, &parts, &before));
        }
        for (ip, parts) in &parts {
            let before = before.get(ip).cloned().flatten();
            found.extend(self.settle(*ip, before.as_ref(), parts, &mut said));
        }
        self.is_beside_others = false;
        (found, said)
    }

    /// Returns what each request did at each address; `None` if one of them may have written anywhere.
    fn parts(&mut self, exchanges: &[&Exchange]) -> Option<BTreeMap<IpAddr, Vec<Part>>> {
        let mut all: BTreeMap<IpAddr, Vec<Part>> = BTreeMap::new();
        for (number, exchange) in exchanges.iter().enumerate() {
            let Some(operation) = exchange.operation.filter(|one| one.kind().writes()) else {
                continue;
            };
            let outcome = Outcome::of(exchange);
            let json = exchange.request.json.as_deref();
            let items = json.map(|json| request_items(operation, json));
            let items = items.unwrap_or_default();
            let answer = Answer::of(exchange).unwrap_or_default();
            let has = |items: &[Item<'_>], ip| items.iter().any(|item| item.identity() == Some(ip));
            let path = exchange.request.address.as_deref();
            let mut named: Vec<(IpAddr, Option<AnyCase>)> = Vec::new();
            for item in &items {
                // Text that is not an address was refused, or it is unknown what was written.
                match item.address.map(|text| self.facts.identity(text)) {
                    Some(Some(ip)) => {
                        let place = item.vendor.zip(item.region);
                        let place = place.map(|(vendor, region)| AnyCase::new(vendor, region));
                        named.push((ip, place));
                    }
                    _ if outcome == Outcome::Refused || operation.kind().is_batch() => {}
                    _ => return None,
                }
            }
            if items.is_empty() && outcome != Outcome::Refused {
                named.push((self.facts.identity(path?)?, None));
            } else if items.is_empty() {
                let ip = path.and_then(|path| self.facts.identity(path));
                named.extend(ip.map(|ip| (ip, None)));
            }
            let mut once = BTreeSet::new();
            for (ip, place) in named {
                let outcome = match outcome {
                    Outcome::Accepted if operation.kind().is_batch() => {
                        let is_twice = !once.insert(ip);
                        match (has(&answer.succeeded, ip), has(&answer.failed, ip)) {
                            _ if is_twice => Outcome::Unsure,
                            (true, false) => Outcome::Accepted,
                            (false, true) => Outcome::Refused,
                            _ => Outcome::Unsure,
                        }
                    }
                    outcome => outcome,
                };
                let adds = !matches!(operation.kind(), Kind::Delete | Kind::BatchDelete);
                if adds && place.is_none() && outcome != Outcome::Refused {
                    return None;
                }
                all.entry(ip).or_default().push(Part {
                    operation,
                    wanted: place.filter(|_| adds),
                    outcome,
                    says_exists: says(exchange, Meaning::Exists),
                    says_absent: exchange.response.status == 404 || exchange.response.is_success(),
                    number,
                    end: exchange.elapsed_us,
                });
            }
        }
        Some(all)
    }

    /// Returns findings about lawful upserts that failed because several were sent at once. A 409, 429 or 503 is not
    /// such a failure (CONC-1).
    fn refused_together(&self, exchanges: &[&Exchange]) -> Vec<Found> {
        let mut found = Vec::new();
        let adding = |exchange: &&&Exchange| {
            let kind = exchange.operation.map(Operation::kind);
            matches!(kind, Some(Kind::Upsert | Kind::BatchUpsert | Kind::Create))
        };
        let adding = exchanges.iter().filter(adding).count();
        let items = |exchange: &Exchange| {
            let (operation, json) = (exchange.operation, exchange.request.json.as_deref());
            let items = operation
                .zip(json)
                .map(|(one, json)| request_items(one, json).len());
            items.unwrap_or(0)
        };
        let sent: usize = exchanges.iter().map(|exchange| items(exchange)).sum();
        let has_room = self.room().is_some_and(|room| room >= sent);
        for (number, exchange) in exchanges.iter().enumerate() {
            let Some(operation) = exchange.operation else {
                continue;
            };
            let upserts = matches!(operation.kind(), Kind::Upsert | Kind::BatchUpsert);
            // A request that was answered with a conflict is not lost (CONC-1).
            let is_conflict = exchange.response.status == 409;
            if !upserts || !has_room || is_conflict || is_of_the_moment(exchange) {
                continue;
            }
            if let Some(mut finding) = self.unlawful(operation, exchange) {
                // A refusal with a documented code has that reason, and not that several requests were sent at once.
                let is_documented = Contract::embedded()
                    .codes
                    .iter()
                    .any(|row| exchange.response.codes().contains(&row.code));
                if adding > 1 && finding.level == Level::Must && !is_documented {
                    finding.clause = ClauseId::of("CONC-1");
                }
                found.push((number, finding));
            }
        }
        found
    }

    /// Checks the addresses that an answer shows. An address that none of these requests writes must be as it was. Any
    /// other address must show what was there before, or what one of the requests wrote.
    fn shown_together(
        &mut self,
        exchange: &Exchange,
        number: usize,
        parts: &BTreeMap<IpAddr, Vec<Part>>,
        before: &BTreeMap<IpAddr, Option<Fact>>,
    ) -> Vec<Found> {
        let mut findings = Vec::new();
        let Some(operation) = exchange.operation else {
            return Vec::new();
        };
        let shows = operation.shows_all() || operation.kind() == Kind::Get;
        if !shows || !exchange.response.is_success() {
            return Vec::new();
        }
        let answer = Answer::of(exchange).unwrap_or_default();
        let shown = self.shown(&answer);
        for (ip, place) in &shown {
            let place = Some(place.place());
            let Some(parts) = parts.get(ip) else {
                let sight = Sight {
                    ip: *ip,
                    place,
                    by: operation,
                };
                self.observe(sight, &mut findings);
                continue;
            };
            let fact = before.get(ip).and_then(Option::as_ref);
            let was = fact.and_then(|fact| fact.place.as_ref());
            let is_given = parts.iter().any(|part| part.wanted == place);
            // This generation does not have to show what only the other one knows.
            let is_known = fact.is_some_and(|fact| fact.known_to.has(operation.generation()));
            if is_given || was == place.as_ref() || !is_known {
                continue;
            }
            let clause = (super::blame::shown_by(operation, true), Level::Must);
            let said = place.as_ref().map(|place| &place.0);
            let what = What::value(
                format!("what {ip} had before, or was given at the same time"),
                mapped(*ip, said),
            );
            findings.push(Finding::new(clause, "/result", what));
        }
        // Entries move between pages when mappings come and go. A whole list has every mapping that no request touches.
        if operation.shows_all() && !operation.is_paged() {
            let listed: BTreeSet<IpAddr> = shown.iter().map(|(ip, _)| *ip).collect();
            let gone = self
                .facts
                .mapped(|ip| listed.contains(ip) || parts.contains_key(ip));
            for ip in gone {
                let sight = Sight {
                    ip,
                    place: None,
                    by: operation,
                };
                self.observe(sight, &mut findings);
            }
        }
        findings
            .into_iter()
            .map(|finding| (number, finding))
            .collect()
    }

    /// Works out what the requests leave at an address.
    fn settle(
        &mut self,
        ip: IpAddr,
        before: Option<&Fact>,
        parts: &[Part],
        said: &mut Vec<String>,
    ) -> Vec<Found> {
        if let [part] = parts {
            return self.settle_alone(ip, part);
        }
        let mut found = Vec::new();
        let was = before.map(|fact| fact.place.clone());
        found.extend(created_once(ip, was.as_ref(), parts));
        let (contents, places) = contents(was.as_ref(), parts);
        if let Orders::None = orders(&contents, &calls(parts), |part, content| {
            strictly(part, *content, &places)
        }) {
            said.push(format!(
                "{ip}: no order of the {} requests at the same time explains their answers",
                parts.len()
            ));
        }
        let ends = orders(&contents, &calls(parts), |part, content| {
            leniently(part, *content, &places)
        });
        let Orders::Explain(ends) = ends else {
            said.push(format!(
                "{ip}: not decided, since {} requests at the same time have too many orders",
                parts.len()
            ));
            self.facts.forget_one(ip);
            return found;
        };
        let accepted = || parts.iter().filter(|part| part.outcome != Outcome::Refused);
        let mut known_to = KnownTo::default();
        for part in accepted() {
            known_to.add(part.operation.generation());
        }
        let Some(first) = accepted().next() else {
            return found;
        };
        if was.is_none() && ends.contains(&None) && accepted().all(|part| !part.deletes()) {
            self.facts.forget_one(ip);
            return found;
        }
        let writer = accepted().find(|part| !part.deletes()).unwrap_or(first);
        let had_mapping = was.flatten().is_some();
        let adds = |part: &Part| !part.deletes();
        let effect = takes_effect_by(writer.operation, had_mapping);
        let clause = if self.is_beside_others && accepted().all(adds) {
            ClauseId::of("CONC-1")
        } else {
            effect.unwrap_or(ClauseId::of("CONC-1"))
        };
        let place = |content: &Content| content.and_then(|number| places.get(number).cloned());
        self.facts.leave_open(
            ip,
            Open {
                places: ends.iter().map(place).collect(),
                known_to,
                clause,
            },
        );
        self.note_refused_creates(ip, parts);
        found
    }

    /// Notes what refused creates wanted: they must leave the address as the other requests made it.
    fn note_refused_creates(&mut self, ip: IpAddr, parts: &[Part]) {
        let refused =
            |part: &&Part| part.creates() && part.outcome == Outcome::Refused && part.says_exists;
        for part in parts.iter().filter(refused) {
            if let Some(clause) = part.operation.promises().shown.clone() {
                let refused = Refused {
                    wanted: part.wanted.clone(),
                    clause,
                    since: self.facts.writes,
                    until: self.facts.writes,
                };
                self.facts.refuse(ip, refused);
            }
        }
    }

    /// Handles an address that only one of the requests named, as if that request had been alone.
    fn settle_alone(&mut self, ip: IpAddr, part: &Part) -> Vec<Found> {
        let mut findings = Vec::new();
        self.taking = part.number;
        let operation = part.operation;
        let absent = Sight {
            ip,
            place: None,
            by: operation,
        };
        let is_mapped = self.facts.of(ip).is_some_and(|fact| fact.place.is_some());
        match (part.outcome, &part.wanted) {
            (Outcome::Accepted, Some(place)) => {
                if part.creates() && is_mapped {
                    self.observe(absent, &mut findings);
                }
                self.set_written(operation, ip, Known::Mapped(place.clone()));
            }
            (Outcome::Accepted, None) => {
                self.was_mapped(operation, ip, &mut findings);
                self.set_written(operation, ip, Known::Absent);
            }
            (Outcome::Refused, None) if part.says_absent => self.observe(absent, &mut findings),
            (Outcome::Refused, _) => self.note_refused_creates(ip, std::slice::from_ref(part)),
            (Outcome::Unsure, _) => self.facts.forget_one(ip),
        }
        findings
            .into_iter()
            .map(|finding| (part.number, finding))
            .collect()
    }

    /// Returns the number of the last accepted exchange, and its generation, if more mappings were accepted than a zone
    /// may hold (CONC-2). Only the zone itself tells whether they are all there.
    #[must_use]
    pub fn may_be_overfull(&self, exchanges: &[&Exchange]) -> Option<(usize, Generation)> {
        let limit = Contract::embedded().limits.zone;
        if self.traffic != Traffic::Own || self.facts.count_all() <= limit {
            return None;
        }
        let accepted = |exchange: &&Exchange| Outcome::of(exchange) == Outcome::Accepted;
        let number = exchanges.iter().rposition(accepted)?;
        let operation = exchanges.get(number)?.operation?;
        Some((number, operation.generation()))
    }
}

/// Checks that exactly one of several creates of an address at the same time succeeds (CONC-3).
fn created_once(ip: IpAddr, was: Option<&Option<AnyCase>>, parts: &[Part]) -> Option<Found> {
    let absent = matches!(was, Some(None));
    let is_answered = |part: &Part| {
        part.creates()
            && (part.outcome == Outcome::Accepted
                || (part.outcome == Outcome::Refused && part.says_exists))
    };
    if !absent || !parts.iter().all(is_answered) {
        return None;
    }
    let accepted = |part: &&Part| part.outcome == Outcome::Accepted;
    let count = parts.iter().filter(accepted).count();
    let number = parts.iter().filter(accepted).map(|part| part.number).max();
    let number = number.or(parts.last().map(|part| part.number))?;
    let clause = (ClauseId::of("CONC-3"), Level::Must);
    let things = format!(
        "of {} creates of {ip} at the same time answered with 200",
        parts.len()
    );
    (count != 1).then(|| {
        (
            number,
            Finding::new(clause, "status", What::count(things, 1, count)),
        )
    })
}

/// Returns what the address may hold before the requests, and all places that it may hold then or later.
fn contents(was: Option<&Option<AnyCase>>, parts: &[Part]) -> (Vec<Content>, Vec<AnyCase>) {
    let mut places: Vec<AnyCase> = Vec::new();
    let known = was.and_then(Option::as_ref);
    for place in known
        .into_iter()
        .chain(parts.iter().filter_map(|part| part.wanted.as_ref()))
    {
        if !places.contains(place) {
            places.push(place.clone());
        }
    }
    let contents = match was {
        Some(None) => vec![None],
        Some(Some(_)) => vec![Some(0)],
        // The content is unknown, and is represented as no mapping.
        None => vec![None],
    };
    (contents, places)
}

/// Returns the calls of the search. All of them begin together: the end of each request is known, but not its arrival.
fn calls(parts: &[Part]) -> Vec<Call<&Part>> {
    let calls = parts.iter().map(|part| Call {
        start: 0,
        end: part.end,
        effect: part,
    });
    calls.collect()
}

fn written(part: &Part, places: &[AnyCase]) -> Content {
    let wanted = part.wanted.as_ref()?;
    places.iter().position(|place| place == wanted)
}

/// Returns the contents that a request may leave, if its answer must be right at its place in the order.
fn strictly(part: &Part, content: Content, places: &[AnyCase]) -> Vec<Content> {
    let is_wrong = match part.outcome {
        Outcome::Unsure => false,
        Outcome::Accepted if part.deletes() => content.is_none(),
        Outcome::Accepted => part.creates() && content.is_some(),
        Outcome::Refused if part.deletes() => part.says_absent && content.is_some(),
        Outcome::Refused => part.says_exists && content.is_none(),
    };
    if is_wrong {
        return Vec::new();
    }
    leniently(part, content, places)
}

/// Returns the contents that a request may leave, whatever its answer says about what was there before. No clause
/// forbids that a delete sees a half-finished overwrite.
fn leniently(part: &Part, content: Content, places: &[AnyCase]) -> Vec<Content> {
    match part.outcome {
        Outcome::Accepted => vec![written(part, places)],
        Outcome::Refused => vec![content],
        Outcome::Unsure => vec![content, written(part, places)],
    }
}
