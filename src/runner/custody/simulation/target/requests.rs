//! How the simulated target handles a request.

use std::fmt::Write as _;
use std::net::IpAddr;
use std::rc::Rc;
use std::time::Duration;

use super::super::super::desk::{Answered, Ask, Durability, Form, Heard, Page, Trouble};
use super::super::super::entry::{Entry, Row};
use super::super::schedule::OWNERS;
use super::{Crashed, Target, owners, place, tests};
use crate::contract::Place;
use crate::exchange::Generation;

/// The most consecutive requests that a procedure may send without an answer: a few for each generation.
const MOST_UNANSWERED: u64 = 16;

impl Target<'_> {
    /// Carries out one request, record or pause.
    pub(in super::super) fn perform(&mut self, ask: &Ask) -> Result<Heard, Crashed> {
        self.step += 1;
        self.take_effect();
        let before = self.next_fault;
        let fate = self.faults();
        if let Some(told) = &mut self.told {
            let faults = &self.schedule.faults[before..self.next_fault];
            let _ = writeln!(
                told,
                "{:>4} at {} ms: {ask:?} {faults:?}",
                self.step, self.clock
            );
        }
        if fate.crash_before {
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
                let known = fate
                    .lost_answer
                    .then(|| (self.known.clone(), self.shown.clone()));
                let heard = self.request(request, fate.lost_request);
                // Nobody learns what a lost answer showed.
                if let Some(before) = known {
                    (self.known, self.shown) = before;
                }
                heard
            }
        };
        if fate.crash_after {
            return Err(Crashed);
        }
        if matches!(ask, Ask::Wait(_) | Ask::Note(..)) {
            return Ok(heard);
        }
        let heard = if fate.lost_answer { failed() } else { heard };
        if let Some(told) = &mut self.told {
            let _ = writeln!(told, "     {heard:?}");
        }
        if matches!(heard, Heard::Trouble(Trouble::Failed(_))) {
            self.unanswered += 1;
            if self.unanswered > MOST_UNANSWERED && self.broken.is_none() {
                let count = self.unanswered;
                self.broken = Some(format!("{count} requests in a row were not answered"));
            }
        } else {
            self.unanswered = 0;
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
        if !matches!(ask, Ask::Page(..)) {
            self.stands_in = None;
        }
        if let Some(trouble) = self.refuses(ask) {
            return Heard::Trouble(trouble);
        }
        self.deleted_through = match ask {
            Ask::Delete(..) => Some(generation),
            Ask::Page(..) => self.deleted_through.filter(|one| *one == generation),
            _ => None,
        };
        let is_write = matches!(ask, Ask::Write(..) | Ask::Delete(..));
        if let Some(late) = self.late.take().filter(|_| is_write) {
            self.pending.push((self.clock + late, ask.clone()));
            return failed();
        }
        self.carry_out(ask, generation)
    }

    /// Returns why a whole request is refused, which lasts for a while.
    fn refuses(&mut self, ask: &Ask) -> Option<Trouble> {
        let takes_one = |left: &mut u64| {
            let is_on = *left > 0;
            *left = left.saturating_sub(1);
            is_on
        };
        match ask {
            Ask::Page(..) if takes_one(&mut self.unreadable_lists) => {
                Some(Trouble::Unreadable("no list".to_owned()))
            }
            Ask::Read(_, address) if takes_one(&mut self.no_single_reads) => {
                self.stands_in = address.parse().ok();
                Some(Trouble::Refused("no single reads".to_owned()))
            }
            Ask::Write(_, rows) if rows.len() > 1 && takes_one(&mut self.no_batches) => {
                Some(Trouble::Refused("no batches".to_owned()))
            }
            Ask::Delete(_, _, Form::Batch) if takes_one(&mut self.no_batches) => {
                Some(Trouble::Refused("no batches".to_owned()))
            }
            _ => None,
        }
    }

    /// Carries out writes that were sent a while ago and never answered.
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
            Ask::Page(..) => self.list(store, generation),
            Ask::Read(_, address) => self.read(store, address),
            Ask::Write(_, rows) => self.write(store, rows),
            Ask::Delete(_, addresses, form) => self.delete(store, addresses, *form),
            Ask::Note(..) | Ask::Wait(_) => Heard::Done,
        }
    }

    fn list(&mut self, store: usize, generation: Generation) -> Heard {
        let setting = &self.schedule.setting;
        let as_of = self.clock.saturating_sub(setting.list_lag);
        if self.is_blind(generation) {
            self.meet("lists that show nothing");
            // Such a list tells nothing about any address.
            return Heard::Page(Page {
                entries: Vec::new(),
                total: Some(0),
            });
        }
        let contents = Rc::clone(self.stores[store].at(as_of));
        if !Rc::ptr_eq(&contents, self.stores[store].now()) {
            self.meet("lists that are behind");
        }
        match self.stands_in {
            Some(ip) => self.knows(store, ip, as_of),
            None => self.knows_all(store, as_of),
        }
        let entry = |(ip, place): (&IpAddr, &Place)| (*ip, Entry::plain(*ip, place.clone()));
        Heard::Page(Page {
            entries: contents.iter().map(entry).collect(),
            total: Some(contents.len()),
        })
    }

    fn knows_all(&mut self, store: usize, as_of: u64) {
        let all = (0..OWNERS).map(owners).chain((0..4).map(tests));
        for ip in all {
            self.knows(store, ip, as_of);
        }
    }

    /// Notes that this process learned what was at an address at a certain time.
    fn knows(&mut self, store: usize, ip: IpAddr, as_of: u64) {
        let known = self.known.entry((store, ip)).or_default();
        *known = (*known).max(as_of);
        // A list that is read to check a deletion does not count as a look at the zone.
        if self.deleted_through.is_none() {
            let shown = self.shown.entry((store, ip)).or_default();
            *shown = (*shown).max(as_of);
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
        self.knows(store, ip, as_of);
        let found = contents.get(&ip);
        Heard::One(found.map(|place| Entry::plain(ip, place.clone())))
    }

    fn write(&mut self, store: usize, rows: &[Row]) -> Heard {
        let mut items = Vec::new();
        for row in rows {
            let is_new = !self.stores[store].now().contains_key(&row.ip);
            let is_refused = self.refused.contains_key(&row.region)
                || (is_new && self.not_for_new.contains_key(&row.region))
                || (is_new && self.tombs.contains(&(store, row.ip)));
            if is_refused {
                // Nobody learns the result of a request that was given up on.
                if !self.is_late {
                    self.turned_down.insert((store, row.ip));
                }
                items.push(Answered::Refused("no such region".to_owned()));
                continue;
            }
            let kept = if self.mangled.contains(&row.region) {
                let sent = self.sent.entry(row.ip).or_default();
                sent.insert(Some(row.place()));
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
                self.take_away(store, ip);
            }
            items.push(Answered::Done);
        }
        Heard::Items(items)
    }
}

fn failed() -> Heard {
    Heard::Trouble(Trouble::Failed("no answer".to_owned()))
}
