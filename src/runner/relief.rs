//! Whose fault it is that a list does not show what a step expects: that of the list, or of a write before it. A single
//! read tells.

use std::net::IpAddr;

use super::execute::{Execution, Flow};
use crate::case::{Check, Step};
use crate::contract::address::meant;
use crate::contract::{ClauseId, Evidence, Finding, Level, Place, What};
use crate::exchange::{Kind, Operation};
use crate::zone::{Difference, entries_of, is_about_reading, reader_clause};

/// The maximum number of addresses that are read singly.
const READS: usize = 6;

impl Execution<'_> {
    /// Returns the clause of the last write to an address, if a step under a clause about reading finds that all reads
    /// show the same wrong mapping.
    pub(super) fn writer_clause(
        &mut self,
        clause: &ClauseId,
        zone: &str,
        (ip, expected, found): (IpAddr, Option<&Place>, Option<&Place>),
    ) -> Option<ClauseId> {
        let model = self.model(zone);
        let clause = is_about_reading(clause).then(|| model.without_effect(ip, expected, found));
        clause.flatten()
    }

    /// Adds a finding about the write that took away a mapping of these, if a single read does not show it either.
    pub(super) async fn is_lost_by_a_write(
        &mut self,
        (line, index): (usize, usize),
        clause: &ClauseId,
        zone: &str,
        differences: &[Difference],
    ) -> Flow<bool> {
        let Some(vanished) = differences.iter().find(|one| one.found.is_none()) else {
            return Ok(false);
        };
        let Some(clause) = self.lost_by(clause, zone, vanished) else {
            return Ok(false);
        };
        let (single, _) = self
            .read_one(line, self.generation, zone, vanished.ip)
            .await?;
        if single != Some(None) {
            return Ok(false);
        }
        let what = vanished.what(Evidence::Case);
        let finding = Finding::new((clause, Level::Must), "/result", what);
        self.add_own(line, Some(index), finding);
        Ok(true)
    }

    /// Returns the clause of the write that must have taken a mapping away, or did not make it.
    fn lost_by(
        &mut self,
        clause: &ClauseId,
        zone: &str,
        vanished: &Difference,
    ) -> Option<ClauseId> {
        let others = self.model(zone).left_alone(vanished.ip);
        let expected = vanished.expected.as_ref();
        others.or_else(|| self.writer_clause(clause, zone, (vanished.ip, expected, None)))
    }

    /// Looks again at what a step found wrong with the mappings of a list, since its first finding of this number: the
    /// list is at fault if a single read shows a mapping that it lacks, and a write is if no read shows it.
    pub(super) async fn relieve(
        &mut self,
        step: &Step,
        zone: &str,
        (index, first): (usize, usize),
    ) -> Flow {
        let clause = self.judgement.about_mappings_since(first, index);
        let (Some(clause), Some(listed)) = (clause, self.listed_by(index)) else {
            return Ok(());
        };
        let generation = self.generation;
        let mut missing = self.expected_but_missing(step, &listed)?;
        let begun = self.begun_with.get(zone).cloned().unwrap_or_default();
        let named = self.model(zone).written_but_not_in(&listed, &begun);
        missing.extend(named.into_iter().map(|ip| (ip, None)));
        missing.truncate(READS);
        for (ip, expected) in missing {
            let (single, _) = self.read_one(step.line, generation, zone, ip).await?;
            let Some(single) = single else { continue };
            let clause = match (&single, &expected) {
                (Some(_), _) => Some(reader_clause(generation, Kind::List, true)),
                (None, Some(_)) => {
                    let expected = expected.clone();
                    self.lost_by(
                        &clause,
                        zone,
                        &Difference {
                            ip,
                            expected,
                            found: None,
                        },
                    )
                }
                (None, None) => None,
            };
            if let Some(clause) = clause {
                self.judgement.drop_mappings_since(first, index);
                let shown = expected.as_ref().or(single.as_ref());
                let what = What::mapping(ip, shown, None, Evidence::Case);
                let finding = Finding::new((clause, Level::Must), "/result", what);
                self.add_own(step.line, Some(index), finding);
                return Ok(());
            }
        }
        Ok(())
    }

    /// Returns the addresses that a whole list shows; `None` if the exchange is not a whole list.
    fn listed_by(&self, index: usize) -> Option<Vec<IpAddr>> {
        let exchange = self.log.get(index)?;
        let is_list = exchange.operation.map(Operation::kind) == Some(Kind::List);
        let is_cut = exchange.request.query("page").is_some()
            || exchange.request.query("per_page").is_some();
        let total = exchange.response.pointer("/result_info/total_pages");
        let is_first_of_many = total
            .and_then(serde_json::Value::as_u64)
            .is_some_and(|pages| pages > 1);
        let entries = entries_of(exchange).filter(|_| is_list && !is_cut && !is_first_of_many)?;
        Some(entries.into_iter().map(|(ip, _)| ip).collect())
    }

    /// Returns the mappings that a step expects in a list that does not show their addresses.
    fn expected_but_missing(
        &mut self,
        step: &Step,
        listed: &[IpAddr],
    ) -> Flow<Vec<(IpAddr, Option<Place>)>> {
        let checks = step.expect.iter().flat_map(|expected| &expected.checks);
        let sets = checks.filter_map(|check| match check {
            Check::Mappings(set) => set.exactly.as_ref().or(set.has.as_ref()),
            _ => None,
        });
        let mut missing = Vec::new();
        for items in sets {
            for wanted in self.items(items, true)? {
                let ip = meant(&wanted.ip).filter(|ip| !listed.contains(ip));
                missing.extend(ip.map(|ip| (ip, wanted.place())));
            }
        }
        Ok(missing)
    }
}
