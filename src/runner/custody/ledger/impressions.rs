//! What a run remembers only while it lives. The journal does not store it, so `restore` has to learn it again.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::Ledger;
use crate::contract::Place;
use crate::exchange::Generation;

/// The number of failed single reads after which a generation is read by its list before a write.
const UNREAD: usize = 3;

/// Knowledge that the journal does not store.
#[derive(Debug, Clone, Default)]
pub(super) struct Impressions {
    /// Pairs of a sent value and a kept value that were already tested.
    tried: BTreeSet<(Place, Place)>,
    /// The number of single reads that were not answered, by generation.
    unread: BTreeMap<Generation, usize>,
    /// Addresses where a single read did not show the earlier mapping. A list that shows it is not trusted.
    doubted: BTreeSet<IpAddr>,
    /// Whether a request may take effect later, because a write was never answered or an accepted write is not visible.
    is_unsettled: bool,
    /// Whether another run was seen at work in the zone.
    has_others: bool,
    /// The address of a test mapping that shows this run to another run, until everything else is put back.
    beacon: Option<IpAddr>,
}

impl Ledger {
    /// Notes that another run is at work in the zone, whose test mappings come and go. From now on, the beacon is left
    /// in the zone.
    pub(in crate::runner::custody) fn others_are_at_work(&mut self, beacon: Option<IpAddr>) {
        self.impressions.has_others = true;
        self.impressions.beacon = beacon;
    }

    /// Returns whether a beacon is left in the zone for another run to see.
    pub(in crate::runner::custody) fn shows_a_beacon(&self) -> bool {
        self.impressions.beacon.is_some()
    }

    /// Returns whether this is the address of the beacon that is left in the zone.
    pub(in crate::runner::custody) fn is_beacon(&self, ip: IpAddr) -> bool {
        self.impressions.beacon == Some(ip)
    }

    /// Lets the beacon be removed like everything else that the run wrote.
    pub(in crate::runner::custody) fn put_beacon_out(&mut self) {
        self.impressions.beacon = None;
    }

    /// Returns whether another run was seen at work in the zone.
    pub(in crate::runner::custody) fn has_others(&self) -> bool {
        self.impressions.has_others
    }

    /// Notes that a single read did not show the earlier mapping of an address.
    pub(in crate::runner::custody) fn doubts(&mut self, ip: IpAddr) {
        self.impressions.doubted.insert(ip);
    }

    /// Returns whether a list that shows the earlier mapping of an address is not trusted.
    pub(in crate::runner::custody) fn is_doubted(&self, ip: IpAddr) -> bool {
        self.impressions.doubted.contains(&ip)
    }

    /// Returns whether to test if the target keeps the second value in place of the first. Each pair is tested once.
    pub(in crate::runner::custody) fn is_worth_trying(
        &mut self,
        sent: &Place,
        kept: &Place,
    ) -> bool {
        !self.mangles(sent, kept) && self.impressions.tried.insert((sent.clone(), kept.clone()))
    }

    /// Notes that a request may take effect later.
    pub(in crate::runner::custody) fn expect_late_effects(&mut self) {
        self.impressions.is_unsettled = true;
    }

    /// Returns whether a request may take effect later, and resets this. The caller must wait for it, and then check
    /// every written address again.
    pub(in crate::runner::custody) fn take_unsettled(&mut self) -> bool {
        let is_unsettled = std::mem::take(&mut self.impressions.is_unsettled);
        if is_unsettled {
            for sent in self.sent.values_mut() {
                sent.removed.clear();
            }
        }
        is_unsettled
    }

    /// Returns whether single reads through a generation are worth their requests.
    pub(in crate::runner::custody) fn answers_single_reads(&self, generation: Generation) -> bool {
        self.impressions
            .unread
            .get(&generation)
            .is_none_or(|count| *count < UNREAD)
    }

    /// Notes a single read that was not answered.
    pub(in crate::runner::custody) fn was_not_read_singly(&mut self, generation: Generation) {
        *self.impressions.unread.entry(generation).or_default() += 1;
    }
}
