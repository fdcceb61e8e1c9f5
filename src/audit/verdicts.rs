//! The findings as trials: one trial per operation, with the first exchanges that show them.

use std::collections::BTreeMap;

use super::auditor::Judged;
use super::order::Held;
use crate::contract::{Finding, Level};
use crate::event::{
    Location, Profile, ReportedFinding, TrialReport, Verdict, exchange_record, step_record,
};
use crate::exchange::{Exchange, Operation, Redactor, Secrets, Seen, redactor_of};

/// Maximum number of exchanges that are kept as evidence for one trial.
const EVIDENCE: usize = 20;

/// The side of an exchange that is judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Side {
    /// The server's side: the answer.
    Server,
    /// The client's side: the request.
    Client,
}

/// The key of a trial: the file with the recorded exchanges, the side that is judged, and the operation. Requests that
/// match no operation have `None`.
type Key = (String, Side, Option<Operation>);

#[derive(Debug)]
pub(super) struct Verdicts {
    /// The secrets that the traffic showed so far.
    pub(super) secrets: Secrets,
    trials: BTreeMap<Key, TrialReport>,
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

    /// Adds a judged exchange of this API to the file's trial.
    pub(super) fn see(&mut self, file: &str, side: Side, exchange: &Exchange) {
        let redactor = self.secrets.redactor();
        if side == Side::Server {
            self.profile.take(exchange, |text| redactor.text(text));
        }
        let trial = self.trial(file, side, exchange.operation);
        trial.elapsed_us = trial.elapsed_us.saturating_add(exchange.elapsed_us);
    }

    fn trial(&mut self, file: &str, side: Side, operation: Option<Operation>) -> &mut TrialReport {
        let name = named(operation);
        let key = (file.to_owned(), side, operation);
        let (folder, what) = match side {
            Side::Server => ("", "exchanges"),
            Side::Client => ("client/", "requests"),
        };
        self.trials.entry(key).or_insert_with(|| TrialReport {
            id: format!("{file}/{folder}{name}"),
            title: format!("Recorded {what} of {name}"),
            file: file.to_owned(),
            ..TrialReport::default()
        })
    }

    /// Takes in judged exchanges. Returns those with findings that were not reported before.
    pub(super) fn all(&mut self, held: &[Held]) -> Vec<Judged> {
        held.iter().filter_map(|held| self.one(held)).collect()
    }

    fn one(&mut self, held: &Held) -> Option<Judged> {
        let operation = held.exchange.operation;
        if held.findings.is_empty() {
            return None;
        }
        let redactor = redactor_of(Seen::from(&held.exchange), self.secrets.redactor());
        let part = Part {
            side: Side::Server,
            operation,
            place: &held.place,
            exchange: &held.exchange,
            findings: &held.findings,
        };
        self.note(&part, &redactor);
        let findings = held.findings.get(held.told..).unwrap_or_default();
        (!findings.is_empty()).then(|| part.judged(held.number, findings, &redactor))
    }

    /// Takes in the findings of a request.
    pub(super) fn request(
        &mut self,
        number: usize,
        place: &Location,
        exchange: &Exchange,
        findings: &[Finding],
    ) -> Option<Judged> {
        let operation = exchange.operation;
        self.see(place.file(""), Side::Client, exchange);
        if findings.is_empty() {
            return None;
        }
        let redactor = redactor_of(Seen::from(exchange), self.secrets.redactor());
        let part = Part {
            side: Side::Client,
            operation,
            place,
            exchange,
            findings,
        };
        self.note(&part, &redactor);
        Some(part.judged(number, findings, &redactor))
    }

    fn note(&mut self, part: &Part<'_>, redactor: &Redactor) {
        let place = part.place;
        let trial = self.trial(place.file(""), part.side, part.operation);
        let step = (trial.steps.len() < EVIDENCE).then(|| {
            trial
                .steps
                .push(step_record(part.exchange, place.clone(), redactor));
            let index = trial.steps.len() - 1;
            let record = exchange_record(part.exchange, index, redactor);
            trial.exchanges.push(record);
            index
        });
        for finding in part.findings {
            let same = trial.findings.iter_mut().find(|known| {
                known.finding.clause == finding.clause && known.finding.level == finding.level
            });
            match same {
                Some(known) => known.times += 1 + finding.more,
                None => trial.findings.push(ReportedFinding {
                    finding: masked(finding, redactor),
                    place: place.clone(),
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

    /// Returns the trials by operation, and the profile of the answers.
    pub(super) fn end(self) -> (Vec<TrialReport>, Profile) {
        let redactor = self.secrets.redactor();
        let mut trials: Vec<TrialReport> = self.trials.into_values().collect();
        // A text may have been learned as a secret only after it was echoed.
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

/// Returns the operation's name in trials and messages.
fn named(operation: Option<Operation>) -> &'static str {
    operation.map_or("no operation", Operation::id)
}

/// One side of an exchange, with its findings.
struct Part<'p> {
    side: Side,
    operation: Option<Operation>,
    place: &'p Location,
    exchange: &'p Exchange,
    findings: &'p [Finding],
}

impl Part<'_> {
    fn judged(&self, number: usize, findings: &[Finding], redactor: &Redactor) -> Judged {
        let request = &self.exchange.request;
        Judged {
            place: self.place.clone(),
            side: self.side,
            number,
            operation: named(self.operation),
            method: request.method.clone(),
            path: redactor.text(path(&request.url)),
            status: self.exchange.response.status,
            findings: findings
                .iter()
                .map(|finding| masked(finding, redactor))
                .collect(),
        }
    }
}

/// Returns the finding with its secrets masked.
fn masked(finding: &Finding, redactor: &Redactor) -> Finding {
    let mut masked = finding.clone();
    masked.at = redactor.text(&finding.at);
    masked.what.mask(|text| redactor.text(text));
    masked
}

/// Returns the path of a URL.
fn path(url: &str) -> &str {
    let below = url.split_once("://").map_or(url, |(_, below)| below);
    let path = below.find('/').map_or("/", |start| &below[start..]);
    path.split(['?', '#']).next().unwrap_or_default()
}
