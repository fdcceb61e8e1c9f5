//! A model of one zone, built from a sequence of exchanges. A full list or a write makes the state known. It becomes
//! unknown again when traffic overlaps, is missing, has no answer or failed in the server. So nothing is judged on a
//! guess.
//!
//! `fact` stores what is known about addresses, and `observe` compares it with what an answer shows. `reads` and
//! `writes` handle the operations. `overlap` and `together` handle requests that were sent at the same time, and
//! `linear` searches their possible orders. `lawful` knows how requests of our own must be answered, `catalogue` knows
//! the regions, and `clock` detects traffic that was not recorded. `expected` is what a case asserts, and `pages` is a
//! walk over all pages. `blame` decides whose fault a difference is, and by which clause.

mod batches;
mod blame;
mod catalogue;
mod clock;
mod doubt;
mod expected;
mod fact;
mod lawful;
mod linear;
mod observe;
mod overlap;
mod pages;
mod prepared;
mod reads;
mod refusals;
mod together;
mod writes;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use serde_json::Value;

pub use self::blame::{Blame, is_about_others, is_about_reading, list_answer, reader_clause};
pub use self::doubt::{Doubt, Witness};
pub use self::expected::{Difference, State, differences, entries_of, meant_by};
pub use self::pages::Walk;
pub use self::prepared::{Prepared, confirms};

use self::blame::LastWrite;
use self::catalogue::Catalogue;
use self::clock::Clock;
use self::expected::nothing_applied;
use self::fact::{AnyCase, Facts};
use self::overlap::Write;
use self::reads::{Page, Pages};
use crate::contract::{Answer, Answered, ClauseId, Evidence, Finding, Level, Place, What};
use crate::exchange::{Exchange, Generation, Kind, Operation};

/// The origin of the traffic that a model sees. It decides what may be presumed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Traffic {
    /// Traffic of others. It is unknown whether it was allowed, and who else writes to the zone.
    #[default]
    Recorded,
    /// Our own traffic, in a zone that nobody else writes to.
    Own,
    /// Our own traffic, in a zone where others may write to addresses that we do not name.
    OwnAmongOthers,
}

/// A generation, and the mappings of a zone that it shows.
pub type Seen = (Generation, State);

/// The effect of an exchange on the knowledge of the state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Certainty {
    /// The knowledge is kept.
    Kept,
    /// The state became unknown.
    Lost,
}

/// A zone as its exchanges show it.
#[derive(Debug, Clone, Default)]
pub struct Model {
    facts: Facts,
    last_write: Option<LastWrite>,
    /// The last write that named each address and succeeded there, and the place that it gave.
    written_by: BTreeMap<IpAddr, (Operation, Option<Place>)>,
    /// Whether the last write applied anything, according to its answer.
    has_applied: bool,
    /// The last writes that were sent at the same time.
    overlapping: Vec<Write>,
    /// The expected contents of the zone, as last asserted.
    expected: State,
    /// Addresses that requests named.
    named: BTreeSet<IpAddr>,
    /// Pages of a v2 list that were read in a row.
    pages: Option<Pages>,
    last_page: Option<Page>,
    catalogue: Catalogue,
    clock: Clock,
    traffic: Traffic,
    /// The places that the target accepts; only set for our own traffic.
    places: Vec<Place>,
    /// Answers that contradict what is known. They wait until two more reads tell whose fault it is.
    doubts: Vec<Doubt>,
    /// A total that contradicts what is known. It waits until a whole list tells whether a mapping is missing or
    /// surplus.
    wrong_total: Option<Finding>,
    /// The index of the exchange that is being taken in, among those that are taken in together.
    taking: usize,
    /// Whether the write that is being taken in was sent at the same time as writes to other addresses.
    is_beside_others: bool,
}

/// The outcome of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Accepted,
    Refused,
    /// It is unknown whether the write was carried out.
    Unsure,
}

impl Outcome {
    fn of(exchange: &Exchange) -> Self {
        let response = &exchange.response;
        let success = response.pointer("/success");
        match response.status {
            200 if success == Some(&Value::Bool(true)) => Self::Accepted,
            // An intermediary in front of the target may have given up on it.
            408 | 499 => Self::Unsure,
            // An edge that refuses a request does not forward it.
            400..=499 if success != Some(&Value::Bool(true)) => Self::Refused,
            _ => Self::Unsure,
        }
    }
}

/// Returns the clauses that only several exchanges of a zone together can show: writes and deletions take effect and
/// last, lists are complete, and region lists are true.
#[must_use]
pub fn clauses_of_sequences() -> BTreeSet<ClauseId> {
    let promised = Operation::all().flat_map(|operation| {
        let of = operation.promises();
        let all = [
            &of.new,
            &of.existing,
            &of.repeated,
            &of.others,
            &of.shown,
            &of.absent,
            &of.deleted_values,
            &of.last,
            &of.one_by_one,
            &of.limit,
            &of.order,
            &of.full,
        ];
        all.into_iter().flatten()
    });
    let others = ["IP-3", "REG-3", "REG-5", "X-1"].map(ClauseId::of);
    promised.cloned().chain(others).collect()
}

impl Model {
    /// Takes in an exchange that no other exchange of the zone overlapped. Returns what contradicts earlier knowledge.
    pub fn take(&mut self, exchange: &Exchange) -> (Vec<Finding>, Certainty) {
        let mut findings = Vec::new();
        self.taking = 0;
        let Some(operation) = exchange.operation else {
            return (findings, Certainty::Kept);
        };
        let outcome = Outcome::of(exchange);
        let body = exchange.response.value();
        let answer = Answer::of(exchange).filter(|_| outcome == Outcome::Accepted);
        let unlawful = self.unlawful(operation, exchange);
        let shows_others = self.traffic == Traffic::Recorded
            && !operation.kind().writes()
            && answer
                .as_ref()
                .is_some_and(|answer| self.clock.shows_others(answer));
        if shows_others {
            // Somebody else changed one mapping, and may have changed all of them.
            self.forget();
        }
        let certainty = match (operation.kind(), &answer) {
            (kind, answer) if kind.writes() => {
                self.pages = None;
                self.last_page = None;
                let answer = answer.as_ref();
                // After a success in an unexpected form, it is not known what was applied.
                let is_odd = answer.is_none() && exchange.response.is_success();
                let is_batch = operation.kind().is_batch();
                self.has_applied = (is_odd && !is_batch) || !nothing_applied(operation, answer);
                let answered = (outcome, answer);
                self.write(operation, exchange, answered, &mut findings)
            }
            (Kind::List, Some(answer)) => self.list(operation, exchange, answer, &mut findings),
            (Kind::List, None) => {
                self.pages = None;
                Certainty::Kept
            }
            (Kind::Get, answer) => {
                self.get(operation, exchange, answer.as_ref(), &mut findings);
                Certainty::Kept
            }
            (Kind::SupportedRegions, Some(_)) => {
                let body = body.unwrap_or(&Value::Null);
                let generation = operation.generation();
                self.catalogue.learn(generation, body, &mut findings);
                Certainty::Kept
            }
            // An answer without mappings tells nothing about them.
            _ => Certainty::Kept,
        };
        if findings.is_empty() {
            findings.extend(unlawful);
        }
        let writes = operation.kind().writes() && outcome == Outcome::Accepted;
        self.clock.take(exchange, answer.as_ref(), writes);
        let certainty = if shows_others {
            Certainty::Lost
        } else {
            certainty
        };
        (findings, certainty)
    }

    /// Makes the state unknown.
    pub fn forget(&mut self) {
        self.facts.forget();
        self.pages = None;
        self.last_page = None;
    }
}

/// Returns a finding about the mapping of an address.
fn of_mapping(
    clause: (ClauseId, Level),
    ip: IpAddr,
    (expected, found): (Option<&AnyCase>, Option<&AnyCase>),
    evidence: Evidence,
) -> Finding {
    let place = |shown: Option<&AnyCase>| shown.map(|shown| shown.0.clone());
    let what = What::mapping(
        ip,
        place(expected).as_ref(),
        place(found).as_ref(),
        evidence,
    );
    Finding::new(clause, "/result", what)
}

/// Returns a finding about a request that was refused and must not be.
fn of_refusal(clause: (ClauseId, Level), ip: IpAddr, lawful: &str, exchange: &Exchange) -> Finding {
    let lawful = format!("{ip}: {lawful}, as earlier exchanges of the zone show");
    Finding::new(
        clause,
        "status",
        What::answer(lawful, Answered::of(exchange)),
    )
}
