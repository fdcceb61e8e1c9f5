//! Puts a zone back and reports the result. Does the same for a run that did not end, from its journal.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::super::error::TargetError;
use super::super::target::{Credentials, Target, TargetConfig};
use super::desk::{Ask, Durability, Procedure};
use super::ending::Ending;
use super::entry::Row;
use super::journal::{Journal, JournalError, Recovered};
use super::ledger::Ledger;
use super::lock::ZoneLock;
use super::patience::Rules;
use super::put_back::put_back;
use super::record::Record;
use super::remove::Stranger;
use super::watch::SHOWN;
use super::wire::World;
use crate::event::{Event, PutBack, ZoneLeft};
use crate::exchange::Generation;
use crate::exchange::shell_word;
use crate::transport::Purpose;

/// The result of putting a zone back.
#[derive(Debug, Clone)]
pub enum Closed {
    /// No mapping of the zone is missing.
    PutBack(PutBack),
    /// A mapping is missing, or it is unknown whether one is. The journal stays.
    Left(ZoneLeft),
}

impl From<Closed> for Event {
    fn from(closed: Closed) -> Self {
        match closed {
            Closed::PutBack(done) => Self::ZonePutBack(done),
            Closed::Left(left) => Self::ZoneLeft(left),
        }
    }
}

/// An ending that is not yet recorded in the journal.
pub(super) struct Unfinished {
    zone: String,
    target: String,
    ending: Ending,
}

/// Puts a zone back.
pub(super) async fn close(world: World<'_>, mut ledger: Ledger) -> Unfinished {
    let rules = Rules {
        settle: world.target.settle,
        patience: world.target.custody.patience,
    };
    if ledger.shows_a_beacon() {
        let all_but_the_beacon = Procedure::new(|desk| put_back(desk, &mut ledger, rules));
        world.run(all_but_the_beacon).await;
        let shown = Procedure::new(|desk| async move { desk.ask(Ask::Wait(SHOWN)).await });
        world.run(shown).await;
        ledger.put_beacon_out();
    }
    let procedure = Procedure::new(|desk| put_back(desk, &mut ledger, rules));
    Unfinished {
        zone: world.zone.to_owned(),
        target: world.target.base_url.clone(),
        ending: world.run(procedure).await,
    }
}

impl Unfinished {
    /// Removes the journal if it is no longer needed, and returns the result.
    pub(super) fn finish(self, mut journal: Journal) -> Closed {
        if !self.ending.is_whole() {
            return Closed::Left(self.left(journal.path(), None));
        }
        let path = journal.path().to_owned();
        let stuck = self
            .ending
            .stuck
            .iter()
            .map(|stuck| Row::new(stuck.ip, &stuck.place));
        let stuck: BTreeSet<Row> = stuck.collect();
        let stuck: Vec<Row> = stuck.into_iter().collect();
        let ended = if stuck.is_empty() {
            journal.close()
        } else {
            journal.note(&Record::Released(stuck), Durability::Synced)
        };
        match ended {
            Ok(()) => Closed::PutBack(self.put_back()),
            Err(error) => Closed::Left(self.left(&path, Some(error.to_string()))),
        }
    }

    fn put_back(self) -> PutBack {
        let ending = self.ending;
        let mut notes = Vec::new();
        if ending.written > 0 {
            notes.push(format!(
                "{} mapping(s) were taken away or overwritten and written again: they have a new modified_on",
                ending.written
            ));
        }
        for generation in &ending.gone {
            let id = generation.id();
            notes.push(if ending.is_covered {
                format!("{id} is no longer routed: what it held was verified through the other generation")
            } else {
                format!("{id} is no longer routed, so test mappings that it may still hold could not be removed")
            });
        }
        if let Some(waited) = ending.waited {
            notes.push(format!(
                "a request that changes the zone was never answered, so the zone was read again {} s later",
                waited.as_secs_f64()
            ));
        }
        for generation in &ending.unread {
            let id = generation.id();
            notes.push(format!("{id} failed while it was read: what it held was verified through the other generation"));
        }
        PutBack {
            as_it_was: ending.is_as_it_was(),
            zone: self.zone,
            mappings: ending.mappings,
            deleted: ending.deleted,
            written: ending.written,
            kept: by_others(&ending).into_iter().collect(),
            stuck: ending.stuck.iter().map(ToString::to_string).collect(),
            notes,
        }
    }

    fn left(self, journal: &Path, disk: Option<String>) -> ZoneLeft {
        let folder = journal.parent().unwrap_or(Path::new("."));
        let command = format!(
            "originproof restore --target {} --zone {} --state-dir {}",
            shell_word(&self.target),
            shell_word(&self.zone),
            shell_word(&folder.display().to_string())
        );
        let missing = self.ending.missing_lines();
        let mut why = self.ending.unfinished.clone().or(disk).unwrap_or_default();
        if why.is_empty() {
            why = format!("{} mapping(s) are not back", missing.len());
        }
        ZoneLeft {
            zone: self.zone,
            why,
            missing,
            kept: by_others(&self.ending).into_iter().collect(),
            journal: journal.display().to_string(),
            command,
        }
    }
}

/// Returns what somebody else did. Each change is listed once, even if both generations show it.
fn by_others(ending: &Ending) -> BTreeSet<String> {
    let said = |stranger: &Stranger| {
        if ending.written_otherwise.contains(&stranger.ip) {
            format!(
                "{stranger}: the run wrote another value there, so either the target changed it or somebody else wrote this one"
            )
        } else {
            format!("{stranger}, and the run never wrote it")
        }
    };
    ending.kept.iter().map(said).collect()
}

/// A journal of a zone that waits to be put back, as far as it can be read without a target.
#[derive(Debug)]
pub struct Waiting {
    /// The journal.
    pub path: PathBuf,
    /// The base URL of its target.
    pub target: String,
    /// The zone.
    pub zone: String,
    /// When the run began (RFC 3339).
    pub started: String,
    /// Whether the only mappings left are test mappings that the target does not delete.
    pub is_released: bool,
    seal: String,
    ledger: Ledger,
}

impl Waiting {
    /// Reads a journal.
    ///
    /// # Errors
    /// [`JournalError`] if it can't be read.
    pub fn read(path: &Path) -> Result<Self, JournalError> {
        let Recovered { opening, ledger } = Recovered::read(path)?;
        Ok(Self {
            path: path.to_owned(),
            target: opening.target,
            zone: opening.zone,
            started: opening.started,
            is_released: ledger.is_released(),
            seal: opening.seal,
            ledger,
        })
    }

    /// Returns whether a run with these credentials wrote the journal.
    #[must_use]
    pub fn is_sealed_by(&self, credentials: &Credentials) -> bool {
        credentials.seal(&self.target, &self.zone).text() == self.seal
    }

    /// Returns what the zone held through each generation.
    #[must_use]
    pub fn held(&self) -> Vec<(Generation, Vec<Row>)> {
        let rows = |generation: Generation| {
            let all = self.ledger.all_before(generation);
            all.iter()
                .map(|(ip, entry)| Row::new(*ip, &entry.place))
                .collect()
        };
        let generations = self.ledger.generations().into_iter();
        generations
            .map(|generation| (generation, rows(generation)))
            .collect()
    }

    /// Returns the mappings that the run deleted or overwrote, or was about to delete or overwrite.
    #[must_use]
    pub fn at_stake(&self) -> Vec<(Generation, Vec<Row>)> {
        let generations = self.ledger.generations().into_iter();
        generations
            .map(|generation| (generation, self.ledger.at_stake(generation)))
            .collect()
    }

    /// Returns how many test mappings of the run may be left.
    #[must_use]
    pub fn may_be_left(&self) -> usize {
        let generations = self.ledger.generations().into_iter();
        let left = generations.map(|generation| self.ledger.to_remove(generation).len());
        left.max().unwrap_or(0)
    }

    /// Removes the journal without putting anything back.
    ///
    /// # Errors
    /// [`JournalError::Io`].
    pub fn discard(self) -> Result<(), JournalError> {
        std::fs::remove_file(&self.path).map_err(super::journal::failed(&self.path))
    }
}

/// Reads the journals in a folder, each separately.
///
/// # Errors
/// [`JournalError::Io`] if the folder can't be read.
pub fn waiting(folder: &Path) -> Result<Vec<Result<Waiting, JournalError>>, JournalError> {
    let paths = super::journal::pending(folder)?;
    Ok(paths.iter().map(|path| Waiting::read(path)).collect())
}

/// The choice of mappings to write back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WriteBack {
    /// Mappings that the run deleted or overwrote.
    #[default]
    Taken,
    /// Also mappings that are gone without a request of the run. Either the target lost them, or their owner deleted
    /// them.
    AllMissing,
}

/// Finishes what a run left: puts the zone of a journal back and removes the journal. The target must be the one in the
/// journal.
///
/// # Errors
/// [`TargetError::Journal`] if the journal can't be read or another run is at work; also the errors of setting up a
/// target.
pub async fn restore(
    config: TargetConfig,
    waiting: &Waiting,
    what: WriteBack,
) -> Result<Closed, TargetError> {
    let target = Target::unprobed(config)?;
    let _lock = ZoneLock::take(&target.custody, &waiting.zone)?;
    let (recovered, journal) = Journal::reopen(&waiting.path)?;
    let journal = tokio::sync::Mutex::new(journal);
    let world = World {
        target: &target,
        zone: &waiting.zone,
        journal: Some(&journal),
        purpose: Purpose::PutBack,
    };
    let mut ledger = recovered.ledger;
    if what == WriteBack::AllMissing {
        ledger.apply(&Record::Lossy);
    }
    let closed = close(world, ledger).await;
    Ok(closed.finish(journal.into_inner()))
}
