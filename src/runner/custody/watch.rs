//! Notices another run in the zone by test addresses that this run did not write. A single mapping of this kind may
//! belong to anybody. One that comes and goes shows that somebody is at work.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::super::addresses::is_documentation;
use super::super::run::new_seed;
use super::desk::{Ask, Desk, Durability, Form};
use super::entry::Row;
use super::ledger::Ledger;
use super::patience::{Patience, Rules};
use super::record::{Record, Seen};
use super::remove::delete;
use super::survey::{list, read};
use super::trial::Bench;
use crate::contract::Place;
use crate::exchange::Generation;
use crate::zone::State;

/// The number of times that a zone is read while this run is quiet.
const LOOKS: usize = 4;
/// The shortest pause between two looks, and the limit of the random time that is added to it, in milliseconds.
const PAUSE: (u64, u64) = (100, 600);

/// How long a beacon stays after everything else is put back, if this run saw another one. The other run judges what it
/// read until then, and must see who changed it.
pub(super) const SHOWN: Duration = Duration::from_secs(4);

/// Returns a random pause between two looks. Two runs that watch each other must not be quiet for the same time.
pub(super) fn pause() -> Duration {
    let (shortest, more) = PAUSE;
    Duration::from_millis(shortest + new_seed() % more)
}

/// The state that all zones of a run share.
#[derive(Debug, Default)]
pub(in crate::runner) struct Traces {
    sent: Mutex<BTreeSet<IpAddr>>,
    reserves: Mutex<BTreeMap<String, u64>>,
}

impl Traces {
    /// Notes addresses that a request of this run named, in any zone.
    pub(super) fn sent(&self, addresses: impl IntoIterator<Item = IpAddr>) {
        let mut sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        sent.extend(addresses.into_iter().map(|ip| ip.to_canonical()));
    }

    /// Returns whether an address is a test address that no request of this run named.
    pub(super) fn is_foreign(&self, ip: IpAddr) -> bool {
        let sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        is_documentation(ip) && !sent.contains(&ip.to_canonical())
    }

    /// Notes how many requests it takes to put a zone back. Returns the sum over all zones.
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

/// What a list reveals about somebody else.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::runner) enum Sign {
    /// Nothing.
    #[default]
    None,
    /// The zone holds a test mapping of somebody else.
    There,
    /// A test mapping of somebody else came and went.
    AtWork,
}

impl Foreign {
    /// Takes in a list, and returns the sign that it gives.
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
        // A foreign beacon shows another run at work, since the zone did not hold it when this run began.
        if listed
            .keys()
            .any(|ip| Beacon::is_at(*ip) && is_foreign(*ip))
        {
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

    /// Returns whether it is worth the time to watch the zone once more. A target that invents addresses is quiet each
    /// time.
    pub(super) fn is_worth_watching(&mut self) -> bool {
        self.quiet += 1;
        self.quiet <= 5
    }
}

/// A test mapping by which a watching run shows itself. Without it, two runs that watch each other would both be quiet.
#[derive(Debug, Clone)]
pub(super) struct Beacon {
    pub(super) ip: IpAddr,
    place: Place,
}

impl Beacon {
    /// Returns a beacon at a random one of fifty addresses.
    pub(super) fn new(place: Place) -> Self {
        let last = u8::try_from(51 + new_seed() % 50).unwrap_or(51);
        Self {
            ip: [198, 51, 100, last].into(),
            place,
        }
    }

    fn is_at(ip: IpAddr) -> bool {
        matches!(ip, IpAddr::V4(ip) if matches!(ip.octets(), [198, 51, 100, 51..=100]))
    }

    /// Writes the beacon. Returns `false` if its address already has a mapping.
    async fn light(&self, mut bench: Bench<'_>) -> bool {
        match read(bench.desk, bench.patience, bench.through, self.ip).await {
            Ok(Some(_)) => return false,
            Ok(None) => {}
            // The run goes on without a beacon.
            Err(_) => return true,
        }
        let record = Record::Seen(Seen {
            through: bench.through,
            found: Vec::new(),
            absent: vec![self.ip],
        });
        bench.ledger.apply(&record);
        bench.desk.ask(Ask::Note(record, Durability::Lazy)).await;
        let rows = vec![Row::new(self.ip, &self.place)];
        if bench.announce(&rows).await.is_ok() {
            let ask = Ask::Write(bench.through, rows);
            // It makes no difference to this run whether the beacon was written.
            let _ = bench.patience.ask(bench.desk, ask).await;
        }
        true
    }
}

/// The settings for watching a zone.
#[derive(Debug, Clone)]
pub(super) struct Watch {
    pub(super) through: Generation,
    /// `None` if nothing may be written.
    pub(super) beacon: Option<Beacon>,
    /// The pause between two looks.
    pub(super) pause: Duration,
    /// Whether another run was already seen at work. Then the watch only writes this run's beacon for it.
    pub(super) is_certain: bool,
}

/// Reads the zone repeatedly while this run writes nothing but its beacon. Returns whether test addresses changed, or
/// another beacon is there. Earlier writes of this run have settled by then.
pub(super) async fn watch(desk: Desk, ledger: &mut Ledger, rules: Rules, watch: Watch) -> bool {
    let mut patience = Patience::new(rules);
    patience.settle(&desk).await;
    let through = watch.through;
    let mut is_alone = true;
    if let Some(beacon) = &watch.beacon {
        let bench = Bench {
            desk: &desk,
            patience: &mut patience,
            ledger,
            through,
        };
        is_alone = beacon.light(bench).await;
    }
    is_alone &= !watch.is_certain;
    let mut first = None;
    for _ in 0..LOOKS {
        if !is_alone {
            break;
        }
        let Ok(mut listed) = list(&desk, &mut patience, through).await else {
            break;
        };
        listed.retain(|ip, _| is_documentation(*ip));
        let is_own = |ip: &IpAddr| Beacon::is_at(*ip) && !ledger.values_at(*ip).is_empty();
        listed.retain(|ip, _| !is_own(ip));
        let mut beacons = listed.keys().filter(|ip| Beacon::is_at(**ip));
        is_alone = !beacons.any(|ip| ledger.before(through, *ip).is_none())
            && first.get_or_insert_with(|| listed.clone()) == &listed;
        desk.ask(Ask::Wait(watch.pause)).await;
    }
    if let Some(beacon) = watch.beacon {
        let is_lit = !ledger.values_at(beacon.ip).is_empty();
        if !is_alone {
            ledger.others_are_at_work(is_lit.then_some(beacon.ip));
        } else if is_lit {
            let spelled = [beacon.ip.to_string()];
            // If the beacon is still there, it is removed when the zone is put back.
            let _ = delete(&desk, &mut patience, through, &spelled, Form::Single).await;
        }
    } else if !is_alone {
        ledger.others_are_at_work(None);
    }
    !is_alone
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
