//! The report at the terminal. It shows each broken clause when it is first seen. At the end it shows the causes of the
//! failures, the counts, and what to do next.

mod cause;
mod difference;
mod ending;
mod failure;
mod style;
mod verbosity;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

pub use style::Style;
pub use verbosity::Verbosity;

#[cfg(feature = "reports")]
pub(super) use cause::by_hand;

use super::document::Run;
use super::plain::{again, again_with};
use super::wrap::{counted, cut, duration};
use crate::diagnostic::visible::visible;
use crate::event::{Event, PutBack, RunHeader, TrialReport, Verdict};

/// The maximum number of clauses that are shown when they are first seen broken.
const FIRST_SEEN: usize = 10;

/// A report at the terminal.
#[derive(Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own about the run"
)]
pub struct Terminal {
    style: Style,
    /// The command that runs one case again, without the name of the case.
    again: String,
    verbosity: Verbosity,
    /// Where to find all cases with their requests.
    more: String,
    skipped: BTreeMap<String, usize>,
    /// Trials that could not be judged, by reason.
    unjudged: BTreeMap<(Verdict, String), Vec<String>>,
    observations: BTreeMap<String, BTreeMap<String, usize>>,
    /// The clauses for which a trial was judged.
    judged: BTreeSet<String>,
    /// Whether the traffic was recorded, not sent by the suite.
    recorded: bool,
    /// Whether the run explores; its trials then cite no clauses.
    explored: bool,
    /// Whether a client is judged, and not a server.
    clients: bool,
    /// Whether new zones of the target begin empty.
    has_fresh_zones: bool,
    /// The trials that failed, by id.
    failed: BTreeMap<String, TrialReport>,
    /// The clauses that were seen broken.
    seen: BTreeSet<String>,
    /// The clauses that are broken as expected.
    known: BTreeSet<String>,
}

impl Terminal {
    /// Creates a report in this style. `again` is the command that runs one case again, without the name of the case.
    #[must_use]
    pub fn new(style: Style, again: String, verbosity: Verbosity) -> Self {
        Self {
            style,
            again,
            verbosity,
            more: "the same command with --save run.json, or with -v".to_owned(),
            skipped: BTreeMap::new(),
            unjudged: BTreeMap::new(),
            observations: BTreeMap::new(),
            judged: BTreeSet::new(),
            recorded: false,
            explored: false,
            clients: false,
            has_fresh_zones: false,
            failed: BTreeMap::new(),
            seen: BTreeSet::new(),
            known: BTreeSet::new(),
        }
    }

    /// Sets the text that says at the end where to find all cases with their requests.
    #[must_use]
    pub fn more(mut self, where_to: String) -> Self {
        self.more = where_to;
        self
    }

    /// Remembers the header of a run, and the trial that is the witness of a cause, without writing anything.
    pub(super) fn remember_run(&mut self, header: &RunHeader, trial: Option<&TrialReport>) {
        self.recorded = header.recorded;
        self.clients = header.clients;
        self.has_fresh_zones = has_fresh_zones(header);
        self.failed
            .extend(trial.map(|trial| (trial.id.clone(), visible(trial).into_owned())));
    }

    /// Takes an event and writes what the report shows of it.
    ///
    /// # Errors
    /// Returns any error of the writer.
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
        self.explored = header.explored;
        self.clients = header.clients;
        self.has_fresh_zones = has_fresh_zones(header);
        if self.verbosity == Verbosity::Quiet {
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
        if header.clients {
            writeln!(
                out,
                "originproof {} for the client `{}`: {} selected{part}",
                header.version,
                header.target,
                counted(header.selected, "scenario")
            )?;
            for note in &header.notes {
                writeln!(out, "note: {note}")?;
            }
            return writeln!(out);
        }
        let what = if header.explored {
            "exploring".to_owned()
        } else {
            format!("{} selected{part}", counted(header.selected, "case"))
        };
        writeln!(
            out,
            "originproof {} against {}: {what}, seed {}",
            header.version, header.target, header.seed
        )?;
        writeln!(out, "the target has: {}", header.capabilities.join(", "))?;
        if let Some(effort) = &header.effort {
            writeln!(out, "{effort}")?;
        }
        for note in &header.notes {
            writeln!(out, "note: {note}")?;
        }
        writeln!(out)
    }

    fn trial(&mut self, trial: &TrialReport, out: &mut dyn Write) -> io::Result<()> {
        self.remember(trial);
        match trial.verdict {
            _ if self.verbosity == Verbosity::Quiet => Ok(()),
            Verdict::Violates | Verdict::Deviates if self.verbosity < Verbosity::Cases => {
                self.first_seen(trial, out)
            }
            _ if self.verbosity < Verbosity::Cases => Ok(()),
            Verdict::Expected => self.expected(trial, out),
            Verdict::Violates
            | Verdict::Deviates
            | Verdict::Inconclusive
            | Verdict::NotRun
            | Verdict::Broken => self.failure(trial, out),
            Verdict::Conforms | Verdict::Skipped => self.passed(trial, out),
        }
    }

    /// Writes a line for each clause that is seen broken for the first time.
    fn first_seen(&mut self, trial: &TrialReport, out: &mut dyn Write) -> io::Result<()> {
        let (dim, reset) = (self.style.dim, self.style.reset);
        for reported in &trial.findings {
            let clause = reported.finding.clause.as_str();
            if !self.seen.insert(clause.to_owned()) || self.seen.len() > FIRST_SEEN + 1 {
                continue;
            }
            if self.seen.len() > FIRST_SEEN {
                writeln!(out, "{dim}more clauses are broken: see the end{reset}")?;
                continue;
            }
            let what = failure::plain_line(reported);
            let colour = self.style.of(trial.verdict);
            writeln!(
                out,
                "{colour}{}{reset} {}: {clause}: {dim}{what}{reset}",
                trial.verdict, trial.id
            )?;
        }
        Ok(())
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
            Verdict::Conforms => self.judged.extend(trial.proves.iter().cloned()),
            Verdict::Expected => {
                self.judged.extend(trial.proves.iter().cloned());
                let broken = trial
                    .findings
                    .iter()
                    .map(|reported| &reported.finding.clause);
                self.known
                    .extend(broken.map(|clause| clause.as_str().to_owned()));
            }
            Verdict::Violates | Verdict::Deviates => {
                self.judged.extend(trial.proves.iter().cloned());
                self.failed.insert(trial.id.clone(), trial.clone());
            }
            Verdict::Skipped => {
                let reason = trial.reason.clone().unwrap_or_default();
                *self.skipped.entry(reason).or_default() += 1;
            }
            Verdict::Inconclusive | Verdict::NotRun | Verdict::Broken => {
                let key = (trial.verdict, trial.reason.clone().unwrap_or_default());
                self.unjudged.entry(key).or_default().push(trial.id.clone());
            }
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
        if self.verbosity == Verbosity::Requests {
            Self::steps(trial, out)?;
        }
        Ok(())
    }

    /// Writes the requests of a trial.
    fn steps(trial: &TrialReport, out: &mut dyn Write) -> io::Result<()> {
        for step in &trial.steps {
            let path = cut(&step.path, 100);
            let time = duration(step.elapsed_us);
            writeln!(out, "    {} {:<6} {path} {time}", step.status, step.method)?;
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

/// Whether new zones of the target begin empty.
pub(super) fn has_fresh_zones(header: &RunHeader) -> bool {
    header.capabilities.iter().any(|name| name == "fresh-zones")
}

/// Writes the whole report of a run without colour.
pub(super) fn write(run: &Run, out: &mut dyn Write) -> io::Result<()> {
    let mut terminal = Terminal::new(Style::new(false), again(run), Verbosity::Causes);
    run.events()
        .try_for_each(|event| terminal.event(&event, out))?;
    if run.summary.is_none() {
        writeln!(out, "the run broke off: not all cases ran")?;
    }
    Ok(())
}
