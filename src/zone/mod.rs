//! A model of one zone: what a sequence of exchanges shows of it. The state is known as soon as a full list or a write makes it known,
//! and unknown again where traffic overlaps, is missing, has no answer or failed in the server: nothing is judged on a
//! guess.
//!
//! `fact` keeps what is known of addresses, `observe` compares it with what an answer shows, `reads` and `writes` take
//! the operations, `overlap` and `together` what was sent at the same time (`linear` searches its orders), `lawful` what a
//! request of our own must be answered with, `catalogue` the regions; `clock` tells traffic that was not recorded. `expected` is what a case asserts beside it, `pages` a walk over all pages, and `blame` says
//! whose fault a difference is, and by which clause.

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
mod reads;
mod refusals;
mod together;
mod writes;

use std::collections::BTreeSet;
use std::net::IpAddr;

use serde_json::Value;

pub use self::blame::{Blame, list_answer, reader_clause};
pub use self::doubt::{Doubt, Witness};
pub use self::expected::{Difference, State, differences, entries_of, meant_by};
pub use self::pages::Walk;

use self::blame::LastWrite;
use self::catalogue::Catalogue;
use self::clock::Clock;
use self::expected::nothing_applied;
use self::fact::{AnyCase, Facts};
use self::overlap::Write;
use self::reads::{Page, Pages};
use crate::contract::{Answer, Answered, ClauseId, Evidence, Finding, Level, Place, What};
use crate::exchange::{Exchange, Generation, Kind, Operation};

/// Whose traffic a model sees, and so what may be presumed of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Traffic {
    /// Others made it: whether it was allowed, and who else writes, is not known.
    #[default]
    Recorded,
    /// Our own, in a zone that nobody else writes to.
    Own,
    /// Our own, in a zone that others may write to as well, at addresses which we do not name.
    OwnAmongOthers,
}

/// What a generation shows of a zone.
pub type Seen = (Generation, State);

/// What became of the knowledge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Certainty {
    /// It goes on.
    Kept,
    /// The state became unknown.
    Lost,
}

/// A zone as its exchanges show it.
#[derive(Debug, Clone, Default)]
pub struct Model {
    facts: Facts,
    last_write: Option<LastWrite>,
    /// Whether the last write applied anything, as it was answered.
    has_applied: bool,
    /// The last writes that were sent at the same time.
    overlapping: Vec<Write>,
    /// What the zone should hold, as far as that was last asserted.
    expected: State,
    /// Addresses that requests named.
    named: BTreeSet<IpAddr>,
    /// Pages of a v2 list that were read in a row.
    pages: Option<Pages>,
    last_page: Option<Page>,
    catalogue: Catalogue,
    clock: Clock,
    traffic: Traffic,
    /// Places that the target takes, of traffic of our own.
    places: Vec<Place>,
    /// Answers that show something else than is known, until two more reads tell whose fault it is.
    doubts: Vec<Doubt>,
    /// A total that is not what is known, until a whole list tells whether a mapping is missing or surplus.
    wrong_total: Option<Finding>,
    /// The number of the exchange that is taken in, among those that are taken in together.
    taking: usize,
    /// Whether what is taken in was written at the same time as other addresses.
    is_beside_others: bool,
}

/// What came of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Accepted,
    Refused,
    /// Whether it was carried out can't be known.
    Unsure,
}

impl Outcome {
    fn of(exchange: &Exchange) -> Self {
        let response = &exchange.response;
        let success = response.pointer("/success");
        match response.status {
            200 if success == Some(&Value::Bool(true)) => Self::Accepted,
            // What stands in front of the target may have given up on it.
            408 | 499 => Self::Unsure,
            // An edge that refuses a request does not hand it on.
            400..=499 if success != Some(&Value::Bool(true)) => Self::Refused,
            _ => Self::Unsure,
        }
    }
}

/// The clauses that several exchanges of a zone show together: what is written is there, stays and goes, lists are whole, and
/// what was told of regions holds.
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
    /// Takes in an exchange that none other of the zone overlapped, and tells what contradicts what was known.
    pub fn take(&mut self, exchange: &Exchange) -> (Vec<Finding>, Certainty) {
        let mut findings = Vec::new();
        self.taking = 0;
        let Some(operation) = exchange.operation else {
            return (findings, Certainty::Kept);
        };
        let outcome = Outcome::of(exchange);
        let body = exchange.response.value();
        let answer = body
            .filter(|_| outcome == Outcome::Accepted)
            .map(|body| Answer::read(operation, body));
        let unlawful = self.unlawful(operation, exchange);
        let shows_others = self.traffic == Traffic::Recorded
            && !operation.kind().writes()
            && answer
                .as_ref()
                .is_some_and(|answer| self.clock.shows_others(answer));
        if shows_others {
            // What somebody else did to one mapping, he may have done to all.
            self.forget();
        }
        let certainty = match (operation.kind(), &answer) {
            (kind, answer) if kind.writes() => {
                self.pages = None;
                self.last_page = None;
                self.has_applied = !nothing_applied(exchange);
                let answered = (outcome, answer.as_ref());
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
            // What shows no mapping tells nothing of them.
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

    /// From here on the state is not known.
    pub fn forget(&mut self) {
        self.facts.forget();
        self.pages = None;
        self.last_page = None;
    }
}

/// A finding about the mapping of an address.
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

/// A finding about a request that was refused and must not be.
fn of_refusal(clause: (ClauseId, Level), ip: IpAddr, lawful: &str, exchange: &Exchange) -> Finding {
    let lawful = format!("{ip}: {lawful}, as earlier exchanges of the zone show");
    Finding::new(
        clause,
        "status",
        What::answer(lawful, Answered::of(exchange)),
    )
}
