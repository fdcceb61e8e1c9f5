//! Writes again what this run took away or overwrote, and deletes what it left.

use std::net::IpAddr;

use super::super::desk::{Answered, Ask, Form, Heard, Trouble};
use super::super::entry::{Mappings, Row};
use super::super::ledger::Standing;
use super::super::remove::{delete, remove};
use super::Work;
use super::look::stranger;
use crate::exchange::Generation;

impl Work<'_> {
    /// Writes mappings again. Each address is read right before, so that what somebody else wrote meanwhile is not
    /// overwritten.
    pub(super) async fn write(
        &mut self,
        generation: Generation,
        rows: &[Row],
        size: usize,
    ) -> Result<usize, Trouble> {
        let mut written = 0;
        for chunk in rows.chunks(size) {
            let mut batch = Vec::new();
            for row in chunk {
                let single = self.single(generation, row.ip).await?;
                // Without single reads, earlier readings of any generation decide.
                let is_kept = single.is_none() && self.is_kept(row.ip);
                let now = single.flatten();
                let is_others = now.is_some()
                    && self.ledger.standing(generation, row.ip, now.as_ref()) == Standing::Others;
                if is_kept {
                    if let Some(look) = self.looks.get_mut(&generation) {
                        look.write.retain(|other| other.ip != row.ip);
                    }
                } else if is_others {
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

    /// Deletes the mappings of the run that the list shows. Returns how many it tried to delete. Mappings that can't be
    /// deleted in any way are tried only once.
    pub(super) async fn remove(
        &mut self,
        generation: Generation,
        mut own: Mappings,
    ) -> Result<usize, Trouble> {
        // An outdated list may show the run's own mapping where another reading showed what somebody else wrote since.
        if !self.ledger.is_proved_apart() {
            own.retain(|ip, _| !self.is_kept(*ip));
        }
        let known = self.stuck.get(&generation);
        let is_known = |ip: &IpAddr| known.is_some_and(|all| all.iter().any(|one| one.ip == *ip));
        if own.is_empty() || own.keys().all(is_known) {
            return Ok(0);
        }
        let found = own.len();
        let (stuck, latest) = remove(
            &self.desk,
            &mut self.patience,
            self.ledger,
            generation,
            own,
            Vec::new(),
        )
        .await?;
        let others = self.others_in(generation, latest.iter().flatten());
        if let Some(look) = self.looks.get_mut(&generation) {
            look.kept.extend(others);
        }
        let deleted = found - stuck.len();
        self.ending.deleted += deleted;
        self.stuck.insert(generation, stuck);
        // The deletions took a while, so the zone is read once more.
        Ok(found)
    }

    /// Deletes once at addresses where the run wrote and the list shows nothing, since the list may be outdated.
    pub(super) async fn remove_unlisted(
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
        // A mapping that existed without being listed shows that the list is delayed.
        if !deleted.done.is_empty() {
            self.ledger.expect_late_effects();
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
}
