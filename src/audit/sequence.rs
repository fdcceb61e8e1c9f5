//! What a sequence of exchanges shows of one zone. The state is known as soon as a full list or a write makes it known,
//! and unknown again where traffic overlaps, has no answer or failed in the server: nothing is judged on a guess.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde_json::Value;

use crate::contract::{Answer, ClauseId, Finding, Item, Level, address, request_items};
use crate::exchange::{Exchange, Generation, Kind, Operation, whole_number};

/// A mapping as it is compared: vendor and region.
type Place = (String, String);

/// What is known of one zone.
#[derive(Debug, Default)]
pub(super) struct Knowledge {
    /// Addresses whose mapping, or lack of one, is known.
    known: BTreeMap<IpAddr, Option<Place>>,
    /// Whether every address that is not in `known` has no mapping.
    is_complete: bool,
    /// Pages of a v2 list that were read in a row, and the next one.
    pages: Option<(u64, BTreeMap<IpAddr, Option<Place>>)>,
    /// When the last exchange ended, in microseconds since 1970.
    last_end_us: Option<i64>,
    last_wrote: bool,
}

/// What is known of one address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Known<'k> {
    /// Nothing.
    Unknown,
    /// That it has no mapping.
    Absent,
    /// Its mapping.
    Mapped(&'k Place),
}

/// What became of the knowledge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Certainty {
    /// It goes on.
    Kept,
    /// Overlapping or failed traffic made the state unknown.
    Lost,
}

fn place(item: &Item<'_>) -> Option<Place> {
    Some((item.vendor?.to_owned(), item.region?.to_owned()))
}

fn said(place: Option<&Place>) -> String {
    place.map_or_else(
        || "no mapping".to_owned(),
        |(vendor, region)| format!("{vendor} {region}"),
    )
}

impl Knowledge {
    /// Takes an exchange in and tells what contradicts what was known.
    pub(super) fn take(
        &mut self,
        exchange: &Exchange,
        started_us: Option<i64>,
    ) -> (Vec<Finding>, Certainty) {
        let mut findings = Vec::new();
        let Some(operation) = exchange.operation else {
            return (findings, Certainty::Kept);
        };
        let writes = operation.kind().writes();
        let mut certainty = Certainty::Kept;
        let overlaps =
            matches!((started_us, self.last_end_us), (Some(start), Some(end)) if start < end);
        if overlaps && (writes || self.last_wrote) {
            self.forget();
            certainty = Certainty::Lost;
        }
        if let Some(started) = started_us {
            let end = started.saturating_add_unsigned(exchange.elapsed_us);
            self.last_end_us = self.last_end_us.max(Some(end));
        }
        self.last_wrote = writes;
        let status = exchange.response.status;
        let is_unread = status == 200 && exchange.response.value().is_none();
        if writes && (is_unread || !(200..500).contains(&status)) {
            // Whether it was carried out, and what came of it, can't be known.
            self.forget();
            return (findings, Certainty::Lost);
        }
        let succeeded =
            status == 200 && exchange.response.pointer("/success") == Some(&Value::Bool(true));
        let body = exchange.response.value().filter(|_| succeeded);
        let answer = body.map(|body| Answer::read(operation, body));
        self.judge(operation, exchange, answer.as_ref(), &mut findings);
        (findings, certainty)
    }

    /// From here on nothing is known.
    pub(super) fn forget(&mut self) {
        self.known.clear();
        self.is_complete = false;
        self.pages = None;
    }

    fn of(&self, ip: IpAddr) -> Known<'_> {
        match self.known.get(&ip) {
            Some(Some(place)) => Known::Mapped(place),
            Some(None) => Known::Absent,
            None if self.is_complete => Known::Absent,
            None => Known::Unknown,
        }
    }

    fn judge(
        &mut self,
        operation: Operation,
        exchange: &Exchange,
        answer: Option<&Answer<'_>>,
        findings: &mut Vec<Finding>,
    ) {
        let generation = operation.generation();
        let clause = |suffix: &str| {
            ClauseId::from(format!("{}-{suffix}", generation.clause_prefix()).as_str())
        };
        let status = exchange.response.status;
        let path = exchange
            .request
            .address
            .as_deref()
            .and_then(address::identity);
        match operation.kind() {
            Kind::SupportedRegions => {}
            Kind::Get => {
                let Some(ip) = path else { return };
                let shown = answer
                    .and_then(|answer| answer.entries.first())
                    .and_then(place);
                if status == 404 || shown.is_some() {
                    let suffix = if matches!(self.of(ip), Known::Mapped(_)) {
                        "GET-1"
                    } else {
                        "GET-2"
                    };
                    self.expect(ip, shown.as_ref(), clause(suffix), findings);
                    self.known.insert(ip, shown);
                }
            }
            Kind::List => self.list(operation, exchange, answer, findings),
            Kind::Create | Kind::Upsert => self.write(operation, exchange, answer, findings),
            Kind::Delete => {
                let Some(ip) = path else { return };
                let is_known = self.of(ip);
                match (status, is_known) {
                    (200, Known::Absent) => findings.push(finding(
                        clause("DELETE-2"),
                        ip,
                        "404, since it has no mapping",
                        "200",
                    )),
                    (404, Known::Mapped(_)) => findings.push(finding(
                        clause("DELETE-1"),
                        ip,
                        "200, since it has a mapping",
                        "404",
                    )),
                    _ => {}
                }
                if matches!(status, 200 | 404) {
                    self.known.insert(ip, None);
                }
            }
            Kind::BatchUpsert => {
                for item in answer.into_iter().flat_map(|answer| &answer.succeeded) {
                    if let (Some(ip), Some(place)) = (item.identity(), place(item)) {
                        self.known.insert(ip, Some(place));
                    }
                }
            }
            Kind::BatchDelete => self.batch_delete(answer, &clause, findings),
        }
        if operation.kind().writes() {
            self.pages = None;
        }
    }

    fn batch_delete(
        &mut self,
        answer: Option<&Answer<'_>>,
        clause: &impl Fn(&str) -> ClauseId,
        findings: &mut Vec<Finding>,
    ) {
        let Some(answer) = answer else { return };
        for item in &answer.succeeded {
            let Some(ip) = item.identity() else { continue };
            if self.of(ip) == Known::Absent {
                findings.push(finding(
                    clause("BDEL-2"),
                    ip,
                    "a failed item, since it has no mapping",
                    "succeeded",
                ));
            }
            self.known.insert(ip, None);
        }
        for item in &answer.failed {
            let Some(ip) = item.identity() else { continue };
            if matches!(self.of(ip), Known::Mapped(_)) {
                findings.push(finding(
                    clause("BDEL-1"),
                    ip,
                    "a succeeded item, since it has a mapping",
                    "failed",
                ));
            }
        }
    }

    /// A single write. The whole list that `v1.upsert` answers with makes the state known.
    fn write(
        &mut self,
        operation: Operation,
        exchange: &Exchange,
        answer: Option<&Answer<'_>>,
        findings: &mut Vec<Finding>,
    ) {
        let Some(json) = &exchange.request.json else {
            return;
        };
        let Some(sent) = request_items(operation, json).into_iter().next() else {
            return;
        };
        let Some(ip) = sent.address.and_then(address::identity) else {
            return;
        };
        let codes = exchange.response.codes();
        if operation.kind() == Kind::Create {
            match (answer.is_some(), self.of(ip)) {
                (true, Known::Mapped(_)) => findings.push(finding(
                    ClauseId::of("V1-CREATE-2"),
                    ip,
                    "400 with 1145, since it has a mapping",
                    "200",
                )),
                (false, Known::Absent) if codes.contains(&1145) => findings.push(finding(
                    ClauseId::of("V1-CREATE-1"),
                    ip,
                    "200, since it has no mapping",
                    "1145",
                )),
                _ => {}
            }
        }
        let Some(answer) = answer else { return };
        if let (Some(vendor), Some(region)) = (sent.vendor, sent.region) {
            // Letter case is open (REG-10): what the answer shows is what is kept.
            let shown = answer
                .entries
                .iter()
                .find(|item| item.identity() == Some(ip))
                .and_then(place);
            let written = shown.unwrap_or_else(|| (vendor.to_owned(), region.to_owned()));
            self.known.insert(ip, Some(written));
        }
        if operation == Operation::V1Upsert {
            self.compare(answer, &ClauseId::of("V1-UPSERT-3"), findings);
            self.learn(answer);
        }
    }

    fn list(
        &mut self,
        operation: Operation,
        exchange: &Exchange,
        answer: Option<&Answer<'_>>,
        findings: &mut Vec<Finding>,
    ) {
        let Some(answer) = answer else { return };
        if operation.generation() == Generation::V1 {
            self.compare(answer, &ClauseId::of("V1-LIST-3"), findings);
            self.learn(answer);
            return;
        }
        let clause = ClauseId::of("V2-LIST-5");
        self.shown(answer, &clause, findings);
        let number = |name: &str| {
            let number = whole_number(exchange.response.pointer(&format!("/result_info/{name}"))?)?;
            u64::try_from(number).ok()
        };
        let asked = exchange
            .request
            .query("page")
            .map_or(Some(1), |page| page.parse::<u64>().ok());
        let (Some(page), Some(all)) = (asked, number("total_pages")) else {
            self.pages = None;
            return;
        };
        let mut pages = match self.pages.take() {
            Some((next, pages)) if next == page => pages,
            _ if page == 1 => BTreeMap::new(),
            _ => return,
        };
        pages.extend(
            answer
                .entries
                .iter()
                .filter_map(|item| Some((item.identity()?, place(item)))),
        );
        if page < all {
            self.pages = Some((page + 1, pages));
            return;
        }
        for (ip, expected) in self
            .known
            .iter()
            .filter(|(ip, place)| place.is_some() && !pages.contains_key(ip))
        {
            findings.push(finding(
                clause.clone(),
                *ip,
                &said(expected.as_ref()),
                "on none of the pages",
            ));
        }
        self.known = pages;
        self.is_complete = true;
    }

    /// A whole list against what is known.
    fn compare(&self, answer: &Answer<'_>, clause: &ClauseId, findings: &mut Vec<Finding>) {
        self.shown(answer, clause, findings);
        let listed = |ip: &IpAddr| {
            answer
                .entries
                .iter()
                .any(|item| item.identity() == Some(*ip))
        };
        for (ip, expected) in self
            .known
            .iter()
            .filter(|(ip, place)| place.is_some() && !listed(ip))
        {
            findings.push(finding(
                clause.clone(),
                *ip,
                &said(expected.as_ref()),
                "not in the list",
            ));
        }
    }

    /// Each entry that is shown against what is known of it.
    fn shown(&self, answer: &Answer<'_>, clause: &ClauseId, findings: &mut Vec<Finding>) {
        for item in &answer.entries {
            if let Some(ip) = item.identity() {
                self.expect(ip, place(item).as_ref(), clause.clone(), findings);
            }
        }
    }

    fn expect(
        &self,
        ip: IpAddr,
        shown: Option<&Place>,
        clause: ClauseId,
        findings: &mut Vec<Finding>,
    ) {
        let known = match self.of(ip) {
            Known::Unknown => return,
            Known::Absent => None,
            Known::Mapped(place) => Some(place),
        };
        if known != shown {
            findings.push(finding(clause, ip, &said(known), &said(shown)));
        }
    }

    fn learn(&mut self, answer: &Answer<'_>) {
        let entries = answer
            .entries
            .iter()
            .filter_map(|item| Some((item.identity()?, place(item))));
        self.known = entries.collect();
        self.is_complete = true;
    }
}

fn finding(clause: ClauseId, ip: IpAddr, expected: &str, found: &str) -> Finding {
    Finding {
        clause,
        level: Level::Must,
        at: "/result".to_owned(),
        expected: format!("{ip}: {expected}, as earlier exchanges of the zone show"),
        found: found.to_owned(),
    }
}
