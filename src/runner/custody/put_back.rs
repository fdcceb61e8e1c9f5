//! Makes a zone again what it was, and verifies it by reading.
//!
//! What this run deleted or overwrote is written again whatever a list shows: a list that shows what was deleted may be
//! an old one. Only what this run sent is undone; what somebody else wrote, changed or deleted is kept and reported.
//! The journal may be removed only for an [`Ending`] that is whole.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::time::Duration;

use super::super::addresses::is_documentation;
use super::super::mapping::Place;
use super::desk::{Answered, Ask, Desk, Durability, Form, Heard, Trouble};
use super::ending::{Ending, Missing};
use super::entry::{Entry, Mappings, Row};
use super::ledger::{Ledger, Standing};
use super::make_room::CHUNK;
use super::patience::{Patience, Rules};
use super::record::Record;
use super::remove::{Stranger, Stuck, delete, remove};
use super::survey::{list, read};
use super::trial::learn_manglings;
use crate::exchange::Generation;

/// How often the zone is mended before it is verified for the last time.
const ROUNDS: u32 = 4;
/// From this round on, a generation is mended by itself even where one store is presumed behind both.
const APART: u32 = 2;
/// The pause before the second round; each further one is twice as long.
const PAUSE: Duration = Duration::from_millis(250);
/// How long a request that was never answered may take until it has its effect.
const LATE: Duration = Duration::from_secs(10);

/// Why a mapping is not written back that vanished without a request of this run.
const UNTOUCHED: &str = "this run did not touch it: somebody deleted it, or the target lost it";

/// What one look at a generation found.
#[derive(Debug, Default)]
struct Look {
    /// Mappings that are not there as they were, and are this run's to write again.
    write: Vec<Row>,
    /// What the list shows.
    listed: BTreeSet<Row>,
    /// Mappings that were taken away or overwritten, and are there again.
    back: Vec<IpAddr>,
    /// The run's own, as the list spells them.
    own: Mappings,
    /// Where something of the run may be that the list does not show.
    unlisted: Vec<IpAddr>,
    /// What somebody else did.
    kept: BTreeSet<Stranger>,
    /// Mappings that the run never touched, and that are gone.
    vanished: Vec<Row>,
    /// Mappings that a single read shows and the list does not: one of both is old.
    unclear: Vec<Row>,
    /// Why the list can't be read, if it can't.
    unread: Option<String>,
}

impl Look {
    /// Whether nothing of what was there is left to do.
    fn has_all(&self) -> bool {
        self.write.is_empty() && self.unclear.is_empty() && self.unread.is_none()
    }
}

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
        // Whoever goes on from here must not undo what the owner does to these from now on.
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
    /// The latest look at each generation that is routed.
    looks: BTreeMap<Generation, Look>,
    /// Why a mapping could not be written again.
    refused: BTreeMap<(Generation, IpAddr), String>,
    stuck: BTreeMap<Generation, Vec<Stuck>>,
    /// Where something was deleted that no list had shown: there the list is not to be trusted.
    doubtful: BTreeMap<Generation, BTreeSet<IpAddr>>,
    /// Why a generation could not be looked at any further.
    failed: BTreeMap<Generation, String>,
}

impl Work<'_> {
    /// Mends and verifies; once more after a while if something that was sent may have taken effect since.
    async fn run(&mut self) -> Result<(), Trouble> {
        self.rounds(0).await?;
        if self.learn().await? {
            self.doubtful.clear();
            self.rounds(1).await?;
        }
        if self.patience.has_lost_a_write() {
            self.ledger.is_unsettled();
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

    /// Tries whether what seems to be somebody else's is what the target makes of the run's own values; returns whether
    /// anything was written for that.
    async fn learn(&mut self) -> Result<bool, Trouble> {
        let mut has_tried = false;
        for (generation, look) in &self.looks {
            let (desk, patience) = (&self.desk, &mut self.patience);
            let learned =
                learn_manglings(desk, patience, self.ledger, *generation, &look.kept).await;
            match learned {
                Ok(learned) => has_tried |= learned.has_tried,
                Err(Trouble::Over(why)) => return Err(Trouble::Over(why)),
                // Then it is named as somebody else's; what was written to try is removed.
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
            // What was taken away is written again in the first round whatever a look shows; only a later one can tell
            // that it is there.
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

    /// Whether something of the run is listed that was not yet tried in every way.
    fn can_remove_more(&self) -> bool {
        self.looks.iter().any(|(generation, look)| {
            let stuck = self.stuck.get(generation);
            let is_stuck =
                |ip: &IpAddr| stuck.is_some_and(|all| all.iter().any(|one| one.ip == *ip));
            !look.own.keys().all(is_stuck)
        })
    }

    /// Looks at each generation and mends it; returns how much was changed. The last round only looks. A generation
    /// that is gone or fails does not stop the other.
    async fn round(&mut self, round: u32) -> Result<usize, Trouble> {
        let mut changes = 0;
        let mut has_served = false;
        self.ending.mappings = 0;
        for generation in self.ledger.generations() {
            if self.failed.contains_key(&generation) {
                continue;
            }
            let alone = !(has_served && self.ledger.is_shared()) || round >= APART;
            match self.look_and_mend(generation, round, alone).await {
                Ok(changed) => {
                    changes += changed;
                    has_served = true;
                    self.ending.gone.remove(&generation);
                }
                // The other generation may have been looked at before somebody wrote, so it is looked at once more.
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

    /// Lets go of an old look at a generation that can't be looked at any more, but not of what it saw.
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
            // What was seen of others before the trouble is known all the same.
            self.ending.kept.append(&mut look.kept);
            return Err(trouble);
        }
        let mut changes = 0;
        if mends && round < ROUNDS {
            let (write, own) = (look.write.clone(), look.own.clone());
            let unlisted = std::mem::take(&mut look.unlisted);
            self.looks.insert(generation, look);
            // First what rests on the list, while it is new.
            changes += self.remove_unlisted(generation, unlisted).await?;
            // A target whose batches fail, or lose what they do not name, may still carry out single requests.
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

    /// Reads a generation and compares it with what was there.
    async fn look(
        &mut self,
        generation: Generation,
        round: u32,
        look: &mut Look,
    ) -> Result<(), Trouble> {
        let listed = match list(&self.desk, &mut self.patience, generation).await {
            Ok(listed) => Some(listed),
            Err(Trouble::Refused(why) | Trouble::Unreadable(why)) => {
                look.unread = Some(format!("its list can't be read: {why}"));
                None
            }
            Err(trouble) => return Err(trouble),
        };
        let rows = listed.iter().flatten();
        look.listed = rows
            .map(|(ip, entry)| Row::new(*ip, &entry.place))
            .collect();
        // A third value is somebody's, however old the list is: this run never sent it.
        for (ip, entry) in listed.iter().flatten() {
            if self.stands(generation, *ip, Some(&entry.place)) == Standing::Others {
                let was = self.ledger.before(generation, *ip);
                look.kept.insert(Stranger {
                    through: generation,
                    ip: *ip,
                    was: was.map(|entry| entry.place.clone()),
                    is: Some(entry.place.clone()),
                });
            }
        }
        let stake = self.ledger.at_stake(generation);
        for row in &stake {
            if look.kept.iter().any(|stranger| stranger.ip == row.ip) {
                continue;
            }
            if round == 0 {
                look.write.push(row.clone());
            } else {
                self.weigh(generation, row, listed.as_ref(), look).await?;
            }
        }
        for ip in self.doubtful.get(&generation).cloned().unwrap_or_default() {
            let Ok(Some(entry)) = read(&self.desk, &mut self.patience, generation, ip).await else {
                continue;
            };
            match self.stands(generation, ip, Some(&entry.place)) {
                Standing::AsBefore => {}
                Standing::Ours => drop(look.own.insert(ip, entry)),
                Standing::Others => {
                    look.kept.insert(Stranger {
                        through: generation,
                        ip,
                        was: None,
                        is: Some(entry.place),
                    });
                }
            }
        }
        let stake: BTreeSet<IpAddr> = stake.iter().map(|row| row.ip).collect();
        if let Some(listed) = &listed {
            self.ending.mappings = self.ending.mappings.max(listed.len());
            self.compare(generation, listed, &stake, look).await?;
            let unlisted = self.ledger.to_remove(generation).into_iter();
            look.unlisted = unlisted.filter(|ip| !listed.contains_key(ip)).collect();
        }
        Ok(())
    }

    /// Whether a mapping that was taken away is there again: the list and a single read must both say so.
    async fn weigh(
        &mut self,
        generation: Generation,
        row: &Row,
        listed: Option<&Mappings>,
        look: &mut Look,
    ) -> Result<(), Trouble> {
        let in_list = listed.map(|all| all.get(&row.ip).map(|entry| entry.place.clone()));
        let single = self.single(generation, row.ip).await?;
        let single = match single {
            Some(single) => single,
            // A target without single reads is taken at its list's word.
            None => match &in_list {
                Some(in_list) => in_list.clone(),
                None => {
                    return Err(Trouble::Unreadable(
                        "neither its list nor single reads are answered".to_owned(),
                    ));
                }
            },
        };
        if self.stands(generation, row.ip, single.as_ref()) == Standing::Others {
            look.kept.insert(stranger(generation, row, single));
            return Ok(());
        }
        let is_there = |place: &Option<Place>| place.as_ref() == Some(&row.place());
        if !is_there(&single) {
            look.write.push(row.clone());
        } else if in_list.is_some_and(|in_list| !is_there(&in_list)) {
            // Writing it once more would not change the list.
            look.unclear.push(row.clone());
        } else {
            look.back.push(row.ip);
        }
        Ok(())
    }

    fn stands(&self, generation: Generation, ip: IpAddr, now: Option<&Place>) -> Standing {
        self.ledger.standing(generation, ip, now)
    }

    /// One mapping by itself; `None` if single reads are not answered.
    async fn single(
        &mut self,
        generation: Generation,
        ip: IpAddr,
    ) -> Result<Option<Option<Place>>, Trouble> {
        match read(&self.desk, &mut self.patience, generation, ip).await {
            Ok(entry) => Ok(Some(entry.map(|entry| entry.place))),
            Err(Trouble::Refused(_) | Trouble::Unreadable(_)) => Ok(None),
            Err(trouble) => Err(trouble),
        }
    }

    /// Everything else: what the run wrote and left, and what somebody else did.
    async fn compare(
        &mut self,
        generation: Generation,
        listed: &Mappings,
        stake: &BTreeSet<IpAddr>,
        look: &mut Look,
    ) -> Result<(), Trouble> {
        for (ip, entry) in listed.iter().filter(|(ip, _)| !stake.contains(*ip)) {
            match self.stands(generation, *ip, Some(&entry.place)) {
                Standing::AsBefore if self.ledger.was_hidden(generation, *ip) => {
                    look.kept.insert(Stranger {
                        through: generation,
                        ip: *ip,
                        was: None,
                        is: Some(entry.place.clone()),
                    });
                }
                Standing::AsBefore => {}
                Standing::Ours
                    if self.ledger.is_contested(*ip)
                        && self.single(generation, *ip).await?.flatten().as_ref()
                            != Some(&entry.place) => {}
                Standing::Ours => {
                    look.own.insert(*ip, entry.clone());
                }
                Standing::Others => {}
            }
        }
        let before = self.ledger.all_before(generation);
        for (ip, entry) in before.iter().filter(|(ip, _)| !stake.contains(*ip)) {
            if !listed.contains_key(ip) || self.ledger.is_doubted(*ip) {
                let is_listed = listed.contains_key(ip);
                self.vanished(generation, *ip, entry, is_listed, look)
                    .await?;
            }
        }
        Ok(())
    }

    /// A mapping that the run never touched, and that the list or a single read did not show.
    async fn vanished(
        &mut self,
        generation: Generation,
        ip: IpAddr,
        entry: &Entry,
        is_listed: bool,
        look: &mut Look,
    ) -> Result<(), Trouble> {
        let row = Row::new(ip, &entry.place);
        let single = self.single(generation, ip).await?.flatten();
        if single.as_ref() == Some(&entry.place) {
            if !is_listed {
                look.unclear.push(row);
            }
            return Ok(());
        }
        if single.is_none() && self.ledger.is_lossy() {
            look.write.push(row);
            return Ok(());
        }
        // A test mapping of another run comes and goes.
        let is_of_another_run = self.ledger.was_hidden(generation, ip) && is_documentation(ip);
        if single.is_none() && !is_of_another_run {
            look.vanished.push(row.clone());
        }
        look.kept.insert(stranger(generation, &row, single));
        Ok(())
    }

    /// Writes mappings again, each read by itself right before: what somebody else wrote meanwhile is not overwritten.
    async fn write(
        &mut self,
        generation: Generation,
        rows: &[Row],
        size: usize,
    ) -> Result<usize, Trouble> {
        let mut written = 0;
        for chunk in rows.chunks(size) {
            let mut batch = Vec::new();
            for row in chunk {
                let now = self.single(generation, row.ip).await?.flatten();
                let is_others = now.is_some()
                    && self.stands(generation, row.ip, now.as_ref()) == Standing::Others;
                if is_others {
                    if let Some(look) = self.looks.get_mut(&generation) {
                        look.kept.insert(stranger(generation, row, now));
                        look.write.retain(|other| other.ip != row.ip);
                    }
                } else {
                    batch.push(row.clone());
                }
            }
            written += self.write_batch(generation, batch).await?;
        }
        self.ending.written += written;
        Ok(rows.len())
    }

    async fn write_batch(
        &mut self,
        generation: Generation,
        batch: Vec<Row>,
    ) -> Result<usize, Trouble> {
        let mut singly = Vec::new();
        let mut written = 0;
        if batch.len() > 1 {
            let ask = Ask::Write(generation, batch.clone());
            match self.patience.ask(&self.desk, ask).await {
                Ok(Heard::Items(items)) => {
                    for (index, row) in batch.into_iter().enumerate() {
                        if items.get(index) == Some(&Answered::Done) {
                            self.refused.remove(&(generation, row.ip));
                            written += 1;
                        } else {
                            singly.push(row);
                        }
                    }
                }
                Err(Trouble::Refused(_) | Trouble::Unreadable(_)) | Ok(_) => singly = batch,
                Err(trouble) => return Err(trouble),
            }
        } else {
            singly = batch;
        }
        for row in singly {
            let key = (generation, row.ip);
            match self
                .patience
                .ask(&self.desk, Ask::Write(generation, vec![row]))
                .await
            {
                Ok(Heard::Items(items)) => match items.first() {
                    Some(Answered::Done) => {
                        self.refused.remove(&key);
                        written += 1;
                    }
                    Some(Answered::Refused(why)) => {
                        self.refused.insert(key, why.clone());
                    }
                    Some(Answered::Absent) | None => {}
                },
                Err(Trouble::Refused(why) | Trouble::Unreadable(why)) => {
                    self.refused.insert(key, why);
                }
                Ok(_) => {}
                Err(trouble) => return Err(trouble),
            }
        }
        Ok(written)
    }

    /// Deletes what the list shows of the run. What can't be deleted in any way changes nothing.
    async fn remove(&mut self, generation: Generation, own: Mappings) -> Result<usize, Trouble> {
        let known = self.stuck.get(&generation);
        let is_known = |ip: &IpAddr| known.is_some_and(|all| all.iter().any(|one| one.ip == *ip));
        if own.is_empty() || own.keys().all(is_known) {
            return Ok(0);
        }
        let found = own.len();
        let (stuck, _) = remove(
            &self.desk,
            &mut self.patience,
            self.ledger,
            generation,
            own,
            Vec::new(),
        )
        .await?;
        let deleted = found - stuck.len();
        self.ending.deleted += deleted;
        self.stuck.insert(generation, stuck);
        Ok(deleted)
    }

    /// Deletes, once, where the run wrote and the list shows nothing: an old list proves nothing.
    async fn remove_unlisted(
        &mut self,
        generation: Generation,
        unlisted: Vec<IpAddr>,
    ) -> Result<usize, Trouble> {
        if self.doubtful.contains_key(&generation) || unlisted.is_empty() {
            return Ok(0);
        }
        let spelled: Vec<String> = unlisted.iter().map(ToString::to_string).collect();
        let (desk, patience) = (&self.desk, &mut self.patience);
        let deleted = delete(desk, patience, generation, &spelled, Form::Batch).await?;
        self.ending.deleted += deleted.done.len();
        let doubtful = deleted
            .done
            .iter()
            .filter_map(|index| unlisted.get(*index))
            .copied();
        // What was there and was not listed shows that the list is behind.
        if !deleted.done.is_empty() {
            self.ledger.is_unsettled();
        }
        self.doubtful
            .entry(generation)
            .or_default()
            .extend(doubtful);
        if deleted.all_free {
            self.ledger.is_removed(generation, unlisted);
        }
        Ok(deleted.done.len())
    }

    /// What is left to say.
    fn end(mut self, result: Result<(), Trouble>) -> Ending {
        let mut ending = std::mem::take(&mut self.ending);
        ending.is_covered = self.ledger.is_proved_shared();
        ending.unread = self.failed.keys().copied().collect();
        let mut missing = |through: Generation, row: Row, why: String| {
            ending.missing.insert(Missing { row, through, why });
        };
        if let Err(trouble) = &result {
            for generation in self.ledger.generations() {
                for row in self.ledger.at_stake(generation) {
                    missing(generation, row, format!("not verified: {trouble}"));
                }
            }
        } else {
            let gone = "it is no longer routed".to_owned();
            let gone = ending
                .gone
                .iter()
                .map(|generation| (*generation, gone.clone()));
            // Where one store serves both, the other generation has shown what this one held.
            let apart = gone
                .chain(self.failed.clone())
                .filter(|_| !self.ledger.is_proved_shared());
            for (generation, why) in apart {
                for row in self.ledger.at_stake(generation) {
                    missing(generation, row, why.clone());
                }
                let left = self.ledger.left_through(generation);
                let left: Vec<String> = left.iter().map(ToString::to_string).collect();
                let is_shown =
                    |row: &Row| self.looks.values().any(|look| look.listed.contains(row));
                let held = self.ledger.all_before(generation);
                let held = held.iter().map(|(ip, entry)| Row::new(*ip, &entry.place));
                let hidden: Vec<Row> = held.filter(|row| !is_shown(row)).collect();
                let id = generation.id();
                if !left.is_empty() {
                    ending.unfinished = Some(format!(
                        "{id} is no longer routed, and test mappings may be left there: {}",
                        left.join(", ")
                    ));
                }
                for row in hidden {
                    missing(generation, row, why.clone());
                }
                if !ending.gone.contains(&generation) {
                    ending.unfinished = Some(format!("{}: {why}", generation.id()));
                }
            }
        }
        for (generation, look) in &self.looks {
            for row in look.write.iter().filter(|_| result.is_ok()) {
                let refused = self.refused.get(&(*generation, row.ip));
                let why = refused.map_or_else(
                    || "it was written again, and reads do not show it".to_owned(),
                    |why| format!("the target refuses it: {why}"),
                );
                missing(*generation, row.clone(), why);
            }
            for row in &look.unclear {
                let why = "a single read shows it, and the list does not";
                missing(*generation, row.clone(), why.to_owned());
            }
            for row in &look.vanished {
                missing(*generation, row.clone(), UNTOUCHED.to_owned());
            }
        }
        for (generation, look) in std::mem::take(&mut self.looks) {
            ending.kept.extend(look.kept);
            if let Some(why) = look.unread {
                ending
                    .unfinished
                    .get_or_insert(format!("{}: {why}", generation.id()));
            }
            for (ip, entry) in look.own {
                let known = self.stuck.get(&generation).into_iter().flatten();
                let known = known.into_iter().find(|stuck| stuck.ip == ip).cloned();
                ending.stuck.push(known.unwrap_or(Stuck {
                    through: generation,
                    ip,
                    spelled: entry.spelled,
                    place: entry.place,
                    is_read: true,
                }));
            }
        }
        if let Err(trouble) = result {
            ending.unfinished = Some(trouble.to_string());
        }
        ending
    }
}

fn stranger(through: Generation, row: &Row, is: Option<Place>) -> Stranger {
    Stranger {
        through,
        ip: row.ip,
        was: Some(row.place()),
        is,
    }
}
