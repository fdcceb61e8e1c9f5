//! Notices another run in the zone by what it writes: test addresses that this run did not write. One mapping like that
//! may be anybody's; one that comes and goes is somebody at work.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::super::addresses::is_documentation;
use super::super::mapping::{Place, State};
use super::desk::{Ask, Desk};
use super::patience::{Patience, Rules};
use super::survey::list;
use crate::exchange::Generation;

/// How often a zone is read while this run is quiet.
const LOOKS: usize = 4;
/// The pause between two looks.
const PAUSE: Duration = Duration::from_millis(250);

/// What all zones of a run have in common.
#[derive(Debug, Default)]
pub(in crate::runner) struct Traces {
    sent: Mutex<BTreeSet<IpAddr>>,
    reserves: Mutex<BTreeMap<String, u64>>,
}

impl Traces {
    /// Notes addresses that a request of this run named, in whatever zone.
    pub(super) fn sent(&self, addresses: impl IntoIterator<Item = IpAddr>) {
        let mut sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        sent.extend(addresses.into_iter().map(|ip| ip.to_canonical()));
    }

    /// Whether an address is one that test cases use, and no request of this run named it.
    pub(super) fn is_foreign(&self, ip: IpAddr) -> bool {
        let sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        is_documentation(ip) && !sent.contains(&ip.to_canonical())
    }

    /// Notes how many requests putting a zone back takes; returns the sum over all zones.
    pub(super) fn reserve(&self, zone: &str, requests: u64) -> u64 {
        let mut reserves = self.reserves.lock().unwrap_or_else(PoisonError::into_inner);
        reserves.insert(zone.to_owned(), requests);
        reserves.values().sum()
    }
}

/// Foreign test mappings that were seen in a zone.
#[derive(Debug, Default)]
pub(super) struct Foreign {
    seen: BTreeMap<(Generation, IpAddr), Place>,
    quiet: usize,
}

/// What a list says of somebody else.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::runner) enum Sign {
    /// Nothing.
    #[default]
    None,
    /// There is a test mapping of somebody.
    There,
    /// A test mapping of somebody came and went.
    AtWork,
}

impl Foreign {
    /// Takes a list in.
    pub(super) fn saw(
        &mut self,
        generation: Generation,
        listed: &State,
        is_foreign: impl Fn(IpAddr) -> bool,
    ) -> Sign {
        let mut known = self
            .seen
            .iter()
            .filter(|((through, _), _)| *through == generation);
        if known.any(|((_, ip), place)| listed.get(ip) != Some(place)) {
            return Sign::AtWork;
        }
        let mut sign = Sign::None;
        for (ip, place) in listed.iter().filter(|(ip, _)| is_foreign(**ip)) {
            let is_new = self.seen.insert((generation, *ip), place.clone()).is_none();
            if is_new {
                sign = Sign::There;
            }
        }
        sign
    }

    /// Whether watching the zone once more is worth the time: a target that invents addresses is quiet each time.
    pub(super) fn is_worth_watching(&mut self) -> bool {
        self.quiet += 1;
        self.quiet <= 5
    }
}

/// Reads the zone again and again while this run writes nothing; returns whether test addresses changed. What the run
/// wrote itself has settled by then.
pub(super) async fn watch(desk: Desk, rules: Rules, generation: Generation) -> bool {
    let mut patience = Patience::new(rules);
    patience.settle(&desk).await;
    let mut first = None;
    for _ in 0..LOOKS {
        let Ok(mut listed) = list(&desk, &mut patience, generation).await else {
            return false;
        };
        listed.retain(|ip, _| is_documentation(*ip));
        if first.get_or_insert_with(|| listed.clone()) != &listed {
            return true;
        }
        desk.ask(Ask::Wait(PAUSE)).await;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_foreign_test_mapping_that_goes_again_is_somebody_at_work() {
        let ip: IpAddr = [192, 0, 2, 7].into();
        let place = Place {
            vendor: "aws".into(),
            region: "a".into(),
        };
        let there = State::from([(ip, place)]);
        let mut foreign = Foreign::default();
        let saw =
            |foreign: &mut Foreign, state: &State| foreign.saw(Generation::V2, state, |_| true);
        assert_eq!(saw(&mut foreign, &there), Sign::There);
        assert_eq!(saw(&mut foreign, &there), Sign::None);
        assert_eq!(saw(&mut foreign, &State::new()), Sign::AtWork);
    }
}
