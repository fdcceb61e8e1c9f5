//! Empties a zone for the cases that need an empty one. No mapping is taken away before it is proved that it can be
//! written back. For this, each value is created at a test address, and each mapping is written again with its own
//! value. Then one mapping is taken away and written back before all others.

mod rehearse;
mod why;

use std::collections::BTreeSet;
use std::time::Duration;

use super::desk::{Ask, Desk, Durability, Form, Heard, Trouble};
use super::entry::{Entry, Mappings, Row};
use super::ledger::{Ledger, Standing};
use super::patience::{Patience, Rules};
use super::record::{Intent, Record};
use super::remove::{Stranger, delete};
use super::survey::{list, read};
use crate::contract::Contract;
use crate::exchange::Generation;

pub(in crate::runner) use why::NotEmptied;

/// The number of mappings that are read singly before the batch that writes them. What somebody else writes in between
/// can be overwritten, so the time is kept short.
pub(super) const CHUNK: usize = 10;
/// How long a deleted mapping may still be shown before it counts as not deleted.
const DOUBT: Duration = Duration::from_secs(2);

/// Returns the number of requests that it takes to take away this many mappings and put them back through one
/// generation, if each is answered. Each mapping needs two single reads, a share of two batches and of the lists, and a
/// test of its value.
#[must_use]
pub fn requests_to_empty(mappings: usize) -> usize {
    let limits = Contract::embedded().limits;
    let pages = mappings / limits.page + 2;
    let batches = 2 * mappings.div_ceil(CHUNK) + mappings.div_ceil(limits.batch);
    8 * pages + 4 * mappings + batches + 12
}

/// Empties a zone. Returns what is still there, by generation.
///
/// # Errors
/// Returns the reason why the zone was not emptied. Any changes up to then are in the journal.
pub(super) async fn make_room(
    desk: Desk,
    ledger: &mut Ledger,
    rules: Rules,
) -> Result<Vec<(Generation, Mappings)>, NotEmptied> {
    let mut room = Room {
        desk: &desk,
        patience: Patience::new(rules),
        ledger,
        has_written: false,
    };
    let result = room.empty().await;
    if room.patience.has_lost_a_write() || matches!(result, Err(NotEmptied::StillThere(_))) {
        ledger.expect_late_effects();
    }
    result
}

/// A zone that is being emptied.
struct Room<'a> {
    desk: &'a Desk,
    patience: Patience,
    ledger: &'a mut Ledger,
    /// Whether a mapping of the zone was written or deleted, through any generation.
    has_written: bool,
}

impl Room<'_> {
    async fn empty(&mut self) -> Result<Vec<(Generation, Mappings)>, NotEmptied> {
        if self.ledger.stake() > 0 {
            // The zone was emptied before, and mappings written since do not belong to it. So there is nothing to prove
            // again.
            return self.emptied().await;
        }
        for generation in self.ledger.generations() {
            self.empty_through(generation).await?;
            if self.ledger.is_proved_shared() {
                break;
            }
        }
        self.patience.settle(self.desk).await;
        self.emptied().await
    }

    /// Returns what is left after the deletion.
    async fn emptied(&mut self) -> Result<Vec<(Generation, Mappings)>, NotEmptied> {
        let left = self.left().await?;
        if self.still_there(&left).is_empty() {
            return Ok(left);
        }
        self.desk.ask(Ask::Wait(DOUBT)).await;
        let left = self.left().await?;
        let still_there = self.still_there(&left);
        if still_there.is_empty() {
            Ok(left)
        } else {
            Err(NotEmptied::StillThere(still_there))
        }
    }

    async fn left(&mut self) -> Result<Vec<(Generation, Mappings)>, NotEmptied> {
        let mut left = Vec::new();
        for generation in self.ledger.generations() {
            let listed = list(self.desk, &mut self.patience, generation).await?;
            left.push((generation, listed));
        }
        Ok(left)
    }

    /// Returns the mappings that are shown as before, although they were deleted.
    fn still_there(&self, left: &[(Generation, Mappings)]) -> Vec<Row> {
        let mut rows = Vec::new();
        for (generation, listed) in left {
            let stake: BTreeSet<Row> = self.ledger.at_stake(*generation).into_iter().collect();
            let shown = listed.iter().map(|(ip, entry)| Row::new(*ip, &entry.place));
            rows.extend(shown.filter(|row| stake.contains(row)));
        }
        rows
    }

    async fn empty_through(&mut self, generation: Generation) -> Result<(), NotEmptied> {
        let all = self.as_before(generation).await?;
        if all.is_empty() {
            return Ok(());
        }
        self.try_values(generation, &all).await?;
        let mut intent = Intent::through(generation);
        intent.write.clone_from(&all);
        intent.delete = all.iter().map(|row| row.ip).collect();
        self.note(Record::Intent(intent)).await?;
        if let Err(why) = self.prove(generation, &all).await {
            return Err(self.keep(generation, &all, why).await?);
        }
        // From the first of these requests on, a list does not prove that a mapping is still there.
        let spelled: Vec<String> = all.iter().map(|row| row.ip.to_string()).collect();
        let patience = &mut self.patience;
        self.has_written = true;
        delete(self.desk, patience, generation, &spelled, Form::Batch).await?;
        Ok(())
    }

    /// Proves that the mappings can be written back.
    async fn prove(&mut self, generation: Generation, all: &[Row]) -> Result<(), NotEmptied> {
        self.rehearse(generation, all).await?;
        self.take_one_away(generation, all).await
    }

    /// Handles a failed proof, before everything was deleted. Mappings that are as they were are no longer at stake.
    /// Returns the reason to report.
    async fn keep(
        &mut self,
        generation: Generation,
        all: &[Row],
        mut why: NotEmptied,
    ) -> Result<NotEmptied, NotEmptied> {
        let there = if self.has_written {
            self.patience.settle(self.desk).await;
            let now = list(self.desk, &mut self.patience, generation).await?;
            let others = strangers(
                generation,
                &self.ledger.all_before(generation),
                &now,
                self.ledger,
            );
            if !others.is_empty() && !matches!(why, NotEmptied::Lost(_)) {
                why = NotEmptied::Strangers(others);
            }
            let mut there = Vec::new();
            for row in all.iter().filter(|row| is_in(&now, row)) {
                // The list may be outdated.
                match read(self.desk, &mut self.patience, generation, row.ip).await {
                    Ok(Some(entry)) if entry.place == row.place() => there.push(row.ip),
                    Ok(_) | Err(Trouble::Refused(_) | Trouble::Unreadable(_)) => {}
                    // Mappings that were not read remain at stake.
                    Err(_) => break,
                }
            }
            there
        } else {
            // Nothing was sent, so whatever is missing was deleted by somebody else.
            all.iter().map(|row| row.ip).collect()
        };
        if let NotEmptied::Strangers(strangers) = &why {
            let gone = strangers.iter().filter(|stranger| stranger.is.is_none());
            for stranger in gone {
                self.ledger.doubts(stranger.ip);
            }
        }
        if matches!(why, NotEmptied::Lost(_)) && !self.ledger.is_lossy() {
            self.note(Record::Lossy).await?;
        }
        self.note(Record::Kept(generation, there)).await?;
        Ok(why)
    }

    /// Writes a record that must be on disk before the next request.
    async fn note(&mut self, record: Record) -> Result<(), NotEmptied> {
        self.ledger.apply(&record);
        match self.desk.ask(Ask::Note(record, Durability::Synced)).await {
            Heard::Trouble(trouble) => Err(trouble.into()),
            _ => Ok(()),
        }
    }

    /// Returns the mappings to take away, which must be as they were.
    async fn as_before(&mut self, generation: Generation) -> Result<Vec<Row>, NotEmptied> {
        let now = list(self.desk, &mut self.patience, generation).await?;
        let before = self.ledger.all_before(generation);
        let strangers = strangers(generation, &before, &now, self.ledger);
        if !strangers.is_empty() {
            return Err(NotEmptied::Strangers(strangers));
        }
        let is_as_before = |(ip, entry): &(&std::net::IpAddr, &Entry)| {
            before
                .get(*ip)
                .is_some_and(|before| before.place == entry.place)
        };
        let mut all = Vec::new();
        for (ip, entry) in now.iter().filter(is_as_before) {
            let mut extra: BTreeSet<String> = self.ledger.extra_at(*ip).into_iter().collect();
            extra.extend(entry.extra.iter().cloned());
            all.push(Row {
                extra: extra.into_iter().collect(),
                ..Row::new(*ip, &entry.place)
            });
        }
        no_extra(&all)?;
        Ok(all)
    }
}

/// # Errors
/// [`NotEmptied::Extra`] if any of these has members that a write may drop.
fn no_extra(rows: &[Row]) -> Result<(), NotEmptied> {
    let extra: Vec<Row> = rows
        .iter()
        .filter(|row| !row.extra.is_empty())
        .cloned()
        .collect();
    if extra.is_empty() {
        Ok(())
    } else {
        Err(NotEmptied::Extra(extra))
    }
}

/// Returns whether a list shows a mapping as it was.
fn is_in(listed: &Mappings, row: &Row) -> bool {
    listed
        .get(&row.ip)
        .is_some_and(|entry| entry.place == row.place())
}

/// Returns what somebody else wrote, changed or deleted since.
fn strangers(
    generation: Generation,
    before: &Mappings,
    now: &Mappings,
    ledger: &Ledger,
) -> Vec<Stranger> {
    let place = |entry: Option<&Entry>| entry.map(|entry| entry.place.clone());
    let all = before
        .keys()
        .chain(now.keys().filter(|ip| !before.contains_key(*ip)));
    all.map(|ip| Stranger {
        through: generation,
        ip: *ip,
        was: place(before.get(ip)),
        is: place(now.get(ip)),
    })
    .filter(|one| {
        // A mapping that appeared after the run began belongs to somebody who is at work now.
        let is_new = one.is.is_some() && ledger.is_contested(one.ip);
        is_new || ledger.standing(generation, one.ip, one.is.as_ref()) == Standing::Others
    })
    .collect()
}
