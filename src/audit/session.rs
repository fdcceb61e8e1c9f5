//! Puts the exchanges of one file in the order of their starts before they are judged. Exchanges that can't be ordered
//! are marked as such.

use std::collections::BTreeMap;

use super::clock::{Clock, Moment};
use super::recorded::Recorded;
use crate::event::Location;

/// Maximum size of the waiting exchanges, in bytes. A file with more traffic of this API is ordered in parts.
const HELD: usize = 32 * 1024 * 1024;
/// The memory that an exchange needs besides its texts, in bytes.
const EACH: usize = 512;

/// An exchange of this API that waits.
#[derive(Debug)]
pub(super) struct Waiting {
    /// The exchange's number among all that were taken in.
    pub(super) number: usize,
    pub(super) place: Location,
    pub(super) recorded: Recorded,
    /// Whether the exchange's place in time among the others of its zone is known.
    pub(super) is_placed: bool,
}

impl Waiting {
    fn start(&self) -> i64 {
        self.recorded.moment.map_or(i64::MIN, |moment| moment.us)
    }

    fn size(&self) -> usize {
        let recorded = &self.recorded;
        let body = |body: &Option<Vec<u8>>| body.as_ref().map_or(0, Vec::len);
        let headers = [&recorded.request_headers, &recorded.response_headers];
        let fields = headers.into_iter().flat_map(|headers| &headers.0);
        let fields: usize = fields
            .map(|(name, value)| name.len() + value.len() + 48)
            .sum();
        EACH + recorded.url.len()
            + fields
            + body(&recorded.request_body)
            + body(&recorded.response_body)
    }
}

/// The kinds of times that a zone's exchanges have.
#[derive(Debug, Default, Clone, Copy)]
struct Clocks {
    universal: bool,
    local: bool,
    /// Whether there is a write without a time. It may have come before or after any other exchange.
    untimed_write: bool,
}

impl Clocks {
    fn see(&mut self, moment: Option<Moment>, writes: bool) {
        match moment.map(|moment| moment.clock) {
            Some(Clock::Universal) => self.universal = true,
            Some(Clock::Local) => self.local = true,
            None => self.untimed_write |= writes,
        }
    }

    fn can_be_ordered(self) -> bool {
        !(self.untimed_write || self.universal && self.local)
    }
}

/// The waiting exchanges of a file.
#[derive(Debug, Default)]
pub(super) struct Session {
    waiting: Vec<Waiting>,
    size: usize,
    zones: BTreeMap<String, Clocks>,
    /// The latest start that was handed out. An exchange that began earlier but comes later has lost its place.
    handed_out: Option<i64>,
}

impl Session {
    /// Takes in an exchange. Returns the exchanges that must be released.
    pub(super) fn take(&mut self, waiting: Waiting) -> Vec<Waiting> {
        let recorded = &waiting.recorded;
        let operation = recorded.operation();
        let writes = operation.is_some_and(|operation| operation.kind().writes());
        if let Some(zone) = recorded.zone() {
            let clocks = self.zones.entry(zone).or_default();
            clocks.see(recorded.moment, writes);
        }
        self.size += waiting.size();
        self.waiting.push(waiting);
        if self.size <= HELD {
            return Vec::new();
        }
        self.sort();
        let first = self.waiting.len().div_ceil(2);
        let rest = self.waiting.split_off(first);
        self.hand_out(rest)
    }

    /// Hands out all waiting exchanges.
    pub(super) fn empty(&mut self) -> Vec<Waiting> {
        self.sort();
        self.hand_out(Vec::new())
    }

    /// Starts another file, whose times are not related to those before.
    pub(super) fn begin(&mut self) {
        *self = Self::default();
    }

    fn sort(&mut self) {
        // Exchanges that began at the same moment stay in the order of the file.
        self.waiting
            .sort_by_key(|waiting| (waiting.start(), waiting.number));
    }

    fn hand_out(&mut self, rest: Vec<Waiting>) -> Vec<Waiting> {
        self.size = rest.iter().map(Waiting::size).sum();
        let mut out = std::mem::replace(&mut self.waiting, rest);
        for waiting in &mut out {
            let zone = waiting.recorded.zone().unwrap_or_default();
            let clocks = self.zones.get(&zone).copied().unwrap_or_default();
            let is_late = self.handed_out.is_some_and(|start| waiting.start() < start);
            waiting.is_placed =
                waiting.recorded.moment.is_some() && clocks.can_be_ordered() && !is_late;
        }
        let last = out.iter().map(Waiting::start).max();
        self.handed_out = self.handed_out.max(last);
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use test_case::test_case;

    fn exchange(number: usize, start: Option<&str>, method: &str) -> Waiting {
        Waiting {
            number,
            place: Location::Case { line: 1 },
            recorded: Recorded {
                method: method.to_owned(),
                url: "https://h/client/v4/zones/a/origin/cloud_regions/192.0.2.1".to_owned(),
                moment: start.and_then(Moment::parse),
                ..Recorded::default()
            },
            is_placed: false,
        }
    }

    const EARLY: Option<&str> = Some("2026-11-01T10:00:00Z");
    const LATE: Option<&str> = Some("2026-11-01T10:00:05Z");
    const LOCAL: Option<&str> = Some("2026-11-01T10:00:03");

    #[test_case(&[(LATE, "GET"), (EARLY, "PUT")], &[(2, true), (1, true)]; "in the order of their starts")]
    #[test_case(&[(EARLY, "PUT"), (EARLY, "GET")], &[(1, true), (2, true)]; "at one moment in that of the file")]
    #[test_case(&[(EARLY, "PUT"), (LOCAL, "GET")], &[(1, false), (2, false)]; "times of two forms")]
    #[test_case(&[(EARLY, "PUT"), (None, "DELETE")], &[(2, false), (1, false)]; "a write without a time")]
    #[test_case(&[(EARLY, "PUT"), (None, "GET")], &[(2, false), (1, true)]; "a read without a time")]
    fn they_are_handed_out(given: &[(Option<&str>, &str)], out: &[(usize, bool)]) {
        let mut session = Session::default();
        for (index, (start, method)) in given.iter().enumerate() {
            assert!(session.take(exchange(index + 1, *start, method)).is_empty());
        }
        let handed: Vec<(usize, bool)> = session
            .empty()
            .iter()
            .map(|waiting| (waiting.number, waiting.is_placed))
            .collect();
        assert_eq!(handed, out);
    }

    #[test]
    fn what_began_before_those_that_were_handed_out_has_no_place() {
        let mut session = Session::default();
        session.take(exchange(1, LATE, "PUT"));
        assert!(session.empty().iter().all(|waiting| waiting.is_placed));
        session.take(exchange(2, EARLY, "GET"));
        assert!(session.empty().iter().all(|waiting| !waiting.is_placed));
        session.begin();
        session.take(exchange(3, EARLY, "GET"));
        assert!(session.empty().iter().all(|waiting| waiting.is_placed));
    }
}
