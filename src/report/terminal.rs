//! The report at the terminal: failures as they happen, then clauses and counts.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use super::wrap::{counted, cut, duration};
use crate::contract::{ClauseId, Contract, Level};
use crate::event::{Event, PutBack, ReportedFinding, RunHeader, Summary, TrialReport, Verdict};

/// Escape sequences of the report's colours; empty without colour.
#[derive(Debug, Clone, Copy)]
pub struct Style {
    bold: &'static str,
    red: &'static str,
    green: &'static str,
    yellow: &'static str,
    dim: &'static str,
    reset: &'static str,
}

impl Style {
    /// With colour or without.
    #[must_use]
    pub fn new(colour: bool) -> Self {
        if colour {
            Self {
                bold: "\x1b[1m",
                red: "\x1b[31m",
                green: "\x1b[32m",
                yellow: "\x1b[33m",
                dim: "\x1b[2m",
                reset: "\x1b[0m",
            }
        } else {
            Self {
                bold: "",
                red: "",
                green: "",
                yellow: "",
                dim: "",
                reset: "",
            }
        }
    }

    fn of(&self, verdict: Verdict) -> &'static str {
        match verdict {
            Verdict::Conforms => self.green,
            Verdict::Violates | Verdict::Broken => self.red,
            Verdict::Deviates | Verdict::Inconclusive => self.yellow,
            Verdict::Skipped | Verdict::Expected => self.dim,
        }
    }
}

/// How much is said of trials that did not fail.
#[derive(Debug)]
pub struct Terminal {
    style: Style,
    /// How to run one case again: the command without the case's name.
    again: String,
    /// 0: failures; 1: every trial; 2: every request as well.
    verbosity: u8,
    skipped: BTreeMap<String, usize>,
    observations: BTreeMap<String, BTreeMap<String, usize>>,
    notes: Vec<String>,
}

impl Terminal {
    /// A report in a style. `again` is the command that repeats a run, without its `--case`.
    #[must_use]
    pub fn new(style: Style, again: String, verbosity: u8) -> Self {
        Self {
            style,
            again,
            verbosity,
            skipped: BTreeMap::new(),
            observations: BTreeMap::new(),
            notes: Vec::new(),
        }
    }

    /// Takes an event in and writes what there is to say of it.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn event(&mut self, event: &Event, out: &mut dyn Write) -> io::Result<()> {
        match event {
            Event::RunStarted(header) => self.started(header, out),
            Event::TrialStarted { .. } => Ok(()),
            Event::TrialFinished(trial) => self.trial(trial, out),
            Event::ZonePutBack(done) => self.put_back(done, out),
            Event::ZoneLeft { why, .. } => {
                let (red, reset) = (self.style.red, self.style.reset);
                writeln!(out, "{red}attention:{reset} {why}\n")
            }
            Event::RunFinished(summary) => self.finished(summary, out),
        }
    }

    fn started(&mut self, header: &RunHeader, out: &mut dyn Write) -> io::Result<()> {
        self.notes.clone_from(&header.notes);
        writeln!(
            out,
            "originproof {} against {}: {} selected, seed {}",
            header.version,
            header.target,
            counted(header.selected, "case"),
            header.seed
        )?;
        writeln!(out, "the target has: {}", header.capabilities.join(", "))?;
        for note in &header.notes {
            writeln!(out, "note: {note}")?;
        }
        writeln!(out)
    }

    fn trial(&mut self, trial: &TrialReport, out: &mut dyn Write) -> io::Result<()> {
        for observation in &trial.observations {
            let seen = self
                .observations
                .entry(observation.clause.clone())
                .or_default();
            *seen.entry(observation.seen.clone()).or_default() += 1;
        }
        let is_failure = match trial.verdict {
            Verdict::Conforms => false,
            Verdict::Expected => return self.expected(trial, out),
            Verdict::Skipped => {
                let reason = trial.reason.clone().unwrap_or_default();
                *self.skipped.entry(reason).or_default() += 1;
                false
            }
            Verdict::Violates | Verdict::Deviates | Verdict::Inconclusive | Verdict::Broken => true,
        };
        if is_failure {
            return self.failure(trial, out);
        }
        if self.verbosity > 0 {
            let colour = self.style.of(trial.verdict);
            let reset = self.style.reset;
            let reason = trial
                .reason
                .as_deref()
                .map(|r| format!(" ({r})"))
                .unwrap_or_default();
            writeln!(
                out,
                "{colour}{:<12}{reset} {}{reason}",
                trial.verdict, trial.id
            )?;
            self.steps(trial, out)?;
        }
        Ok(())
    }

    fn expected(&self, trial: &TrialReport, out: &mut dyn Write) -> io::Result<()> {
        let clauses: BTreeSet<&str> = trial
            .findings
            .iter()
            .map(|reported| reported.finding.clause.as_str())
            .collect();
        let clauses: Vec<&str> = clauses.into_iter().collect();
        let (dim, reset) = (self.style.dim, self.style.reset);
        let reason = trial.reason.as_deref().unwrap_or_default();
        writeln!(
            out,
            "{dim}expected{reset} {}: {} ({reason})",
            trial.id,
            clauses.join(", ")
        )
    }

    fn steps(&self, trial: &TrialReport, out: &mut dyn Write) -> io::Result<()> {
        if self.verbosity < 2 {
            return Ok(());
        }
        for step in &trial.steps {
            writeln!(
                out,
                "    {} {} {} {}",
                step.status,
                step.method,
                cut(&step.path, 100),
                duration(step.elapsed_us)
            )?;
        }
        Ok(())
    }

    fn failure(&self, trial: &TrialReport, out: &mut dyn Write) -> io::Result<()> {
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
            self.clause(trial, clause, level, &list, out)?;
        }
        self.evidence(trial, out)?;
        if trial.not_reached > 0 {
            writeln!(
                out,
                "  {dim}{} not reached{reset}",
                counted(trial.not_reached, "later step")
            )?;
        }
        writeln!(
            out,
            "  {dim}run it again:{reset} {} --case '{}'",
            self.again, trial.id
        )?;
        writeln!(out)
    }

    fn clause(
        &self,
        trial: &TrialReport,
        clause: &ClauseId,
        level: Level,
        findings: &[&ReportedFinding],
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let Style {
            bold, dim, reset, ..
        } = self.style;
        let (verb, colour) = match level {
            Level::Must => ("violates", self.style.red),
            Level::Should => ("deviates from", self.style.yellow),
            Level::May => ("notes", self.style.dim),
        };
        write!(
            out,
            "  {colour}{verb}{reset} {bold}{clause}{reset} ({level})"
        )?;
        match Contract::embedded().clause(clause) {
            Some(clause) => writeln!(out, ": {} {dim}[{}]{reset}", clause.says, clause.source)?,
            None => writeln!(out)?,
        }
        for reported in findings {
            let finding = &reported.finding;
            let step = reported.step.and_then(|step| trial.steps.get(step));
            let place = if reported.line > 0 {
                format!("{}:{}", trial.file, reported.line)
            } else {
                format!("{} (arranging)", trial.file)
            };
            match step {
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
            writeln!(out, "        at       {at}")?;
            writeln!(out, "        expected {}", finding.expected)?;
            let times = match reported.times {
                1 => String::new(),
                times => format!(" {dim}(and {} more like it){reset}", times - 1),
            };
            writeln!(out, "        found    {}{times}", finding.found)?;
        }
        Ok(())
    }

    /// The exchanges that the findings refer to; of several the first two.
    fn evidence(&self, trial: &TrialReport, out: &mut dyn Write) -> io::Result<()> {
        let Style { dim, reset, .. } = self.style;
        for exchange in trial.exchanges.iter().take(2) {
            writeln!(out, "  {dim}the exchange:{reset}")?;
            writeln!(out, "    > {}", exchange.request_line)?;
            if let Some(body) = &exchange.request_body {
                writeln!(out, "    > {}", cut(body, 600))?;
            }
            writeln!(out, "    < {}", exchange.status)?;
            writeln!(out, "    < {}", cut(&exchange.response_body, 900))?;
            writeln!(out, "  {dim}by hand:{reset} {}", cut(&exchange.curl, 1_500))?;
        }
        Ok(())
    }

    fn put_back(&self, done: &PutBack, out: &mut dyn Write) -> io::Result<()> {
        let Style { dim, reset, .. } = self.style;
        writeln!(
            out,
            "{dim}zone {} is as it was: {}, verified by reading{reset}",
            done.zone,
            counted(done.mappings, "mapping")
        )?;
        for kept in &done.kept {
            writeln!(out, "  left as it is: {kept}")?;
        }
        Ok(())
    }

    fn finished(&self, summary: &Summary, out: &mut dyn Write) -> io::Result<()> {
        let Style {
            bold, dim, reset, ..
        } = self.style;
        if !self.observations.is_empty() && self.verbosity > 0 {
            writeln!(out, "where the contract leaves it open, the target:")?;
            for (clause, seen) in &self.observations {
                for (seen, times) in seen {
                    writeln!(out, "  {clause:<12} {seen} {dim}({times}×){reset}")?;
                }
            }
            writeln!(out)?;
        }
        for (reason, count) in &self.skipped {
            writeln!(
                out,
                "{dim}skipped {}: {reason}{reset}",
                counted(*count, "case")
            )?;
        }
        for (clause, (level, count)) in &summary.broken_clauses {
            let (verb, colour) = match level {
                Level::Must => ("violates", self.style.red),
                Level::Should | Level::May => ("deviates from", self.style.yellow),
            };
            let says = Contract::embedded()
                .clause(&ClauseId::from(clause.as_str()))
                .map_or("", |clause| clause.says.as_str());
            writeln!(
                out,
                "{colour}{verb}{reset} {bold}{clause}{reset} ({level}) in {}: {says}",
                counted(*count, "case")
            )?;
        }
        let counts: Vec<String> = Verdict::ALL
            .iter()
            .filter(|verdict| summary.count(**verdict) > 0)
            .map(|verdict| {
                let colour = self.style.of(*verdict);
                format!("{colour}{} {verdict}{reset}", summary.count(*verdict))
            })
            .collect();
        writeln!(
            out,
            "{bold}{}{reset} in {}, {}",
            counts.join(", "),
            duration(summary.elapsed_ms.saturating_mul(1_000)),
            counted(summary.requests, "request")
        )?;
        if let Some((clause, _)) = summary.broken_clauses.iter().next() {
            writeln!(
                out,
                "{dim}what a clause says and who proves it: originproof explain {clause}{reset}"
            )?;
        }
        for fault in &summary.expectation_faults {
            let red = self.style.red;
            writeln!(out, "{red}expected failures:{reset} {fault}")?;
        }
        if summary.interrupted {
            writeln!(out, "interrupted: not all cases ran")?;
        }
        if let Some(why) = &summary.halted {
            writeln!(out, "{bold}the run was cut short:{reset} {why}")?;
        }
        Ok(())
    }
}
