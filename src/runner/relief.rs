//! Whose fault it is that a read does not show what a step expects: that of the read, or of a write before it. Another kind
//! of read tells.

use std::net::IpAddr;

use super::execute::{Execution, Flow};
use crate::case::{Check, Step};
use crate::contract::address::meant;
use crate::contract::{ClauseId, Evidence, Finding, Level, Place};
use crate::exchange::{Generation, Kind};
use crate::zone::{
    Difference, State, entries_of, is_about_others, is_about_reading, reader_clause,
};

/// The maximum number of addresses that are read again.
const READS: usize = 6;

impl Execution<'_> {
    /// Returns the clause of the last write to an address, if a step under a clause about reading, or about mappings that
    /// a write does not name, finds that all reads show the same wrong mapping.
    pub(super) fn writer_clause(
        &mut self,
        clause: &ClauseId,
        zone: &str,
        (ip, expected, found): (IpAddr, Option<&Place>, Option<&Place>),
    ) -> Option<ClauseId> {
        let may_be_another = is_about_reading(clause) || is_about_others(clause);
        let model = self.model(zone);
        let clause = may_be_another.then(|| model.without_effect(ip, expected, found));
        clause.flatten()
    }

    /// Returns the clause of the write that must have taken a mapping away, or that did not have its effect.
    fn fault_of_a_write(
        &mut self,
        clause: &ClauseId,
        zone: &str,
        wrong: &Difference,
    ) -> Option<ClauseId> {
        let has_vanished = wrong.expected.is_some() && wrong.found.is_none();
        let others = self.model(zone).left_alone(wrong.ip);
        let sides = (wrong.ip, wrong.expected.as_ref(), wrong.found.as_ref());
        others
            .filter(|_| has_vanished)
            .or_else(|| self.writer_clause(clause, zone, sides))
    }

    /// Adds a finding about the write that took away a mapping of these, if a single read does not show it either.
    pub(super) async fn is_lost_by_a_write(
        &mut self,
        (line, index): (usize, usize),
        clause: &ClauseId,
        zone: &str,
        differences: &[Difference],
    ) -> Flow<bool> {
        let generation = Generation::V2;
        let Some(vanished) = differences.iter().find(|one| one.found.is_none()) else {
            return Ok(false);
        };
        if !self.model(zone).is_written_through(generation, vanished.ip) {
            return Ok(false);
        }
        let Some(clause) = self.fault_of_a_write(clause, zone, vanished) else {
            return Ok(false);
        };
        let (single, _) = self.read_one(line, generation, zone, vanished.ip).await?;
        if single != Some(None) {
            return Ok(false);
        }
        let what = vanished.what(Evidence::Case);
        let finding = Finding::new((clause, Level::Must), "/result", what);
        self.add_own(line, Some(index), finding);
        Ok(true)
    }

    /// Looks again at what a step found wrong with the mappings of an answer, since its first finding of this number. The
    /// read is at fault if another kind of read shows what is expected, and a write is if both show the same.
    pub(super) async fn relieve(
        &mut self,
        step: &Step,
        zone: &str,
        (index, first): (usize, usize),
    ) -> Flow {
        let operation = self.log.get(index).and_then(|exchange| exchange.operation);
        let Some(operation) = operation else {
            return Ok(());
        };
        let kind = operation.kind();
        let Some(clause) = self.judgement.about_mappings_since(first, index, kind) else {
            return Ok(());
        };
        let generation = operation.generation();
        let wrong = match kind {
            Kind::List => self.wrong_in_list(step, zone, index)?,
            Kind::Get if is_about_reading(&clause) => self.wrong_in_get(step, zone, index)?,
            _ => return Ok(()),
        };
        for difference in wrong.into_iter().take(READS) {
            let ip = difference.ip;
            if !self.model(zone).is_written_through(generation, ip) {
                continue;
            }
            let other = if kind == Kind::List {
                self.read_one(step.line, generation, zone, ip).await?.0
            } else {
                let listed = self.read_list(step.line, generation, zone).await?;
                listed.ok().map(|listed| listed.state.get(&ip).cloned())
            };
            let Some(other) = other else { continue };
            let clause = if other == difference.found {
                self.fault_of_a_write(&clause, zone, &difference)
            } else if other == difference.expected {
                let is_there = difference.expected.is_some();
                Some(reader_clause(generation, kind, is_there))
            } else {
                None
            };
            if let Some(clause) = clause {
                self.judgement.drop_mappings_since(first, index, kind);
                let what = difference.what(Evidence::Case);
                let finding = Finding::new((clause, Level::Must), "/result", what);
                self.add_own(step.line, Some(index), finding);
                return Ok(());
            }
        }
        Ok(())
    }

    /// Returns how a whole list differs from what a step expects of it, and from what was written before.
    fn wrong_in_list(&mut self, step: &Step, zone: &str, index: usize) -> Flow<Vec<Difference>> {
        let listed = self.log.get(index).filter(|exchange| {
            let page = exchange.request.query("page");
            let total = exchange.response.pointer("/result_info/total_pages");
            let pages = total.and_then(serde_json::Value::as_u64).unwrap_or(1);
            page.is_none_or(|page| page == "1") && pages <= 1
        });
        let Some(entries) = listed.and_then(|exchange| entries_of(exchange)) else {
            return Ok(Vec::new());
        };
        let listed: State = entries.into_iter().collect();
        let mut wrong = self.unlike_expected(step, &listed)?;
        let begun = self.begun_with.get(zone).cloned().unwrap_or_default();
        let missing = self.model(zone).written_but_not_in(&listed, &begun);
        let known: Vec<IpAddr> = wrong.iter().map(|one| one.ip).collect();
        let missing = missing.into_iter().filter(|(ip, _)| !known.contains(ip));
        wrong.extend(missing.map(|(ip, place)| Difference {
            ip,
            expected: Some(place),
            found: None,
        }));
        Ok(wrong)
    }

    /// Returns how the answer to a get differs from the mapping that a step expects, or that was written before.
    fn wrong_in_get(&mut self, step: &Step, zone: &str, index: usize) -> Flow<Vec<Difference>> {
        let exchange = self.log.get(index).cloned();
        let Some((ip, found)) = exchange.and_then(|exchange| {
            let ip = meant(exchange.request.address.as_deref()?)?;
            if exchange.response.status == 404 {
                return Some((ip, None));
            }
            let found = entries_of(&exchange)?.into_iter().next()?;
            Some((ip, Some(found.1)))
        }) else {
            return Ok(Vec::new());
        };
        let checks = step.expect.iter().flat_map(|expected| &expected.checks);
        let wanted = checks.filter_map(|check| match check {
            Check::Mapping(wanted) => Some(wanted.clone()),
            _ => None,
        });
        let wanted = serde_json::Value::Array(wanted.collect());
        let wanted = self.items(&wanted, false)?;
        let named = wanted.iter().find_map(super::mapping::Wanted::place);
        let begun = self.begun_with.get(zone).cloned().unwrap_or_default();
        let mut written = self.model(zone).written_but_not_in(&State::new(), &begun);
        let expected = named.or_else(|| written.remove(&ip));
        let is_wrong = expected.is_some() && expected != found;
        let wrong = is_wrong.then_some(Difference {
            ip,
            expected,
            found,
        });
        Ok(wrong.into_iter().collect())
    }

    /// Returns the mappings that a step expects in a list that shows them otherwise or not at all.
    fn unlike_expected(&mut self, step: &Step, listed: &State) -> Flow<Vec<Difference>> {
        let checks = step.expect.iter().flat_map(|expected| &expected.checks);
        let sets = checks.filter_map(|check| match check {
            Check::Mappings(set) => set.exactly.as_ref().or(set.has.as_ref()),
            _ => None,
        });
        let mut wrong = Vec::new();
        for items in sets {
            for wanted in self.items(items, true)? {
                let (Some(ip), Some(place)) = (meant(&wanted.ip), wanted.place()) else {
                    continue;
                };
                let found = listed.get(&ip).cloned();
                let expected = Some(place);
                if found != expected {
                    wrong.push(Difference {
                        ip,
                        expected,
                        found,
                    });
                }
            }
        }
        Ok(wrong)
    }
}
