//! What a run remembers while it lives. No journal holds it: whoever goes on from a journal learns it anew.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::Ledger;
use crate::contract::Place;
use crate::exchange::Generation;

/// After this many failed single reads, a generation is read by its list before a write.
const UNREAD: usize = 3;

/// What is not written down.
#[derive(Debug, Clone, Default)]
pub(super) struct Impressions {
    /// Pairs of a value that was sent and another that was kept, which were tried.
    tried: BTreeSet<(Place, Place)>,
    /// How often a single read was not answered, by generation.
    unread: BTreeMap<Generation, usize>,
    /// Where a single read did not show a mapping of before: a list that shows it is not believed.
    doubted: BTreeSet<IpAddr>,
    /// Whether something that was sent may take effect later: a write was never answered, or an accepted one does not
    /// show.
    is_unsettled: bool,
    /// Whether another run was seen at work in the zone.
    has_others: bool,
    /// A test mapping that tells another run of this one, until everything else is put back.
    beacon: Option<IpAddr>,
}

impl Ledger {
    /// Notes that another run is at work in the zone: its test mappings come and go. The beacon is left alone from now on.
    pub(in crate::runner::custody) fn others_are_at_work(&mut self, beacon: Option<IpAddr>) {
        self.impressions.has_others = true;
        self.impressions.beacon = beacon;
    }

    /// Whether a beacon is left alone for another run to see.
    pub(in crate::runner::custody) fn shows_a_beacon(&self) -> bool {
        self.impressions.beacon.is_some()
    }

    /// Whether this is the beacon that is left alone.
    pub(in crate::runner::custody) fn is_beacon(&self, ip: IpAddr) -> bool {
        self.impressions.beacon == Some(ip)
    }

    /// From now on the beacon is removed like all that the run wrote.
    pub(in crate::runner::custody) fn put_beacon_out(&mut self) {
        self.impressions.beacon = None;
    }

    /// Whether another run was seen at work in the zone.
    pub(in crate::runner::custody) fn has_others(&self) -> bool {
        self.impressions.has_others
    }

    /// Notes that a single read did not show a mapping of before.
    pub(in crate::runner::custody) fn doubts(&mut self, ip: IpAddr) {
        self.impressions.doubted.insert(ip);
    }

    /// Whether a list that shows a mapping of before is not to be believed.
    pub(in crate::runner::custody) fn is_doubted(&self, ip: IpAddr) -> bool {
        self.impressions.doubted.contains(&ip)
    }

    /// Whether it is still to be tried whether the target keeps the second value in place of the first. Each is tried once.
    pub(in crate::runner::custody) fn is_worth_trying(
        &mut self,
        sent: &Place,
        kept: &Place,
    ) -> bool {
        !self.mangles(sent, kept) && self.impressions.tried.insert((sent.clone(), kept.clone()))
    }

    /// Notes that something that was sent may take effect later.
    pub(in crate::runner::custody) fn expect_late_effects(&mut self) {
        self.impressions.is_unsettled = true;
    }

    /// Whether something that was sent may take effect later. Whoever asks waits for it, and looks again wherever
    /// something was written.
    pub(in crate::runner::custody) fn take_unsettled(&mut self) -> bool {
        let is_unsettled = std::mem::take(&mut self.impressions.is_unsettled);
        if is_unsettled {
            for sent in self.sent.values_mut() {
                sent.removed.clear();
            }
        }
        is_unsettled
    }

    /// Whether single reads through a generation are worth their requests.
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
