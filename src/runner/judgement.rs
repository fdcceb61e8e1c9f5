//! The findings and observations of a trial.

use std::collections::BTreeSet;

use crate::contract::{ClauseId, Finding, Level, What, without_indices};
use crate::event::{Location, Observation, ReportedFinding};
use crate::exchange::Kind;

/// The findings of a trial, and its observations of behaviour that the contract leaves open.
#[derive(Debug, Clone, Default)]
pub(super) struct Judgement {
    pub(super) findings: Vec<ReportedFinding>,
    pub(super) observations: Vec<Observation>,
    /// The findings about mappings that the case itself wrote.
    own: BTreeSet<(usize, String)>,
}

impl Judgement {
    /// Adds a finding that is already masked. The same finding at another index of a list only increases the count.
    pub(super) fn add(&mut self, line: usize, step: Option<usize>, finding: Finding) {
        let more = finding.more;
        let known = self.findings.iter_mut().find(|known| {
            known.place == Location::Case { line }
                && known.finding.clause == finding.clause
                && known.finding.level == finding.level
                && without_indices(&known.finding.at) == without_indices(&finding.at)
        });
        match known {
            Some(known) => known.times += 1 + more,
            None => self.findings.push(ReportedFinding {
                finding,
                place: Location::Case { line },
                step,
                times: 1 + more,
            }),
        }
    }

    /// Drops the findings about values in an answer, since a parallel request may have written them.
    pub(super) fn forgive_echo(&mut self, step: usize) {
        self.findings.retain(|reported| {
            let what = &reported.finding.what;
            let is_of_values = matches!(
                what,
                What::Value { .. }
                    | What::Missing { .. }
                    | What::Mapping { .. }
                    | What::Items { .. }
                    | What::Count { .. }
            );
            let is_of_the_result = reported.finding.at.starts_with("/result");
            let is_form = reported.finding.clause == ClauseId::of("ENV-5");
            reported.step != Some(step) || !is_of_values || !is_of_the_result || is_form
        });
    }

    /// Returns the clause of the first finding since the finding of this number that is about which mappings an answer
    /// shows.
    pub(super) fn about_mappings_since(
        &self,
        first: usize,
        step: usize,
        kind: Kind,
    ) -> Option<ClauseId> {
        let mut since = self.findings.iter().skip(first);
        let found = since.find(|reported| is_about_mappings(reported, step, kind));
        found.map(|reported| reported.finding.clause.clone())
    }

    /// Drops those findings, because another one says whose fault they are.
    pub(super) fn drop_mappings_since(&mut self, first: usize, step: usize, kind: Kind) {
        let mut number = 0;
        self.findings.retain(|reported| {
            number += 1;
            number <= first || !is_about_mappings(reported, step, kind)
        });
    }

    /// Notes that a finding is about mappings that the case itself wrote.
    pub(super) fn is_own(&mut self, line: usize, finding: &Finding) {
        self.own.insert(key(line, finding));
    }

    /// Returns whether a finding is about mappings that the case itself wrote.
    pub(super) fn is_about_own(&self, reported: &ReportedFinding) -> bool {
        let key = key(reported.place.number(), &reported.finding);
        self.own.contains(&key)
    }

    /// Returns whether any finding from number `first` on breaks a `must` clause.
    pub(super) fn is_violated_since(&self, first: usize) -> bool {
        let mut findings = self.findings.iter().skip(first);
        findings.any(|reported| reported.finding.level == Level::Must)
    }
}

/// Returns the key that identifies a finding of a trial.
fn key(line: usize, finding: &Finding) -> (usize, String) {
    (
        line.max(1),
        format!("{} {}", finding.clause.as_str(), finding.at),
    )
}

/// Returns whether a finding is about the mappings that the answer of a step shows, or about their number.
fn is_about_mappings(reported: &ReportedFinding, step: usize, kind: Kind) -> bool {
    let what = &reported.finding.what;
    let is_of_values = matches!(
        what,
        What::Items { .. } | What::Count { .. } | What::Value { .. } | What::Answer { .. }
    );
    let at = &reported.finding.at;
    let is_there = match kind {
        Kind::Get => at.starts_with("/result") || at == "status",
        _ => at.starts_with("/result (") || at.starts_with("/result_info/"),
    };
    reported.step == Some(step) && is_of_values && is_there
}
