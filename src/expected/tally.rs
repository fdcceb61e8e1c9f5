//! The comparison of a run with its expected failures.

use jiff::civil::Date;

use super::file::{Entry, Expectations};
use crate::contract::{Contract, Finding, Level};
use crate::event::{TrialReport, Verdict};
use crate::exchange::Operation;

/// The file's entries, with counts of what the run has shown about each.
#[derive(Debug)]
pub struct Tally {
    expectations: Expectations,
    today: Date,
    rows: Vec<Row>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Row {
    /// The number of findings that fitted the entry.
    used: usize,
    /// The number of judged trials that the entry is about.
    judged: usize,
    /// The number of trials that the entry is about, judged or not.
    met: usize,
}

impl Entry {
    fn fits(&self, id: &str, finding: &Finding) -> bool {
        self.case.as_ref().is_none_or(|case| case.fits(id))
            && self
                .clause
                .as_ref()
                .is_none_or(|clause| clause.fits(finding.clause.as_str()))
            && self.at.as_ref().is_none_or(|at| at.fits(&finding.at))
            && self
                .kind
                .as_ref()
                .is_none_or(|kinds| kinds.iter().any(|kind| kind == finding.what.kind()))
            && self
                .finding
                .as_ref()
                .is_none_or(|part| finding.to_string().contains(part.as_str()))
    }

    /// Returns whether the entry is about a trial, failed or not.
    fn speaks_of(&self, report: &TrialReport) -> bool {
        match (&self.case, &self.clause) {
            (Some(case), _) => case.fits(&report.id),
            (None, Some(clause)) => {
                report.proves.iter().any(|proved| clause.fits(proved))
                    || report
                        .findings
                        .iter()
                        .any(|f| self.fits(&report.id, &f.finding))
            }
            (None, None) => false,
        }
    }
}

impl Expectations {
    /// Returns a sentence for each entry that fits no trial of a suite. An entry is compared with a trial's id and the
    /// clauses that the trial proves. This also checks the trials that a partial run leaves out.
    #[must_use]
    pub fn misfits<'t>(
        &self,
        suite: &(impl Iterator<Item = (&'t str, &'t [String])> + Clone),
    ) -> Vec<String> {
        let fits =
            |entry: &Entry, (id, proves): (&str, &[String])| match (&entry.case, &entry.clause) {
                (Some(case), _) => case.fits(id),
                (None, Some(clause)) => proves.iter().any(|proved| clause.fits(proved)),
                (None, None) => false,
            };
        let misfits = self.entries.iter().filter(|entry| {
            let knows_clause = entry.clause.as_ref().is_some_and(|clause| {
                let mut clauses = Contract::embedded().clauses.iter();
                clauses.any(|known| clause.fits(known.id.as_str()))
            });
            // Some clauses are checked on every answer, so any trial can break them.
            let may_be_anywhere = entry.case.is_none() && knows_clause;
            // Trials of recorded traffic are named after its files, and their names end with an operation.
            let is_of_traffic =
                Operation::all().any(|operation| entry.name.contains(operation.id()));
            let is_elsewhere = may_be_anywhere || is_of_traffic;
            !is_elsewhere && !suite.clone().any(|trial| fits(entry, trial))
        });
        misfits
            .map(|entry| {
                let (path, line, name) = (&self.path, entry.line, &entry.name);
                format!(
                    "{path}:{line} ({name}) fits no case and no clause: correct it, or take it out"
                )
            })
            .collect()
    }
}

impl Tally {
    /// Returns a tally to which no trial has been added. `today` decides which dates have passed.
    #[must_use]
    pub fn new(expectations: Expectations, today: Date) -> Self {
        let rows = vec![Row::default(); expectations.entries.len()];
        Self {
            expectations,
            today,
            rows,
        }
    }

    /// Adds a trial. If the file lists all broken clauses of the trial, its verdict becomes `expected`.
    pub fn judge(&mut self, report: &mut TrialReport) {
        let is_judged = matches!(
            report.verdict,
            Verdict::Conforms | Verdict::Violates | Verdict::Deviates
        );
        let mut all_listed = true;
        for reported in report
            .findings
            .iter()
            .filter(|f| f.finding.level != Level::May)
        {
            let mut is_listed = false;
            for (entry, row) in self.expectations.entries.iter().zip(&mut self.rows) {
                if entry.fits(&report.id, &reported.finding) {
                    row.used += 1;
                    is_listed = true;
                }
            }
            all_listed = all_listed && is_listed;
        }
        for (entry, row) in self.expectations.entries.iter().zip(&mut self.rows) {
            if entry.speaks_of(report) {
                row.met += 1;
                row.judged += usize::from(is_judged);
            }
        }
        if all_listed && matches!(report.verdict, Verdict::Violates | Verdict::Deviates) {
            report.verdict = Verdict::Expected;
            let first = report.findings.iter().find_map(|reported| {
                self.expectations
                    .entries
                    .iter()
                    .find(|entry| entry.fits(&report.id, &reported.finding))
            });
            report.reason = first.map(|entry| entry.reason.clone());
        }
    }

    /// Returns a sentence for each entry that no longer fits. `is_whole` means that all cases ran, so an entry that is
    /// about none of them is a fault.
    #[must_use]
    pub fn faults(&self, is_whole: bool) -> Vec<String> {
        let mut faults = Vec::new();
        for (entry, row) in self.expectations.entries.iter().zip(&self.rows) {
            let place = format!("{}:{} ({})", self.expectations.path, entry.line, entry.name);
            if entry.until.is_some_and(|until| until < self.today) {
                let until = entry
                    .until
                    .map(|until| until.to_string())
                    .unwrap_or_default();
                faults.push(format!(
                    "{place} expired on {until}: fix the failure or extend `until`"
                ));
            }
            if row.used == 0 && row.judged > 0 {
                faults.push(format!(
                    "{place} did not fail as it says: take the entry out, or correct it"
                ));
            } else if row.met == 0 && is_whole {
                faults.push(format!(
                    "{place} fits no case and no clause: correct it, or take it out"
                ));
            }
        }
        faults
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::{ClauseId, What};
    use crate::event::{Location, ReportedFinding};
    use test_case::test_case;

    fn report(id: &str, clauses: &[&'static str]) -> TrialReport {
        let finding = |clause: &&'static str| ReportedFinding {
            finding: Finding::new(
                (ClauseId::of(clause), Level::Must),
                "/result",
                What::value("a", "b"),
            ),
            place: Location::Case { line: 1 },
            step: None,
            times: 1,
        };
        TrialReport {
            id: id.into(),
            verdict: if clauses.is_empty() {
                Verdict::Conforms
            } else {
                Verdict::Violates
            },
            proves: vec!["V2-BATCH-3".into()],
            findings: clauses.iter().map(finding).collect(),
            ..TrialReport::default()
        }
    }

    fn tally(text: &str) -> Tally {
        let file = Expectations::parse("f", text, false).unwrap_or_else(|error| panic!("{error}"));
        Tally::new(file, jiff::civil::date(2026, 11, 24))
    }

    #[test_case("at: /result", Verdict::Expected; "the same place")]
    #[test_case("at: /result/*", Verdict::Violates; "another place")]
    #[test_case("kind: value", Verdict::Expected; "the same kind")]
    #[test_case("kind: missing", Verdict::Violates; "another kind")]
    fn a_failure_is_expected_by_its_place_and_kind(entry: &str, verdict: Verdict) {
        let mut tally = tally(&format!("- {{ case: batch/*, {entry}, reason: known }}"));
        let mut failed = report("batch/merges", &["V2-BATCH-3"]);
        tally.judge(&mut failed);
        assert_eq!(failed.verdict, verdict);
    }

    #[test]
    fn a_listed_failure_is_expected_and_another_beside_it_is_not() {
        let mut tally =
            tally("- { case: batch/*, clause: V2-BATCH-3, finding: /result, reason: known }");
        let mut known = report("batch/merges", &["V2-BATCH-3"]);
        tally.judge(&mut known);
        assert_eq!(known.verdict, Verdict::Expected);
        let mut worse = report("batch/merges", &["V2-BATCH-3", "ENV-1"]);
        tally.judge(&mut worse);
        assert_eq!(worse.verdict, Verdict::Violates);
        assert!(tally.faults(true).is_empty());
    }

    #[test]
    fn an_unexpected_pass_is_a_fault() {
        let mut tally = tally("- { case: batch/merges, reason: known }");
        tally.judge(&mut report("batch/merges", &[]));
        assert!(tally.faults(false)[0].contains("did not fail as it says"));
    }

    #[test]
    fn another_failure_than_the_named_one_is_no_excuse() {
        let mut tally = tally("- { case: batch/merges, finding: 192.0.2.99, reason: known }");
        let mut other = report("batch/merges", &["V2-BATCH-3"]);
        tally.judge(&mut other);
        assert_eq!(other.verdict, Verdict::Violates);
        assert_eq!(tally.faults(true).len(), 1);
    }

    #[test]
    fn an_entry_about_nothing_is_a_fault_only_where_all_cases_ran() {
        let tally = tally("- { case: no/such, reason: known }");
        assert!(tally.faults(false).is_empty());
        assert!(tally.faults(true)[0].contains("fits no case"));
    }

    #[test]
    fn a_date_that_has_passed_is_a_fault() {
        let mut tally = tally("- { clause: V2-BATCH-3, reason: known, until: 2026-11-23 }");
        tally.judge(&mut report("batch/merges", &["V2-BATCH-3"]));
        assert!(tally.faults(true)[0].contains("expired on 2026-11-23"));
    }
}
