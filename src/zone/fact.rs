//! What is known about each address of a zone, to which generation it is known, and how it became known.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use crate::contract::{ClauseId, Item, Place, address};
use crate::exchange::{Generation, Operation};

/// A place that is compared without regard to letter case, which the contract leaves open (REG-10).
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

/// A mapping as an answer shows it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shown<'a> {
    pub(super) vendor: &'a str,
    pub(super) region: &'a str,
}

impl<'a> Shown<'a> {
    pub(super) fn of(item: &Item<'a>) -> Option<Self> {
        Some(Self {
            vendor: item.vendor?,
            region: item.region?,
        })
    }

    pub(super) fn place(&self) -> AnyCase {
        AnyCase::new(self.vendor, self.region)
    }
}

impl PartialEq for AnyCase {
    fn eq(&self, other: &Self) -> bool {
        self.0.is_like(&other.0)
    }
}

/// The generations to which a fact is known. That v2 shows what v1 wrote is only a recommendation.
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

/// What is known about an address at one moment.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Known {
    Nothing,
    /// It had no mapping.
    Absent,
    Mapped(AnyCase),
}

impl Known {
    /// Returns whether an answer shows what is known.
    pub(super) fn is(&self, shown: Option<&AnyCase>) -> bool {
        match self {
            Self::Nothing => false,
            Self::Absent => shown.is_none(),
            Self::Mapped(place) => shown == Some(place),
        }
    }
}

/// The way in which a fact became known.
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

/// What is known about one address.
#[derive(Debug, Clone)]
pub(super) struct Fact {
    /// Its mapping; `None` if it has none.
    pub(super) place: Option<AnyCase>,
    pub(super) known_to: KnownTo,
    pub(super) origin: Origin,
    /// The number of accepted writes to the zone when the fact was last confirmed.
    pub(super) seen_at: u64,
}

impl Fact {
    /// Returns a fact that a generation shows, at this number of writes.
    pub(super) fn read(place: Option<AnyCase>, generation: Generation, seen_at: u64) -> Self {
        Self {
            place,
            known_to: KnownTo::only(generation),
            origin: Origin::Read,
            seen_at,
        }
    }
}

/// The possible contents of an address after overlapping writes, and the clause that any other content breaks.
#[derive(Debug, Clone)]
pub(super) struct Open {
    pub(super) places: Vec<Option<AnyCase>>,
    pub(super) known_to: KnownTo,
    pub(super) clause: ClauseId,
}

/// A refused write: the value that it wanted, and the clause by which it must change nothing.
#[derive(Debug, Clone)]
pub(super) struct Refused {
    pub(super) wanted: Option<AnyCase>,
    pub(super) clause: ClauseId,
    /// The number of accepted writes before the request.
    pub(super) since: u64,
    /// The number of accepted writes after the request. A batch may have been accepted in part.
    pub(super) until: u64,
}

/// Everything that is known about the addresses of a zone.
#[derive(Debug, Clone, Default)]
pub(super) struct Facts {
    by_address: BTreeMap<IpAddr, Fact>,
    /// The generations to which it is known that every address without a fact has no mapping.
    complete: KnownTo,
    /// The number of accepted writes when `complete` was last confirmed.
    complete_at: u64,
    /// Addresses about which nothing can be known. The contract leaves open whether an IPv4-mapped address is its IPv4
    /// address (IP-6).
    doubtful: BTreeSet<IpAddr>,
    /// Addresses that may have a mapping, since the outcome of a write was left open. They are exceptions from
    /// `complete`.
    unsure: BTreeSet<IpAddr>,
    /// Addresses whose content overlapping writes left open. All of them are in `unsure` too.
    open: BTreeMap<IpAddr, Open>,
    /// The last refused write to each address, until the address is written or seen.
    refused: BTreeMap<IpAddr, Refused>,
    /// The number of accepted writes.
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

    /// Notes that an address may hold any of these contents from now on.
    pub(super) fn leave_open(&mut self, ip: IpAddr, open: Open) {
        self.forget_one(ip);
        self.open.insert(ip, open);
    }

    /// Returns what overlapping writes left open at an address.
    pub(super) fn open_at(&self, ip: IpAddr) -> Option<&Open> {
        self.open.get(&ip)
    }

    /// Notes a refused write.
    pub(super) fn refuse(&mut self, ip: IpAddr, refused: Refused) {
        self.refused.insert(ip, refused);
    }

    /// Returns the last write to an address, if it was refused and the address was not seen since.
    pub(super) fn last_refused(&self, ip: IpAddr) -> Option<&Refused> {
        self.refused.get(&ip)
    }

    /// Returns the address that a text names, if its facts can be told from those of other addresses.
    pub(super) fn identity(&mut self, text: &str) -> Option<IpAddr> {
        self.identity_of(address::parse(text)?)
    }

    /// Returns the same as [`Facts::identity`] for a parsed address.
    pub(super) fn identity_of(&mut self, ip: IpAddr) -> Option<IpAddr> {
        let canonical = ip.to_canonical();
        if ip != canonical {
            self.doubtful.insert(canonical);
            self.by_address.remove(&canonical);
        }
        (!self.doubtful.contains(&canonical)).then_some(canonical)
    }

    /// Returns what is known about an address, to any generation.
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

    /// Takes in that a generation shows a place for an address. Returns `false`, and changes nothing, unless the same was
    /// read before and not written since.
    pub(super) fn confirm(
        &mut self,
        ip: IpAddr,
        place: &Shown<'_>,
        generation: Generation,
    ) -> bool {
        let Some(fact) = self.by_address.get_mut(&ip) else {
            return false;
        };
        let is_same =
            |known: &AnyCase| known.0.vendor == place.vendor && known.0.region == place.region;
        if fact.origin != Origin::Read || !fact.place.as_ref().is_some_and(is_same) {
            return false;
        }
        fact.known_to.add(generation);
        fact.seen_at = self.writes;
        self.unsure.remove(&ip);
        self.open.remove(&ip);
        self.refused.remove(&ip);
        true
    }

    /// Sets what is known about an address.
    pub(super) fn set(&mut self, ip: IpAddr, fact: Fact) {
        self.unsure.remove(&ip);
        self.open.remove(&ip);
        self.refused.remove(&ip);
        self.by_address.insert(ip, fact);
    }

    /// Returns the addresses that are known to have a mapping, except those for which `is_left_out` is true.
    pub(super) fn mapped(&self, is_left_out: impl Fn(&IpAddr) -> bool) -> Vec<IpAddr> {
        let mapped = self
            .by_address
            .iter()
            .filter(|(ip, fact)| fact.place.is_some() && !is_left_out(ip));
        mapped.map(|(ip, _)| *ip).collect()
    }

    /// Returns how many mappings a generation is known to show.
    pub(super) fn count(&self, generation: Generation) -> usize {
        let facts = self.by_address.values();
        facts
            .filter(|fact| fact.place.is_some() && fact.known_to.has(generation))
            .count()
    }

    /// Returns how many mappings are known, to any generation.
    pub(super) fn count_all(&self) -> usize {
        let facts = self.by_address.values();
        facts.filter(|fact| fact.place.is_some()).count()
    }

    /// Returns the largest number of mappings that there can be; `None` if not all addresses are known.
    pub(super) fn most(&self) -> Option<usize> {
        let is_known = !self.complete.is_nobody() && self.doubtful.is_empty();
        is_known.then(|| self.count_all() + self.unsure.len())
    }

    /// Returns how many more mappings a zone certainly accepts; `None` if not all addresses are known.
    pub(super) fn room(&self, limit: usize) -> Option<usize> {
        Some(limit.saturating_sub(self.most()?))
    }

    /// Returns whether all mappings of the zone are known to a generation.
    pub(super) fn is_complete(&self, generation: Generation) -> bool {
        self.complete.has(generation) && self.unsure.is_empty() && self.doubtful.is_empty()
    }

    /// Notes that a generation showed a whole list, so that every address without a fact has no mapping.
    pub(super) fn complete(&mut self, generation: Generation) {
        self.complete.add(generation);
        self.complete_at = self.writes;
        self.unsure.clear();
        self.open.clear();
    }
}
