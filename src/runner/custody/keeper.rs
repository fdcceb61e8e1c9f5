//! One zone in a run's care: locked, journalled, tidied after each case and put back at the end.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::super::error::TargetError;
use super::super::target::Target;
use super::admit::{Effects, NotAdmitted, admit};
use super::around::Around;
use super::config::{CustodyConfig, Permit};
use super::desk::{Durability, Procedure};
use super::entry::{Holding, Row};
use super::journal::{Journal, JournalError, Recovered, VERSION, is_plain, make_folder, set_aside};
use super::ledger::Ledger;
use super::lock::ZoneLock;
use super::make_room::{NotEmptied, make_room, requests_to_empty};
use super::patience::Rules;
use super::put_back::put_back;
use super::record::{Opening, Record};
use super::remove::{Left, Tidied, tidy};
use super::restore::{Closed, close};
use super::survey::survey;
use super::trial::trial_addresses;
use super::watch::{Beacon, Foreign, Sign, Traces, Watch, pause, watch};
use super::wire::World;
use crate::exchange::Generation;
use crate::transport::Purpose;
use crate::zone::State;

/// How long a target may fail while cases run.
const PATIENCE: Duration = Duration::from_secs(3);

/// A zone in the care of a run.
#[derive(Debug)]
pub(in crate::runner) struct Keeper {
    /// The zone's id.
    pub(in crate::runner) zone: String,
    ledger: tokio::sync::Mutex<Ledger>,
    /// `None` if nothing is written.
    journal: Option<tokio::sync::Mutex<Journal>>,
    around: Mutex<Around>,
    foreign: Mutex<Foreign>,
    traces: Arc<Traces>,
    /// The reason why the zone could not be emptied. Emptying is not tried again, since each attempt writes all
    /// mappings of the zone.
    not_emptied: Mutex<Option<NotEmptied>>,
    /// The number of its mappings that wait to be put back.
    pub(in crate::runner) stake: Arc<AtomicUsize>,
    rules: Rules,
    _lock: Option<ZoneLock>,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Keeper {
    /// Takes a zone into care. Nothing in it is changed before its journal is on disk.
    ///
    /// # Errors
    /// [`TargetError::Journal`], [`TargetError::Unlisted`], [`TargetError::ZoneInUse`].
    pub(in crate::runner) async fn open(
        target: &Target,
        zone: &str,
        traces: Arc<Traces>,
    ) -> Result<Self, TargetError> {
        let config = &target.custody;
        let writes = config.writes();
        let rules = Rules {
            settle: target.settle,
            patience: PATIENCE,
        };
        let lock = if writes {
            Some(ZoneLock::take(config, zone)?)
        } else {
            None
        };
        let path = Journal::path_of(&config.state_dir, zone);
        let stuck = if writes {
            left_by_an_earlier_run(config, &target.base_url, zone, &path)?
        } else {
            Vec::new()
        };
        let holding = read_all(target, zone, rules).await?;
        let ledger = Ledger::of(holding.clone(), &stuck);
        if ledger.len() > 0 && config.permit == Permit::EmptyOnly {
            return Err(TargetError::ZoneInUse {
                zone: zone.to_owned(),
                count: ledger.len(),
            });
        }
        let around = Around::all_of(&holding);
        let journal = if writes {
            if !stuck.is_empty() {
                std::fs::remove_file(&path).map_err(super::journal::failed(&path))?;
            }
            let opening = Opening {
                originproof_journal: VERSION,
                target: target.base_url.clone(),
                zone: zone.to_owned(),
                started: jiff::Timestamp::now().to_string(),
                seal: target.credentials.seal(&target.base_url, zone).text(),
                holding,
                stuck,
            };
            Some(tokio::sync::Mutex::new(Journal::begin(path, opening)?))
        } else {
            None
        };
        let keeper = Self {
            zone: zone.to_owned(),
            ledger: tokio::sync::Mutex::new(ledger),
            journal,
            around: Mutex::new(around),
            foreign: Mutex::default(),
            traces,
            not_emptied: Mutex::default(),
            stake: Arc::default(),
            rules,
            _lock: lock,
        };
        keeper.traces.sent(trial_addresses());
        keeper.account(target, &*keeper.ledger.lock().await);
        Ok(keeper)
    }

    fn world<'a>(&'a self, target: &'a Target, purpose: Purpose) -> World<'a> {
        World {
            target,
            zone: &self.zone,
            journal: self.journal.as_ref(),
            purpose,
        }
    }

    /// Reserves the requests that are needed to put the zone back, and notes how many mappings wait for that.
    fn account(&self, target: &Target, ledger: &Ledger) {
        self.stake.store(ledger.stake(), Ordering::Relaxed);
        self.reserve(target, ledger.requests_to_put_back());
    }

    fn reserve(&self, target: &Target, requests: usize) {
        let requests = u64::try_from(requests).unwrap_or(u64::MAX);
        target
            .client
            .reserve(self.traces.reserve(&self.zone, requests));
    }

    /// Returns the mappings that cases must avoid.
    pub(in crate::runner) fn around(&self) -> Around {
        locked(&self.around).clone()
    }

    /// Returns the addresses that cases must avoid.
    pub(in crate::runner) fn taken(&self) -> BTreeSet<IpAddr> {
        locked(&self.around).taken()
    }

    /// Checks whether a request with these effects may be sent. The effects are on disk when this returns.
    ///
    /// # Errors
    /// Returns the reason why it must not be sent.
    pub(in crate::runner) async fn admit(
        &self,
        target: &Target,
        through: Generation,
        effects: Effects,
    ) -> Result<(), NotAdmitted> {
        if self.journal.is_none() {
            return Err(NotAdmitted::Over("this run only reads".to_owned()));
        }
        self.traces.sent(effects.keys().copied());
        let mut ledger = self.ledger.lock().await;
        let rules = self.rules;
        let procedure = Procedure::new(|desk| admit(desk, &mut ledger, rules, through, effects));
        let admitted = self.world(target, Purpose::Work).run(procedure).await;
        if let Err(NotAdmitted::Hidden(ip, place)) = &admitted {
            locked(&self.around).hid(through, *ip, place.clone());
        }
        self.account(target, &ledger);
        admitted
    }

    /// Deletes what a case left. Mappings that the run never wrote belong to somebody else, and some test mappings
    /// can't be deleted. Later cases avoid both.
    pub(in crate::runner) async fn tidy(
        &self,
        target: &Target,
        through: BTreeSet<Generation>,
        mine: BTreeSet<IpAddr>,
    ) -> Tidied {
        let left = Left {
            through,
            mine: mine.clone(),
            around: self.around(),
        };
        let mut ledger = self.ledger.lock().await;
        let rules = self.rules;
        let procedure = Procedure::new(|desk| tidy(desk, &mut ledger, rules, left));
        let mut tidied = self.world(target, Purpose::Care).run(procedure).await;
        for (generation, listed) in std::mem::take(&mut tidied.listed) {
            tidied.sign = tidied.sign.max(self.saw(generation, &listed));
        }
        self.account(target, &ledger);
        locked(&self.around).learn(&tidied);
        if tidied.trouble.is_some() {
            locked(&self.around).avoid(&mine);
        }
        tidied
    }

    /// Takes in a list that a case read. Test mappings that this run did not write belong to another run. Returns the
    /// sign of another run.
    pub(in crate::runner) fn saw(&self, generation: Generation, listed: &State) -> Sign {
        let around = self.around().through(generation);
        let is_foreign = |ip: IpAddr| self.traces.is_foreign(ip) && !around.contains_key(&ip);
        locked(&self.foreign).saw(generation, listed, is_foreign)
    }

    /// Watches the zone after a sign of another run, while this run writes nothing but its beacon. If the sign was
    /// certain, only shows the other run that this one is there. Returns whether somebody else is at work.
    pub(in crate::runner) async fn is_anybody_at_work(
        &self,
        target: &Target,
        is_certain: bool,
    ) -> bool {
        if !is_certain && !locked(&self.foreign).is_worth_watching() {
            return false;
        }
        let mut ledger = self.ledger.lock().await;
        let Some(through) = ledger.generations().first().copied() else {
            return is_certain;
        };
        if ledger.has_others() {
            return true;
        }
        let place = target.regions.picked.first().cloned();
        let beacon = place.filter(|_| self.journal.is_some()).map(Beacon::new);
        self.traces.sent(beacon.iter().map(|beacon| beacon.ip));
        let how = Watch {
            through,
            beacon,
            pause: pause(),
            is_certain,
        };
        let rules = self.rules;
        let procedure = Procedure::new(|desk| watch(desk, &mut ledger, rules, how));
        self.world(target, Purpose::Care).run(procedure).await
    }

    /// Notes that a write of a case was never answered. It may take effect at any time.
    pub(in crate::runner) async fn has_lost_a_write(&self) {
        self.ledger.lock().await.expect_late_effects();
    }

    /// Notes that a case proved that the target loses mappings that a write does not name.
    pub(in crate::runner) async fn is_lossy(&self) {
        let mut ledger = self.ledger.lock().await;
        if ledger.is_lossy() {
            return;
        }
        ledger.apply(&Record::Lossy);
        if let Some(journal) = &self.journal {
            // If this record is lost, the only cost is a question to the user.
            let _ = journal.lock().await.note(&Record::Lossy, Durability::Lazy);
        }
    }

    /// Empties the zone for cases that need an empty one. The journal knows what to put back.
    ///
    /// # Errors
    /// Returns the reason why the zone was not emptied. Any changes up to then are put back at once.
    pub(in crate::runner) async fn make_room(&self, target: &Target) -> Result<(), NotEmptied> {
        if self.taken().is_empty() {
            return Ok(());
        }
        if let Some(why) = locked(&self.not_emptied).clone() {
            return Err(why);
        }
        let mut ledger = self.ledger.lock().await;
        if let (Some(left), Some(needed)) = (target.client.left(), self.room_needed(&ledger))
            && left < needed
        {
            return Err(NotEmptied::Trouble(format!(
                "taking its mappings away and putting them back takes {needed} requests, and {left} are left of --max-requests"
            )));
        }
        let rules = self.rules;
        let procedure = Procedure::new(|desk| make_room(desk, &mut ledger, rules));
        let result = self.world(target, Purpose::Work).run(procedure).await;
        self.account(target, &ledger);
        match result {
            Ok(left) => {
                // What somebody else wrote meanwhile stays, and later cases avoid it.
                *locked(&self.around) = Around::left(&left);
                Ok(())
            }
            Err(why) => {
                locked(&self.around).learn_why(&why);
                *locked(&self.not_emptied) = Some(why.clone());
                if ledger.stake() > 0 {
                    let procedure = Procedure::new(|desk| put_back(desk, &mut ledger, rules));
                    let ending = self.world(target, Purpose::PutBack).run(procedure).await;
                    locked(&self.around).learn_of(&ending.kept);
                }
                Err(why)
            }
        }
    }

    fn room_needed(&self, ledger: &Ledger) -> Option<u64> {
        let generations = if ledger.is_shared() {
            1
        } else {
            ledger.generations().len()
        };
        let needed = generations * requests_to_empty(ledger.len()) + ledger.requests_to_put_back();
        u64::try_from(needed).ok()
    }

    /// Puts the zone back, verifies it and removes the journal.
    pub(in crate::runner) async fn close(self, target: &Target) -> Option<Closed> {
        let journal = self.journal?;
        let world = World {
            target,
            zone: &self.zone,
            journal: Some(&journal),
            purpose: Purpose::PutBack,
        };
        let closed = close(world, self.ledger.into_inner()).await;
        Some(closed.finish(journal.into_inner()))
    }
}

/// Returns the test mappings that an earlier run could not remove from this target, if its journal holds nothing else.
/// A journal of the same zone id on another target says nothing about this one, and is set aside.
///
/// # Errors
/// [`JournalError::Pending`] if mappings wait to be put back.
fn left_by_an_earlier_run(
    config: &CustodyConfig,
    target: &str,
    zone: &str,
    path: &std::path::Path,
) -> Result<Vec<Row>, JournalError> {
    make_folder(&config.state_dir)?;
    is_plain(path)?;
    if !path.exists() {
        return Ok(Vec::new());
    }
    match Recovered::read(path) {
        Ok(recovered) if recovered.ledger.is_released() && recovered.opening.target != target => {
            set_aside(path)?;
            Ok(Vec::new())
        }
        Ok(recovered) if recovered.ledger.is_released() => {
            let stuck = recovered.ledger.stuck();
            let row = |(ip, place): (&IpAddr, _)| Row::new(*ip, place);
            Ok(stuck.iter().map(row).collect())
        }
        _ => Err(JournalError::Pending {
            zone: zone.to_owned(),
            path: path.to_owned(),
        }),
    }
}

/// Reads what a zone holds through every routed generation.
async fn read_all(target: &Target, zone: &str, rules: Rules) -> Result<Holding, TargetError> {
    let routed = [Generation::V2, Generation::V1];
    let routed = routed
        .into_iter()
        .filter(|generation| target.has(generation.id()));
    let routed: Vec<Generation> = routed.collect();
    let world = World {
        target,
        zone,
        journal: None,
        purpose: Purpose::Work,
    };
    let procedure = Procedure::new(|desk| survey(desk, rules, routed));
    let result = world.run(procedure).await;
    result.map_err(|(generation, trouble)| TargetError::Unlisted {
        zone: zone.to_owned(),
        why: format!("{}: {trouble}", generation.id()),
    })
}
