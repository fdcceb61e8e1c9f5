//! One zone in a run's care: locked, journalled, tidied after each case and put back at the end.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::super::error::TargetError;
use super::super::mapping::{Place, State};
use super::super::target::Target;
use super::CustodyConfig;
use super::holding::Holding;
use super::journal::{Journal, JournalError, Opening, ZoneLock};
use super::put_back::{delete, put_back, touches};
use super::survey::{read, read_all, survey};
use crate::event::PutBack;
use crate::exchange::Generation;

/// A zone in care.
#[derive(Debug)]
pub(in crate::runner) struct Keeper {
    /// The zone's id.
    pub(in crate::runner) zone: String,
    holding: Holding,
    journal: Mutex<Journal>,
    /// What cases have to work around: what was there, and what turned up.
    existing: Mutex<State>,
    _lock: ZoneLock,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Keeper {
    /// Takes a zone into care: nothing of it is changed before its journal is on disk.
    pub(in crate::runner) async fn open(
        target: &Target,
        zone: &str,
        config: &CustodyConfig,
    ) -> Result<Self, TargetError> {
        let (folder, base_url) = (&config.state_dir, &target.base_url);
        let lock = ZoneLock::take(folder, base_url, zone, config.wait_for_lock)?;
        let path = Journal::free_path(folder, base_url, zone)?;
        let holding = survey(target, zone).await?;
        if holding.len() > 0 && !config.allow_existing && !config.allow_empty_zone {
            return Err(TargetError::ZoneInUse {
                zone: zone.to_owned(),
                count: holding.len(),
            });
        }
        let existing = holding.state();
        let journal = Journal::begin(path, &Opening::new(base_url, zone, holding.clone()))?;
        Ok(Self {
            zone: zone.to_owned(),
            holding,
            journal: Mutex::new(journal),
            existing: Mutex::new(existing),
            _lock: lock,
        })
    }

    /// What cases have to work around.
    pub(in crate::runner) fn existing(&self) -> State {
        locked(&self.existing).clone()
    }

    /// Notes addresses before a request that may change them goes out.
    pub(in crate::runner) fn touch(
        &self,
        addresses: impl IntoIterator<Item = IpAddr>,
    ) -> Result<(), JournalError> {
        locked(&self.journal).touch(addresses)
    }

    fn is_touched(&self, ip: IpAddr) -> bool {
        touches(locked(&self.journal).touched(), ip)
    }

    /// Takes away what a case left. What the run never wrote is somebody else's, and what can't be deleted is
    /// there to stay: later cases work around both.
    pub(in crate::runner) async fn tidy(
        &self,
        target: &Target,
        generations: &BTreeSet<Generation>,
    ) -> Result<(), TargetError> {
        for generation in generations {
            for size in [100, 1] {
                let listed = read(target, *generation, &self.zone).await?.mappings;
                let existing = self.existing();
                let left: Vec<IpAddr> = listed
                    .keys()
                    .copied()
                    .filter(|ip| !existing.contains_key(&ip.to_canonical()))
                    .collect();
                let (own, strange): (Vec<IpAddr>, Vec<IpAddr>) =
                    left.into_iter().partition(|ip| self.is_touched(*ip));
                self.adopt(
                    strange
                        .iter()
                        .filter_map(|ip| Some((*ip, listed.get(ip)?.clone()))),
                );
                if own.is_empty() {
                    break;
                }
                delete(target, *generation, &self.zone, &own, size).await?;
                if size == 1 {
                    let listed = read(target, *generation, &self.zone).await?.mappings;
                    let stuck = own
                        .iter()
                        .filter_map(|ip| Some((*ip, listed.get(ip)?.clone())));
                    self.adopt(stuck);
                }
            }
        }
        Ok(())
    }

    fn adopt(&self, mappings: impl Iterator<Item = (IpAddr, Place)>) {
        let mut existing = locked(&self.existing);
        existing.extend(mappings.map(|(ip, place)| (ip.to_canonical(), place)));
    }

    /// Empties the zone for the cases that need that; the journal knows what to put back.
    pub(in crate::runner) async fn make_room(&self, target: &Target) -> Result<(), TargetError> {
        if self.existing().is_empty() {
            return Ok(());
        }
        let mut left = State::new();
        for (generation, original) in &self.holding.by_generation {
            let all: Vec<IpAddr> = original.keys().copied().collect();
            self.touch(all.iter().copied())?;
            delete(target, *generation, &self.zone, &all, 100).await?;
            let rest = read_all(target, *generation, &self.zone).await?;
            left.extend(
                rest.into_iter()
                    .map(|(ip, place)| (ip.to_canonical(), place)),
            );
        }
        // What somebody else wrote meanwhile is not ours to take away.
        *locked(&self.existing) = left;
        Ok(())
    }

    /// Puts the zone back, verifies it and removes the journal.
    pub(in crate::runner) async fn close(self, target: &Target) -> Result<PutBack, TargetError> {
        let journal = self
            .journal
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        let done = put_back(target, &self.zone, &self.holding, journal.touched()).await;
        match done {
            Ok(done) => {
                journal.close()?;
                Ok(done)
            }
            Err(error) => Err(TargetError::Left {
                zone: self.zone,
                journal: journal.path().to_owned(),
                source: Box::new(error),
            }),
        }
    }
}
