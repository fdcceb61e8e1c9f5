//! The run document: one JSON document with one event per line, written while the run goes on. A run that broke off
//! leaves a document without a footer. It can still be read as far as it goes, and never looks complete.

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
/// The first characters of every document; the version follows them.
const BEGIN: &str = "{\"originproof_run\":";
/// The text between the header and the events.
const EVENTS: &str = ",\"events\":[";
/// The text between the events and the footer.
const FOOTER: &str = "],\"footer\":";

/// Writes a document event by event.
#[derive(Debug)]
pub struct Writer<W: Write> {
    out: W,
    events: usize,
}

impl<W: Write> Writer<W> {
    /// Creates a writer; the first event begins the document.
    pub fn new(out: W) -> Self {
        Self { out, events: 0 }
    }

    /// Writes an event and flushes it, so that a crash loses nothing.
    ///
    /// # Errors
    /// Returns any error of the underlying writer.
    pub fn event(&mut self, event: &Event) -> io::Result<()> {
        match event {
            Event::RunStarted(header) => {
                write!(self.out, "{BEGIN}{VERSION},\n\"header\":")?;
                self.json(header)?;
                write!(self.out, "{EVENTS}")?;
            }
            // The end of a trial says everything that its start does.
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

/// The structure of a document, for its JSON Schema. [`Run::read`] also accepts a document that ends too early.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "only its form is of interest")]
struct Document {
    /// The version of the format.
    originproof_run: u32,
    /// What was run: the suite, the target and the planned cases.
    header: RunHeader,
    /// The events, in order.
    events: Vec<Event>,
    /// The counts at the end of the run.
    footer: Summary,
}

/// Returns the JSON Schema of run documents.
#[must_use]
pub fn schema() -> serde_json::Value {
    let mut schema = schemars::schema_for!(Document).to_value();
    schema["$id"] = "https://originproof.invalid/schemas/run.schema.json".into();
    schema["title"] = "An originproof run".into();
    schema
}

/// A whole run, or the part of it that was written.
#[derive(Debug, Clone, Default)]
pub struct Run {
    /// What was run: the suite, the target and the planned cases.
    pub header: RunHeader,
    /// The trials that ended.
    pub trials: Vec<TrialReport>,
    /// The zones that were restored.
    pub put_back: Vec<PutBack>,
    /// The zones that could not be restored.
    pub left: Vec<ZoneLeft>,
    /// The counts; `None` if the run broke off.
    pub summary: Option<Summary>,
}

/// The reason why a document cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
    /// The file cannot be read.
    #[error("can't be read: {0}")]
    Io(#[from] io::Error),
    /// The file is not a run document.
    #[error(
        "is not a run document: it does not begin with {BEGIN}…; `originproof run --save FILE` writes one"
    )]
    NotOne,
    /// The document has another format version.
    #[error("is a run document of version {0}, and this originproof reads version {VERSION}")]
    Version(u32),
    /// A line is not valid.
    #[error("line {line}: {source}")]
    Line {
        /// The line number, from 1.
        line: usize,
        /// The error of the JSON parser.
        source: serde_json::Error,
    },
}

/// The counts at the end of a document.
#[derive(Deserialize)]
#[serde(transparent)]
struct Footer(Summary);

impl Run {
    /// Reads a document line by line.
    ///
    /// # Errors
    /// Returns a [`DocumentError`] if the document cannot be read. A document that ends too early is not an error: its
    /// [`Run::summary`] is `None`.
    pub fn read(reader: impl BufRead) -> Result<Self, DocumentError> {
        // Split as bytes: the document may end in the middle of a character.
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
            // Only the last line may be incomplete, where the run broke off.
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

    /// Returns the run as reports show it. Control characters are made visible, so that none of them can affect the
    /// program that shows the report.
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

    /// Adds an event to the run.
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

    /// Sorts the trials in the order of the plan. Trials end in any order, but two equal runs must give the same
    /// report.
    pub(super) fn sort(&mut self) {
        let places: HashMap<&str, usize> = (self.header.planned.iter().enumerate())
            .map(|(place, id)| (id.as_str(), place))
            .collect();
        self.trials
            .sort_by_key(|trial| places.get(trial.id.as_str()).copied().unwrap_or(usize::MAX));
    }

    /// Returns the run as events, for reports that are written event by event.
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

    /// Returns the causes of the failures. They are computed from the trials, so they are also right for merged runs
    /// and for documents that do not list them.
    #[must_use]
    pub fn causes(&self) -> Vec<Cause> {
        of_failures(&self.trials)
    }

    /// Returns the trial and the finding that a cause names as its witness.
    #[must_use]
    pub fn witness(&self, cause: &Cause) -> Option<(&TrialReport, &ReportedFinding)> {
        let witness = &cause.witness;
        let trial = self.trials.iter().find(|trial| trial.id == witness.trial)?;
        Some((trial, trial.findings.get(witness.finding)?))
    }

    /// Returns the ids of the planned trials that failed, could not be judged or never ran.
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

    /// Returns the counts; for a run that broke off, they are computed from its trials.
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

    /// Returns whether every planned trial has a report and the run was not interrupted.
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
