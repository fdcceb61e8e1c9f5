//! Checks of the promises against what the target really holds.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::super::ending::Ending;
use super::super::ledger::Ledger;
use super::schedule::Schedule;
use super::target::Target;
use crate::contract::Place;
use crate::exchange::Generation;

/// Reports a mapping that is missing although all temporary faults are over and `restore` was tried since. Every
/// mapping that can be written back must be back.
pub(super) fn not_back(target: &Target<'_>) -> Option<String> {
    for (store, original) in target.originals.iter().enumerate() {
        let now = target.truth(store);
        for (ip, place) in original.iter().filter(|(ip, _)| !now.contains_key(*ip)) {
            let is_somebodys = target.touched.contains_key(&(store, *ip));
            let is_lost = target.lost.contains(&(store, *ip));
            if !is_somebodys && !is_lost && !target.is_out_of_reach(store, *ip, place) {
                return Some(format!("{ip} {place} never comes back"));
            }
        }
    }
    None
}

/// What the process says at its end, and what is true.
pub(super) struct Truth<'a, 's> {
    pub(super) schedule: &'a Schedule,
    pub(super) target: &'a Target<'s>,
    pub(super) ledger: &'a Ledger,
    pub(super) ending: &'a Ending,
}

impl Truth<'_, '_> {
    /// Returns the first promise that this ending breaks.
    pub(super) fn false_word(&self) -> Option<String> {
        let mut stores = 0..self.target.originals.len();
        stores.find_map(|store| {
            self.unnamed_loss(store)
                .or_else(|| self.undone(store))
                .or_else(|| self.unreported(store))
                .or_else(|| self.left_over(store))
                .or_else(|| self.not_as_it_was(store))
        })
    }

    fn named(&self) -> BTreeSet<IpAddr> {
        let missing = self.ending.missing.iter();
        missing.map(|missing| missing.row.ip).collect()
    }

    fn kept(&self) -> BTreeSet<IpAddr> {
        let kept = self.ending.kept.iter();
        kept.map(|stranger| stranger.ip).collect()
    }

    fn stuck(&self) -> BTreeSet<IpAddr> {
        self.ending.stuck.iter().map(|stuck| stuck.ip).collect()
    }

    /// Returns whether the ending can only say that the journal stays, since no generation of the store was read to the
    /// end.
    fn is_blind(&self, store: usize) -> bool {
        let ending = self.ending;
        let routed = self.ledger.generations().into_iter();
        let mut routed = routed.filter(|one| self.target.store(*one) == store);
        let is_unread = |one| ending.gone.contains(&one) || ending.unread.contains(&one);
        !ending.is_whole() && routed.all(is_unread)
    }

    /// Reports a mapping that is missing or changed although the ending does not name it.
    fn unnamed_loss(&self, store: usize) -> Option<String> {
        let (target, ending) = (self.target, self.ending);
        let (named, kept) = (self.named(), self.kept());
        let is_blind = self.is_blind(store);
        let truth = target.truth(store);
        for (ip, place) in &target.originals[store] {
            let now = truth.get(ip);
            // A loss that no reading ever showed can't be named. The same holds for a loss in a store that is gone if
            // the other one holds the same.
            let is_unseen = target.lost.contains(&(store, *ip))
                && (!target.has_shown(store, *ip, now) || !ending.gone.is_empty());
            if target.touched.contains_key(&(store, *ip)) || is_unseen {
                continue;
            }
            let is_named = named.contains(ip) || kept.contains(ip) || is_blind;
            if now != Some(place) && !is_named {
                return Some(format!(
                    "{ip} {place} is {now:?} now, and nobody names it: {ending:?}"
                ));
            }
            if now.is_none() && ending.is_whole() {
                return Some(format!(
                    "{ip} {place} is missing, and the journal is removed"
                ));
            }
        }
        None
    }

    /// Reports what somebody else did and this run undid.
    fn undone(&self, store: usize) -> Option<String> {
        let target = self.target;
        let stuck = self.stuck();
        let touched = target.touched.iter();
        for ((_, ip), touch) in touched.filter(|((of, _), _)| *of == store) {
            let now = target.truth(store).get(ip);
            let is_lost = target.lost.contains(&(store, *ip));
            let is_test = now.is_some_and(|now| now.region.starts_with("test-"));
            let is_named = !self.ending.is_whole() || stuck.contains(ip);
            let waits = is_test && touch.left.is_none() && is_named;
            let is_unsaid = self.schedule.setting.is_behind_unsaid();
            if !is_unsaid && !touch.raced && !is_lost && !waits && now != touch.left.as_ref() {
                return Some(format!(
                    "somebody left {:?} at {ip}, and there is {now:?} now",
                    touch.left
                ));
            }
        }
        None
    }

    /// Reports what somebody else did if a reading showed it while the zone was put back, and the ending does not
    /// report it.
    fn unreported(&self, store: usize) -> Option<String> {
        let is_said = |ip: &IpAddr| {
            self.named().contains(ip) || self.kept().contains(ip) || self.stuck().contains(ip)
        };
        for (ip, touch) in self.target.shown(store) {
            let original = self.target.originals[store].get(&ip);
            // A state that equals the earlier readings of the run is not news.
            let all = self.ledger.generations().into_iter();
            let mut all = all.filter(|one| self.target.store(*one) == store);
            let is_known = all.any(|generation| {
                let before = self.ledger.before(generation, ip);
                before.map(|entry| &entry.place) == touch.left.as_ref()
            });
            let is_lost = self.target.lost.contains(&(store, ip));
            // It takes two readings to know that a mapping is gone.
            let mut routed = self.ledger.generations().into_iter();
            let is_cut_short = routed.any(|one| {
                let ending = self.ending;
                self.target.store(one) == store
                    && (ending.gone.contains(&one) || ending.unread.contains(&one))
            });
            if touch.left.is_none() && is_cut_short {
                continue;
            }
            let is_news = !(touch.raced || is_lost || is_known) && touch.left.as_ref() != original;
            if is_news && !self.schedule.setting.is_behind_unsaid() && !is_said(&ip) {
                return Some(format!(
                    "somebody left {:?} at {ip}, and nobody reports it: {:?}",
                    touch.left, self.ending
                ));
            }
        }
        None
    }

    /// Reports a test mapping that is left although the ending does not name it.
    fn left_over(&self, store: usize) -> Option<String> {
        let (target, ending) = (self.target, self.ending);
        let (stuck, kept) = (self.stuck(), self.kept());
        let original = &target.originals[store];
        let truth = target.truth(store).iter();
        for (ip, now) in truth.filter(|(ip, _)| !original.contains_key(*ip)) {
            let is_test = now.region.starts_with("test-");
            // If reads are delayed without the user's knowledge, the only promise is that nothing is lost.
            let is_excused = self.schedule.setting.is_behind_unsaid()
                || target.touched.contains_key(&(store, *ip))
                || target.is_undeletable(*ip)
                || !ending.gone.is_empty();
            let is_named = stuck.contains(ip) || kept.contains(ip);
            if ending.is_whole() && is_test && !is_named && !is_excused {
                return Some(format!(
                    "test mapping {ip} {now} is left, and nobody names it"
                ));
            }
        }
        None
    }

    /// Reports that the ending says "as it was" although the zone is not.
    fn not_as_it_was(&self, store: usize) -> Option<String> {
        let (target, ending) = (self.target, self.ending);
        let (truth, original) = (target.truth(store), &target.originals[store]);
        let generation = if store == 0 {
            Generation::V2
        } else {
            Generation::V1
        };
        // The words "as it was" do not cover what others did and no reading could show yet.
        let is_seen = |ip: &IpAddr| {
            let touch = target.touched.get(&(store, *ip));
            let touched = touch.is_some();
            // A value of another run that this one writes as well can't be told from its own.
            let is_alike = touch.is_some_and(|touch| {
                let left = touch.left.as_ref();
                left.is_some_and(|left| left.region.starts_with("test-"))
            });
            let is_owners = original.contains_key(ip) && !touched;
            if self.schedule.setting.is_behind_unsaid() && !is_owners {
                return false;
            }
            let before = self.ledger.before(generation, *ip);
            let is_known = touched && before.map(|entry| &entry.place) == truth.get(ip);
            let is_lost =
                target.lost.contains(&(store, *ip)) && !target.has_shown(store, *ip, truth.get(ip));
            // If a list showed nothing at first, it can't show that a mapping is gone.
            let [v2, v1] = self.schedule.setting.blind_until;
            let is_half_blind = (v2 == 0) != (v1 == 0) && touched && !truth.contains_key(ip);
            !(target.is_unseen(store, *ip) || is_known || is_lost || is_half_blind || is_alike)
        };
        let seen = |all: &BTreeMap<IpAddr, Place>| {
            let mut all = all.clone();
            all.retain(|ip, _| is_seen(ip));
            all
        };
        (ending.is_as_it_was() && seen(truth) != seen(original))
            .then(|| format!("\"as it was\" is said of {truth:?}, which was {original:?}"))
    }
}
