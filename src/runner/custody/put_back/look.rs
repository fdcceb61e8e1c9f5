//! Reads a generation, and compares what it shows with what was there before and with what this run sent.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::super::super::addresses::is_documentation;
use super::super::desk::{Ask, Durability, Trouble};
use super::super::entry::{Entry, Mappings, Row};
use super::super::ledger::Standing;
use super::super::record::{Record, Seen};
use super::super::remove::Stranger;
use super::super::survey::{list, read};
use super::Work;
use crate::contract::Place;
use crate::exchange::Generation;

/// The findings of one look at a generation.
#[derive(Debug, Default)]
pub(super) struct Look {
    /// Mappings that are not as they were, and that this run must write again.
    pub(super) write: Vec<Row>,
    /// The mappings that the list shows.
    pub(super) listed: BTreeSet<Row>,
    /// Addresses of mappings that were taken away or overwritten and are back.
    pub(super) back: Vec<IpAddr>,
    /// The run's own mappings, as the list spells them.
    pub(super) own: Mappings,
    /// Addresses that may hold a mapping of the run that the list does not show.
    pub(super) unlisted: Vec<IpAddr>,
    /// What somebody else did.
    pub(super) kept: BTreeSet<Stranger>,
    /// Mappings that are gone although the run never touched them.
    pub(super) vanished: Vec<Row>,
    /// Mappings that a single read shows and the list does not. One of the two readings is outdated.
    pub(super) unclear: Vec<Row>,
    /// The reason why the list can't be read, if it can't.
    pub(super) unread: Option<String>,
}

impl Look {
    /// Returns whether the list was read and no mapping must still be written or is unclear.
    pub(super) fn has_all(&self) -> bool {
        self.write.is_empty() && self.unclear.is_empty() && self.unread.is_none()
    }
}

impl Work<'_> {
    /// Reads a generation and compares it with what was there before.
    pub(super) async fn look(
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
        // A value that is neither the earlier one nor one that this run sent belongs to somebody else, however old the
        // list is.
        look.kept
            .extend(self.others_in(generation, listed.iter().flatten()));
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
            let entry = match read(&self.desk, &mut self.patience, generation, ip).await {
                Ok(Some(entry)) => entry,
                Ok(None) | Err(Trouble::Refused(_) | Trouble::Unreadable(_)) => continue,
                Err(trouble) => return Err(trouble),
            };
            match self.ledger.standing(generation, ip, Some(&entry.place)) {
                Standing::AsBefore => {}
                Standing::Ours => drop(look.own.insert(ip, entry)),
                Standing::Others => {
                    // From here on, nothing is deleted blindly at this address.
                    let record = Record::Seen(Seen {
                        through: generation,
                        found: vec![Row::new(ip, &entry.place)],
                        absent: Vec::new(),
                    });
                    self.ledger.apply(&record);
                    self.desk.ask(Ask::Note(record, Durability::Lazy)).await;
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
            look.unlisted = unlisted
                .filter(|ip| !listed.contains_key(ip) && !self.ledger.is_beacon(*ip))
                .collect();
        }
        Ok(())
    }

    /// Returns the mappings in a list that are somebody else's.
    pub(super) fn others_in<'a>(
        &self,
        generation: Generation,
        listed: impl IntoIterator<Item = (&'a IpAddr, &'a Entry)>,
    ) -> Vec<Stranger> {
        let is_others = |(ip, entry): &(&IpAddr, &Entry)| {
            self.ledger.standing(generation, **ip, Some(&entry.place)) == Standing::Others
        };
        let others = listed.into_iter().filter(is_others);
        let others = others.map(|(ip, entry)| Stranger {
            through: generation,
            ip: *ip,
            was: self
                .ledger
                .before(generation, *ip)
                .map(|entry| entry.place.clone()),
            is: Some(entry.place.clone()),
        });
        others.collect()
    }

    /// Checks whether a mapping that was taken away is back. The list and a single read must both show it.
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
            // If the target does not answer single reads, its list is trusted.
            None => match &in_list {
                Some(in_list) => in_list.clone(),
                None => {
                    return Err(Trouble::Unreadable(
                        "neither its list nor single reads are answered".to_owned(),
                    ));
                }
            },
        };
        if self.ledger.standing(generation, row.ip, single.as_ref()) == Standing::Others {
            self.note_other(generation, row, single, look);
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

    /// Reads a single mapping. Returns `None` if single reads are not answered.
    pub(super) async fn single(
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

    /// Compares everything else: what the run wrote and left, and what somebody else did.
    async fn compare(
        &mut self,
        generation: Generation,
        listed: &Mappings,
        stake: &BTreeSet<IpAddr>,
        look: &mut Look,
    ) -> Result<(), Trouble> {
        for (ip, entry) in listed.iter().filter(|(ip, _)| !stake.contains(*ip)) {
            match self.ledger.standing(generation, *ip, Some(&entry.place)) {
                Standing::AsBefore if self.ledger.is_contested(*ip) => {
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
                Standing::Ours if self.ledger.is_beacon(*ip) => {}
                Standing::Ours => {
                    look.own.insert(*ip, entry.clone());
                }
                Standing::Others => {}
            }
        }
        let before = self.ledger.all_before(generation);
        for (ip, entry) in before.iter().filter(|(ip, _)| !stake.contains(*ip)) {
            // On a target that loses mappings, a list that shows a mapping may be outdated.
            let is_doubted = self.ledger.is_doubted(*ip) || self.ledger.is_lossy();
            if !listed.contains_key(ip) || is_doubted {
                let is_listed = listed.contains_key(ip);
                self.vanished(generation, *ip, entry, is_listed, look)
                    .await?;
            }
        }
        Ok(())
    }

    /// Checks a mapping that the run never touched, but that the list or a single read did not show.
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
        self.note_other(generation, &row, single, look);
        Ok(())
    }

    /// Notes what somebody else did to a mapping. A mapping that is gone counts as missing too, since the target may
    /// have lost it.
    fn note_other(&self, generation: Generation, row: &Row, is: Option<Place>, look: &mut Look) {
        // Test mappings of another run come and go, so their absence is not a loss.
        let is_foreign = self.ledger.was_hidden(generation, row.ip) || self.ledger.has_others();
        let is_of_another_run = is_foreign && is_documentation(row.ip);
        if is.is_none() && !is_of_another_run {
            look.vanished.push(row.clone());
        }
        look.kept.insert(stranger(generation, row, is));
    }
}

pub(super) fn stranger(through: Generation, row: &Row, is: Option<Place>) -> Stranger {
    Stranger {
        through,
        ip: row.ip,
        was: Some(row.place()),
        is,
    }
}
