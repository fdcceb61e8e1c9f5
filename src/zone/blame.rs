//! Whose fault a difference is, and by which clause: the reader's that shows it, the write's that did not take effect, or
//! the write's that changed what it did not name.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::Model;
use super::fact::Fact;
use crate::contract::address::meant;
use crate::contract::{ClauseId, Level, Place, request_items};
use crate::exchange::{Exchange, Generation, Kind, Operation};

/// Who is to blame for an address that is shown otherwise than it is expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Blame {
    /// Both readings show what is expected.
    Nobody,
    /// The list alone shows it wrongly.
    List(ClauseId),
    /// The single read alone shows it wrongly.
    Get(ClauseId),
    /// It is not as it should be, by the clause that the step is about.
    Step,
    /// The last write changed what it did not name.
    LastWrite(ClauseId),
}

/// The last write that was accepted.
#[derive(Debug, Clone)]
pub(super) struct LastWrite {
    operation: Operation,
    /// Since which write all writes have been of this operation, by the count of writes.
    since: u64,
    /// The addresses that it named.
    named: BTreeSet<IpAddr>,
}

impl Model {
    /// Counts a write that was accepted.
    pub(super) fn wrote(&mut self, operation: Operation, exchange: &Exchange) {
        self.facts.writes += 1;
        let since = match &self.last_write {
            Some(last) if last.operation == operation => last.since,
            _ => self.facts.writes,
        };
        self.last_write = Some(LastWrite {
            operation,
            since,
            named: named_by(exchange),
        });
    }

    /// Whose fault it is that a list and a single read through a generation show this of an address.
    #[must_use]
    pub fn blame(
        &self,
        generation: Generation,
        ip: IpAddr,
        in_list: Option<&Place>,
        single: Option<&Place>,
    ) -> Blame {
        let wanted = self.expected.get(&ip);
        let by = |kind| reader_clause(generation, kind, wanted.is_some());
        match (in_list == wanted, single == wanted) {
            (true, true) => Blame::Nobody,
            (false, true) => Blame::List(by(Kind::List)),
            (true, false) => Blame::Get(by(Kind::Get)),
            // What vanished though the last write did not name it is that write's fault, whatever the step is about.
            (false, false) => {
                let vanished = wanted.is_some() && in_list.is_none();
                let clause = self.left_alone(ip).filter(|_| vanished);
                clause.map_or(Blame::Step, Blame::LastWrite)
            }
        }
    }

    /// The clause by which the last write must leave alone what it does not name; `None` where it named the address, or
    /// no write was accepted.
    fn left_alone(&self, ip: IpAddr) -> Option<ClauseId> {
        let last = self.last_write.as_ref()?;
        let others = last.operation.promises().others.clone();
        others.filter(|_| !last.named.contains(&ip))
    }

    /// The clause by which all writes since a fact was last seen leave it alone, if it is the same one.
    pub(super) fn left_alone_since(&self, fact: &Fact) -> Option<ClauseId> {
        let last = self.last_write.as_ref()?;
        let is_one_run = fact.seen_at < self.facts.writes && fact.seen_at + 1 >= last.since;
        let others = last.operation.promises().others.clone();
        others.filter(|_| is_one_run)
    }
}

/// The clause by which an operation's answer shows that an address has a mapping, or that it has none. What shows no
/// mappings promises the form of its answer.
pub(super) fn shown_by(operation: Operation, is_expected: bool) -> ClauseId {
    let promises = operation.promises();
    let shows = if is_expected {
        &promises.shown
    } else {
        &promises.absent
    };
    let clause = shows.as_ref().or(promises.form.as_ref());
    clause.cloned().unwrap_or(ClauseId::of("ENV-5"))
}

/// The clause by which an accepted write takes effect on an address that had a mapping before, or had none.
pub(super) fn takes_effect_by(operation: Operation, had_mapping: bool) -> Option<ClauseId> {
    let promises = operation.promises();
    if had_mapping {
        promises.existing.clone()
    } else {
        promises.new.clone()
    }
}

/// The clause that a generation's reader breaks which shows an address wrongly.
#[must_use]
pub fn reader_clause(generation: Generation, kind: Kind, is_expected: bool) -> ClauseId {
    let operation = Operation::of(generation, kind);
    operation.map_or(ClauseId::of("ENV-5"), |operation| {
        shown_by(operation, is_expected)
    })
}

/// The clause that a list breaks which is not answered as one.
#[must_use]
pub fn list_answer(generation: Generation) -> (ClauseId, Level) {
    let operation = Operation::of(generation, Kind::List);
    let form = operation.and_then(|operation| operation.promises().form.clone());
    (form.unwrap_or(ClauseId::of("ENV-5")), Level::Must)
}

/// The addresses that a request names in its path and its body.
fn named_by(exchange: &Exchange) -> BTreeSet<IpAddr> {
    let json = exchange.request.json.as_ref();
    let items = match (exchange.operation, json) {
        (Some(operation), Some(json)) => request_items(operation, json),
        _ => Vec::new(),
    };
    let texts = items.iter().filter_map(|item| item.address);
    texts
        .chain(exchange.request.address.as_deref())
        .filter_map(meant)
        .collect()
}
