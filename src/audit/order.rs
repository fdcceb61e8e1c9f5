//! Tells which exchanges of a zone follow one another and which overlap.

use std::collections::{BTreeMap, BTreeSet};

use crate::contract::Finding;
use crate::event::Location;
use crate::exchange::Exchange;

use crate::zone::{Certainty, Model};

/// Maximum number of exchanges, in all zones, that wait for others to end. Beyond it they are released unordered.
const HELD: usize = 256;
/// Maximum memory of the waiting exchanges, in bytes.
const HELD_BYTES: usize = 128 * 1024 * 1024;
/// Estimated bytes of a parsed tree per byte of JSON, for bodies up to [`LARGEST_TREE`].
const TREE: usize = 8;
/// The largest body that is held as a tree, in bytes: a few hundred thousand values.
const LARGEST_TREE: usize = 4 * 1024 * 1024;

/// Maximum number of zones whose mappings are tracked at the same time.
const ZONES: usize = 20_000;

/// The gap between exchanges after which anybody may have written to a zone, in microseconds.
const GAP: i64 = 10 * 60 * 1_000_000;

/// The coarsest resolution at which starts still give an order, in microseconds.
const COARSE: i64 = 10_000;

/// The start and end of an exchange, in microseconds since 1970.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    pub(super) start: i64,
    pub(super) end: i64,
    /// The resolution of the start, in microseconds.
    pub(super) resolution: i64,
}

impl Span {
    /// Returns whether this exchange began before another had ended, as far as their times tell.
    fn begins_within(&self, other: &Self) -> bool {
        let coarse = self.resolution.max(other.resolution);
        if coarse > COARSE {
            return self.start < other.end.saturating_add(coarse - 1);
        }
        let later = self.start - other.start;
        let blurred = if later >= self.resolution.max(1) {
            self.start.saturating_add(self.resolution.saturating_sub(1))
        } else {
            self.start
        };
        blurred < other.end
    }
}

/// An exchange that waits until it is certain that no other overlaps it.
#[derive(Debug)]
pub(super) struct Held {
    /// The exchange's number among all that were taken in.
    pub(super) number: usize,
    pub(super) place: Location,
    pub(super) exchange: Exchange,
    pub(super) span: Option<Span>,
    /// Whether its place among the others of its zone is known.
    pub(super) is_placed: bool,
    /// Findings that need only this exchange.
    pub(super) findings: Vec<Finding>,
    /// Whether the exchange is judged at all.
    pub(super) is_judged: bool,
    /// The number of findings that were handed out already.
    pub(super) told: usize,
}

impl Held {
    /// Returns the approximate memory that the exchange needs, in bytes.
    fn size(&self) -> usize {
        let request = self.exchange.request.body.as_ref();
        let bodies = [
            request.map_or(0, bytes::Bytes::len),
            self.exchange.response.body.len(),
        ];
        let size = |length: usize| length + TREE * length.min(LARGEST_TREE);
        bodies.into_iter().map(size).sum()
    }

    fn writes(&self) -> bool {
        let operation = self.exchange.operation;
        operation.is_some_and(|operation| operation.kind().writes())
    }
}

/// The exchanges of one zone, in order.
#[derive(Debug, Default)]
struct Zone {
    model: Model,
    /// Exchanges whose neighbours in time are not all known yet.
    held: Vec<Held>,
    /// The last write that was judged or released.
    last_write: Option<Span>,
    /// The end of the last exchange that was judged, in microseconds since 1970.
    last_end: Option<i64>,
    /// The number, among those of all zones, of this zone's last exchange.
    used: u64,
}

/// The exchanges of all zones, in order.
#[derive(Debug, Default)]
pub(super) struct Order {
    zones: BTreeMap<String, Zone>,
    /// Zones that hold exchanges.
    open: BTreeSet<String>,
    /// The number of exchanges that are held.
    held: usize,
    /// The memory that the held exchanges need, in bytes.
    held_bytes: usize,
    /// The number of exchanges that were taken in.
    taken: u64,
    /// The number of times that the state of a zone became unknown.
    pub(super) lost: usize,
}

impl Order {
    /// Takes in an exchange. Returns the exchanges that are released unordered because too many wait.
    pub(super) fn take(&mut self, zone: &str, held: Held) -> Vec<Held> {
        self.taken += 1;
        self.make_room();
        let state = self.zones.entry(zone.to_owned()).or_default();
        state.used = self.taken;
        self.held_bytes += held.size();
        state.held.push(held);
        self.open.insert(zone.to_owned());
        self.held += 1;
        if self.held <= HELD && self.held_bytes <= HELD_BYTES {
            return Vec::new();
        }
        self.close(|zone, judged| {
            zone.give_up(judged);
            1
        })
    }

    /// Forgets the least recently used zones if there are too many. Like a new zone, a forgotten zone has no known
    /// state.
    fn make_room(&mut self) {
        if self.zones.len() < ZONES {
            return;
        }
        let mut uses: Vec<u64> = self.zones.values().map(|zone| zone.used).collect();
        uses.sort_unstable();
        let median = uses.get(uses.len() / 2).copied().unwrap_or(0);
        self.zones
            .retain(|_, zone| zone.used > median || !zone.held.is_empty());
    }

    /// Judges the exchanges that ended before a moment; no exchange that began earlier will come.
    pub(super) fn close_before(&mut self, moment: i64) -> Vec<Held> {
        self.close(|zone, judged| zone.close_before(moment, judged))
    }

    /// Judges all exchanges that are held.
    pub(super) fn close_all(&mut self) -> Vec<Held> {
        self.close_before(i64::MAX)
    }

    /// Releases what `part` hands out of each open zone. `part` returns how often the state became unknown.
    fn close(&mut self, part: impl Fn(&mut Zone, &mut Vec<Held>) -> usize) -> Vec<Held> {
        let mut judged = Vec::new();
        let (zones, lost) = (&mut self.zones, &mut self.lost);
        self.open.retain(|name| {
            let Some(zone) = zones.get_mut(name) else {
                return false;
            };
            *lost += part(zone, &mut judged);
            !zone.held.is_empty()
        });
        self.held = self.held.saturating_sub(judged.len());
        let let_go: usize = judged.iter().map(Held::size).sum();
        self.held_bytes = self.held_bytes.saturating_sub(let_go);
        judged.sort_by_key(|held| held.number);
        judged
    }

    /// Returns what a held exchange breaks by itself, and marks it as handed out.
    pub(super) fn told(&mut self, number: usize) -> Vec<Finding> {
        for name in &self.open {
            let zone = self.zones.get_mut(name);
            let held =
                zone.and_then(|zone| zone.held.iter_mut().find(|held| held.number == number));
            if let Some(held) = held {
                held.told = held.findings.len();
                return held.findings.clone();
            }
        }
        Vec::new()
    }

    /// Forgets the state of all zones, because unseen exchanges may have changed any of them.
    pub(super) fn forget(&mut self) {
        let zones = self.zones.values_mut();
        zones.for_each(|zone| zone.model.forget());
    }
}

impl Zone {
    /// Judges the clusters of overlapping exchanges that ended before a moment. Returns how often the state became
    /// unknown.
    fn close_before(&mut self, moment: i64, judged: &mut Vec<Held>) -> usize {
        let mut lost = 0;
        // Exchanges without times sort first and keep their order.
        self.held
            .sort_by_key(|held| held.span.map(|span| span.start));
        while let Some(length) = self.first_cluster() {
            let cluster = self.held.get(..length).unwrap_or_default();
            let is_over = |held: &Held| held.span.is_none_or(|span| span.end <= moment);
            if !cluster.iter().all(is_over) {
                break;
            }
            let cluster: Vec<Held> = self.held.drain(..length).collect();
            lost += self.judge(cluster, judged);
        }
        lost
    }

    /// Returns how many held exchanges, from the first on, form a chain of overlaps; `None` if none is held.
    fn first_cluster(&self) -> Option<usize> {
        let first = self.held.first()?;
        let mut end = first.span;
        let mut length = 1;
        for held in self.held.iter().skip(1) {
            let overlaps =
                matches!((held.span, end), (Some(span), Some(end)) if span.begins_within(&end));
            if !overlaps {
                break;
            }
            end = latest(end, held.span);
            length += 1;
        }
        Some(length)
    }

    fn judge(&mut self, cluster: Vec<Held>, judged: &mut Vec<Held>) -> usize {
        let mut lost = usize::from(self.comes_long_after(&cluster));
        let is_parallel = cluster.len() > 1 && cluster.iter().any(Held::writes);
        if is_parallel {
            self.model.forget();
            lost += 1;
        }
        for mut held in cluster {
            let is_late = matches!((held.span, self.last_write), (Some(span), Some(write)) if span.begins_within(&write));
            if held.writes() {
                self.last_write = latest(self.last_write, held.span);
            }
            let is_open = is_late || !held.is_placed;
            if is_open && !is_parallel && held.writes() {
                self.model.forget();
                lost += usize::from(held.is_placed);
            }
            if !is_parallel && !is_open {
                let (sequence, certainty) = self.model.take(&held.exchange);
                lost += usize::from(certainty == Certainty::Lost);
                if held.is_judged {
                    held.findings.extend(sequence);
                }
            }
            judged.push(held);
        }
        lost
    }

    /// Forgets the zone's state if others may have written since the last exchange. Returns whether it did.
    fn comes_long_after(&mut self, cluster: &[Held]) -> bool {
        let spans = || cluster.iter().filter_map(|held| held.span);
        let start = spans().map(|span| span.start).min();
        let is_long = matches!((self.last_end, start), (Some(end), Some(start)) if start.saturating_sub(end) > GAP);
        if is_long {
            self.model.forget();
        }
        self.last_end = self.last_end.max(spans().map(|span| span.end).max());
        is_long
    }

    /// Releases all held exchanges, because their order is not known.
    fn give_up(&mut self, judged: &mut Vec<Held>) {
        self.model.forget();
        for held in self.held.drain(..) {
            if held.writes() {
                self.last_write = latest(self.last_write, held.span);
            }
            judged.push(held);
        }
    }
}

fn latest(a: Option<Span>, b: Option<Span>) -> Option<Span> {
    match (a, b) {
        (Some(a), Some(b)) => Some(if a.end >= b.end { a } else { b }),
        (a, b) => a.or(b),
    }
}
