//! What was found, as trials: one an operation, with the first exchanges that show it.

use std::collections::BTreeMap;

use super::auditor::Judged;
use super::order::Held;
use crate::contract::{Finding, Level};
use crate::event::{Profile, ReportedFinding, TrialReport, Verdict, exchange_record, step_record};
use crate::exchange::{Exchange, Operation, Redactor, Secrets, Seen, redactor_of};

/// Exchanges that are kept of one operation as evidence.
const EVIDENCE: usize = 20;

#[derive(Debug)]
pub(super) struct Verdicts {
    /// What the traffic showed so far.
    pub(super) secrets: Secrets,
    /// By the file that they were recorded in, and by operation.
    trials: BTreeMap<(String, Operation), TrialReport>,
    profile: Profile,
}

impl Verdicts {
    pub(super) fn new(redactor: Redactor) -> Self {
        Self {
            secrets: Secrets::new(redactor),
            trials: BTreeMap::new(),
            profile: Profile::default(),
        }
    }

    /// An exchange of this API in a file is judged.
    pub(super) fn see(&mut self, file: &str, exchange: &Exchange) {
        let redactor = self.secrets.redactor();
        self.profile.take(exchange, |text| redactor.text(text));
        if let Some(operation) = exchange.operation {
            let trial = self.trial(file, operation);
            trial.elapsed_us = trial.elapsed_us.saturating_add(exchange.elapsed_us);
        }
    }

    fn trial(&mut self, file: &str, operation: Operation) -> &mut TrialReport {
        let key = (file.to_owned(), operation);
        self.trials.entry(key).or_insert_with(|| TrialReport {
            id: format!("{file}/{operation}"),
            title: format!("Recorded exchanges of {operation}"),
            file: file.to_owned(),
            ..TrialReport::default()
        })
    }

    /// Takes in exchanges that are judged; returns those that break something that was not told before.
    pub(super) fn all(&mut self, held: Vec<Held>) -> Vec<Judged> {
        held.into_iter().filter_map(|held| self.one(held)).collect()
    }

    fn one(&mut self, held: Held) -> Option<Judged> {
        let operation = held.exchange.operation?;
        if held.findings.is_empty() {
            return None;
        }
        let redactor = redactor_of(Seen::from(&held.exchange), self.secrets.redactor());
        self.note(operation, &held, &redactor);
        let findings = held.findings.get(held.told..).unwrap_or_default();
        (!findings.is_empty()).then(|| Judged {
            place: held.place.clone(),
            number: held.number,
            operation,
            method: held.exchange.request.method,
            path: redactor.text(path(&held.exchange.request.url)),
            status: held.exchange.response.status,
            findings: findings
                .iter()
                .map(|finding| masked(finding, &redactor))
                .collect(),
        })
    }

    fn note(&mut self, operation: Operation, held: &Held, redactor: &Redactor) {
        let trial = self.trial(held.place.file(""), operation);
        let step = (trial.steps.len() < EVIDENCE).then(|| {
            trial
                .steps
                .push(step_record(&held.exchange, held.place.clone(), redactor));
            let index = trial.steps.len() - 1;
            let record = exchange_record(&held.exchange, index, redactor);
            trial.exchanges.push(record);
            index
        });
        for finding in &held.findings {
            let same = trial.findings.iter_mut().find(|known| {
                known.finding.clause == finding.clause && known.finding.level == finding.level
            });
            match same {
                Some(known) => known.times += 1 + finding.more,
                None => trial.findings.push(ReportedFinding {
                    finding: masked(finding, redactor),
                    place: held.place.clone(),
                    step,
                    times: 1 + finding.more,
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
        let redactor = self.secrets.redactor();
        let mut trials: Vec<TrialReport> = self.trials.into_values().collect();
        // What is a secret may have been learned after it was echoed.
        for trial in &mut trials {
            for step in &mut trial.steps {
                step.path = redactor.text(&step.path);
            }
            for reported in &mut trial.findings {
                reported.finding = masked(&reported.finding, redactor);
            }
            for exchange in &mut trial.exchanges {
                exchange.mask(redactor);
            }
        }
        let mut profile = self.profile;
        profile.mask(|text| redactor.text(text));
        (trials, profile)
    }
}

/// The finding without secrets.
fn masked(finding: &Finding, redactor: &Redactor) -> Finding {
    let mut masked = finding.clone();
    masked.at = redactor.text(&finding.at);
    masked.what.mask(|text| redactor.text(text));
    masked
}

/// The path of a URL.
fn path(url: &str) -> &str {
    let below = url.split_once("://").map_or(url, |(_, below)| below);
    let path = below.find('/').map_or("/", |start| &below[start..]);
    path.split(['?', '#']).next().unwrap_or_default()
}
