//! The target of a simulation. Its stores in memory keep their history, so that reads can be delayed. An owner and
//! another run write to them too. A record of who did what serves to check properties.

mod faults;
mod others;
mod requests;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::rc::Rc;

use super::super::desk::Ask;
use super::super::record::Record;
use super::schedule::{OWNERS, Schedule, Stores};
use crate::contract::Place;
use crate::exchange::Generation;

type Contents = Rc<BTreeMap<IpAddr, Place>>;

/// The signal that the process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Crashed;

/// Returns one of the owner's addresses: two origins, one documentation address that cases use as well, and two more.
pub(super) fn owners(index: usize) -> IpAddr {
    let all: [IpAddr; OWNERS] = [
        [10, 0, 0, 1].into(),
        [10, 0, 0, 2].into(),
        [192, 0, 2, 10].into(),
        [10, 0, 0, 9].into(),
        [203, 0, 113, 9].into(),
    ];
    all[index % OWNERS]
}

/// Returns one of the addresses that cases use.
pub(super) fn tests(index: usize) -> IpAddr {
    let all: [IpAddr; 4] = [
        [192, 0, 2, 10].into(),
        [192, 0, 2, 11].into(),
        [192, 0, 2, 12].into(),
        [0x2001, 0x0db8, 0xa, 0, 0, 0, 0, 1].into(),
    ];
    all[index % all.len()]
}

pub(super) fn place(region: &str) -> Place {
    Place {
        vendor: "aws".into(),
        region: region.into(),
    }
}

/// The last thing that somebody else did at an address.
#[derive(Debug, Clone)]
pub(super) struct Touch {
    at: u64,
    /// The value that they left there; `None` if they deleted it.
    pub(super) left: Option<Place>,
    /// Whether this run, when it wrote there, could not know of it or could not tell it from its own work.
    pub(super) raced: bool,
}

/// One store with its history.
#[derive(Debug, Clone)]
struct Store {
    past: Vec<(u64, Contents)>,
}

impl Store {
    fn now(&self) -> &Contents {
        &self.past[self.past.len() - 1].1
    }

    fn at(&self, time: u64) -> &Contents {
        let index = self.past.partition_point(|(since, _)| *since <= time);
        &self.past[index.saturating_sub(1)].1
    }

    fn set(&mut self, time: u64, ip: IpAddr, value: Option<Place>) {
        let mut contents = (**self.now()).clone();
        match value {
            Some(value) => contents.insert(ip, value),
            None => contents.remove(&ip),
        };
        self.past.push((time, Rc::new(contents)));
    }
}

/// The target, and the journal of the run that works on it.
#[derive(Debug)]
pub(super) struct Target<'s> {
    schedule: &'s Schedule,
    stores: Vec<Store>,
    clock: u64,
    step: u64,
    next_fault: usize,
    unavailable: u64,
    throttled: (u64, u64),
    gone: [u64; 2],
    unreachable: u64,
    /// The number of further batches that are refused.
    no_batches: u64,
    /// The number of further single reads that are refused.
    no_single_reads: u64,
    /// The number of further list pages that can't be understood.
    unreadable_lists: u64,
    /// Regions that are no longer accepted, with the time when that began.
    refused: BTreeMap<String, u64>,
    /// The time from which deleted addresses can't be written again.
    tombstones: Option<u64>,
    tombs: BTreeSet<(usize, IpAddr)>,
    /// Addresses whose value was refused since the emptying of the zone began.
    turned_down: BTreeSet<(usize, IpAddr)>,
    /// The time when this process began to empty the zone.
    emptying: Option<u64>,
    /// The number of consecutive unanswered requests since the procedure began.
    unanswered: u64,
    /// The latest time as of which a reading showed an address while the zone was put back, by store and address.
    shown: BTreeMap<(usize, IpAddr), u64>,
    /// The generation of the last deletion, until anything other than its list is requested.
    deleted_through: Option<Generation>,
    /// The address of a refused single read that a list replaces. The list then tells nothing about other addresses.
    stands_in: Option<IpAddr>,
    undeletable: BTreeSet<IpAddr>,
    lossy: bool,
    /// The delay with which the next write takes effect.
    late: Option<u64>,
    /// Writes that will take effect later, with the time.
    pending: Vec<(u64, Ask)>,
    /// Whether such a write is taking effect right now. Nobody could know of it.
    is_late: bool,
    /// Regions that are accepted for existing mappings and refused for new ones, with the time when that began.
    not_for_new: BTreeMap<String, u64>,
    mangled: BTreeSet<String>,
    /// Whether this process may send no more requests.
    spent: bool,
    /// The number of values that others wrote, so that each value is new.
    owner_values: u64,
    /// The records of the journal. The first `synced` ones are certainly on disk.
    journal: Vec<Record>,
    synced: usize,
    /// The last thing that others did, by store and address.
    pub(super) touched: BTreeMap<(usize, IpAddr), Touch>,
    /// Addresses whose mapping a lossy write lost.
    pub(super) lost: BTreeSet<(usize, IpAddr)>,
    /// What this run sent, by address; `None` for a deletion.
    sent: BTreeMap<IpAddr, BTreeSet<Option<Place>>>,
    /// The time as of which this process knows an address, by store and address.
    known: BTreeMap<(usize, IpAddr), u64>,
    pub(super) originals: Vec<BTreeMap<IpAddr, Place>>,
    /// The number of requests of this process.
    pub(super) requests: u64,
    /// The number of times that each event happened, for the tally.
    pub(super) met: BTreeMap<&'static str, u64>,
    /// The first property that was broken.
    pub(super) broken: Option<String>,
    /// A description of each step, to investigate a broken property.
    told: Option<String>,
}

impl<'s> Target<'s> {
    pub(super) fn new(schedule: &'s Schedule) -> Self {
        let setting = &schedule.setting;
        let first: BTreeMap<IpAddr, Place> = (0..setting.originals)
            .map(|n| (owners(n), place(&format!("original-{n}"))))
            .collect();
        let mut originals = vec![first.clone()];
        match setting.stores {
            Stores::One => {}
            Stores::Alike => originals.push(first),
            Stores::Apart => {
                let other = first.into_iter().skip(1);
                originals.push(other.map(|(ip, _)| (ip, place("of-v1"))).collect());
            }
        }
        let store = |contents: &BTreeMap<IpAddr, Place>| Store {
            past: vec![(0, Rc::new(contents.clone()))],
        };
        Self {
            stores: originals.iter().map(store).collect(),
            clock: 10_000,
            step: 0,
            next_fault: 0,
            unavailable: 0,
            throttled: (0, 0),
            gone: [0, 0],
            unreachable: 0,
            no_batches: 0,
            no_single_reads: 0,
            unreadable_lists: 0,
            refused: BTreeMap::new(),
            tombstones: None,
            tombs: BTreeSet::new(),
            turned_down: BTreeSet::new(),
            emptying: None,
            unanswered: 0,
            shown: BTreeMap::new(),
            deleted_through: None,
            stands_in: None,
            undeletable: BTreeSet::new(),
            lossy: false,
            late: None,
            pending: Vec::new(),
            is_late: false,
            not_for_new: BTreeMap::new(),
            mangled: BTreeSet::new(),
            spent: false,
            owner_values: 0,
            journal: Vec::new(),
            synced: 0,
            touched: BTreeMap::new(),
            lost: BTreeSet::new(),
            sent: BTreeMap::new(),
            known: BTreeMap::new(),
            originals,
            requests: 0,
            met: BTreeMap::new(),
            broken: None,
            told: None,
            schedule,
        }
    }

    /// Starts to record a description of each step.
    pub(super) fn tells(&mut self) {
        self.told = Some(String::new());
    }

    /// Returns the description of the steps.
    pub(super) fn told(&self) -> &str {
        self.told.as_deref().unwrap_or_default()
    }

    /// Returns the generations that are routed at the start.
    pub(super) fn generations(&self) -> Vec<Generation> {
        if self.schedule.setting.has_v1 {
            vec![Generation::V2, Generation::V1]
        } else {
            vec![Generation::V2]
        }
    }

    pub(super) fn store(&self, generation: Generation) -> usize {
        match generation {
            Generation::V1 if self.schedule.setting.stores != Stores::One => 1,
            Generation::V1 | Generation::V2 => 0,
        }
    }

    /// Returns what a store really holds.
    pub(super) fn truth(&self, store: usize) -> &BTreeMap<IpAddr, Place> {
        self.stores[store].now()
    }

    /// Returns the journal as a new process finds it.
    pub(super) fn journal(&self) -> &[Record] {
        &self.journal
    }

    pub(super) fn remove_journal(&mut self) {
        self.journal.clear();
        self.synced = 0;
    }

    /// Begins a new process. It knows nothing but the journal, and may send requests again.
    pub(super) fn new_process(&mut self) {
        self.journal
            .truncate(self.synced.max(usize::from(!self.journal.is_empty())));
        self.known.clear();
        self.spent = false;
        self.requests = 0;
        self.emptying = None;
        // It takes a while until somebody starts the process.
        self.clock += 60_000;
    }

    /// Ends all temporary faults. Permanent faults remain.
    pub(super) fn heal(&mut self) {
        self.next_fault = self.schedule.faults.len();
        self.unavailable = 0;
        self.throttled = (0, 0);
        self.unreachable = 0;
        self.no_batches = 0;
        self.no_single_reads = 0;
        self.unreadable_lists = 0;
        self.spent = false;
        for gone in &mut self.gone {
            if *gone < u64::MAX / 2 {
                *gone = 0;
            }
        }
    }

    /// Returns whether the lists of a generation show nothing.
    fn is_blind(&self, generation: Generation) -> bool {
        let blind = self.schedule.setting.blind_until;
        self.step < blind[usize::from(generation == Generation::V1)]
    }

    /// Notes that a procedure begins.
    pub(super) fn begin(&mut self) {
        self.unanswered = 0;
    }

    /// Notes that the zone is about to be emptied.
    pub(super) fn begin_emptying(&mut self) {
        self.emptying = Some(self.clock);
        self.turned_down.clear();
    }

    /// Notes that the zone is about to be put back.
    pub(super) fn begin_putting_back(&mut self) {
        self.shown.clear();
    }

    /// Returns whether this original mapping can't be written back, or its generation is gone.
    pub(super) fn is_out_of_reach(&self, store: usize, ip: IpAddr, place: &Place) -> bool {
        let serving = self.generations().into_iter();
        let mut serving = serving.filter(|one| self.store(*one) == store);
        let is_gone = |one: Generation| self.gone[usize::from(one == Generation::V1)] > 0;
        // If the list of a generation showed nothing, it is unknown whether it has the same store.
        let is_gone = if self.schedule.setting.blind_until == [0, 0] {
            serving.all(is_gone)
        } else {
            serving.any(is_gone)
        };
        is_gone
            || self.refused.contains_key(&place.region)
            || self.not_for_new.contains_key(&place.region)
            || self.tombs.contains(&(store, ip))
    }

    /// Returns the last things that others did, if a reading showed them while the zone was put back.
    pub(super) fn shown(&self, store: usize) -> impl Iterator<Item = (IpAddr, &Touch)> {
        let all = self.touched.iter().filter(move |((of, _), _)| *of == store);
        let is_shown = |(at, touch): &(&(usize, IpAddr), &Touch)| {
            self.shown.get(*at).is_some_and(|as_of| *as_of >= touch.at)
        };
        all.filter(is_shown).map(|((_, ip), touch)| (*ip, touch))
    }

    /// Returns whether a mapping was listed when the run began, and a reading since showed its present state.
    pub(super) fn has_shown(&self, store: usize, ip: IpAddr, now: Option<&Place>) -> bool {
        let opening = self.journal.iter().find_map(|record| match record {
            Record::Opening(opening) => Some(&opening.holding),
            _ => None,
        });
        let all = opening.into_iter().flat_map(|all| &all.by_generation);
        let mut all = all
            .filter(|(generation, _)| self.store(**generation) == store)
            .map(|(_, mappings)| mappings);
        let known = self.known.get(&(store, ip)).copied().unwrap_or(0);
        all.any(|mappings| mappings.contains_key(&ip))
            && self.stores[store].at(known).get(&ip) == now
    }

    /// Returns whether somebody else did something at an address that no reading of this process could show.
    pub(super) fn is_unseen(&self, store: usize, ip: IpAddr) -> bool {
        let known = self.known.get(&(store, ip)).copied().unwrap_or(0);
        let touch = self.touched.get(&(store, ip));
        touch.is_some_and(|touch| touch.at > known)
    }

    fn meet(&mut self, what: &'static str) {
        *self.met.entry(what).or_default() += 1;
    }
}
