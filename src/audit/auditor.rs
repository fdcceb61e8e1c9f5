//! Takes recorded exchanges, checks each, and reports a run like the suite's own, with one trial per operation.

use std::collections::BTreeSet;

use super::order::{Held, Order, Span};
use super::recorded::{Identified, Recorded};
use super::session::{Session, Waiting};
use super::verdicts::{Side, Verdicts};
use crate::cause::of_failures;
use crate::contract::{Contract, Finding, Level, check, check_request, is_edge_failure};
use crate::event::{Event, Location, RunHeader, Summary};
use crate::exchange::{Exchange, NoJson, Redactor};

/// Assumed duration of an exchange whose recorder does not tell its duration, in microseconds.
const UNKNOWN_LENGTH: u64 = 1_000_000;
/// Maximum number of unreadable exchanges that are named; the others are only counted.
const NAMED: usize = 20;

/// Counts of what was seen, besides the findings.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tallies {
    /// All exchanges.
    pub exchanges: usize,
    /// Exchanges of other APIs.
    pub foreign: usize,
    /// Exchanges of this API that have no answer from the target, or whose body was not recorded.
    pub unread: usize,
    /// Exchanges of this API that were answered by something in front of the target.
    pub edge: usize,
    /// Exchanges of this API whose place among the others is not known.
    pub unordered: usize,
    /// Exchanges that can't be read, or only in part.
    pub unreadable: usize,
    /// Unreadable exchanges whose request is not known.
    pub unknown: usize,
    /// Exchanges that are judged.
    pub judged: usize,
    /// Exchanges whose requests break clauses for clients.
    pub wrong_requests: usize,
    /// Exchanges of this API to which the target answered that no such route exists.
    pub unrouted: usize,
    /// The number of times that the state of a zone became unknown.
    pub lost: usize,
    /// Exchanges that were not recorded, as the recorder says.
    pub missed: usize,
}

/// An exchange in which something was found.
#[derive(Debug, Clone)]
pub struct Judged {
    /// The number of the exchange among all that were taken in, counted from 1.
    pub number: usize,
    /// The file, and the number of the exchange in it.
    pub place: Location,
    /// The side whose part of the exchange was judged.
    pub side: Side,
    /// The operation's name, or `no operation`.
    pub operation: &'static str,
    /// The method.
    pub method: String,
    /// The path, without the query.
    pub path: String,
    /// The status of the answer.
    pub status: u16,
    /// The findings; never empty.
    pub findings: Vec<Finding>,
}

/// The side or sides whose part of the traffic is judged.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Sides {
    /// The server's part.
    #[default]
    Server,
    /// The client's part.
    Client,
    /// Both parts.
    Both,
}

/// Judges recorded traffic. Its memory use grows with the zones and findings, not with the traffic.
#[derive(Debug)]
pub struct Auditor {
    source: String,
    /// The file that exchanges come from now, and the number of exchanges taken in from it.
    file: (String, usize),
    session: Session,
    order: Order,
    verdicts: Verdicts,
    tallies: Tallies,
    /// Descriptions of what can't be read, each with its place.
    faults: Vec<String>,
    sides: Sides,
    /// Whether the file has exchanges with a time. `untimed` tells whether it has exchanges without one, ordered by
    /// their place in the file.
    timed: bool,
    untimed: bool,
    /// Findings in requests that were not handed out yet.
    requests: Vec<Judged>,
}

impl Auditor {
    /// Creates an auditor for traffic from a source, such as a file's name.
    #[must_use]
    pub fn new(source: &str, redactor: Redactor) -> Self {
        Self {
            source: source.to_owned(),
            file: (source.to_owned(), 0),
            session: Session::default(),
            order: Order::default(),
            verdicts: Verdicts::new(redactor),
            tallies: Tallies::default(),
            faults: Vec::new(),
            sides: Sides::Server,
            timed: false,
            untimed: false,
            requests: Vec::new(),
        }
    }

    /// Sets which sides of the traffic are judged; the default is the server's.
    #[must_use]
    pub fn judging(mut self, sides: Sides) -> Self {
        self.sides = sides;
        self
    }

    /// Starts another file: the next exchanges come from it. What was known of a zone ends with the previous file,
    /// because anybody may have written between two recordings.
    pub fn begin(&mut self, file: &str) {
        // The verdicts hold these findings as well.
        let _ = self.finish();
        self.order.forget();
        self.session.begin();
        (self.timed, self.untimed) = (false, false);
        self.file = (file.to_owned(), 0);
    }

    /// Notes that something follows the recording in its file.
    pub fn passed_over_the_rest(&mut self) {
        let note = format!(
            "{}: what follows the end of the recording is passed over",
            self.file.0
        );
        self.faults.push(note);
    }

    /// Notes that the file was cut off: the recorder was stopped.
    pub fn cut_off(&mut self) {
        let note = format!(
            "{}: the file was cut off: what came before the cut is judged",
            self.file.0
        );
        self.faults.push(note);
    }

    /// Returns the place of the next exchange.
    fn next_place(&mut self) -> Location {
        self.file.1 += 1;
        Location::Exchange {
            file: self.file.0.clone(),
            entry: self.file.1,
        }
    }

    /// Returns the exchange as it may be shown: with its own secrets and those seen earlier masked.
    pub fn masked(&mut self, recorded: &Recorded) -> Recorded {
        recorded.masked(&mut self.verdicts.secrets)
    }

    /// Returns the counts so far.
    #[must_use]
    pub fn tallies(&self) -> Tallies {
        Tallies {
            lost: self.order.lost + self.tallies.lost,
            ..self.tallies
        }
    }

    /// Returns the counts after judging all exchanges that waited.
    pub fn tallies_at_the_end(&mut self) -> Tallies {
        // The verdicts hold these findings as well.
        let _ = self.finish();
        self.tallies()
    }

    /// Notes that exchanges were missed and that no more will come.
    pub fn missed_at_the_end(&mut self, count: usize) {
        self.tallies.missed += count;
    }

    /// Takes in the next exchange of a file. Some of what it breaks may become certain only with later exchanges.
    pub fn take(&mut self, mut recorded: Recorded) -> Vec<Judged> {
        self.tallies.exchanges += 1;
        recorded.learned(&mut self.verdicts.secrets);
        let number = self.tallies.exchanges;
        let place = self.next_place();
        let mut judged = Vec::new();
        self.note_faults(&recorded);
        if recorded.begins_another {
            judged.extend(self.finish());
            self.order.forget();
            self.session.begin();
        }
        judged.extend(self.order_of(&mut recorded));
        let missed = std::mem::take(&mut recorded.missed_before);
        if missed > 0 || recorded.is_in_order {
            judged.extend(self.empty_session());
        }
        self.missed(missed, &mut judged);
        if recorded.url.is_empty() {
            self.tallies.unknown += 1;
            // The unknown request may have been a write to any zone.
            judged.extend(self.finish());
            self.order.forget();
            return judged;
        }
        if recorded.operation().is_none() {
            self.stray(number, &place, recorded);
            judged.append(&mut self.requests);
            return judged;
        }
        if recorded.is_in_order {
            let held = self.process(number, place, recorded, true);
            judged.extend(self.verdicts.all(&held));
            judged.append(&mut self.requests);
            return judged;
        }
        let out = self.session.take(Waiting {
            number,
            place,
            recorded,
            is_placed: false,
        });
        judged.extend(self.judge_all(out));
        judged
    }

    /// Treats a recording in which only some exchanges have times as one without an order.
    fn order_of(&mut self, recorded: &mut Recorded) -> Vec<Judged> {
        let is_timed = recorded.moment.is_some();
        let was_mixed = self.timed && self.untimed;
        self.timed |= is_timed;
        self.untimed |= recorded.is_in_order;
        if !(self.timed && self.untimed) {
            return Vec::new();
        }
        recorded.is_in_order = false;
        if was_mixed {
            return Vec::new();
        }
        let judged = self.finish();
        self.order.forget();
        judged
    }

    fn note_faults(&mut self, recorded: &Recorded) {
        let is_foreign = !recorded.url.is_empty() && recorded.operation().is_none();
        if recorded.faults.is_empty() || is_foreign {
            return;
        }
        self.tallies.unreadable += 1;
        if self.tallies.unreadable <= NAMED {
            let why = recorded.faults.join("; ");
            let redactor = self.verdicts.secrets.redactor();
            let (file, entry) = &self.file;
            self.faults
                .push(redactor.text(&format!("{file}, entry {entry}: {why}")));
        }
    }

    /// Takes in an exchange that has just ended. No write that is still under way began before `writes_since`, in
    /// microseconds since 1970. Returns the findings of this exchange that are known now, and the findings in earlier
    /// exchanges.
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
        let mut closed = self.process(number, place, recorded, true);
        closed.extend(match writes_since {
            Some(moment) => self.order.close_before(moment),
            None => self.order.close_all(),
        });
        judged.extend(self.verdicts.all(&closed));
        let requests = std::mem::take(&mut self.requests);
        if let Some(at) = judged.iter().position(|judged| judged.number == number) {
            let own = judged.remove(at);
            return (own.findings.clone(), [vec![own], requests, judged].concat());
        }
        let own = self.order.told(number);
        (own, [requests, judged].concat())
    }

    /// Judges the exchanges that still wait for later ones; there will be none.
    pub fn finish(&mut self) -> Vec<Judged> {
        let mut judged = self.empty_session();
        let held = self.order.close_all();
        judged.extend(self.verdicts.all(&held));
        judged
    }

    fn empty_session(&mut self) -> Vec<Judged> {
        let out = self.session.empty();
        self.judge_all(out)
    }

    fn judge_all(&mut self, waiting: Vec<Waiting>) -> Vec<Judged> {
        let mut judged = Vec::new();
        for waiting in waiting {
            let start = waiting.recorded.moment.map(|moment| moment.us);
            let mut held = start.map_or_else(Vec::new, |start| self.order.close_before(start));
            held.extend(self.process(
                waiting.number,
                waiting.place,
                waiting.recorded,
                waiting.is_placed,
            ));
            judged.extend(self.verdicts.all(&held));
            judged.append(&mut self.requests);
        }
        judged
    }

    /// Notes missed exchanges. Any of them may have been a write.
    fn missed(&mut self, count: usize, judged: &mut Vec<Judged>) {
        if count == 0 {
            return;
        }
        let held = self.order.close_all();
        judged.extend(self.verdicts.all(&held));
        self.tallies.missed += count;
        self.tallies.lost += 1;
        self.order.forget();
    }

    /// Checks an exchange and puts it in order. Returns the exchanges whose place is certain now.
    fn process(
        &mut self,
        number: usize,
        place: Location,
        recorded: Recorded,
        has_place: bool,
    ) -> Vec<Held> {
        let span = recorded.moment.map(|moment| Span {
            start: moment.us,
            end: moment
                .us
                .saturating_add_unsigned(match recorded.elapsed_us {
                    0 => UNKNOWN_LENGTH,
                    known => known,
                }),
            resolution: moment.resolution_us,
        });
        let is_cached = recorded.is_cached;
        let is_alone = recorded.is_response_alone;
        let has_status = recorded.status != 0;
        if recorded.operation().is_none() {
            self.stray(number, &place, recorded);
            return Vec::new();
        }
        let Some(identified) = recorded.identified() else {
            return Vec::new();
        };
        let Identified {
            exchange,
            zone,
            has_body,
            is_placed,
        } = identified;
        let is_interim = (100..200).contains(&exchange.response.status);
        if is_cached || is_interim || is_redirect(&exchange) {
            self.tallies.unread += 1;
            return Vec::new();
        }
        if is_unrouted(&exchange) {
            self.tallies.unrouted += 1;
            return Vec::new();
        }
        // An edge's answer is not the target's, and a body that was not recorded can't be judged.
        let is_edge = has_status && is_edge_failure(&exchange);
        let json = exchange.response.json.as_ref();
        let is_unread = json.is_err_and(NoJson::is_limit_of_parser);
        let is_read = has_status && (has_body && !is_unread || is_edge);
        let is_judged = is_read && !is_edge;
        let is_placed = is_placed && has_place && !is_alone;
        self.tallies.edge += usize::from(is_edge);
        self.tallies.unread += usize::from(!is_read);
        self.tallies.judged += usize::from(is_judged);
        self.tallies.unordered += usize::from(is_judged && !is_placed && !is_alone);
        if !is_alone {
            self.request(number, &place, &exchange);
        }
        let is_wanted = self.sides != Sides::Client && has_status && has_body && !is_edge;
        let findings = if is_wanted {
            check(Contract::embedded(), &exchange)
        } else {
            Vec::new()
        };
        if is_wanted && (is_judged || !findings.is_empty()) {
            self.verdicts.see(place.file(""), Side::Server, &exchange);
        }
        let held = Held {
            number,
            place,
            exchange,
            span,
            is_placed,
            findings,
            is_judged: is_judged && self.sides != Sides::Client,
            told: 0,
        };
        self.order.take(&zone, held)
    }

    /// Takes in an exchange that is not one of the contract's operations.
    fn stray(&mut self, number: usize, place: &Location, recorded: Recorded) {
        let is_stray = recorded.is_stray();
        if !is_stray || self.sides == Sides::Server {
            self.tallies.foreign += 1;
        }
        if is_stray {
            self.request(number, place, &recorded.stray());
        }
    }

    /// Checks the request of an exchange.
    fn request(&mut self, number: usize, place: &Location, exchange: &Exchange) {
        let findings = check_request(Contract::embedded(), exchange);
        let is_must = findings.iter().any(|finding| finding.level == Level::Must);
        self.tallies.wrong_requests += usize::from(is_must);
        if self.sides != Sides::Server {
            let judged = self.verdicts.request(number, place, exchange, &findings);
            self.requests.extend(judged);
        }
    }

    fn notes(&self) -> Vec<String> {
        let tallies = self.tallies();
        let mut notes = vec![format!(
            "{}: {} of this API, {} others left alone",
            counted(tallies.exchanges, "exchange"),
            tallies.exchanges - tallies.foreign - tallies.unknown,
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
            tallies.edge,
            "answered by what stands in front of the target (an edge, a proxy): not judged",
        );
        note(tallies.unreadable, "can't be read, or only in part");
        note(
            tallies.unordered,
            "judged by themselves, since their place in time or their zone is not known",
        );
        if self.sides == Sides::Server {
            note(
                tallies.wrong_requests,
                "requests break the contract themselves, by the client's fault: --judge both tells how",
            );
        }
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
        notes.extend(self.faults.iter().cloned());
        notes
    }

    /// Returns the events of all traffic, in the form of a run's events.
    #[must_use]
    pub fn events(mut self) -> Vec<Event> {
        // The verdicts hold these findings as well.
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

/// Returns the number with its noun, such as `1 exchange` or `2 exchanges`.
fn counted(number: usize, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{plural}")
}

/// Returns whether the answer redirects the client or refers it to its own cached copy. The contract says nothing about
/// either.
fn is_redirect(exchange: &Exchange) -> bool {
    (300..400).contains(&exchange.response.status)
}

/// Returns whether the target says that it has no such route.
fn is_unrouted(exchange: &Exchange) -> bool {
    let codes = exchange.response.codes();
    matches!(exchange.response.status, 400 | 404)
        && !codes.is_empty()
        && codes
            .iter()
            .all(|code| Contract::embedded().platform.unrouted.contains(code))
}
