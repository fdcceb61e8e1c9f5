//! Events and their data. Everything here is already redacted.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::cause::Cause;
use super::effort::EffortRecord;
use super::profile::Profile;
use super::verdict::Verdict;
use crate::contract::{Finding, Level};

/// An event of a run.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", tag = "event")]
pub enum Event {
    /// The run begins.
    RunStarted(RunHeader),
    /// A trial begins.
    TrialStarted {
        /// The trial's name.
        id: String,
    },
    /// A trial ended.
    TrialFinished(Box<TrialReport>),
    /// A zone that the user named was restored.
    ZonePutBack(PutBack),
    /// A zone that the user named could not be restored, or the result could not be verified.
    ZoneLeft(ZoneLeft),
    /// The run ended.
    RunFinished(Summary),
}

/// The header of a run: its target, its selection and its settings.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RunHeader {
    /// The version of this crate.
    pub version: String,
    /// The target's base URL.
    pub target: String,
    /// The capabilities that the run assumes the target to have.
    pub capabilities: Vec<String>,
    /// The number of selected trials.
    pub selected: usize,
    /// The number from which zones and addresses were derived.
    pub seed: u64,
    /// The time when the run began (RFC 3339).
    pub started: String,
    /// A digest of the contract and the cases. Two runs of the same suite have the same digest.
    pub suite: String,
    /// The ids of the selected trials, which show whether a part of the suite is missing.
    pub planned: Vec<String>,
    /// The part of the suite that ran, such as `2/4`.
    pub shard: Option<String>,
    /// The settings that differ from their defaults, without secrets.
    pub settings: BTreeMap<String, String>,
    /// Whether the run judged recorded traffic. If so, nothing was sent, and each trial stands for the exchanges of an
    /// operation.
    #[serde(default)]
    pub recorded: bool,
    /// Whether the cases are random walks that were generated from the seed.
    #[serde(default)]
    pub explored: bool,
    /// Whether the run judged a client. If so, `target` is its command, and each trial is a scenario.
    #[serde(default)]
    pub clients: bool,
    /// Notes about the target for the reader, a sentence each.
    pub notes: Vec<String>,
    /// The folder of the case files; `None` for the built-in cases.
    #[serde(default)]
    pub cases: Option<String>,
    /// How much of the suite a run with a limit tries; `None` if it tries all selected cases.
    #[serde(default)]
    pub effort: Option<Box<EffortRecord>>,
}

impl RunHeader {
    /// Returns whether findings point into files that the reader has: their own case files, or recordings.
    #[must_use]
    pub fn has_own_places(&self) -> bool {
        self.recorded || self.cases.is_some()
    }
}

/// The result of a trial, with its evidence.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TrialReport {
    /// The trial's name.
    pub id: String,
    /// The id of the case or scenario, without generation and row; empty for recorded traffic.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub case: String,
    /// The case's title.
    pub title: String,
    /// The case's file.
    pub file: String,
    /// The clauses that the case cites.
    pub proves: Vec<String>,
    /// The verdict.
    pub verdict: Verdict,
    /// The reason why the trial was skipped, is inconclusive or is broken.
    pub reason: Option<String>,
    /// Whether a network fault prevented a judgement.
    #[serde(default)]
    pub by_network: bool,
    /// The findings: the clauses that the target broke.
    pub findings: Vec<ReportedFinding>,
    /// The target's behaviour where the contract leaves it open.
    pub observations: Vec<Observation>,
    /// The requests, in order.
    pub steps: Vec<StepRecord>,
    /// The full exchanges that findings refer to.
    pub exchanges: Vec<ExchangeRecord>,
    /// The number of steps of the case that were not reached.
    pub not_reached: usize,
    /// A sentence about what the zone held when the first step ran; empty for an empty zone.
    pub given: String,
    /// The state of the zones afterwards, if the run did not create them.
    pub restored: Option<String>,
    /// The time from the first request to the last answer, in microseconds.
    pub elapsed_us: u64,
}

impl TrialReport {
    /// Returns whose fault a failure may be: `target`, `case file`, `network` or `none`.
    #[must_use]
    pub fn blame(&self) -> &'static str {
        match self.verdict {
            Verdict::Violates | Verdict::Deviates | Verdict::Expected => "target",
            Verdict::Broken => "case file",
            Verdict::Inconclusive if self.by_network => "network",
            Verdict::Inconclusive => "target",
            Verdict::Conforms | Verdict::Skipped | Verdict::NotRun => "none",
        }
    }
}

/// The place of a request: a step of the trial's case file, or an exchange of recorded traffic.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged, deny_unknown_fields)]
pub enum Location {
    /// A step of the trial's case.
    Case {
        /// The line in the case file, 1-based; 0 while the trial is being set up.
        line: usize,
    },
    /// An exchange of a recording.
    Exchange {
        /// The recording's file.
        file: String,
        /// The number of the exchange in that file, 1-based.
        entry: usize,
    },
}

impl Location {
    /// Returns the file of the place. `case_file` is the file of the trial's case.
    #[must_use]
    pub fn file<'p>(&'p self, case_file: &'p str) -> &'p str {
        match self {
            Self::Case { .. } => case_file,
            Self::Exchange { file, .. } => file,
        }
    }

    /// Returns the line in the case file or the number of the exchange; at least 1.
    #[must_use]
    pub fn number(&self) -> usize {
        match self {
            Self::Case { line } => (*line).max(1),
            Self::Exchange { entry, .. } => *entry,
        }
    }

    /// Returns the place as people read it, such as `cases/a.yaml:3` or `a.har:3`. `case_file` is the file of the
    /// trial's case.
    #[must_use]
    pub fn text(&self, case_file: &str) -> String {
        match self {
            Self::Case { line: 0 } => format!("{case_file} (arranging)"),
            Self::Case { .. } | Self::Exchange { .. } => {
                format!("{}:{}", self.file(case_file), self.number())
            }
        }
    }
}

/// A finding with its place.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReportedFinding {
    /// The finding itself.
    pub finding: Finding,
    /// The place where it was found.
    pub place: Location,
    /// The number of the request in the trial's `steps`, 0-based, if there is one.
    pub step: Option<usize>,
    /// The number of times that the same finding was made in this trial.
    pub times: usize,
}

/// A behaviour of the target where the contract leaves it open.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Observation {
    /// The clause that leaves the behaviour open.
    pub clause: String,
    /// The behaviour that was seen.
    pub seen: String,
}

/// A request and its answer in brief.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StepRecord {
    /// The place of the request.
    pub place: Location,
    /// The operation, or `request`.
    pub operation: String,
    /// The method.
    pub method: String,
    /// The path with the query.
    pub path: String,
    /// The status.
    pub status: u16,
    /// The duration of the exchange, in microseconds.
    pub elapsed_us: u64,
    /// A digest of the answer's body without times. If no finding is about the answer, nothing else of the body is
    /// kept.
    pub digest: String,
}

/// A whole exchange, redacted, with long bodies cut.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExchangeRecord {
    /// The number of the request in the trial's `steps`, 0-based.
    pub step: usize,
    /// The method and URL.
    pub request_line: String,
    /// The header fields of the request.
    pub request_headers: Vec<(String, String)>,
    /// The body of the request.
    pub request_body: Option<String>,
    /// The status.
    pub status: u16,
    /// The header fields of the response.
    pub response_headers: Vec<(String, String)>,
    /// The body of the response.
    pub response_body: String,
    /// The request as a curl line.
    pub curl: String,
}

/// A report of how a zone was restored.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PutBack {
    /// The zone.
    pub zone: String,
    /// The number of mappings that it holds now.
    pub mappings: usize,
    /// The number of the run's mappings that were deleted at the end.
    pub deleted: usize,
    /// The number of mappings that were written again.
    pub written: usize,
    /// Mappings that somebody else wrote, changed or deleted, and that were therefore left alone; a sentence each.
    pub kept: Vec<String>,
    /// Test mappings that the target failed to delete, a sentence each.
    #[serde(default)]
    pub stuck: Vec<String>,
    /// Further notes for the owner, a sentence each.
    #[serde(default)]
    pub notes: Vec<String>,
    /// Whether reading the zone verified that it holds exactly what it held before the run.
    #[serde(default)]
    pub as_it_was: bool,
}

impl PutBack {
    /// Returns what the owner should know beyond the first line, a sentence each.
    #[must_use]
    pub fn details(&self) -> Vec<String> {
        let kept = self
            .kept
            .iter()
            .map(|kept| format!("left as it is: {kept}"));
        kept.chain(self.stuck.iter().cloned())
            .chain(self.notes.iter().cloned())
            .collect()
    }
}

/// A zone that could not be restored, or whose restoration could not be verified. Its journal is kept.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ZoneLeft {
    /// The zone.
    pub zone: String,
    /// The reason.
    pub why: String,
    /// The mappings that may be missing, with their values; a sentence each.
    #[serde(default)]
    pub missing: Vec<String>,
    /// Mappings that somebody else wrote, changed or deleted, a sentence each.
    #[serde(default)]
    pub kept: Vec<String>,
    /// The path of the journal.
    #[serde(default)]
    pub journal: String,
    /// The command that continues the restoration.
    #[serde(default)]
    pub command: String,
}

/// The maximum number of mappings that a message lists.
const SHOWN: usize = 50;

impl std::fmt::Display for ZoneLeft {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "zone {} could not be put back: {}", self.zone, self.why)?;
        for missing in self.missing.iter().take(SHOWN) {
            writeln!(f, "  not back: {missing}")?;
        }
        if self.missing.len() > SHOWN {
            writeln!(
                f,
                "  not back: {} more, which --print shows",
                self.missing.len() - SHOWN
            )?;
        }
        for kept in self.kept.iter().take(SHOWN) {
            writeln!(f, "  left as it is: {kept}")?;
        }
        if self.kept.len() > SHOWN {
            let more = self.kept.len() - SHOWN;
            writeln!(f, "  left as it is: {more} more")?;
        }
        writeln!(f, "  its journal is {}", self.journal)?;
        writeln!(f, "  to go on: {}", self.command)?;
        if !self.missing.is_empty() {
            writeln!(
                f,
                "  if the target lost mappings: the same command with --missing writes back those too that the run did not touch"
            )?;
        }
        write!(
            f,
            "  by hand: the same command with --print shows the mappings as curl lines and as JSON"
        )
    }
}

/// The counts of a run.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Summary {
    /// The profile of the answers.
    pub profile: Profile,
    /// The number of trials by verdict.
    pub verdicts: BTreeMap<Verdict, usize>,
    /// The number of requests that were sent.
    pub requests: usize,
    /// The causes of the failures, in the order in which to fix them. Expected failures are not among them.
    #[serde(default)]
    pub causes: Vec<Cause>,
    /// The broken clauses, with their level and the number of trials.
    pub broken_clauses: BTreeMap<String, (Level, usize)>,
    /// The time from the first request to the last answer, in milliseconds.
    pub elapsed_ms: u64,
    /// Whether the run was interrupted.
    pub interrupted: bool,
    /// The reason why the run was cut short, if it was not interrupted.
    pub halted: Option<String>,
    /// The number of zones that could not be restored.
    pub zones_left: usize,
    /// The faults of the list of expected failures, a sentence each.
    pub expectation_faults: Vec<String>,
}

impl Summary {
    /// Returns the number of trials with this verdict.
    #[must_use]
    pub fn count(&self, verdict: Verdict) -> usize {
        self.verdicts.get(&verdict).copied().unwrap_or(0)
    }

    /// Returns the number of judged trials.
    #[must_use]
    pub fn judged(&self) -> usize {
        self.count(Verdict::Conforms)
            + self.count(Verdict::Violates)
            + self.count(Verdict::Deviates)
            + self.count(Verdict::Expected)
    }

    /// Returns the number of trials that should have been judged but could not be.
    #[must_use]
    pub fn unjudged(&self) -> usize {
        self.count(Verdict::Inconclusive)
            + self.count(Verdict::NotRun)
            + self.count(Verdict::Broken)
    }

    /// Adds a trial.
    pub fn add(&mut self, trial: &TrialReport) {
        *self.verdicts.entry(trial.verdict).or_default() += 1;
        self.requests += trial.steps.len();
        // An expected failure does not count as broken.
        if trial.verdict == Verdict::Expected {
            return;
        }
        let mut clauses: BTreeMap<&str, Level> = BTreeMap::new();
        for reported in &trial.findings {
            let level = clauses
                .entry(reported.finding.clause.as_str())
                .or_insert(Level::May);
            *level = (*level).max(reported.finding.level);
        }
        for (clause, level) in clauses {
            let row = self
                .broken_clauses
                .entry(clause.to_owned())
                .or_insert((level, 0));
            row.0 = row.0.max(level);
            row.1 += 1;
        }
    }
}
