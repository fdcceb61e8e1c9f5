//! Takes recorded exchanges, checks each, and ends in a run like the suite's own: one trial an operation.

use std::collections::{BTreeMap, BTreeSet};

use super::order::{Held, Order, Span};
use super::recorded::{Identified, Recorded};
use super::verdicts::Verdicts;
use crate::cause::of_failures;
use crate::contract::{Contract, Finding, check, is_edge_failure};
use crate::event::{Event, Location, RunHeader, Summary};
use crate::exchange::{Exchange, Operation, Redactor};

/// Exchanges of a file that are put in the order of their starts before they are judged.
const WINDOW: usize = 64;

/// What was seen, beside findings.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tallies {
    /// Exchanges in all.
    pub exchanges: usize,
    /// Of other APIs.
    pub foreign: usize,
    /// Of this one, without an answer of the target's or with its body not recorded.
    pub unread: usize,
    /// Of this one, answered that no such route exists.
    pub unrouted: usize,
    /// How often the state of a zone became unknown.
    pub lost: usize,
    /// That were not recorded, as the recorder says.
    pub missed: usize,
}

/// An exchange in which something was found.
#[derive(Debug, Clone)]
pub struct Judged {
    /// The number of the exchange among all that were taken in, from 1.
    pub number: usize,
    /// The file, and the number of the exchange in it.
    pub place: Location,
    /// What was asked for.
    pub operation: Operation,
    /// The method.
    pub method: String,
    /// The path, without the query.
    pub path: String,
    /// The status of the answer.
    pub status: u16,
    /// What was found; never empty.
    pub findings: Vec<Finding>,
}

/// Judges recorded traffic. Its memory grows with the zones and findings, not with the traffic.
#[derive(Debug)]
pub struct Auditor {
    source: String,
    /// The file that exchanges come from now, and how many of it were taken in.
    file: (String, usize),
    /// Exchanges of a file, by their start, with their number.
    window: BTreeMap<(i64, usize), (Location, Recorded)>,
    order: Order,
    verdicts: Verdicts,
    tallies: Tallies,
}

impl Auditor {
    /// For traffic from a source, such as a file's name.
    #[must_use]
    pub fn new(source: &str, redactor: Redactor) -> Self {
        Self {
            source: source.to_owned(),
            file: (source.to_owned(), 0),
            window: BTreeMap::new(),
            order: Order::default(),
            verdicts: Verdicts::new(source, redactor),
            tallies: Tallies::default(),
        }
    }

    /// From here on exchanges come from this file.
    pub fn begin(&mut self, file: &str) {
        self.file = (file.to_owned(), 0);
    }

    /// The place of the next exchange.
    fn next_place(&mut self) -> Location {
        self.file.1 += 1;
        Location::Exchange {
            file: self.file.0.clone(),
            entry: self.file.1,
        }
    }

    /// The exchange as it may be shown: without its own secrets, and without those that were seen before.
    pub fn masked(&mut self, recorded: &Recorded) -> Recorded {
        recorded.masked(&mut self.verdicts.secrets)
    }

    /// What was seen so far.
    #[must_use]
    pub fn tallies(&self) -> Tallies {
        Tallies {
            lost: self.order.lost + self.tallies.lost,
            ..self.tallies
        }
    }

    /// That exchanges were missed and none comes any more.
    pub fn missed_at_the_end(&mut self, count: usize) {
        self.tallies.missed += count;
    }

    /// Takes the next exchange of a file in. What it breaks may only be certain once later ones are known.
    pub fn take(&mut self, mut recorded: Recorded) -> Vec<Judged> {
        self.tallies.exchanges += 1;
        recorded.learned(&mut self.verdicts.secrets);
        let number = self.tallies.exchanges;
        let place = self.next_place();
        let mut judged = Vec::new();
        if recorded.missed_before > 0 || recorded.started_us.is_none() {
            judged.extend(self.empty_window());
        }
        self.missed(std::mem::take(&mut recorded.missed_before), &mut judged);
        let Some(start) = recorded.started_us else {
            let held = self.process(number, place, recorded);
            judged.extend(self.verdicts.all(held));
            return judged;
        };
        self.window.insert((start, number), (place, recorded));
        if self.window.len() > WINDOW
            && let Some(((start, number), (place, first))) = self.window.pop_first()
        {
            let mut held = self.order.close_before(start);
            held.extend(self.process(number, place, first));
            judged.extend(self.verdicts.all(held));
        }
        judged
    }

    /// Takes an exchange in that has just ended; no write that is still under way began before `writes_since`, in
    /// microseconds since 1970. Returns what it breaks by itself, or all that it breaks if that is certain, and what
    /// was found in earlier ones.
    pub fn take_live(
        &mut self,
        mut recorded: Recorded,
        writes_since: Option<i64>,
    ) -> (Vec<Finding>, Vec<Judged>) {
        self.tallies.exchanges += 1;
        recorded.learned(&mut self.verdicts.secrets);
        let number = self.tallies.exchanges;
        let place = self.next_place();
        let mut judged = Vec::new();
        self.missed(std::mem::take(&mut recorded.missed_before), &mut judged);
        let mut closed = self.process(number, place, recorded);
        closed.extend(match writes_since {
            Some(moment) => self.order.close_before(moment),
            None => self.order.close_all(),
        });
        judged.extend(self.verdicts.all(closed));
        if let Some(at) = judged.iter().position(|judged| judged.number == number) {
            let own = judged.remove(at);
            return (own.findings.clone(), [vec![own], judged].concat());
        }
        let own = self.order.told(number);
        (own, judged)
    }

    /// Judges what still waits for later exchanges: there are none.
    pub fn finish(&mut self) -> Vec<Judged> {
        let mut judged = self.empty_window();
        let held = self.order.close_all();
        judged.extend(self.verdicts.all(held));
        judged
    }

    fn empty_window(&mut self) -> Vec<Judged> {
        let mut judged = Vec::new();
        while let Some(((start, number), (place, first))) = self.window.pop_first() {
            let mut held = self.order.close_before(start);
            held.extend(self.process(number, place, first));
            judged.extend(self.verdicts.all(held));
        }
        judged
    }

    /// Any of the exchanges that were not recorded may have written.
    fn missed(&mut self, count: usize, judged: &mut Vec<Judged>) {
        if count == 0 {
            return;
        }
        let held = self.order.close_all();
        judged.extend(self.verdicts.all(held));
        self.tallies.missed += count;
        self.tallies.lost += 1;
        self.order.forget();
    }

    /// Checks an exchange and puts it in order; returns those whose place is certain now.
    fn process(&mut self, number: usize, place: Location, recorded: Recorded) -> Vec<Held> {
        let span = recorded.started_us.map(|start| Span {
            start,
            end: start.saturating_add_unsigned(recorded.elapsed_us),
            resolution: recorded.resolution_us,
        });
        let is_cached = recorded.is_cached;
        let Some(identified) = recorded.identified() else {
            self.tallies.foreign += 1;
            return Vec::new();
        };
        let Identified {
            exchange,
            zone,
            has_body,
        } = identified;
        self.verdicts.see(&exchange);
        if is_cached || is_redirect(&exchange) {
            self.tallies.unread += 1;
            return Vec::new();
        }
        if is_unrouted(&exchange) {
            self.tallies.unrouted += 1;
            return Vec::new();
        }
        // What an edge says is not the target's, and what was not recorded is nobody's.
        let is_read = exchange.response.status != 0 && has_body;
        let is_judged = is_read && !is_edge_failure(&exchange);
        self.tallies.unread += usize::from(!is_read);
        let findings = if is_judged {
            check(Contract::embedded(), &exchange)
        } else {
            Vec::new()
        };
        let held = Held {
            number,
            place,
            exchange,
            span,
            findings,
            is_judged,
            told: 0,
        };
        self.order.take(&zone, held)
    }

    fn notes(&self) -> Vec<String> {
        let tallies = self.tallies();
        let mut notes = vec![format!(
            "{}: {} of this API, {} others left alone",
            counted(tallies.exchanges, "exchange"),
            tallies.exchanges - tallies.foreign,
            tallies.foreign
        )];
        let mut note = |count: usize, what: &str| {
            if count > 0 {
                notes.push(format!("{count} {what}"));
            }
        };
        note(
            tallies.unread,
            "without an answer of the target's, or with its body not recorded",
        );
        note(
            tallies.unrouted,
            "answered that there is no such route: the target does not serve the operation",
        );
        note(
            tallies.lost,
            "times that the state of a zone became unknown, by traffic that overlapped, failed or was not recorded",
        );
        note(
            tallies.missed,
            "more went unchecked, since the traffic was faster than the checking",
        );
        notes
    }

    /// The events of the whole, as a run's.
    #[must_use]
    pub fn events(mut self) -> Vec<Event> {
        // What is found now is in the verdicts as well.
        let _ = self.finish();
        let notes = self.notes();
        let (trials, profile) = self.verdicts.end();
        let mut summary = Summary {
            profile,
            requests: self.tallies.exchanges,
            ..Summary::default()
        };
        summary.causes = of_failures(&trials);
        let planned: BTreeSet<String> = trials.iter().map(|trial| trial.id.clone()).collect();
        let header = RunHeader {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            target: self.source,
            selected: trials.len(),
            recorded: true,
            notes,
            started: jiff::Timestamp::now().to_string(),
            planned: planned.into_iter().collect(),
            ..RunHeader::default()
        };
        let mut events = vec![Event::RunStarted(header)];
        for trial in trials {
            let requests = summary.requests;
            summary.add(&trial);
            summary.requests = requests;
            events.push(Event::TrialFinished(Box::new(trial)));
        }
        events.push(Event::RunFinished(summary));
        events
    }
}

/// `1 exchange`, `2 exchanges`.
fn counted(number: usize, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{plural}")
}

/// Whether the answer sends the client on, or to its own copy: nothing that the contract speaks of.
fn is_redirect(exchange: &Exchange) -> bool {
    let response = &exchange.response;
    response.status == 304
        || ((300..400).contains(&response.status) && response.headers.get("location").is_some())
}

/// Whether the target says that it has no such route.
fn is_unrouted(exchange: &Exchange) -> bool {
    let codes = exchange.response.codes();
    matches!(exchange.response.status, 400 | 404)
        && !codes.is_empty()
        && codes
            .iter()
            .all(|code| Contract::embedded().platform.unrouted.contains(code))
}
