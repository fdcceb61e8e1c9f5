//! What was found, as trials: one an operation, with the first exchanges that show it.

use std::collections::BTreeMap;

use super::auditor::Judged;
use super::order::Held;
use crate::contract::{Finding, Level};
use crate::event::{Profile, ReportedFinding, TrialReport, Verdict, exchange_record, step_record};
use crate::exchange::{Exchange, Operation, Redactor};

/// Exchanges that are kept of one operation as evidence.
const EVIDENCE: usize = 20;

#[derive(Debug)]
pub(super) struct Verdicts {
    source: String,
    redactor: Redactor,
    trials: BTreeMap<Operation, TrialReport>,
    profile: Profile,
}

impl Verdicts {
    pub(super) fn new(source: &str, redactor: Redactor) -> Self {
        Self {
            source: source.to_owned(),
            redactor,
            trials: BTreeMap::new(),
            profile: Profile::default(),
        }
    }

    /// An exchange of this API was seen, whether it is judged or not.
    pub(super) fn see(&mut self, exchange: &Exchange) {
        self.profile.take(exchange, |text| self.redactor.text(text));
        if let Some(operation) = exchange.operation {
            let trial = self.trial(operation);
            trial.elapsed_us = trial.elapsed_us.saturating_add(exchange.elapsed_us);
        }
    }

    fn trial(&mut self, operation: Operation) -> &mut TrialReport {
        self.trials.entry(operation).or_insert_with(|| TrialReport {
            id: format!("{}/{operation}", self.source),
            title: format!("Recorded exchanges of {operation}"),
            file: self.source.clone(),
            ..TrialReport::default()
        })
    }

    /// Takes in exchanges that are judged; returns those that break something that was not told before.
    pub(super) fn all(&mut self, held: Vec<Held>) -> Vec<Judged> {
        held.into_iter().filter_map(|held| self.one(held)).collect()
    }

    fn one(&mut self, held: Held) -> Option<Judged> {
        let operation = held.exchange.operation?;
        self.note(operation, &held);
        let findings = held.findings.get(held.told..).unwrap_or_default().to_vec();
        (!findings.is_empty()).then(|| Judged {
            number: held.number,
            operation,
            method: held.exchange.request.method,
            path: path(&held.exchange.request.url).to_owned(),
            status: held.exchange.response.status,
            findings,
        })
    }

    fn note(&mut self, operation: Operation, held: &Held) {
        if held.findings.is_empty() {
            return;
        }
        let redactor = self.redactor.clone();
        let trial = self.trial(operation);
        let step = (trial.steps.len() < EVIDENCE).then(|| {
            // The number of the exchange stands for the line of a step.
            trial
                .steps
                .push(step_record(&held.exchange, held.number, &redactor));
            let index = trial.steps.len() - 1;
            let record = exchange_record(&held.exchange, index, &redactor);
            trial.exchanges.push(record);
            index
        });
        for finding in &held.findings {
            let found = redactor.text(&finding.found);
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
                    line: held.number,
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

    /// The trials by operation, and what the answers looked like.
    pub(super) fn end(self) -> (Vec<TrialReport>, Profile) {
        (self.trials.into_values().collect(), self.profile)
    }
}

/// The path of a URL.
fn path(url: &str) -> &str {
    let below = url.split_once("://").map_or(url, |(_, below)| below);
    let path = below.find('/').map_or("/", |start| &below[start..]);
    path.split(['?', '#']).next().unwrap_or_default()
}
