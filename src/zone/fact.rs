//! What is known of each address of a zone, by which generation it is known, and how.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use crate::contract::{ClauseId, Item, Place, address};
use crate::exchange::{Generation, Operation};

/// A place as it is compared here: letter case apart, which is open (REG-10).
#[derive(Debug, Clone)]
pub(super) struct AnyCase(pub(super) Place);

impl AnyCase {
    pub(super) fn new(vendor: &str, region: &str) -> Self {
        Self(Place {
            vendor: vendor.to_owned(),
            region: region.to_owned(),
        })
    }

    pub(super) fn of(item: &Item<'_>) -> Option<Self> {
        Some(Self::new(item.vendor?, item.region?))
    }
}

impl PartialEq for AnyCase {
    fn eq(&self, other: &Self) -> bool {
        self.0.is_like(&other.0)
    }
}

/// The generations that something is known to: what v1 wrote v2 only should show.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct KnownTo {
    v1: bool,
    v2: bool,
}

impl KnownTo {
    pub(super) fn only(generation: Generation) -> Self {
        let mut known = Self::default();
        known.add(generation);
        known
    }

    pub(super) fn add(&mut self, generation: Generation) {
        match generation {
            Generation::V1 => self.v1 = true,
            Generation::V2 => self.v2 = true,
        }
    }

    pub(super) fn join(&mut self, other: Self) {
        self.v1 |= other.v1;
        self.v2 |= other.v2;
    }

    pub(super) fn has(self, generation: Generation) -> bool {
        match generation {
            Generation::V1 => self.v1,
            Generation::V2 => self.v2,
        }
    }

    pub(super) fn is_nobody(self) -> bool {
        !self.v1 && !self.v2
    }
}

/// What is known of an address at one moment.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Known {
    Nothing,
    /// It had no mapping.
    Absent,
    Mapped(AnyCase),
}

impl Known {
    /// Whether it is known to be as an answer shows it.
    pub(super) fn is(&self, shown: Option<&AnyCase>) -> bool {
        match self {
            Self::Nothing => false,
            Self::Absent => shown.is_none(),
            Self::Mapped(place) => shown == Some(place),
        }
    }
}

/// How something came to be known.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Origin {
    /// It was read, or read after it was written.
    Read,
    /// It was written and not read since.
    Written {
        by: Operation,
        /// What was known before the write.
        before: Known,
        /// A read that showed something else.
        doubt: Option<(Operation, Option<AnyCase>)>,
        /// Whether other addresses were written at the same time (CONC-1).
        beside_others: bool,
    },
}

/// What is known of one address.
#[derive(Debug, Clone)]
pub(super) struct Fact {
    /// Its mapping; `None` if it has none.
    pub(super) place: Option<AnyCase>,
    pub(super) known_to: KnownTo,
    pub(super) origin: Origin,
    /// The number of writes to the zone when it was last seen to be so.
    pub(super) seen_at: u64,
}

impl Fact {
    /// What a generation shows, at this number of writes.
    pub(super) fn read(place: Option<AnyCase>, generation: Generation, seen_at: u64) -> Self {
        Self {
            place,
            known_to: KnownTo::only(generation),
            origin: Origin::Read,
            seen_at,
        }
    }
}

/// What an address may hold after writes that overlapped, and the clause that another content breaks.
#[derive(Debug, Clone)]
pub(super) struct Open {
    pub(super) places: Vec<Option<AnyCase>>,
    pub(super) known_to: KnownTo,
    pub(super) clause: ClauseId,
}

/// A write that was refused: what it wanted, and the clause by which it changes nothing.
#[derive(Debug, Clone)]
pub(super) struct Refused {
    pub(super) wanted: Option<AnyCase>,
    pub(super) clause: ClauseId,
    /// The number of accepted writes before the request.
    pub(super) since: u64,
    /// The same after it: a batch may have been accepted in part.
    pub(super) until: u64,
}

/// All that is known of a zone's addresses.
#[derive(Debug, Clone, Default)]
pub(super) struct Facts {
    by_address: BTreeMap<IpAddr, Fact>,
    /// To whom it is known that every address without a fact has no mapping.
    complete: KnownTo,
    /// The number of writes when that was last seen.
    complete_at: u64,
    /// Addresses of which nothing can be known: whether an IPv4-mapped address is its IPv4 address is open (IP-6).
    doubtful: BTreeSet<IpAddr>,
    /// Addresses that may have a mapping, although no other one has: an outcome for them was left open.
    unsure: BTreeSet<IpAddr>,
    /// Addresses that overlapping writes left open, all of them unsure.
    open: BTreeMap<IpAddr, Open>,
    /// The last writes that were refused, until the address is written or seen.
    refused: BTreeMap<IpAddr, Refused>,
    /// Writes that were accepted.
    pub(super) writes: u64,
}

impl Facts {
    pub(super) fn forget(&mut self) {
        self.by_address.clear();
        self.unsure.clear();
        self.open.clear();
        self.refused.clear();
        self.complete = KnownTo::default();
    }

    pub(super) fn forget_one(&mut self, ip: IpAddr) {
        self.by_address.remove(&ip);
        self.open.remove(&ip);
        self.unsure.insert(ip);
    }

    /// From here on an address may hold one of these.
    pub(super) fn leave_open(&mut self, ip: IpAddr, open: Open) {
        self.forget_one(ip);
        self.open.insert(ip, open);
    }

    /// What overlapping writes left open at an address.
    pub(super) fn open_at(&self, ip: IpAddr) -> Option<&Open> {
        self.open.get(&ip)
    }

    /// Notes a write that was refused.
    pub(super) fn refuse(&mut self, ip: IpAddr, refused: Refused) {
        self.refused.insert(ip, refused);
    }

    /// The last write to an address, if it was refused and the address was not seen since.
    pub(super) fn last_refused(&self, ip: IpAddr) -> Option<&Refused> {
        self.refused.get(&ip)
    }

    /// The address that a text names, where its facts can be told from those of others.
    pub(super) fn identity(&mut self, text: &str) -> Option<IpAddr> {
        let ip = address::parse(text)?;
        let canonical = ip.to_canonical();
        if ip != canonical {
            self.doubtful.insert(canonical);
            self.by_address.remove(&canonical);
        }
        (!self.doubtful.contains(&canonical)).then_some(canonical)
    }

    /// What is known of an address, to whomever.
    pub(super) fn of(&self, ip: IpAddr) -> Option<Fact> {
        match self.by_address.get(&ip) {
            Some(fact) => Some(fact.clone()),
            None if self.complete.is_nobody() || self.unsure.contains(&ip) => None,
            None => Some(Fact {
                place: None,
                known_to: self.complete,
                origin: Origin::Read,
                seen_at: self.complete_at,
            }),
        }
    }

    /// Sets what is known of an address.
    pub(super) fn set(&mut self, ip: IpAddr, fact: Fact) {
        self.unsure.remove(&ip);
        self.open.remove(&ip);
        self.refused.remove(&ip);
        self.by_address.insert(ip, fact);
    }

    /// Addresses that are known to have a mapping, apart from those that a test takes out.
    pub(super) fn mapped(&self, is_left_out: impl Fn(&IpAddr) -> bool) -> Vec<IpAddr> {
        let mapped = self
            .by_address
            .iter()
            .filter(|(ip, fact)| fact.place.is_some() && !is_left_out(ip));
        mapped.map(|(ip, _)| *ip).collect()
    }

    /// How many mappings a generation is known to show.
    pub(super) fn count(&self, generation: Generation) -> usize {
        let facts = self.by_address.values();
        facts
            .filter(|fact| fact.place.is_some() && fact.known_to.has(generation))
            .count()
    }

    /// How many mappings there are, whoever shows them.
    pub(super) fn count_all(&self) -> usize {
        let facts = self.by_address.values();
        facts.filter(|fact| fact.place.is_some()).count()
    }

    /// The most mappings that there can be; `None` if not all addresses are known.
    pub(super) fn most(&self) -> Option<usize> {
        let is_known = !self.complete.is_nobody() && self.doubtful.is_empty();
        is_known.then(|| self.count_all() + self.unsure.len())
    }

    /// How many more mappings a zone takes for sure; `None` if not all addresses are known.
    pub(super) fn room(&self, limit: usize) -> Option<usize> {
        Some(limit.saturating_sub(self.most()?))
    }

    /// Whether all mappings of the zone are known to a generation.
    pub(super) fn is_complete(&self, generation: Generation) -> bool {
        self.complete.has(generation) && self.unsure.is_empty() && self.doubtful.is_empty()
    }

    /// A generation read a whole list: every address without a fact has no mapping.
    pub(super) fn complete(&mut self, generation: Generation) {
        self.complete.add(generation);
        self.complete_at = self.writes;
        self.unsure.clear();
        self.open.clear();
    }
}
