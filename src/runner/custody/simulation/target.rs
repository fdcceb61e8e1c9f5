//! The target of a simulation: stores in memory with their past, so that reads can be behind; an owner and another run
//! who write as well; and a record of who did what, by which properties are checked.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::net::IpAddr;
use std::rc::Rc;
use std::time::Duration;

use super::super::super::mapping::Place;
use super::super::desk::{Answered, Ask, Durability, Form, Heard, Page, Trouble};
use super::super::entry::{Entry, Row};
use super::super::record::Record;
use super::schedule::{Fault, OWNERS, Schedule};
use crate::exchange::Generation;

type Contents = Rc<BTreeMap<IpAddr, Place>>;

/// The process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Crashed;

/// Addresses of the owner: two origins, one documentation address that cases use as well, and two more.
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

/// Addresses of cases.
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

/// What somebody else did last at an address.
#[derive(Debug, Clone)]
pub(super) struct Touch {
    at: u64,
    /// What they left there.
    pub(super) left: Option<Place>,
    /// Whether this run could not know of it, or not tell it from its own work, when it wrote there.
    pub(super) raced: bool,
}

/// One store with its past.
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
    refused: BTreeSet<String>,
    undeletable: BTreeSet<IpAddr>,
    lossy: bool,
    /// By how much the next write takes effect late.
    late: Option<u64>,
    /// Writes that will take effect.
    pending: Vec<(u64, Ask)>,
    /// Whether such a write takes effect just now: nobody could know of it.
    is_late: bool,
    not_for_new: BTreeSet<String>,
    mangled: BTreeSet<String>,
    /// No request may be sent any more by this process.
    spent: bool,
    /// Values by the owner, so that each is new.
    owner_values: u64,
    /// Records, and how many of them are on disk for certain.
    journal: Vec<Record>,
    synced: usize,
    /// What others did last, by store and address.
    pub(super) touched: BTreeMap<(usize, IpAddr), Touch>,
    /// Addresses that a lossy batch lost.
    pub(super) lost: BTreeSet<(usize, IpAddr)>,
    /// What this run sent, by address; `None` for a deletion.
    sent: BTreeMap<IpAddr, BTreeSet<Option<Place>>>,
    /// As of when this process knows an address, by store.
    known: BTreeMap<(usize, IpAddr), u64>,
    pub(super) originals: Vec<BTreeMap<IpAddr, Place>>,
    /// Requests of this process.
    pub(super) requests: u64,
    /// What happened, for the tally.
    pub(super) met: BTreeMap<&'static str, u64>,
    /// The first property that was broken.
    pub(super) broken: Option<String>,
    /// Each step in words, for whoever looks into a broken property.
    told: Option<String>,
}

impl<'s> Target<'s> {
    pub(super) fn new(schedule: &'s Schedule) -> Self {
        let setting = &schedule.setting;
        let first: BTreeMap<IpAddr, Place> = (0..setting.originals)
            .map(|n| (owners(n), place(&format!("original-{n}"))))
            .collect();
        let mut originals = vec![first.clone()];
        if setting.apart {
            let other = first.into_iter().skip(1);
            originals.push(other.map(|(ip, _)| (ip, place("of-v1"))).collect());
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
            refused: BTreeSet::new(),
            undeletable: BTreeSet::new(),
            lossy: false,
            late: None,
            pending: Vec::new(),
            is_late: false,
            not_for_new: BTreeSet::new(),
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

    /// Notes each step in words from here on.
    pub(super) fn tells(&mut self) {
        self.told = Some(String::new());
    }

    /// The steps in words.
    pub(super) fn told(&self) -> &str {
        self.told.as_deref().unwrap_or_default()
    }

    /// The generations that are routed at the start.
    pub(super) fn generations(&self) -> Vec<Generation> {
        if self.schedule.setting.has_v1 {
            vec![Generation::V2, Generation::V1]
        } else {
            vec![Generation::V2]
        }
    }

    pub(super) fn store(&self, generation: Generation) -> usize {
        match generation {
            Generation::V1 if self.schedule.setting.apart => 1,
            Generation::V1 | Generation::V2 => 0,
        }
    }

    /// What a store holds in truth.
    pub(super) fn truth(&self, store: usize) -> &BTreeMap<IpAddr, Place> {
        self.stores[store].now()
    }

    /// The journal as a new process finds it.
    pub(super) fn journal(&self) -> &[Record] {
        &self.journal
    }

    pub(super) fn remove_journal(&mut self) {
        self.journal.clear();
        self.synced = 0;
    }

    /// A new process begins: it knows nothing but the journal, and may send requests again.
    pub(super) fn new_process(&mut self) {
        self.journal
            .truncate(self.synced.max(usize::from(!self.journal.is_empty())));
        self.known.clear();
        self.spent = false;
        self.requests = 0;
        // Somebody has to start it.
        self.clock += 60_000;
    }

    /// Everything that goes wrong for a while is over; what is gone for good stays so.
    pub(super) fn heal(&mut self) {
        self.next_fault = self.schedule.faults.len();
        self.unavailable = 0;
        self.throttled = (0, 0);
        self.unreachable = 0;
        self.spent = false;
        for gone in &mut self.gone {
            if *gone < u64::MAX / 2 {
                *gone = 0;
            }
        }
    }

    /// Whether its lists show nothing.
    pub(super) fn is_blind(&self) -> bool {
        self.step < self.schedule.setting.blind_until
    }

    /// Whether a mapping was listed when the run began, and a list since showed that it is gone.
    pub(super) fn has_shown(&self, store: usize, ip: IpAddr, now: Option<&Place>) -> bool {
        let opening = self.journal.iter().find_map(|record| match record {
            Record::Opening(opening) => Some(&opening.holding),
            _ => None,
        });
        let mut all = opening
            .into_iter()
            .flat_map(|all| all.by_generation.values());
        let known = self.known.get(&(store, ip)).copied().unwrap_or(0);
        all.any(|mappings| mappings.contains_key(&ip))
            && self.stores[store].at(known).get(&ip) == now
    }

    /// Whether somebody did something at an address that no reading of this process could show.
    pub(super) fn is_unseen(&self, store: usize, ip: IpAddr) -> bool {
        let known = self.known.get(&(store, ip)).copied().unwrap_or(0);
        let touch = self.touched.get(&(store, ip));
        touch.is_some_and(|touch| touch.at > known)
    }

    fn meet(&mut self, what: &'static str) {
        *self.met.entry(what).or_default() += 1;
    }

    fn somebody(&mut self, store: usize, ip: IpAddr, value: Option<Place>) {
        // What happens before the journal begins, and after it has ended, is not this run's concern.
        if self.journal.is_empty() {
            return;
        }
        self.clock += 1;
        let (at, left) = (self.clock, value.clone());
        self.stores[store].set(at, ip, value);
        let raced = self.is_like_ours(store, ip, left.as_ref());
        self.touched.insert((store, ip), Touch { at, left, raced });
    }

    /// Whether a value can't be told from what this run leaves or restores.
    fn is_like_ours(&self, store: usize, ip: IpAddr, value: Option<&Place>) -> bool {
        let original = self.originals[store].get(&ip);
        let sent = self.sent.get(&ip);
        // While it is being taken away, a mapping that vanishes may have been lost by the target.
        let is_taken = self
            .journal
            .iter()
            .any(|record| matches!(record, Record::Intent(intent) if intent.delete.contains(&ip)));
        (value.is_none() && is_taken)
            || value == original
            || sent.is_some_and(|sent| sent.contains(&value.cloned()))
    }

    fn faults(&mut self) -> (bool, bool, bool, bool) {
        let (mut before, mut after, mut lost_answer, mut lost_request) =
            (false, false, false, false);
        while let Some((step, fault)) = self.schedule.faults.get(self.next_fault).copied() {
            if step > self.step {
                break;
            }
            self.next_fault += 1;
            match fault {
                Fault::LostAnswer => {
                    self.meet("lost answers");
                    lost_answer = true;
                }
                Fault::LostRequest => {
                    self.meet("lost requests");
                    lost_request = true;
                }
                Fault::Unavailable(count) => {
                    self.meet("bursts of 503");
                    self.unavailable = count;
                }
                Fault::Throttled(wait, count) => {
                    self.meet("bursts of 429");
                    self.throttled = (wait, count);
                }
                Fault::V1Gone(count) => {
                    self.meet("v1 gone");
                    self.gone[1] = count;
                }
                Fault::V2Gone(count) => {
                    self.meet("v2 gone");
                    self.gone[0] = count;
                }
                Fault::Unreachable(count) => {
                    self.meet("target out of reach");
                    self.unreachable = count;
                }
                Fault::NoLongerAccepted(index) => {
                    self.meet("values no longer accepted");
                    self.refused.insert(format!("original-{index}"));
                }
                Fault::OwnerWrites(index) => {
                    self.meet("writes of the owner");
                    self.owner_values += 1;
                    let value = place(&format!("owner-{}", self.owner_values));
                    self.somebody(0, owners(index), Some(value));
                }
                Fault::OwnerRepairs(index) => {
                    if let Some(value) = self.originals[0].get(&owners(index)).cloned() {
                        self.meet("repairs by the owner");
                        self.somebody(0, owners(index), Some(value));
                    }
                }
                Fault::OwnerDeletes(index) => {
                    if self.truth(0).contains_key(&owners(index)) {
                        self.meet("deletions of the owner");
                        self.somebody(0, owners(index), None);
                    }
                }
                Fault::OtherRunWrites(index) => {
                    self.meet("writes of another run");
                    self.owner_values += 1;
                    let value = place(&format!("other-{}", self.owner_values));
                    self.somebody(0, tests(index), Some(value));
                }
                Fault::OtherRunDeletes(index) => {
                    if self.truth(0).contains_key(&tests(index)) {
                        self.meet("deletions of another run");
                        self.somebody(0, tests(index), None);
                    }
                }
                Fault::CrashBefore => {
                    self.meet("crashes");
                    before = true;
                }
                Fault::CrashAfter => {
                    self.meet("crashes");
                    after = true;
                }
                Fault::Spent => {
                    self.meet("spent budgets");
                    self.spent = true;
                }
                Fault::LossyWrite => {
                    self.meet("lossy writes");
                    self.lossy = true;
                }
                Fault::Late(by) => {
                    self.meet("writes that take effect late");
                    self.late = Some(by);
                }
                Fault::NotForNew(index) => {
                    self.meet("values not accepted for new mappings");
                    self.not_for_new.insert(format!("original-{index}"));
                }
                Fault::Mangled(index) => {
                    self.meet("values that are mangled");
                    self.mangled.insert(format!("test-{index}"));
                }
                Fault::Undeletable(index) => {
                    self.meet("mappings that can't be deleted");
                    self.undeletable.insert(tests(index));
                }
            }
        }
        (before, after, lost_answer, lost_request)
    }

    /// Carries one thing out.
    pub(super) fn perform(&mut self, ask: &Ask) -> Result<Heard, Crashed> {
        self.step += 1;
        self.take_effect();
        let before = self.next_fault;
        let (crashes, after, lost_answer, lost_request) = self.faults();
        if let Some(told) = &mut self.told {
            let faults = &self.schedule.faults[before..self.next_fault];
            let _ = writeln!(
                told,
                "{:>4} at {} ms: {ask:?} {faults:?}",
                self.step, self.clock
            );
        }
        if crashes {
            return Err(Crashed);
        }
        let heard = match ask {
            Ask::Wait(time) => {
                self.clock += u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
                Heard::Done
            }
            Ask::Note(record, durability) => {
                self.journal.push(record.clone());
                if *durability == Durability::Synced {
                    self.synced = self.journal.len();
                }
                Heard::Done
            }
            request => {
                let known = lost_answer.then(|| self.known.clone());
                let heard = self.request(request, lost_request);
                // Nobody knows what an answer showed that was lost.
                self.known = known.unwrap_or_else(|| std::mem::take(&mut self.known));
                heard
            }
        };
        if after {
            return Err(Crashed);
        }
        if lost_answer && !matches!(ask, Ask::Wait(_) | Ask::Note(..)) {
            return Ok(failed());
        }
        Ok(heard)
    }

    fn request(&mut self, ask: &Ask, lost_request: bool) -> Heard {
        self.clock += 1;
        if self.spent {
            return Heard::Trouble(Trouble::Over("the budget is spent".to_owned()));
        }
        self.requests += 1;
        if self.unreachable > 0 {
            self.unreachable -= 1;
            return failed();
        }
        if self.unavailable > 0 {
            self.unavailable -= 1;
            return failed();
        }
        if self.throttled.1 > 0 {
            self.throttled.1 -= 1;
            return Heard::Trouble(Trouble::Throttled(Some(Duration::from_millis(
                self.throttled.0,
            ))));
        }
        let generation = match ask {
            Ask::Page(generation, _)
            | Ask::Read(generation, _)
            | Ask::Write(generation, _)
            | Ask::Delete(generation, ..) => *generation,
            Ask::Note(..) | Ask::Wait(_) => Generation::V2,
        };
        let gone = &mut self.gone[usize::from(generation == Generation::V1)];
        if *gone > 0 {
            if *gone < u64::MAX / 2 {
                *gone -= 1;
            }
            return Heard::Trouble(Trouble::Gone("not routed".to_owned()));
        }
        if lost_request {
            return failed();
        }
        let is_write = matches!(ask, Ask::Write(..) | Ask::Delete(..));
        if let Some(late) = self.late.take().filter(|_| is_write) {
            self.pending.push((self.clock + late, ask.clone()));
            return failed();
        }
        self.carry_out(ask, generation)
    }

    /// Carries out what was sent a while ago and never answered.
    fn take_effect(&mut self) {
        let now = self.clock;
        let (due, pending): (Vec<_>, Vec<_>) = std::mem::take(&mut self.pending)
            .into_iter()
            .partition(|(at, _)| *at <= now);
        self.pending = pending;
        for (_, ask) in due {
            if let Ask::Write(generation, _) | Ask::Delete(generation, ..) = &ask {
                self.is_late = true;
                self.carry_out(&ask, *generation);
                self.is_late = false;
            }
        }
    }

    fn carry_out(&mut self, ask: &Ask, generation: Generation) -> Heard {
        let store = self.store(generation);
        match ask {
            Ask::Page(..) => self.list(store),
            Ask::Read(_, address) => self.read(store, address),
            Ask::Write(_, rows) => self.write(store, rows),
            Ask::Delete(_, addresses, form) => self.delete(store, addresses, *form),
            Ask::Note(..) | Ask::Wait(_) => Heard::Done,
        }
    }

    fn list(&mut self, store: usize) -> Heard {
        let setting = &self.schedule.setting;
        let as_of = self.clock.saturating_sub(setting.list_lag);
        if self.is_blind() {
            self.meet("lists that show nothing");
            // It tells nothing of any address.
            return Heard::Page(Page {
                entries: Vec::new(),
                total: Some(0),
            });
        }
        let contents = Rc::clone(self.stores[store].at(as_of));
        if !Rc::ptr_eq(&contents, self.stores[store].now()) {
            self.meet("lists that are behind");
        }
        self.knows_all(store, as_of);
        let entry = |(ip, place): (&IpAddr, &Place)| (*ip, Entry::plain(*ip, place.clone()));
        Heard::Page(Page {
            entries: contents.iter().map(entry).collect(),
            total: Some(contents.len()),
        })
    }

    fn knows_all(&mut self, store: usize, as_of: u64) {
        let all = (0..OWNERS).map(owners).chain((0..4).map(tests));
        for ip in all {
            let known = self.known.entry((store, ip)).or_default();
            *known = (*known).max(as_of);
        }
    }

    fn read(&mut self, store: usize, address: &str) -> Heard {
        let Ok(ip) = address.parse::<IpAddr>() else {
            return Heard::One(None);
        };
        let as_of = self.clock.saturating_sub(self.schedule.setting.read_lag);
        let contents = Rc::clone(self.stores[store].at(as_of));
        if contents.get(&ip) != self.stores[store].now().get(&ip) {
            self.meet("single reads that are behind");
        }
        let known = self.known.entry((store, ip)).or_default();
        *known = (*known).max(as_of);
        let found = contents.get(&ip);
        Heard::One(found.map(|place| Entry::plain(ip, place.clone())))
    }

    /// This run changes an address: what somebody else did there must be kept if it could be known and told apart.
    fn change(&mut self, store: usize, ip: IpAddr, value: Option<Place>) {
        let now = self.stores[store].now().get(&ip).cloned();
        let known = self.known.get(&(store, ip)).copied().unwrap_or(0);
        let is_like_ours = self.is_like_ours(store, ip, now.as_ref());
        // A case may use an address that somebody freed; it must be free again at the end.
        let is_test = value
            .as_ref()
            .is_some_and(|value| value.region.starts_with("test-"));
        if now != value
            && !(now.is_none() && is_test)
            && let Some(touch) = self.touched.get_mut(&(store, ip))
            && !touch.raced
        {
            let is_unsaid = self.schedule.setting.is_behind_unsaid();
            // Where the target is known to lose mappings, one that is gone is written back, whoever deleted it.
            let loses = !self.lost.is_empty() || self.met.contains_key("mappings lost by a write");
            let is_a_loss =
                now.is_none() && loses && self.originals[store].get(&ip) == value.as_ref();
            if is_like_ours || touch.at > known || self.is_late || is_unsaid || is_a_loss {
                touch.raced = true;
            } else if self.broken.is_none() {
                self.broken = Some(format!(
                    "what somebody left at {ip} is undone: {:?} becomes {value:?}",
                    touch.left
                ));
            }
        }
        self.sent.entry(ip).or_default().insert(value.clone());
        self.stores[store].set(self.clock, ip, value);
    }

    fn write(&mut self, store: usize, rows: &[Row]) -> Heard {
        let mut items = Vec::new();
        for row in rows {
            let is_new = !self.stores[store].now().contains_key(&row.ip);
            let is_refused = self.refused.contains(&row.region)
                || (is_new && self.not_for_new.contains(&row.region));
            if is_refused {
                items.push(Answered::Refused("no such region".to_owned()));
                continue;
            }
            let kept = if self.mangled.contains(&row.region) {
                place(&format!("{}-mangled", row.region))
            } else {
                row.place()
            };
            self.change(store, row.ip, Some(kept));
            items.push(Answered::Done);
        }
        if self.lossy {
            self.lossy = false;
            let named = |ip: &IpAddr| rows.iter().any(|row| row.ip == *ip);
            let victim = self.stores[store]
                .now()
                .keys()
                .copied()
                .find(|ip| !named(ip));
            if let Some(ip) = victim {
                self.meet("mappings lost by a write");
                self.lost.insert((store, ip));
                let clock = self.clock;
                self.stores[store].set(clock, ip, None);
            }
        }
        Heard::Items(items)
    }

    fn delete(&mut self, store: usize, addresses: &[String], _form: Form) -> Heard {
        let mut items = Vec::new();
        for address in addresses {
            let Ok(ip) = address.parse::<IpAddr>() else {
                items.push(Answered::Absent);
                continue;
            };
            if !self.stores[store].now().contains_key(&ip) {
                self.sent.entry(ip).or_default().insert(None);
                items.push(Answered::Absent);
                continue;
            }
            if self.undeletable.contains(&ip) {
                self.sent.entry(ip).or_default().insert(None);
            } else {
                self.change(store, ip, None);
            }
            items.push(Answered::Done);
        }
        Heard::Items(items)
    }

    pub(super) fn is_undeletable(&self, ip: IpAddr) -> bool {
        self.undeletable.contains(&ip)
    }
}

fn failed() -> Heard {
    Heard::Trouble(Trouble::Failed("no answer".to_owned()))
}
