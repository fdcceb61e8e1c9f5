//! The judgement of a scenario: the requests on the wire, and what the client reported.

mod report;
mod wire;

use super::adapter::Outcome;
use super::scenario::{Check, Scenario};
use super::server::{Host, Seen};
use crate::contract::{ClauseId, Finding, Level, What};
use crate::diagnostic::SourceFile;
use crate::event::{
    Location, ReportedFinding, StepRecord, TrialReport, Verdict, exchange_record, step_record,
};
use crate::exchange::{Exchange, Redactor};

/// The place of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// A line of the scenario's file.
    Line(usize),
    /// A request, by its number.
    Request(usize),
}

/// Collects the findings of a scenario.
#[derive(Debug, Default)]
struct Found {
    list: Vec<(Place, Finding)>,
}

impl Found {
    fn add(&mut self, place: Place, clause: (ClauseId, Level), at: &str, what: What) {
        self.list.push((place, Finding::new(clause, at, what)));
    }
}

/// The evidence of a scenario.
pub(super) struct Evidence<'e> {
    /// The scenario.
    pub(super) scenario: &'e Scenario,
    /// The zone that the client was given.
    pub(super) zone: &'e str,
    /// The credentials that the client was given.
    pub(super) credentials: &'e super::protocol::Credentials,
    /// The requests.
    pub(super) seen: &'e [Seen],
    /// What the client reported; `None` if the scenario did not wait for it.
    pub(super) outcome: Option<&'e Outcome>,
    /// The base URL that the client was given.
    pub(super) base_url: &'e str,
}

impl Evidence<'_> {
    /// Judges, and fills in the report.
    pub(super) fn judge(&self, report: &mut TrialReport, redactor: &Redactor) {
        let exchanges: Vec<Exchange> = self.seen.iter().map(|seen| wire::exchange(seen, self.base_url)).collect();
        let mut found = Found::default();
        wire::judge(self, &exchanges, &mut found);
        let source = &self.scenario.source;
        for expectation in &self.scenario.expect {
            let place = Place::Line(line(source, expectation.clause.span.start));
            for check in &expectation.checks {
                match check {
                    Check::Requests { .. }
                    | Check::Waits
                    | Check::PagesOnce
                    | Check::NoCredentialsElsewhere => {
                        wire::expect(self, &exchanges, check, (place, expectation.leveled()), &mut found);
                    }
                    check => report::expect(self, check, (place, expectation.leveled()), &mut found),
                }
            }
        }
        let first = line(source, 0);
        let place = |_: usize| Location::Case { line: first };
        report.steps = exchanges
            .iter()
            .enumerate()
            .map(|(index, exchange)| self.step(index, exchange, place(index), redactor))
            .collect();
        for (place, finding) in found.list {
            add(report, place, masked(finding, redactor), first);
        }
        if !report.findings.is_empty() {
            let records = exchanges.iter().enumerate();
            report.exchanges = records.map(|(index, exchange)| exchange_record(exchange, index, redactor)).collect();
        }
    }

    fn step(&self, index: usize, exchange: &Exchange, place: Location, redactor: &Redactor) -> StepRecord {
        let mut step = step_record(exchange, place, redactor);
        if self.seen.get(index).is_some_and(|seen| seen.host == Host::Other) {
            step.operation = "another host".to_owned();
        }
        step
    }
}

/// Returns the line of a byte of a file.
fn line(source: &SourceFile, byte: usize) -> usize {
    source.line_column(byte).0
}

fn masked(mut finding: Finding, redactor: &Redactor) -> Finding {
    finding.at = redactor.text(&finding.at);
    finding.what.mask(|text| redactor.text(text));
    finding
}

/// Adds a finding, and counts it if the clause is already broken in the same way.
fn add(report: &mut TrialReport, place: Place, finding: Finding, first: usize) {
    let worst = match finding.level {
        Level::Must => Verdict::Violates,
        Level::Should => Verdict::Deviates,
        Level::May => Verdict::Conforms,
    };
    report.verdict = report.verdict.max(worst);
    let same = report.findings.iter_mut().find(|known| {
        known.finding.clause == finding.clause
            && known.finding.level == finding.level
            && known.finding.at == finding.at
            && known.finding.what == finding.what
    });
    if let Some(known) = same {
        known.times += 1;
        return;
    }
    let (line, step) = match place {
        Place::Line(line) => (line, None),
        Place::Request(number) => (first, Some(number)),
    };
    report.findings.push(ReportedFinding {
        finding,
        place: Location::Case { line },
        step,
        times: 1,
    });
}
