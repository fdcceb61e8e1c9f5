//! Tests at test addresses whether a target changes a value. A value that a faulty target keeps in place of a sent one
//! is the run's own too, and is removed. Without proof, it would be taken for somebody else's.

use std::net::IpAddr;

use super::desk::{Ask, Desk, Durability, Form, Heard, Trouble};
use super::entry::Row;
use super::ledger::Ledger;
use super::patience::Patience;
use super::record::{Intent, Record, Seen};
use super::remove::{Stranger, delete};
use super::survey::read;
use crate::contract::Place;
use crate::exchange::Generation;

/// Returns the documentation addresses (RFC 5737) at which values are tested.
pub(in crate::runner) fn trial_addresses() -> impl Iterator<Item = IpAddr> {
    (101..=250).map(|last| IpAddr::from([198, 51, 100, last]))
}

/// The most values that are tested at a time.
const TRIES: usize = 3;

/// The target and the state that a trial uses.
pub(super) struct Bench<'a> {
    pub(super) desk: &'a Desk,
    pub(super) patience: &'a mut Patience,
    pub(super) ledger: &'a mut Ledger,
    pub(super) through: Generation,
}

impl Bench<'_> {
    /// Returns `count` free test addresses, or fewer if the zone holds most of them.
    ///
    /// # Errors
    /// Returns the trouble that kept them from being read.
    pub(super) async fn free(&mut self, count: usize) -> Result<Vec<IpAddr>, Trouble> {
        let mut free = Vec::new();
        let mut seen = Seen {
            through: self.through,
            found: Vec::new(),
            absent: Vec::new(),
        };
        for ip in trial_addresses() {
            if free.len() == count {
                break;
            }
            let mut generations = Generation::ALL.into_iter();
            if generations.any(|generation| self.ledger.before(generation, ip).is_some()) {
                continue;
            }
            match read(self.desk, self.patience, self.through, ip).await {
                Ok(None) => seen.absent.push(ip),
                Ok(Some(_)) => continue,
                Err(Trouble::Refused(_) | Trouble::Unreadable(_)) => {}
                Err(trouble) => return Err(trouble),
            }
            free.push(ip);
        }
        if !seen.absent.is_empty() {
            let record = Record::Seen(seen);
            self.ledger.apply(&record);
            self.desk.ask(Ask::Note(record, Durability::Lazy)).await;
        }
        Ok(free)
    }

    /// Records rows that are about to be written to test addresses.
    ///
    /// # Errors
    /// Returns the trouble if the journal can't be written.
    pub(super) async fn announce(&mut self, rows: &[Row]) -> Result<(), Trouble> {
        let mut intent = Intent::through(self.through);
        intent.write = rows.to_vec();
        let record = Record::Intent(intent);
        self.ledger.apply(&record);
        match self.desk.ask(Ask::Note(record, Durability::Synced)).await {
            Heard::Trouble(trouble) => Err(trouble),
            _ => Ok(()),
        }
    }

    /// Writes a value to two fresh test addresses. Returns whether both show `kept` in its place, and records it if so.
    ///
    /// # Errors
    /// Returns the trouble that prevented the test.
    pub(super) async fn mangles(&mut self, sent: &Place, kept: &Place) -> Result<bool, Trouble> {
        if self.ledger.mangles(sent, kept) {
            return Ok(true);
        }
        let free = self.free(2).await?;
        let rows: Vec<Row> = free.iter().map(|ip| Row::new(*ip, sent)).collect();
        // Without single reads, the test would have no result.
        let is_known = |ip: &IpAddr| self.ledger.was_free(self.through, *ip);
        if rows.len() < 2 || !free.iter().all(is_known) {
            return Ok(false);
        }
        self.announce(&rows).await?;
        for row in &rows {
            let ask = Ask::Write(self.through, vec![row.clone()]);
            match self.patience.ask(self.desk, ask).await {
                Ok(_) | Err(Trouble::Refused(_) | Trouble::Unreadable(_)) => {}
                Err(trouble) => return Err(trouble),
            }
        }
        self.patience.settle(self.desk).await;
        let mut shown = Vec::new();
        for row in &rows {
            let now = read(self.desk, self.patience, self.through, row.ip).await?;
            shown.push(now.map(|entry| entry.place));
        }
        // A written value that is not visible may appear later.
        if shown.contains(&None) {
            self.ledger.expect_late_effects();
        }
        let is_mangled = shown.iter().all(|now| now.as_ref() == Some(kept));
        if is_mangled {
            let record = Record::Mangles(sent.clone().into(), kept.clone().into());
            self.ledger.apply(&record);
            self.desk.ask(Ask::Note(record, Durability::Synced)).await;
        }
        let is_own = |now: &Option<Place>| {
            let now = now.as_ref();
            now.is_some_and(|now| now == sent || self.ledger.mangles(sent, now))
        };
        let spelled: Vec<String> = rows
            .iter()
            .zip(&shown)
            .filter(|(_, now)| is_own(now))
            .map(|(row, _)| row.ip.to_string())
            .collect();
        let (desk, patience) = (self.desk, &mut *self.patience);
        delete(desk, patience, self.through, &spelled, Form::Single).await?;
        Ok(is_mangled)
    }
}

/// The result of testing values.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Learned {
    /// Whether the test wrote anything.
    pub(super) has_tried: bool,
    /// Whether the target keeps values other than those that were sent.
    pub(super) has_found: bool,
}

/// Tests whether the target keeps values other than those that were sent.
///
/// # Errors
/// Returns the trouble that prevented the test.
pub(super) async fn learn_manglings<'a>(
    desk: &Desk,
    patience: &mut Patience,
    ledger: &mut Ledger,
    through: Generation,
    strangers: impl IntoIterator<Item = &'a Stranger>,
) -> Result<Learned, Trouble> {
    let mut learned = Learned::default();
    let mut tries = TRIES;
    for stranger in strangers {
        let Some(kept) = stranger.is.as_ref().filter(|_| stranger.was.is_none()) else {
            continue;
        };
        for sent in ledger.values_at(stranger.ip) {
            if tries == 0 || !ledger.is_worth_trying(&sent, kept) {
                continue;
            }
            tries -= 1;
            learned.has_tried = true;
            let mut bench = Bench {
                desk,
                patience,
                ledger,
                through,
            };
            learned.has_found |= bench.mangles(&sent, kept).await?;
        }
    }
    Ok(learned)
}
