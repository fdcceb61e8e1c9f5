//! What somebody else does in the zone, and a check that this run keeps it.

use std::net::IpAddr;

use super::super::super::record::Record;
use super::{Target, Touch};
use crate::contract::Place;

impl Target<'_> {
    pub(super) fn somebody(&mut self, store: usize, ip: IpAddr, value: Option<Place>) {
        // This run is not responsible for what happens before its journal begins or after it has ended.
        if self.journal.is_empty() {
            return;
        }
        self.clock += 1;
        let (at, left) = (self.clock, value.clone());
        self.stores[store].set(at, ip, value);
        let raced = self.is_like_ours(store, ip, left.as_ref());
        self.touched.insert((store, ip), Touch { at, left, raced });
    }

    /// Returns whether a value can't be told from what this run leaves or restores.
    fn is_like_ours(&self, store: usize, ip: IpAddr, value: Option<&Place>) -> bool {
        let original = self.originals[store].get(&ip);
        let sent = self.sent.get(&ip);
        // A mapping that vanishes while it is being taken away may have been lost by the target.
        let is_taken = self
            .journal
            .iter()
            .any(|record| matches!(record, Record::Intent(intent) if intent.delete.contains(&ip)));
        let is_test = value.is_some_and(|value| value.region.starts_with("test-"));
        is_test
            || (value.is_none() && is_taken)
            || value == original
            || sent.is_some_and(|sent| sent.contains(&value.cloned()))
    }

    /// Changes an address for this run. What somebody else did there must be kept if this run could know it and tell it
    /// from its own work.
    pub(super) fn change(&mut self, store: usize, ip: IpAddr, value: Option<Place>) {
        let now = self.stores[store].now().get(&ip).cloned();
        let known = self.known.get(&(store, ip)).copied().unwrap_or(0);
        let is_like_ours = self.is_like_ours(store, ip, now.as_ref());
        // A case may use an address that somebody else freed. It must be free again at the end.
        let is_test = value
            .as_ref()
            .is_some_and(|value| value.region.starts_with("test-"));
        if now != value
            && !(now.is_none() && is_test)
            && let Some(touch) = self.touched.get_mut(&(store, ip))
            && !touch.raced
        {
            let is_unsaid = self.schedule.setting.is_behind_unsaid();
            // If the target is known to lose mappings, a mapping that is gone is written back, whoever deleted it.
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
        // Writing a value that is already there leaves no trace. If this run did not know of that value, the two writes
        // can't be told apart.
        if now == value
            && let Some(touch) = self.touched.get_mut(&(store, ip))
        {
            touch.raced |= touch.at > known || self.is_late;
        }
        if now != value || !self.touched.contains_key(&(store, ip)) {
            self.sent.entry(ip).or_default().insert(value.clone());
        }
        self.stores[store].set(self.clock, ip, value);
    }

    /// Deletes the mapping at an address for this run. It must stay if this run could know that the target refuses to
    /// have it written back.
    pub(super) fn take_away(&mut self, store: usize, ip: IpAddr) {
        let original = self.originals[store].get(&ip);
        let original = original.filter(|place| self.truth(store).get(&ip) == Some(*place));
        let began = self.emptying.unwrap_or(0);
        let is_known = |since: Option<&u64>| since.is_some_and(|since| *since <= began);
        let is_promised = !self.schedule.setting.is_behind_unsaid() && !self.is_late;
        if let Some(place) = original.filter(|_| is_promised && self.broken.is_none()) {
            let is_refused = self.turned_down.contains(&(store, ip))
                || is_known(self.refused.get(&place.region))
                || is_known(self.not_for_new.get(&place.region));
            if is_refused {
                self.broken = Some(format!(
                    "{ip} {place} is taken away, though the target refuses its value"
                ));
            } else if is_known(self.tombstones.as_ref())
                && self.tombs.iter().any(|tomb| self.is_originals(*tomb) && *tomb != (store, ip))
                // An owner who writes to such an address hides that it can't be written.
                && !self.touched.keys().any(|at| self.is_originals(*at))
            {
                self.broken = Some(format!(
                    "{ip} {place} is taken away, though another one could not be written back"
                ));
            }
        }
        if self.tombstones.is_some() {
            self.tombs.insert((store, ip));
        }
        self.change(store, ip, None);
    }

    fn is_originals(&self, (store, ip): (usize, IpAddr)) -> bool {
        self.originals[store].contains_key(&ip)
    }

    pub(in super::super) fn is_undeletable(&self, ip: IpAddr) -> bool {
        self.undeletable.contains(&ip)
    }
}
