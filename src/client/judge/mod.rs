//! The judgement of a scenario: the requests on the wire, and what the client reported.

mod report;
mod wire;

use std::time::Instant;

pub(super) use report::REFUSED;

use super::adapter::Outcome;
use super::scenario::{Check, Scenario};
use super::server::{Host, Seen};
use crate::contract::{ClauseId, Finding, Level, What};
use crate::diagnostic::SourceFile;
use crate::event::{Location, ReportedFinding, TrialReport, Verdict, exchange_record, step_record};
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
    /// When the client reported.
    pub(super) reported: Instant,
    /// The base URL that the client was given.
    pub(super) base_url: &'e str,
}

impl Evidence<'_> {
    /// Judges, and fills in the report.
    pub(super) fn judge(&self, report: &mut TrialReport, redactor: &Redactor) {
        let exchanges: Vec<Exchange> = self
            .seen
            .iter()
            .map(|seen| wire::exchange(seen, self.base_url))
            .collect();
        let mut found = Found::default();
        wire::judge(self, &exchanges, &mut found);
        let is_wrongly_asked = found
            .list
            .iter()
            .any(|(_, finding)| finding.level == Level::Must);
        let last = exchanges
            .iter()
            .rfind(|exchange| exchange.operation.is_some());
        let was_refused = last.is_none_or(|exchange| exchange.response.is_failure());
        let source = &self.scenario.source;
        for expectation in &self.scenario.expect {
            let place = Place::Line(line(source, expectation.clause.span.start));
            for check in &expectation.checks {
                match check {
                    Check::Requests { .. }
                    | Check::Waits
                    | Check::Abandons
                    | Check::PagesOnce
                    | Check::NoCredentialsElsewhere => {
                        wire::expect(
                            self,
                            &exchanges,
                            check,
                            (place, expectation.leveled()),
                            &mut found,
                        );
                    }
                    // What the client makes of a refusal that its own wrong request brought about proves nothing.
                    _ if is_wrongly_asked && was_refused => {}
                    check => {
                        report::expect(self, check, (place, expectation.leveled()), &mut found);
                    }
                }
            }
        }
        let first = self.scenario.step.line;
        let last = self.seen.iter().rposition(|seen| seen.host == Host::Own);
        let place = Location::Case { line: first };
        let steps = exchanges.iter();
        report.steps = steps
            .map(|exchange| step_record(exchange, place.clone(), redactor))
            .collect();
        for (place, finding) in found.list {
            add(report, place, masked(finding, redactor), (first, last));
        }
        if !report.findings.is_empty() {
            let records = exchanges.iter().enumerate();
            report.exchanges = records
                .map(|(index, exchange)| exchange_record(exchange, index, redactor))
                .collect();
        }
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

/// Adds a finding, and counts it if the clause is already broken in the same way. A finding about a request is placed where
/// the client is asked for it, and one about the report belongs to the last request.
fn add(
    report: &mut TrialReport,
    place: Place,
    finding: Finding,
    (first, last): (usize, Option<usize>),
) {
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
        Place::Line(line) => (line, last),
        Place::Request(number) => (first, Some(number)),
    };
    report.findings.push(ReportedFinding {
        finding,
        place: Location::Case { line },
        step,
        times: 1,
    });
}
