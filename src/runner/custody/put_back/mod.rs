//! Restores the contents of a zone, and verifies them by reading.
//!
//! Mappings that this run deleted or overwrote are written again even if a list shows them, since that list may be
//! outdated. Only what this run sent is undone. What somebody else wrote, changed or deleted is kept and reported. The
//! journal may be removed only if the [`Ending`] is whole.

mod look;
mod mend;
mod verdict;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::time::Duration;

use super::desk::{Ask, Desk, Durability, Trouble};
use super::ending::{Ending, Missing};
use super::ledger::Ledger;
use super::make_room::CHUNK;
use super::patience::{Patience, Rules};
use super::record::Record;
use super::remove::Stuck;
use super::trial::learn_manglings;
use crate::exchange::Generation;
use look::Look;

/// The number of rounds that may repair the zone before it is verified for the last time.
const ROUNDS: u32 = 4;
/// The round from which each generation is repaired separately, even if both are known to share one store.
const APART: u32 = 2;
/// The pause before the second round. Each further pause is twice as long.
const PAUSE: Duration = Duration::from_millis(250);
/// How long an unanswered request may take until it has its effect.
const LATE: Duration = Duration::from_secs(10);

/// The reason why a mapping that vanished without a request of this run is not written back.
const UNTOUCHED: &str = "this run did not touch it: somebody deleted it, or the target lost it";

/// Puts a zone back.
pub(super) async fn put_back(desk: Desk, ledger: &mut Ledger, rules: Rules) -> Ending {
    let mut work = Work {
        patience: Patience::new(rules),
        desk,
        ledger,
        rules,
        ending: Ending::default(),
        looks: BTreeMap::new(),
        refused: BTreeMap::new(),
        stuck: BTreeMap::new(),
        doubtful: BTreeMap::new(),
        failed: BTreeMap::new(),
    };
    let result = work.run().await;
    let back: Vec<(Generation, Vec<IpAddr>)> = work
        .looks
        .iter_mut()
        .map(|(generation, look)| (*generation, std::mem::take(&mut look.back)))
        .filter(|(_, back)| !back.is_empty())
        .collect();
    let (desk, is_settled) = (work.desk.clone(), !work.patience.has_lost_a_write());
    let ending = work.end(result);
    if !ending.is_whole() && is_settled {
        // A later `restore` must not undo what the owner does to these mappings from now on.
        for (generation, back) in back {
            let kept = Record::Kept(generation, back);
            ledger.apply(&kept);
            desk.ask(Ask::Note(kept, Durability::Synced)).await;
        }
    }
    ending
}

struct Work<'a> {
    desk: Desk,
    ledger: &'a mut Ledger,
    rules: Rules,
    patience: Patience,
    ending: Ending,
    /// The latest look at each routed generation.
    looks: BTreeMap<Generation, Look>,
    /// The reasons why mappings could not be written again.
    refused: BTreeMap<(Generation, IpAddr), String>,
    stuck: BTreeMap<Generation, Vec<Stuck>>,
    /// Addresses where a mapping was deleted that no list had shown. The list is not trusted there.
    doubtful: BTreeMap<Generation, BTreeSet<IpAddr>>,
    /// The reasons why generations could not be read any further.
    failed: BTreeMap<Generation, String>,
}

impl Work<'_> {
    /// Repairs and verifies the zone. Does so once more after a while if a request may have taken effect late.
    async fn run(&mut self) -> Result<(), Trouble> {
        self.rounds(0).await?;
        if self.learn().await? {
            self.doubtful.clear();
            self.rounds(1).await?;
        }
        if self.patience.has_lost_a_write() {
            self.ledger.expect_late_effects();
        }
        if !self.ledger.take_unsettled() {
            return Ok(());
        }
        let wait = LATE.min(self.rules.patience);
        self.desk.ask(Ask::Wait(wait)).await;
        self.ending.waited = Some(wait);
        self.doubtful.clear();
        self.rounds(1).await
    }

    /// Tests whether mappings that seem to be somebody else's are values of this run that the target changed. Returns
    /// whether the test wrote anything.
    async fn learn(&mut self) -> Result<bool, Trouble> {
        let mut has_tried = false;
        for (generation, look) in &self.looks {
            let (desk, patience) = (&self.desk, &mut self.patience);
            let learned =
                learn_manglings(desk, patience, self.ledger, *generation, &look.kept).await;
            match learned {
                Ok(learned) => has_tried |= learned.has_tried,
                Err(Trouble::Over(why)) => return Err(Trouble::Over(why)),
                // The mapping is then reported as somebody else's, and what the test wrote is removed.
                Err(_) => has_tried = true,
            }
        }
        Ok(has_tried)
    }

    async fn rounds(&mut self, first: u32) -> Result<(), Trouble> {
        let has_stake = self.ledger.stake() > 0;
        for round in first..=ROUNDS {
            if round > 0 {
                self.desk.ask(Ask::Wait(PAUSE * 2_u32.pow(round - 1))).await;
            }
            if self.ledger.has_written() {
                self.patience.settle(&self.desk).await;
            }
            let changes = self.round(round).await?;
            // The first round writes again whatever was taken away, without regard to what it reads. Only a later round
            // can tell that the mappings are back.
            let may_end = round > 0 || !has_stake;
            if may_end
                && changes == 0
                && self.looks.values().all(Look::has_all)
                && !self.can_remove_more()
            {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Returns whether a list shows a mapping of the run that was not yet found to be undeletable.
    fn can_remove_more(&self) -> bool {
        self.looks.iter().any(|(generation, look)| {
            let stuck = self.stuck.get(generation);
            let is_stuck =
                |ip: &IpAddr| stuck.is_some_and(|all| all.iter().any(|one| one.ip == *ip));
            !look.own.keys().all(is_stuck)
        })
    }

    /// Reads and repairs each generation. Returns the number of changes. The last round only reads. A generation that
    /// is gone or fails does not stop the other one.
    async fn round(&mut self, round: u32) -> Result<usize, Trouble> {
        let mut changes = 0;
        let mut has_served = false;
        self.ending.mappings = 0;
        for generation in self.ledger.generations() {
            if self.failed.contains_key(&generation) {
                continue;
            }
            let alone = !(has_served && self.ledger.is_proved_shared()) || round >= APART;
            match self.look_and_mend(generation, round, alone).await {
                Ok(changed) => {
                    changes += changed;
                    has_served = true;
                    self.ending.gone.remove(&generation);
                }
                // Somebody else may have written after the other generation was read, so it is read once more.
                Err(Trouble::Gone(_)) => {
                    changes += usize::from(self.ending.gone.insert(generation));
                    self.forget(generation);
                }
                Err(trouble) => {
                    changes += 1;
                    self.failed.insert(generation, trouble.to_string());
                    self.forget(generation);
                }
            }
        }
        match self.failed.values().next() {
            _ if has_served => Ok(changes),
            Some(why) => Err(Trouble::Over(why.clone())),
            None => {
                let why = "the target routes no generation of the API any more";
                Err(Trouble::Gone(why.to_owned()))
            }
        }
    }

    /// Returns whether any look showed a change of somebody else at an address.
    pub(super) fn is_kept(&self, ip: IpAddr) -> bool {
        let looks = self.looks.values().flat_map(|look| &look.kept);
        let mut all = looks.chain(&self.ending.kept);
        all.any(|stranger| stranger.ip == ip)
    }

    /// Drops the last look at a generation that can't be read any more, but keeps what it found.
    fn forget(&mut self, generation: Generation) {
        let Some(look) = self.looks.remove(&generation) else {
            return;
        };
        self.ending.kept.extend(look.kept);
        let vanished = look.vanished.into_iter();
        self.ending.missing.extend(vanished.map(|row| Missing {
            row,
            through: generation,
            why: UNTOUCHED.to_owned(),
        }));
    }

    async fn look_and_mend(
        &mut self,
        generation: Generation,
        round: u32,
        mends: bool,
    ) -> Result<usize, Trouble> {
        let mut look = Look::default();
        if let Err(trouble) = self.look(generation, round, &mut look).await {
            // Changes of others that were seen before the trouble still count.
            self.ending.kept.append(&mut look.kept);
            return Err(trouble);
        }
        if look.unread.is_some() {
            self.forget(generation);
        }
        let mut changes = 0;
        if mends && round < ROUNDS {
            let (write, own) = (look.write.clone(), look.own.clone());
            let mut unlisted = std::mem::take(&mut look.unlisted);
            self.looks.insert(generation, look);
            // Both generations may share one store. So an address is not deleted blindly if either shows somebody
            // else's mapping there.
            unlisted.retain(|ip| !self.is_kept(*ip));
            // The deletion that relies on the list comes first, while the list is fresh.
            changes += self.remove_unlisted(generation, unlisted).await?;
            // A target whose batches fail, or lose mappings that they do not name, may still carry out single requests.
            let size = if round == 0 && !self.ledger.is_lossy() {
                CHUNK
            } else {
                1
            };
            changes += self.write(generation, &write, size).await?;
            changes += self.remove(generation, own).await?;
        } else {
            self.looks.insert(generation, look);
        }
        Ok(changes)
    }
}
