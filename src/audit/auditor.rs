//! Takes recorded exchanges, checks each, and ends in a run like the suite's own: one trial an operation.

use std::collections::{BTreeMap, BTreeSet};

use super::recorded::Recorded;
use super::sequence::{Certainty, Knowledge};
use crate::contract::{Contract, Finding, Level, check, is_edge_failure};
use crate::event::{
    Event, ExchangeRecord, Profile, ReportedFinding, RunHeader, StepRecord, Summary, TrialReport,
    Verdict, exchange_record, step_record,
};
use crate::exchange::{Exchange, Operation, Redactor};

/// Exchanges that are kept of one operation as evidence.
const EVIDENCE: usize = 20;

/// What was seen, beside findings.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tallies {
    /// Exchanges in all.
    pub exchanges: usize,
    /// Of other APIs.
    pub foreign: usize,
    /// Of this one, without an answer or with its body not recorded.
    pub unread: usize,
    /// How often overlapping or failed traffic made the state of a zone unknown.
    pub lost: usize,
    /// That were not recorded, as the recorder says.
    pub missed: usize,
}

/// Judges recorded traffic. Its memory grows with the zones and findings, not with the traffic.
#[derive(Debug)]
pub struct Auditor {
    source: String,
    redactor: Redactor,
    zones: BTreeMap<String, Knowledge>,
    trials: BTreeMap<Operation, TrialReport>,
    profile: Profile,
    /// What was seen so far.
    pub tallies: Tallies,
}

impl Auditor {
    /// For traffic from a source, such as a file's name.
    #[must_use]
    pub fn new(source: &str, redactor: Redactor) -> Self {
        Self {
            source: source.to_owned(),
            redactor,
            zones: BTreeMap::new(),
            trials: BTreeMap::new(),
            profile: Profile::default(),
            tallies: Tallies::default(),
        }
    }

    /// Takes an exchange in; returns what it breaks.
    pub fn take(&mut self, recorded: Recorded) -> Vec<Finding> {
        self.tallies.exchanges += 1;
        let started_us = recorded.started_us;
        if recorded.missed_before > 0 {
            // Any of them may have written.
            self.tallies.missed += recorded.missed_before;
            self.tallies.lost += 1;
            self.zones.values_mut().for_each(Knowledge::forget);
        }
        let Some(identified) = recorded.identified() else {
            self.tallies.foreign += 1;
            return Vec::new();
        };
        let exchange = &identified.exchange;
        let Some(operation) = exchange.operation else {
            return Vec::new();
        };
        let knowledge = self.zones.entry(identified.zone.clone()).or_default();
        let (sequence, certainty) = knowledge.take(exchange, started_us);
        self.tallies.lost += usize::from(certainty == Certainty::Lost);
        let mut findings = Vec::new();
        // What an edge says is not the target's, and what was not recorded is nobody's.
        if exchange.response.status == 0 || !identified.has_body {
            self.tallies.unread += 1;
        } else if !is_edge_failure(exchange) {
            findings = check(Contract::embedded(), exchange);
            findings.extend(sequence);
        }
        self.profile.take(exchange, |text| self.redactor.text(text));
        self.note(operation, exchange, &findings);
        findings
    }

    fn note(&mut self, operation: Operation, exchange: &Exchange, findings: &[Finding]) {
        let trial = self.trials.entry(operation).or_insert_with(|| TrialReport {
            id: format!("{}/{operation}", self.source),
            title: format!("Recorded exchanges of {operation}"),
            file: self.source.clone(),
            ..TrialReport::default()
        });
        // The number of the exchange in the file stands for the line of a step.
        let number = self.tallies.exchanges;
        trial.elapsed_us = trial.elapsed_us.saturating_add(exchange.elapsed_us);
        trial.not_reached = 0;
        if findings.is_empty() {
            return;
        }
        let step = (trial.steps.len() < EVIDENCE).then(|| {
            let step: StepRecord = step_record(exchange, number, &self.redactor);
            trial.steps.push(step);
            let index = trial.steps.len() - 1;
            let record: ExchangeRecord = exchange_record(exchange, index, &self.redactor);
            trial.exchanges.push(record);
            index
        });
        for finding in findings {
            let found = self.redactor.text(&finding.found);
            let same = trial.findings.iter_mut().find(|known| {
                known.finding.clause == finding.clause && known.finding.level == finding.level
            });
            match same {
                Some(known) => known.times += 1,
                None => trial.findings.push(ReportedFinding {
                    finding: Finding {
                        found,
                        ..finding.clone()
                    },
                    line: number,
                    step,
                    times: 1,
                }),
            }
            let worst = match finding.level {
                Level::Must => Verdict::Violates,
                Level::Should => Verdict::Deviates,
                Level::May => Verdict::Conforms,
            };
            trial.verdict = trial.verdict.max(worst);
        }
    }

    /// The events of the whole, as a run's.
    #[must_use]
    pub fn events(self) -> Vec<Event> {
        let mut summary = Summary {
            profile: self.profile,
            requests: self.tallies.exchanges,
            ..Summary::default()
        };
        let tallies = self.tallies;
        let mut notes = vec![format!(
            "{} exchanges: {} of this API, {} others left alone",
            tallies.exchanges,
            tallies.exchanges - tallies.foreign,
            tallies.foreign
        )];
        if tallies.unread > 0 {
            notes.push(format!(
                "{} without an answer or with its body not recorded",
                tallies.unread
            ));
        }
        if tallies.lost > 0 {
            notes.push(format!(
                "{} times the state of a zone became unknown, by traffic that overlapped, failed or was not recorded",
                tallies.lost
            ));
        }
        if tallies.missed > 0 {
            notes.push(format!(
                "{} more went unchecked, since the traffic was faster than the checking",
                tallies.missed
            ));
        }
        let trials: Vec<TrialReport> = self.trials.into_values().collect();
        let planned: BTreeSet<String> = trials.iter().map(|trial| trial.id.clone()).collect();
        let header = RunHeader {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            target: self.source,
            selected: trials.len(),
            notes,
            started: jiff::Timestamp::now().to_string(),
            planned: planned.into_iter().collect(),
            ..RunHeader::default()
        };
        let mut events = vec![Event::RunStarted(header)];
        for trial in trials {
            let requests = summary.requests;
            summary.add(&trial);
            summary.requests = requests;
            events.push(Event::TrialFinished(Box::new(trial)));
        }
        events.push(Event::RunFinished(summary));
        events
    }
}
