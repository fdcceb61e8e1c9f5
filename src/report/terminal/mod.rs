//! The report at the terminal: failures as they happen, then what failed by clause, the counts, and what to do next.

mod difference;
mod ending;
mod failure;
mod style;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

pub use style::Style;

use super::document::Run;
use super::visible::visible;
use super::wrap::{counted, cut, duration};
use crate::event::{Event, PutBack, RunHeader, TrialReport, Verdict};

/// How much is said.
#[derive(Debug)]
pub struct Terminal {
    style: Style,
    /// How to run one case again: the command up to the case's name.
    again: String,
    /// -1: the end only; 0: failures; 1: every trial; 2: every request as well.
    verbosity: i8,
    skipped: BTreeMap<String, usize>,
    observations: BTreeMap<String, BTreeMap<String, usize>>,
    /// Clauses that a trial was judged about.
    judged: BTreeSet<String>,
    /// Whether the traffic was made by others.
    recorded: bool,
    /// What failed, by clause: the trial with a line of what is wrong.
    failed: BTreeMap<String, Vec<(String, String)>>,
}

impl Terminal {
    /// A report in a style. `again` is the command that repeats one case, up to its name.
    #[must_use]
    pub fn new(style: Style, again: String, verbosity: i8) -> Self {
        Self {
            style,
            again,
            verbosity,
            skipped: BTreeMap::new(),
            observations: BTreeMap::new(),
            judged: BTreeSet::new(),
            recorded: false,
            failed: BTreeMap::new(),
        }
    }

    /// Takes an event in and writes what there is to say of it.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn event(&mut self, event: &Event, out: &mut dyn Write) -> io::Result<()> {
        match event {
            Event::RunStarted(header) => self.started(&visible(header), out),
            Event::TrialStarted { .. } => Ok(()),
            Event::TrialFinished(trial) => self.trial(&visible(&**trial), out),
            Event::ZonePutBack(done) => self.put_back(&visible(done), out),
            Event::ZoneLeft(left) => {
                let (red, reset) = (self.style.red, self.style.reset);
                writeln!(out, "{red}attention:{reset} {}\n", visible(left))
            }
            Event::RunFinished(summary) => self.finished(&visible(summary), out),
        }
    }

    fn started(&mut self, header: &RunHeader, out: &mut dyn Write) -> io::Result<()> {
        self.recorded = header.recorded;
        if self.verbosity < 0 {
            return Ok(());
        }
        let part = header
            .shard
            .as_ref()
            .map(|shard| format!(", part {shard}"))
            .unwrap_or_default();
        if header.recorded {
            writeln!(
                out,
                "originproof {}: recorded traffic of {}, {} used",
                header.version,
                header.target,
                counted(header.selected, "operation")
            )?;
            return header
                .notes
                .iter()
                .try_for_each(|note| writeln!(out, "note: {note}"))
                .and_then(|()| writeln!(out));
        }
        writeln!(
            out,
            "originproof {} against {}: {} selected{part}, seed {}",
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
        self.remember(trial);
        match trial.verdict {
            Verdict::Expected => self.expected(trial, out),
            Verdict::Violates | Verdict::Deviates | Verdict::Inconclusive | Verdict::Broken => {
                if self.verbosity < 0 {
                    Ok(())
                } else {
                    self.failure(trial, out)
                }
            }
            Verdict::Conforms | Verdict::Skipped if self.verbosity > 0 => self.passed(trial, out),
            Verdict::Conforms | Verdict::Skipped => Ok(()),
        }
    }

    fn remember(&mut self, trial: &TrialReport) {
        for observation in &trial.observations {
            let seen = self
                .observations
                .entry(observation.clause.clone())
                .or_default();
            *seen.entry(observation.seen.clone()).or_default() += 1;
        }
        match trial.verdict {
            Verdict::Conforms | Verdict::Expected => {
                self.judged.extend(trial.proves.iter().cloned());
            }
            Verdict::Violates | Verdict::Deviates => {
                self.judged.extend(trial.proves.iter().cloned());
                for reported in &trial.findings {
                    let rows = self
                        .failed
                        .entry(reported.finding.clause.as_str().to_owned())
                        .or_default();
                    if rows.last().is_none_or(|(id, _)| *id != trial.id) {
                        rows.push((trial.id.clone(), failure::plain_line(reported)));
                    }
                }
            }
            Verdict::Skipped => {
                let reason = trial.reason.clone().unwrap_or_default();
                *self.skipped.entry(reason).or_default() += 1;
            }
            Verdict::Inconclusive | Verdict::Broken => {}
        }
    }

    fn passed(&self, trial: &TrialReport, out: &mut dyn Write) -> io::Result<()> {
        let (colour, reset) = (self.style.of(trial.verdict), self.style.reset);
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
        if self.verbosity > 1 {
            Self::steps(trial, out)?;
        }
        Ok(())
    }

    /// The requests of a trial.
    fn steps(trial: &TrialReport, out: &mut dyn Write) -> io::Result<()> {
        for step in &trial.steps {
            let path = cut(&step.path, 100);
            let time = duration(step.elapsed_us);
            writeln!(out, "    {} {:<6} {path} {time}", step.status, step.method)?;
        }
        Ok(())
    }

    fn expected(&self, trial: &TrialReport, out: &mut dyn Write) -> io::Result<()> {
        if self.verbosity < 0 {
            return Ok(());
        }
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

    fn put_back(&self, done: &PutBack, out: &mut dyn Write) -> io::Result<()> {
        let (dim, reset) = (self.style.dim, self.style.reset);
        let mappings = counted(done.mappings, "mapping");
        let zone = &done.zone;
        if done.as_it_was {
            writeln!(
                out,
                "{dim}zone {zone} is as it was: {mappings}, verified by reading{reset}"
            )?;
        } else {
            writeln!(
                out,
                "zone {zone} holds {mappings}: what this run changed is undone, verified by reading, but for this:"
            )?;
        }
        for detail in done.details() {
            writeln!(out, "  {detail}")?;
        }
        Ok(())
    }
}

/// Writes the whole report of a run without colour.
pub(super) fn write(run: &Run, out: &mut dyn Write) -> io::Result<()> {
    let mut terminal = Terminal::new(Style::new(false), "originproof run --case".to_owned(), 0);
    run.events()
        .try_for_each(|event| terminal.event(&event, out))?;
    if run.summary.is_none() {
        writeln!(out, "the run broke off: not all cases ran")?;
    }
    Ok(())
}
