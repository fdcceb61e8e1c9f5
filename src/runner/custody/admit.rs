//! Checks before a case's write. Each address is read on its own before its first write, since a list without it does
//! not prove that it is free. Then the journal records what is about to be sent.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::desk::{Ask, Desk, Durability, Heard, Trouble};
use super::entry::{Mappings, Row};
use super::ledger::{Ledger, Standing};
use super::patience::{Patience, Rules};
use super::record::{Intent, Record, Seen};
use super::survey::{list, read};
use crate::contract::Place;
use crate::exchange::Generation;

/// What a request may do to an address.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::runner) enum Effect {
    /// The request writes this value.
    Write(Place),
    /// The request writes a value that can't be predicted.
    WriteAny,
    /// The request deletes the mapping.
    Delete,
}

/// What a request may do, by address.
pub(in crate::runner) type Effects = BTreeMap<IpAddr, BTreeSet<Effect>>;

/// The reason why a request must not be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::runner) enum NotAdmitted {
    /// The zone held a mapping at this address before the run.
    Taken(IpAddr),
    /// The address has a mapping that the list did not show when the run began.
    Hidden(IpAddr, Place),
    /// It is unknown what the address holds, for this reason.
    Unknown(IpAddr, String),
    /// No more requests may be sent.
    Over(String),
    /// The journal can't be written.
    Journal(String),
}

/// Reads addresses that were not read before, and records what is about to be sent.
///
/// # Errors
/// Returns the reason why the request must not be sent.
pub(super) async fn admit(
    desk: Desk,
    ledger: &mut Ledger,
    rules: Rules,
    through: Generation,
    effects: Effects,
) -> Result<(), NotAdmitted> {
    let mut patience = Patience::new(rules);
    let mut seen = Seen {
        through,
        found: Vec::new(),
        absent: Vec::new(),
    };
    let mut refused = None;
    let mut listed = None;
    for ip in effects.keys().copied() {
        if !ledger.is_known(through, ip) && !ledger.stuck().contains_key(&ip) {
            let look = Look {
                desk: &desk,
                patience: &mut patience,
                through,
                listed: &mut listed,
            };
            match look.at(ip, ledger).await? {
                None => seen.absent.push(ip),
                // This run wrote the value through the other generation.
                Some(place) if ledger.standing(through, ip, Some(&place)) == Standing::Ours => {
                    seen.absent.push(ip);
                }
                Some(place) => {
                    seen.found.push(Row::new(ip, &place));
                    refused = refused.or(Some(NotAdmitted::Hidden(ip, place)));
                }
            }
        } else if ledger.is_somebodys(ip) {
            refused = refused.or(Some(NotAdmitted::Taken(ip)));
        }
    }
    let has_read = !seen.found.is_empty() || !seen.absent.is_empty();
    if has_read {
        note(&desk, ledger, Record::Seen(seen), Durability::Lazy).await?;
    }
    if let Some(refused) = refused {
        return Err(refused);
    }
    let news = ledger.news(&intent(through, effects.clone()));
    if !news.is_empty() {
        note(&desk, ledger, Record::Intent(news), Durability::Synced).await?;
    }
    // The journal does not repeat known values. The ledger still needs them: removed mappings may exist again from here
    // on.
    ledger.apply(&Record::Intent(intent(through, effects)));
    Ok(())
}

fn intent(through: Generation, effects: Effects) -> Intent {
    let mut intent = Intent::through(through);
    for (ip, effects) in effects {
        for effect in effects {
            match effect {
                Effect::Write(place) => intent.write.push(Row::new(ip, &place)),
                Effect::WriteAny => intent.any.push(ip),
                Effect::Delete => intent.delete.push(ip),
            }
        }
    }
    intent
}

/// A look at one address.
struct Look<'a> {
    desk: &'a Desk,
    patience: &'a mut Patience,
    through: Generation,
    /// The list, if it was already needed.
    listed: &'a mut Option<Mappings>,
}

impl Look<'_> {
    /// Reads one address on its own. If the target does not answer single reads, its list is used instead.
    async fn at(self, ip: IpAddr, ledger: &mut Ledger) -> Result<Option<Place>, NotAdmitted> {
        let unknown = |trouble: Trouble| match trouble {
            Trouble::Over(why) => NotAdmitted::Over(why),
            other => NotAdmitted::Unknown(ip, other.to_string()),
        };
        if ledger.answers_single_reads(self.through) {
            match read(self.desk, self.patience, self.through, ip).await {
                Ok(entry) => return Ok(entry.map(|entry| entry.place)),
                Err(Trouble::Refused(_) | Trouble::Unreadable(_)) => {
                    ledger.was_not_read_singly(self.through);
                }
                Err(trouble) => return Err(unknown(trouble)),
            }
        }
        if self.listed.is_none() {
            let list = list(self.desk, self.patience, self.through).await;
            *self.listed = Some(list.map_err(unknown)?);
        }
        let mut listed = self.listed.iter().flatten();
        let found = listed.find(|(listed, _)| listed.to_canonical() == ip.to_canonical());
        Ok(found.map(|(_, entry)| entry.place.clone()))
    }
}

async fn note(
    desk: &Desk,
    ledger: &mut Ledger,
    record: Record,
    durability: Durability,
) -> Result<(), NotAdmitted> {
    ledger.apply(&record);
    match desk.ask(Ask::Note(record, durability)).await {
        Heard::Trouble(trouble) => Err(NotAdmitted::Journal(trouble.to_string())),
        _ => Ok(()),
    }
}
