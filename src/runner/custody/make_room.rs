//! Empties a zone for the cases that need that. Nothing is taken away before it is proved that it can be written back:
//! each mapping is read again by itself and written again with its own value first.

use std::net::IpAddr;

use super::desk::{Answered, Ask, Desk, Durability, Form, Heard, Trouble};
use super::entry::{Entry, Mappings, Row};
use super::ledger::{Ledger, Standing};
use super::patience::{Patience, Rules};
use super::record::{Intent, Record};
use super::remove::{BATCH, Stranger, delete};
use super::survey::{list, read};
use crate::exchange::Generation;

/// Why a zone was not emptied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::runner) enum NotEmptied {
    /// Somebody else writes in the zone.
    Strangers(Vec<Stranger>),
    /// The target does not accept these any more, so they could not be written back.
    Refused(Vec<(Row, String)>),
    /// These have members that the contract does not name, which a write may drop.
    Extra(Vec<Row>),
    /// These vanished when others were written with their own values.
    Lost(Vec<Row>),
    /// A request failed.
    Trouble(String),
}

impl std::fmt::Display for NotEmptied {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        fn list<T: ToString>(all: impl Iterator<Item = T>) -> String {
            let all: Vec<String> = all.map(|one| one.to_string()).collect();
            match all.get(..5) {
                Some(first) if all.len() > 5 => {
                    format!("{} and {} more", first.join(", "), all.len() - 5)
                }
                _ => all.join(", "),
            }
        }
        match self {
            Self::Strangers(strangers) => write!(
                f,
                "the zone is not emptied, since somebody else writes in it: {}",
                list(strangers.iter())
            ),
            Self::Refused(rows) => {
                let row = |(row, why): &(Row, String)| format!("{row} ({why})");
                write!(
                    f,
                    "the zone is not emptied, since the target refuses to write back: {}",
                    list(rows.iter().map(row))
                )
            }
            Self::Extra(rows) => {
                let row = |row: &Row| format!("{row} ({})", row.extra.join(", "));
                write!(
                    f,
                    "the zone is not emptied, since writing back may drop members that the contract does not name: {}",
                    list(rows.iter().map(row))
                )
            }
            Self::Lost(rows) => write!(
                f,
                "the zone is not emptied, since mappings vanished when others were written with their own values: {}",
                list(rows.iter())
            ),
            Self::Trouble(why) => write!(f, "the zone is not emptied: {why}"),
        }
    }
}

impl From<Trouble> for NotEmptied {
    fn from(trouble: Trouble) -> Self {
        Self::Trouble(trouble.to_string())
    }
}

/// The number of requests that take `mappings` away and put them back through one generation, when each is answered:
/// a list, a single read, a write and a deletion of each; then a single read, a write, a list and another single read of
/// each.
pub(in crate::runner) fn requests_to_empty(mappings: usize) -> usize {
    let (pages, batches) = (mappings / 100 + 2, mappings.div_ceil(BATCH));
    7 * pages + 3 * mappings + 3 * batches
}

/// Empties a zone; returns what is still there, by generation.
///
/// # Errors
/// Why it was not emptied. What was changed by then is in the journal.
pub(super) async fn make_room(
    desk: Desk,
    ledger: &mut Ledger,
    rules: Rules,
) -> Result<Vec<(Generation, Mappings)>, NotEmptied> {
    let mut patience = Patience::new(rules);
    let mut through = ledger.generations();
    if ledger.is_shared() {
        through.truncate(1);
    }
    for generation in through {
        let all = still_there(&desk, &mut patience, ledger, generation).await?;
        let mut has_written = false;
        let rehearsed = rehearse(
            &desk,
            &mut patience,
            ledger,
            generation,
            &all,
            &mut has_written,
        )
        .await;
        if let Err(mut why) = rehearsed {
            let there = if has_written {
                patience.settle(&desk).await;
                let now = list(&desk, &mut patience, generation).await?;
                let others = strangers(generation, &ledger.all_before(generation), &now, ledger);
                if !others.is_empty() {
                    why = NotEmptied::Strangers(others);
                }
                there_as_before(&all, &now)
            } else {
                // Nothing was sent, so whatever is missing was deleted by somebody else.
                all.iter().map(|row| row.ip).collect()
            };
            let kept = Record::Kept(generation, there);
            ledger.apply(&kept);
            desk.ask(Ask::Note(kept, Durability::Synced)).await;
            return Err(why);
        }
        // From the first of these requests on, no list is proof that a mapping is still there.
        let spelled: Vec<String> = all.iter().map(|row| row.ip.to_string()).collect();
        delete(&desk, &mut patience, generation, &spelled, Form::Batch).await?;
    }
    patience.settle(&desk).await;
    let mut left = Vec::new();
    for generation in ledger.generations() {
        left.push((generation, list(&desk, &mut patience, generation).await?));
    }
    Ok(left)
}

/// The mappings that are to be taken away, which must be there as they were.
async fn still_there(
    desk: &Desk,
    patience: &mut Patience,
    ledger: &Ledger,
    generation: Generation,
) -> Result<Vec<Row>, NotEmptied> {
    let now = list(desk, patience, generation).await?;
    let before = ledger.all_before(generation);
    let strangers = strangers(generation, &before, &now, ledger);
    if !strangers.is_empty() {
        return Err(NotEmptied::Strangers(strangers));
    }
    let row = |(ip, entry): (&IpAddr, &Entry)| Row {
        extra: entry.extra.clone(),
        ..Row::new(*ip, &entry.place)
    };
    let is_as_before = |(ip, entry): &(&IpAddr, &Entry)| {
        before
            .get(*ip)
            .is_some_and(|before| before.place == entry.place)
    };
    let all: Vec<Row> = now.iter().filter(is_as_before).map(row).collect();
    let extra: Vec<Row> = all
        .iter()
        .filter(|row| !row.extra.is_empty())
        .cloned()
        .collect();
    if extra.is_empty() {
        Ok(all)
    } else {
        Err(NotEmptied::Extra(extra))
    }
}

/// What somebody else wrote, changed or deleted since.
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
    .filter(|one| ledger.standing(generation, one.ip, one.is.as_ref()) == Standing::Others)
    .collect()
}

/// Notes that all of these may be lost, and writes each again with its own value.
async fn rehearse(
    desk: &Desk,
    patience: &mut Patience,
    ledger: &mut Ledger,
    generation: Generation,
    all: &[Row],
    has_written: &mut bool,
) -> Result<(), NotEmptied> {
    let mut intent = Intent::through(generation);
    intent.write = all.to_vec();
    intent.delete = all.iter().map(|row| row.ip).collect();
    let record = Record::Intent(intent);
    ledger.apply(&record);
    if let Heard::Trouble(trouble) = desk.ask(Ask::Note(record, Durability::Synced)).await {
        return Err(trouble.into());
    }
    let mut refused = Vec::new();
    for chunk in all.chunks(BATCH) {
        for row in chunk {
            let now = read(desk, patience, generation, row.ip).await?;
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
        *has_written = true;
        let answered = patience
            .ask(desk, Ask::Write(generation, chunk.to_vec()))
            .await;
        match answered {
            Ok(Heard::Items(items)) => {
                for (row, item) in chunk.iter().zip(items) {
                    if let Answered::Refused(why) = item {
                        refused.push((row.clone(), why));
                    }
                }
            }
            // A target may refuse a whole batch for one of its items.
            Err(Trouble::Refused(why)) if chunk.len() == 1 => {
                refused.extend(chunk.iter().map(|row| (row.clone(), why.clone())));
            }
            Err(Trouble::Refused(_)) => {
                for row in chunk {
                    let ask = Ask::Write(generation, vec![row.clone()]);
                    let answered = patience.ask(desk, ask).await?;
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
        if !refused.is_empty() {
            break;
        }
    }
    patience.settle(desk).await;
    let now = list(desk, patience, generation).await?;
    let changed: Vec<Stranger> =
        strangers(generation, &ledger.all_before(generation), &now, ledger);
    if !changed.is_empty() {
        return Err(NotEmptied::Strangers(changed));
    }
    let is_there = |row: &Row| {
        now.get(&row.ip)
            .is_some_and(|entry| entry.place == row.place())
    };
    let lost: Vec<Row> = all.iter().filter(|row| !is_there(row)).cloned().collect();
    if !lost.is_empty() {
        return Err(NotEmptied::Lost(lost));
    }
    if !refused.is_empty() {
        return Err(NotEmptied::Refused(refused));
    }
    Ok(())
}

/// After a failed rehearsal, before anything was deleted: what is there as it was is not at stake any more.
fn there_as_before(all: &[Row], now: &Mappings) -> Vec<IpAddr> {
    let is_there = |row: &&Row| {
        now.get(&row.ip)
            .is_some_and(|entry| entry.place == row.place())
    };
    all.iter().filter(is_there).map(|row| row.ip).collect()
}
