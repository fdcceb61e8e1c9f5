//! Shows one failed trial, from the verdict to the entry that would mark the failure as expected.

use std::io::{self, Write};

use super::cause::write_exchange;
use super::difference::limited;
use super::{Style, Terminal, Verbosity, again_with, counted, cut};
use crate::contract::{ClauseId, Contract, Level};
use crate::diagnostic::visible::visible;
use crate::event::{ReportedFinding, TrialReport, Verdict};
use crate::expected::entry_of;

/// The number of steps of a failed trial that are shown without `-vv`.
const STEPS: usize = 12;
/// The maximum number of exchanges that are shown.
const EXCHANGES: usize = 3;

/// Returns what is wrong, in one line.
pub(super) fn plain_line(reported: &ReportedFinding) -> String {
    let finding = &reported.finding;
    cut(
        &format!(
            "expected {}, found {}",
            finding.what.expected(),
            finding.what.found()
        ),
        160,
    )
}

impl Terminal {
    /// Writes what failed in a trial, in a few lines.
    ///
    /// # Errors
    /// Returns any error of the writer.
    pub fn brief(&self, trial: &TrialReport, out: &mut dyn Write) -> io::Result<()> {
        let trial = &*visible(trial);
        writeln!(out, "{} {}: {}", trial.verdict, trial.id, trial.title)?;
        if let Some(reason) = &trial.reason {
            writeln!(out, "  {reason}")?;
        }
        let worst = trial.findings.iter().max_by_key(|one| one.finding.level);
        if let Some(reported) = worst {
            let finding = &reported.finding;
            let key = (&finding.clause, finding.level);
            self.clause(trial, key, &[reported], out)?;
        }
        if self.recorded {
            return writeln!(out, "  look at it again: {}", self.again);
        }
        writeln!(
            out,
            "  run it again: {}",
            again_with(&self.again, &trial.id)
        )
    }

    pub(super) fn failure(&self, trial: &TrialReport, out: &mut dyn Write) -> io::Result<()> {
        let Style {
            bold, dim, reset, ..
        } = self.style;
        let colour = self.style.of(trial.verdict);
        writeln!(
            out,
            "{colour}{bold}{}{reset} {bold}{}{reset}: {}",
            trial.verdict, trial.id, trial.title
        )?;
        if let Some(reason) = &trial.reason {
            writeln!(out, "  {reason}")?;
        }
        let mut by_clause: Vec<(&ClauseId, Level, Vec<&ReportedFinding>)> = Vec::new();
        for reported in &trial.findings {
            let (clause, level) = (&reported.finding.clause, reported.finding.level);
            match by_clause
                .iter_mut()
                .find(|(c, l, _)| *c == clause && *l == level)
            {
                Some((_, _, list)) => list.push(reported),
                None => by_clause.push((clause, level, vec![reported])),
            }
        }
        by_clause.sort_by_key(|(_, level, _)| std::cmp::Reverse(*level));
        for (clause, level, list) in by_clause {
            self.clause(trial, (clause, level), &list, out)?;
        }
        self.requests(trial, out)?;
        self.evidence(trial, out)?;
        if !trial.given.is_empty() {
            writeln!(out, "  {dim}given:{reset} {}", cut(&trial.given, 300))?;
        }
        if let Some(restored) = &trial.restored {
            writeln!(out, "  {dim}afterwards:{reset} {restored}")?;
        }
        if trial.not_reached > 0 {
            writeln!(
                out,
                "  {dim}{} not reached{reset}",
                counted(trial.not_reached, "later step")
            )?;
        }
        writeln!(out, "  {dim}may be the fault of:{reset} {}", blamed(trial))?;
        if self.recorded {
            writeln!(out, "  {dim}look at it again:{reset} {}", self.again)?;
        } else {
            writeln!(
                out,
                "  {dim}run it again:{reset} {}",
                again_with(&self.again, &trial.id)
            )?;
        }
        let entry = entry_of(trial);
        if !entry.is_empty() {
            writeln!(out, "  {dim}to expect it (originproof.expect.yaml):{reset}")?;
            for line in entry.lines() {
                writeln!(out, "    {line}")?;
            }
        }
        writeln!(out)
    }

    fn clause(
        &self,
        trial: &TrialReport,
        (clause, level): (&ClauseId, Level),
        findings: &[&ReportedFinding],
        out: &mut dyn Write,
    ) -> io::Result<()> {
        write!(out, "  ")?;
        self.broken(clause, level, out)?;
        for reported in findings {
            self.finding(trial, reported, out)?;
        }
        Ok(())
    }

    pub(super) fn finding(
        &self,
        trial: &TrialReport,
        reported: &ReportedFinding,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let Style { dim, reset, .. } = self.style;
        let finding = &reported.finding;
        let place = reported.place.text(&trial.file);
        match reported.step.and_then(|step| trial.steps.get(step)) {
            Some(step) => writeln!(
                out,
                "    {dim}--> {place}{reset} {} {} {} {dim}answered {}{reset}",
                step.operation,
                step.method,
                cut(&step.path, 110),
                step.status
            )?,
            None => writeln!(out, "    {dim}--> {place}{reset}")?,
        }
        let at = if finding.at.is_empty() {
            "the body"
        } else {
            &finding.at
        };
        let (expected, found) =
            limited(&finding.what.expected(), &finding.what.found(), self.style);
        writeln!(out, "        at       {at}")?;
        writeln!(out, "        expected {expected}")?;
        let times = match reported.times {
            0 | 1 => String::new(),
            times => format!(" {dim}(and {} more like it){reset}", times - 1),
        };
        writeln!(out, "        found    {found}{times}")
    }

    /// Writes the requests of the trial: all of them with `-vv`, otherwise the last ones.
    fn requests(&self, trial: &TrialReport, out: &mut dyn Write) -> io::Result<()> {
        let Style { dim, reset, .. } = self.style;
        if trial.steps.is_empty() {
            return Ok(());
        }
        writeln!(out, "  {dim}the requests:{reset}")?;
        if self.verbosity == Verbosity::Requests || trial.steps.len() <= STEPS {
            return Self::steps(trial, out);
        }
        let left_out = trial.steps.len() - STEPS;
        writeln!(
            out,
            "    {dim}{left_out} before these; -vv shows them{reset}"
        )?;
        let last = trial.steps.get(left_out..).unwrap_or_default().to_vec();
        Self::steps(
            &TrialReport {
                steps: last,
                ..TrialReport::default()
            },
            out,
        )
    }

    /// Writes the recorded exchanges: those that the findings refer to, and the writes before them.
    fn evidence(&self, trial: &TrialReport, out: &mut dyn Write) -> io::Result<()> {
        let Style { dim, reset, .. } = self.style;
        for exchange in trial.exchanges.iter().take(EXCHANGES) {
            let is_blamed = trial.findings.iter().any(|f| f.step == Some(exchange.step));
            let what = if is_blamed {
                "the exchange"
            } else if self.clients {
                "another request"
            } else {
                "the write before it"
            };
            writeln!(out, "  {dim}{what}:{reset}")?;
            write_exchange(exchange, out)?;
            if is_blamed && !self.clients {
                writeln!(out, "  {dim}by hand:{reset} {}", cut(&exchange.curl, 1_500))?;
            }
        }
        Ok(())
    }
}

fn is_of_a_client(trial: &TrialReport) -> bool {
    let of_clients = &Contract::embedded().client_clauses;
    let mut findings = trial.findings.iter();
    findings.any(|reported| {
        of_clients
            .iter()
            .any(|clause| clause.id == reported.finding.clause)
    })
}

fn blamed(trial: &TrialReport) -> &'static str {
    match trial.verdict {
        Verdict::Broken => "the case file, the adapter of a client, or originproof itself",
        Verdict::Inconclusive if trial.by_network => "the network",
        Verdict::NotRun => "nobody",
        _ if is_of_a_client(trial) => "the client that sent the requests",
        Verdict::Inconclusive => "the target, which could not be brought into a state to judge",
        Verdict::Violates
        | Verdict::Deviates
        | Verdict::Expected
        | Verdict::Conforms
        | Verdict::Skipped => "the target",
    }
}
