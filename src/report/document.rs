//! The run document: one JSON document, one event a line, written as the run goes on. A run that broke off leaves a
//! document without its end, which can be read as far as it goes and never looks complete.

use std::collections::{BTreeSet, HashMap};
use std::io::{self, BufRead, Write};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::cause::of_failures;
use crate::diagnostic::visible::{Escaping, visible};
use crate::event::{
    Cause, Event, PutBack, ReportedFinding, RunHeader, Summary, TrialReport, Verdict, ZoneLeft,
};

/// The version of the format.
pub const VERSION: u32 = 1;
/// The first characters of every document; the version stands behind them.
const BEGIN: &str = "{\"originproof_run\":";
/// What stands between the header and the events.
const EVENTS: &str = ",\"events\":[";
/// What stands between the events and the footer.
const FOOTER: &str = "],\"footer\":";

/// Writes a document event by event.
#[derive(Debug)]
pub struct Writer<W: Write> {
    out: W,
    events: usize,
}

impl<W: Write> Writer<W> {
    /// A document that begins with the first event.
    pub fn new(out: W) -> Self {
        Self { out, events: 0 }
    }

    /// Writes an event and flushes it, so that a crash loses nothing.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn event(&mut self, event: &Event) -> io::Result<()> {
        match event {
            Event::RunStarted(header) => {
                write!(self.out, "{BEGIN}{VERSION},\n\"header\":")?;
                self.json(header)?;
                write!(self.out, "{EVENTS}")?;
            }
            // That a trial began says nothing that its end does not.
            Event::TrialStarted { .. } => return Ok(()),
            Event::TrialFinished(_) | Event::ZonePutBack(_) | Event::ZoneLeft(_) => {
                write!(self.out, "\n{}", if self.events == 0 { "" } else { "," })?;
                self.json(event)?;
                self.events += 1;
            }
            Event::RunFinished(summary) => {
                write!(self.out, "\n{FOOTER}")?;
                self.json(summary)?;
                writeln!(self.out, "}}")?;
            }
        }
        self.out.flush()
    }

    fn json(&mut self, data: &impl Serialize) -> io::Result<()> {
        let mut serializer = serde_json::Serializer::with_formatter(&mut self.out, Escaping);
        data.serialize(&mut serializer).map_err(io::Error::from)
    }
}

/// The form of a document, for its JSON Schema; [`Run::read`] is more patient with one that broke off.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "only its form is of interest")]
struct Document {
    /// The version of the format.
    originproof_run: u32,
    /// What the run was about.
    header: RunHeader,
    /// What happened, in order.
    events: Vec<Event>,
    /// The counts.
    footer: Summary,
}

/// The JSON Schema of run documents.
#[must_use]
pub fn schema() -> serde_json::Value {
    let mut schema = schemars::schema_for!(Document).to_value();
    schema["$id"] = "https://originproof.invalid/schemas/run.schema.json".into();
    schema["title"] = "An originproof run".into();
    schema
}

/// A whole run, or as much of it as there is.
#[derive(Debug, Clone, Default)]
pub struct Run {
    /// What it was about.
    pub header: RunHeader,
    /// The trials that ended.
    pub trials: Vec<TrialReport>,
    /// Zones that were put back.
    pub put_back: Vec<PutBack>,
    /// Zones that could not be put back.
    pub left: Vec<ZoneLeft>,
    /// The counts; `None` for a run that broke off.
    pub summary: Option<Summary>,
}

/// Why a document can't be read.
#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
    /// The file can't be read.
    #[error("can't be read: {0}")]
    Io(#[from] io::Error),
    /// It is something else.
    #[error(
        "is no run document: it does not begin with {BEGIN}…; `originproof run --save FILE` writes one"
    )]
    NotOne,
    /// Another version wrote it.
    #[error("is a run document of version {0}, and this originproof reads version {VERSION}")]
    Version(u32),
    /// A line is damaged.
    #[error("line {line}: {source}")]
    Line {
        /// Which, from 1.
        line: usize,
        /// What is wrong.
        source: serde_json::Error,
    },
}

/// The counts at a document's end, with the brace that closes it.
#[derive(Deserialize)]
#[serde(transparent)]
struct Footer(Summary);

impl Run {
    /// Reads a document line by line.
    ///
    /// # Errors
    /// [`DocumentError`]; a document that merely ends too early is none: its [`Run::summary`] is absent.
    pub fn read(reader: impl BufRead) -> Result<Self, DocumentError> {
        // Split as bytes: a document may have been cut within a character.
        let mut lines = reader
            .split(b'\n')
            .map(|line| line.map(|line| String::from_utf8_lossy(&line).into_owned()));
        let first = lines.next().transpose()?.unwrap_or_default();
        let version = first
            .strip_prefix(BEGIN)
            .and_then(|rest| rest.strip_suffix(','));
        let version: u32 = version
            .and_then(|text| text.parse().ok())
            .ok_or(DocumentError::NotOne)?;
        if version != VERSION {
            return Err(DocumentError::Version(version));
        }
        let mut run = Self::default();
        let header = lines.next().transpose()?.unwrap_or_default();
        let header = header
            .strip_prefix("\"header\":")
            .and_then(|rest| rest.strip_suffix(EVENTS));
        run.header = parsed(2, header.unwrap_or_default())?;
        let mut broken = None;
        for (index, line) in lines.enumerate() {
            let (line, number) = (line?, index + 3);
            // Only the last line of a run that broke off may be cut.
            if let Some(error) = broken.take() {
                return Err(error);
            }
            if let Some(footer) = line.strip_prefix(FOOTER) {
                match parsed::<Footer>(number, footer.strip_suffix('}').unwrap_or(footer)) {
                    Ok(Footer(summary)) => run.event(Event::RunFinished(summary)),
                    Err(error) => broken = Some(error),
                }
                continue;
            }
            match parsed(number, line.strip_prefix(',').unwrap_or(&line)) {
                Ok(event) => run.event(event),
                Err(error) => broken = Some(error),
            }
        }
        Ok(run)
    }

    /// The run as formats for people and for other programs show it: nothing in it steers what it is shown in.
    #[must_use]
    pub fn visible(&self) -> Self {
        Self {
            header: visible(&self.header).into_owned(),
            trials: self
                .trials
                .iter()
                .map(|trial| visible(trial).into_owned())
                .collect(),
            put_back: self
                .put_back
                .iter()
                .map(|done| visible(done).into_owned())
                .collect(),
            left: self
                .left
                .iter()
                .map(|left| visible(left).into_owned())
                .collect(),
            summary: self
                .summary
                .as_ref()
                .map(|summary| visible(summary).into_owned()),
        }
    }

    /// Takes an event in.
    pub fn event(&mut self, event: Event) {
        match event {
            Event::RunStarted(header) => self.header = header,
            Event::TrialStarted { .. } => {}
            Event::TrialFinished(trial) => self.trials.push(*trial),
            Event::ZonePutBack(done) => self.put_back.push(done),
            Event::ZoneLeft(left) => self.left.push(left),
            Event::RunFinished(summary) => {
                self.summary = Some(summary);
                self.sort();
            }
        }
    }

    /// Brings the trials into the order of the plan: they end in any order, and two runs of the same thing are to give
    /// the same report.
    pub(super) fn sort(&mut self) {
        let places: HashMap<&str, usize> = (self.header.planned.iter().enumerate())
            .map(|(place, id)| (id.as_str(), place))
            .collect();
        self.trials
            .sort_by_key(|trial| places.get(trial.id.as_str()).copied().unwrap_or(usize::MAX));
    }

    /// The run as the events that it was made of, for reports that follow a run.
    pub fn events(&self) -> impl Iterator<Item = Event> + '_ {
        let begin = std::iter::once(Event::RunStarted(self.header.clone()));
        let trials = self
            .trials
            .iter()
            .map(|trial| Event::TrialFinished(Box::new(trial.clone())));
        let put_back = self.put_back.iter().cloned().map(Event::ZonePutBack);
        let left = self.left.iter().cloned().map(Event::ZoneLeft);
        let end = self.summary.clone().map(|mut summary| {
            summary.causes = self.causes();
            Event::RunFinished(summary)
        });
        begin.chain(trials).chain(put_back).chain(left).chain(end)
    }

    /// What explains the failures. It follows from the trials, so that it is right for parts that were put together and
    /// for documents that do not say it.
    #[must_use]
    pub fn causes(&self) -> Vec<Cause> {
        of_failures(&self.trials)
    }

    /// The trial and the finding that a cause names as its witness.
    #[must_use]
    pub fn witness(&self, cause: &Cause) -> Option<(&TrialReport, &ReportedFinding)> {
        let witness = &cause.witness;
        let trial = self.trials.iter().find(|trial| trial.id == witness.trial)?;
        Some((trial, trial.findings.get(witness.finding)?))
    }

    /// The ids of the trials that failed, or could not be judged, those that never ran among them.
    #[must_use]
    pub fn failed_ids(&self) -> BTreeSet<&str> {
        let passed = self.trials.iter().filter(|trial| {
            matches!(
                trial.verdict,
                Verdict::Conforms | Verdict::Expected | Verdict::Skipped
            )
        });
        let passed: BTreeSet<&str> = passed.map(|trial| trial.id.as_str()).collect();
        let planned = self.header.planned.iter().map(String::as_str);
        planned.filter(|id| !passed.contains(id)).collect()
    }

    /// The counts, worked out anew for a run that broke off.
    #[must_use]
    pub fn counts(&self) -> Summary {
        self.summary.clone().unwrap_or_else(|| {
            let mut summary = Summary {
                interrupted: true,
                ..Summary::default()
            };
            for trial in &self.trials {
                summary.add(trial);
            }
            summary.causes = of_failures(&self.trials);
            let missing = self.header.planned.len().saturating_sub(self.trials.len());
            if missing > 0 {
                *summary.verdicts.entry(Verdict::NotRun).or_default() += missing;
            }
            summary
        })
    }

    /// Whether every planned trial has a report and the run ended by itself.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.summary
            .as_ref()
            .is_some_and(|summary| !summary.interrupted)
            && self.trials.len() >= self.header.planned.len()
    }
}

fn parsed<'t, T: Deserialize<'t>>(line: usize, text: &'t str) -> Result<T, DocumentError> {
    serde_json::from_str(text).map_err(|source| DocumentError::Line { line, source })
}
