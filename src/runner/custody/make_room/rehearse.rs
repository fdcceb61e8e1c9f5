//! The proofs that come before a zone is emptied.

use std::collections::BTreeSet;

use super::super::desk::{Answered, Ask, Form, Heard, Trouble};
use super::super::entry::Row;
use super::super::record::Record;
use super::super::remove::{Stranger, delete};
use super::super::survey::{list, read};
use super::super::trial::Bench;
use super::{CHUNK, DOUBT, NotEmptied, Room, is_in, no_extra, strangers};
use crate::contract::Contract;
use crate::contract::Place;
use crate::exchange::Generation;

impl Room<'_> {
    /// Creates each vendor and region at a test address and deletes it again. A retired value may still be accepted for
    /// an existing mapping, but refused for a new one.
    pub(super) async fn try_values(
        &mut self,
        generation: Generation,
        all: &[Row],
    ) -> Result<(), NotEmptied> {
        let places: BTreeSet<Place> = all.iter().map(Row::place).collect();
        let places: Vec<Place> = places.into_iter().collect();
        // One slot of the zone is kept for the bystander: a test mapping that no later write names.
        let limits = Contract::embedded().limits;
        let room = (limits.zone - 1)
            .saturating_sub(self.ledger.len())
            .min(limits.batch);
        if room < 2 {
            let why = "it is full, so it can't be tried whether its values could be written back";
            return Err(NotEmptied::Trouble(why.to_owned()));
        }
        for places in places.chunks(room.min(50) - 1) {
            // The first row is written alone, and no later write names it. A batch has at least two rows.
            let repeated = usize::from(places.len() == 1);
            let again = places.iter().take(repeated);
            let places = places.iter().take(1).chain(again).chain(places);
            let free = places.clone().count();
            let free = self.bench(generation).free(free).await?;
            let rows: Vec<Row> = free
                .iter()
                .zip(places.clone())
                .map(|(ip, place)| Row::new(*ip, place))
                .collect();
            if rows.len() < places.count() {
                let why = "it holds nearly all documentation addresses, at which its values would be tried";
                return Err(NotEmptied::Trouble(why.to_owned()));
            }
            self.bench(generation).announce(&rows).await?;
            let tried = self.try_rows(generation, all, &rows).await;
            // A changed value may be somebody else's, so it is examined when the zone is put back.
            if !matches!(tried, Err(NotEmptied::Mangled(_))) {
                let spelled: Vec<String> = rows.iter().map(|row| row.ip.to_string()).collect();
                let patience = &mut self.patience;
                delete(self.desk, patience, generation, &spelled, Form::Batch).await?;
            }
            tried?;
        }
        Ok(())
    }

    async fn try_rows(
        &mut self,
        generation: Generation,
        all: &[Row],
        rows: &[Row],
    ) -> Result<(), NotEmptied> {
        let (bystander, rows) = rows.split_at(rows.len().min(1));
        let mut refused = self.write(generation, bystander).await?;
        if refused.is_empty() {
            refused = self.write(generation, rows).await?;
        }
        if !refused.is_empty() {
            let named = refused.iter().flat_map(|(tried, why)| {
                let is_same = |row: &&Row| row.place() == tried.place();
                all.iter()
                    .filter(is_same)
                    .map(|row| (row.clone(), why.clone()))
            });
            return Err(NotEmptied::Refused(named.collect()));
        }
        self.patience.settle(self.desk).await;
        let mut mangled = Vec::new();
        for row in bystander.iter().chain(rows) {
            match read(self.desk, &mut self.patience, generation, row.ip).await {
                Ok(Some(entry)) if entry.place == row.place() => {}
                Ok(entry) => {
                    let kept = entry.map(|entry| entry.place);
                    if let Some(kept) = &kept {
                        self.bench(generation).mangles(&row.place(), kept).await?;
                    }
                    mangled.push((row.place(), kept));
                }
                // If the target does not answer single reads, its answers to the writes are trusted.
                Err(Trouble::Refused(_) | Trouble::Unreadable(_)) => break,
                Err(trouble) => return Err(trouble.into()),
            }
        }
        // If only the bystander is missing, the batch lost it and may have lost mappings of the zone too.
        if let ([(place, None)], Some(first)) = (mangled.as_slice(), bystander.first())
            && *place == first.place()
            && !rows.is_empty()
        {
            let lost = self.lost(generation, all).await?;
            self.note(Record::Lossy).await?;
            return Err(NotEmptied::Lost(lost));
        }
        // A value that is not visible at all may appear later.
        if mangled.iter().any(|(_, kept)| kept.is_none()) {
            self.ledger.expect_late_effects();
        }
        if mangled.is_empty() {
            Ok(())
        } else {
            Err(NotEmptied::Mangled(mangled))
        }
    }

    fn bench(&mut self, through: Generation) -> Bench<'_> {
        Bench {
            desk: self.desk,
            patience: &mut self.patience,
            ledger: self.ledger,
            through,
        }
    }

    /// Writes each mapping again with its own value: the first one alone, the others in small batches. Each is read
    /// singly right before.
    pub(super) async fn rehearse(
        &mut self,
        generation: Generation,
        all: &[Row],
    ) -> Result<(), NotEmptied> {
        let mut refused = Vec::new();
        let (first, others) = all.split_at(all.len().min(1));
        for chunk in std::iter::once(first).chain(others.chunks(CHUNK)) {
            self.read_again(generation, chunk).await?;
            self.has_written = true;
            refused.extend(self.write(generation, chunk).await?);
            if !refused.is_empty() {
                break;
            }
            if chunk.len() == 1 {
                self.is_unchanged(generation, all).await?;
            }
        }
        self.is_unchanged(generation, all).await?;
        if refused.is_empty() {
            Ok(())
        } else {
            Err(NotEmptied::Refused(refused))
        }
    }

    /// Reads mappings singly. They must be as they were.
    async fn read_again(&mut self, generation: Generation, rows: &[Row]) -> Result<(), NotEmptied> {
        for row in rows {
            let now = read(self.desk, &mut self.patience, generation, row.ip).await?;
            let extra = now.as_ref().map(|entry| entry.extra.clone());
            no_extra(&[Row {
                extra: extra.unwrap_or_default(),
                ..row.clone()
            }])?;
            let now = now.map(|entry| entry.place);
            if now.as_ref() != Some(&row.place()) {
                return Err(NotEmptied::Strangers(vec![Stranger {
                    through: generation,
                    ip: row.ip,
                    was: Some(row.place()),
                    is: now,
                }]));
            }
        }
        Ok(())
    }

    /// Returns the mappings that are gone, after a single read of each.
    async fn lost(&mut self, generation: Generation, all: &[Row]) -> Result<Vec<Row>, NotEmptied> {
        let mut lost = Vec::new();
        for row in all {
            let now = read(self.desk, &mut self.patience, generation, row.ip).await?;
            if now.is_none() {
                lost.push(row.clone());
            }
        }
        Ok(lost)
    }

    /// Reads the list, which must show all mappings as they were.
    async fn is_unchanged(
        &mut self,
        generation: Generation,
        all: &[Row],
    ) -> Result<(), NotEmptied> {
        self.patience.settle(self.desk).await;
        let now = list(self.desk, &mut self.patience, generation).await?;
        let before = self.ledger.all_before(generation);
        let changed = strangers(generation, &before, &now, self.ledger);
        if !changed.is_empty() {
            return Err(NotEmptied::Strangers(changed));
        }
        let lost: Vec<Row> = all
            .iter()
            .filter(|row| !is_in(&now, row))
            .cloned()
            .collect();
        if lost.is_empty() {
            Ok(())
        } else {
            Err(NotEmptied::Lost(lost))
        }
    }

    /// Takes one mapping away and writes it back. Also finds out whether the other generation shows the deletion.
    pub(super) async fn take_one_away(
        &mut self,
        generation: Generation,
        all: &[Row],
    ) -> Result<(), NotEmptied> {
        let generations = self.ledger.generations();
        let other = generations.into_iter().find(|other| *other != generation);
        // A mapping that was deleted through the other generation too proves nothing there.
        let is_in_both = |row: &&Row| {
            other.is_some_and(|other| {
                let before = self.ledger.before(other, row.ip);
                before.is_some_and(|entry| entry.place == row.place())
                    && !self.ledger.was_deleted_through(other, row.ip)
            })
        };
        let Some(row) = all.iter().find(is_in_both).or(all.first()).cloned() else {
            return Ok(());
        };
        let mut is_telling = is_in_both(&&row) && self.ledger.wants_proof();
        if let Some(other) = other.filter(|_| is_telling) {
            // If the other generation has already lost the mapping, its absence proves nothing.
            let now = read(self.desk, &mut self.patience, other, row.ip).await;
            let now = now.ok().flatten().map(|entry| entry.place);
            no_third(other, &row, now.as_ref())?;
            is_telling = now.is_some();
        }
        self.read_again(generation, std::slice::from_ref(&row))
            .await?;
        let spelled = [row.ip.to_string()];
        delete(
            self.desk,
            &mut self.patience,
            generation,
            &spelled,
            Form::Single,
        )
        .await?;
        if self.shows(generation, &row, false).await? {
            return Err(NotEmptied::StillThere(vec![row]));
        }
        if let Some(other) = other.filter(|_| is_telling) {
            match read(self.desk, &mut self.patience, other, row.ip).await {
                Ok(now) => {
                    let now = now.map(|entry| entry.place);
                    no_third(other, &row, now.as_ref())?;
                    // Somebody else may have written the mapping again at this moment, which would look like two
                    // stores.
                    let is_back = now.is_some() && self.is_back(generation, &row).await?;
                    if !is_back {
                        self.note(Record::Shared(now.is_none())).await?;
                    }
                }
                Err(Trouble::Over(why)) => return Err(NotEmptied::Trouble(why)),
                // It remains unknown how many stores there are.
                Err(_) => {}
            }
        }
        let refused = self.write(generation, std::slice::from_ref(&row)).await?;
        if !refused.is_empty() {
            return Err(NotEmptied::Refused(refused));
        }
        if self.shows(generation, &row, true).await? {
            Ok(())
        } else {
            Err(NotEmptied::Lost(vec![row]))
        }
    }

    /// Returns whether a mapping that was taken away is back.
    async fn is_back(&mut self, generation: Generation, row: &Row) -> Result<bool, NotEmptied> {
        self.patience.settle(self.desk).await;
        self.is_read(generation, row).await
    }

    /// Returns whether a single read shows a mapping.
    ///
    /// # Errors
    /// [`NotEmptied::Strangers`] if it shows another value.
    async fn is_read(&mut self, generation: Generation, row: &Row) -> Result<bool, NotEmptied> {
        let now = read(self.desk, &mut self.patience, generation, row.ip).await?;
        let now = now.map(|entry| entry.place);
        no_third(generation, row, now.as_ref())?;
        Ok(now.is_some())
    }

    /// Reads a mapping as [`Self::is_read`] does, and once more after a while if it is not as expected.
    async fn shows(
        &mut self,
        generation: Generation,
        row: &Row,
        is_expected: bool,
    ) -> Result<bool, NotEmptied> {
        self.patience.settle(self.desk).await;
        let mut is_shown = false;
        for attempt in 0..2 {
            if attempt > 0 {
                self.desk.ask(Ask::Wait(DOUBT)).await;
            }
            is_shown = self.is_read(generation, row).await?;
            if is_shown == is_expected {
                break;
            }
        }
        Ok(is_shown)
    }

    /// Writes mappings. Returns those that were refused, with the reason.
    async fn write(
        &mut self,
        generation: Generation,
        rows: &[Row],
    ) -> Result<Vec<(Row, String)>, NotEmptied> {
        let mut refused = Vec::new();
        let ask = Ask::Write(generation, rows.to_vec());
        match self.patience.ask(self.desk, ask).await {
            Ok(Heard::Items(items)) => {
                for (row, item) in rows.iter().zip(items) {
                    if let Answered::Refused(why) = item {
                        refused.push((row.clone(), why));
                    }
                }
            }
            // A target may refuse a whole batch for one of its items.
            Err(Trouble::Refused(why)) if rows.len() == 1 => {
                refused.extend(rows.iter().map(|row| (row.clone(), why.clone())));
            }
            Err(Trouble::Refused(_)) => {
                for row in rows {
                    let ask = Ask::Write(generation, vec![row.clone()]);
                    let answered = self.patience.ask(self.desk, ask).await?;
                    if let Heard::Items(items) = answered
                        && let Some(Answered::Refused(why)) = items.into_iter().next()
                    {
                        refused.push((row.clone(), why));
                    }
                }
            }
            Err(trouble) => return Err(trouble.into()),
            Ok(_) => return Err(NotEmptied::Trouble("no answer to a batch".to_owned())),
        }
        Ok(refused)
    }
}

/// # Errors
/// [`NotEmptied::Strangers`] if a mapping has a value that it did not have before.
fn no_third(through: Generation, row: &Row, now: Option<&Place>) -> Result<(), NotEmptied> {
    match now {
        Some(now) if *now != row.place() => Err(NotEmptied::Strangers(vec![Stranger {
            through,
            ip: row.ip,
            was: Some(row.place()),
            is: Some(now.clone()),
        }])),
        _ => Ok(()),
    }
}
