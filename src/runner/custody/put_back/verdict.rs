//! The final report when the work is over.

use super::super::desk::Trouble;
use super::super::ending::Ending;
use super::super::entry::Row;
use super::super::remove::Stuck;
use super::{UNTOUCHED, Work};
use crate::exchange::Generation;

impl Work<'_> {
    /// Adds what is missing or unknown in generations that could not be read to the end.
    fn unseen(&self, ending: &mut Ending) {
        let gone = ending.gone.iter();
        let gone = gone.map(|generation| (*generation, "it is no longer routed".to_owned()));
        let unseen: Vec<(Generation, String)> = gone.chain(self.failed.clone()).collect();
        for (generation, why) in unseen {
            // A mapping is accounted for if another generation shows it as it was, or shows that somebody else changed
            // it.
            let is_seen = |row: &Row| {
                let mut looks = self.looks.values();
                looks.any(|look| {
                    let is_kept = look.kept.iter().any(|stranger| stranger.ip == row.ip);
                    is_kept || look.listed.contains(row)
                })
            };
            let held = self.ledger.all_before(generation);
            let held = held.iter().map(|(ip, entry)| Row::new(*ip, &entry.place));
            for row in held.filter(|row| !is_seen(row)) {
                ending.lacks(generation, row, why.clone());
            }
            if self.ledger.is_proved_shared() {
                continue;
            }
            for row in self.ledger.at_stake(generation) {
                ending.lacks(generation, row, why.clone());
            }
            let left = self.ledger.left_through(generation);
            let left: Vec<String> = left.iter().map(ToString::to_string).collect();
            let id = generation.id();
            if !left.is_empty() {
                ending.unfinished = Some(format!(
                    "{id} is no longer routed, and test mappings may be left there: {}",
                    left.join(", ")
                ));
            }
            if !ending.gone.contains(&generation) {
                ending.unfinished = Some(format!("{id}: {why}"));
            }
        }
    }

    /// Returns the final ending.
    pub(super) fn end(mut self, result: Result<(), Trouble>) -> Ending {
        let mut ending = std::mem::take(&mut self.ending);
        ending.is_covered = self.ledger.is_proved_shared();
        ending.unread = self.failed.keys().copied().collect();
        if let Err(trouble) = &result {
            for generation in self.ledger.generations() {
                for row in self.ledger.at_stake(generation) {
                    let why = format!("not verified: {trouble}");
                    ending.lacks(generation, row, why);
                }
            }
        } else {
            self.unseen(&mut ending);
        }
        for (generation, look) in &self.looks {
            for row in look.write.iter().filter(|_| result.is_ok()) {
                let refused = self.refused.get(&(*generation, row.ip));
                let why = refused.map_or_else(
                    || "it was written again, and reads do not show it".to_owned(),
                    |why| format!("the target refuses it: {why}"),
                );
                ending.lacks(*generation, row.clone(), why);
            }
            for row in &look.unclear {
                let why = "a single read shows it, and the list does not";
                ending.lacks(*generation, row.clone(), why.to_owned());
            }
            for row in &look.vanished {
                ending.lacks(*generation, row.clone(), UNTOUCHED.to_owned());
            }
        }
        for (generation, look) in std::mem::take(&mut self.looks) {
            let written = look.kept.iter().map(|stranger| stranger.ip);
            let written = written.filter(|ip| !self.ledger.values_at(*ip).is_empty());
            ending.written_otherwise.extend(written);
            ending.kept.extend(look.kept);
            if let Some(why) = look.unread {
                ending.unread.insert(generation);
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
        // A released journal knows nothing about the rest of the zone.
        if self.ledger.is_released() {
            let stuck = self.ledger.stuck();
            ending
                .kept
                .retain(|stranger| stuck.contains_key(&stranger.ip));
        }
        ending
    }
}
