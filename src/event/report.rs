//! Events and what they carry. Everything here is already redacted.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::cause::Cause;
use super::profile::Profile;
use super::verdict::Verdict;
use crate::contract::{Finding, Level};

/// One thing that happened.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", tag = "event")]
pub enum Event {
    /// The run begins.
    RunStarted(RunHeader),
    /// A trial begins.
    TrialStarted {
        /// Its name.
        id: String,
    },
    /// A trial ended.
    TrialFinished(Box<TrialReport>),
    /// A zone that was given by hand was put back.
    ZonePutBack(PutBack),
    /// A zone that was given by hand could not be put back, or not verified.
    ZoneLeft(ZoneLeft),
    /// The run ended.
    RunFinished(Summary),
}

/// What a run is about.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RunHeader {
    /// The version of this crate.
    pub version: String,
    /// The target's base URL.
    pub target: String,
    /// The capabilities that the target is taken to have.
    pub capabilities: Vec<String>,
    /// Trials that were selected.
    pub selected: usize,
    /// The number that zones and addresses were derived from.
    pub seed: u64,
    /// When the run began (RFC 3339).
    pub started: String,
    /// A digest of the contract and the cases: two runs of one suite have the same.
    pub suite: String,
    /// The ids of the selected trials, so that a part that is missing is seen.
    pub planned: Vec<String>,
    /// Which part of the suite this is, such as `2/4`.
    pub shard: Option<String>,
    /// The settings that differ from their defaults, without secrets.
    pub settings: BTreeMap<String, String>,
    /// Whether the traffic was made by others: nothing was sent, and each trial stands for the exchanges of an
    /// operation.
    #[serde(default)]
    pub recorded: bool,
    /// Whether the cases are walks that were drawn from the seed.
    #[serde(default)]
    pub explored: bool,
    /// What the reader should know about the target, in sentences.
    pub notes: Vec<String>,
    /// The folder of the case files, where they are not those that are built in.
    #[serde(default)]
    pub cases: Option<String>,
}

impl RunHeader {
    /// Whether the places of findings are in files that the reader has: case files of his own, or recordings.
    #[must_use]
    pub fn has_own_places(&self) -> bool {
        self.recorded || self.cases.is_some()
    }
}

/// How a trial ended, with its evidence.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TrialReport {
    /// The trial's name.
    pub id: String,
    /// The case's title.
    pub title: String,
    /// The case's file.
    pub file: String,
    /// The clauses that the case cites.
    pub proves: Vec<String>,
    /// How it ended.
    pub verdict: Verdict,
    /// Why it was skipped, is inconclusive or broken.
    pub reason: Option<String>,
    /// Whether a fault of the network kept it from being judged.
    #[serde(default)]
    pub by_network: bool,
    /// What is broken.
    pub findings: Vec<ReportedFinding>,
    /// What the target does where the contract leaves it open.
    pub observations: Vec<Observation>,
    /// The requests, in order.
    pub steps: Vec<StepRecord>,
    /// The exchanges that findings refer to, in full.
    pub exchanges: Vec<ExchangeRecord>,
    /// Steps of the case that were not reached.
    pub not_reached: usize,
    /// What the zone held when the first step ran, in a sentence; empty for an empty zone.
    pub given: String,
    /// What became of the zones afterwards, where they are not the run's own.
    pub restored: Option<String>,
    /// From its first request to its last answer, in microseconds.
    pub elapsed_us: u64,
}

impl TrialReport {
    /// Whose fault a failure may be: `target`, `case file`, `network` or `none`.
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

/// Where a request stands: at a step of the trial's case file, or in recorded traffic.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged, deny_unknown_fields)]
pub enum Location {
    /// A step of the trial's case.
    Case {
        /// The line in the case file, 1-based; 0 while the trial is being arranged.
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
    /// The file, where that of the trial's case is given.
    #[must_use]
    pub fn file<'p>(&'p self, case_file: &'p str) -> &'p str {
        match self {
            Self::Case { .. } => case_file,
            Self::Exchange { file, .. } => file,
        }
    }

    /// The line in the case file, or the number of the exchange; at least 1.
    #[must_use]
    pub fn number(&self) -> usize {
        match self {
            Self::Case { line } => (*line).max(1),
            Self::Exchange { entry, .. } => *entry,
        }
    }

    /// As people read it, where the trial's case file is given: `cases/a.yaml:3`, `a.har:3`.
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

/// A finding with where it was found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReportedFinding {
    /// What is broken.
    pub finding: Finding,
    /// Where it was found.
    pub place: Location,
    /// The number of the request in the trial's `steps`, 0-based, where there is one.
    pub step: Option<usize>,
    /// How often the same was found in this trial.
    pub times: usize,
}

/// What the target does where the contract leaves it open.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Observation {
    /// The clause that leaves it open.
    pub clause: String,
    /// What was seen.
    pub seen: String,
}

/// One request in a line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StepRecord {
    /// Where it stands.
    pub place: Location,
    /// The operation, or `request`.
    pub operation: String,
    /// The method.
    pub method: String,
    /// The path with its query.
    pub path: String,
    /// The status.
    pub status: u16,
    /// How long it took, in microseconds.
    pub elapsed_us: u64,
    /// A digest of the answer's body, times left out: all that is kept of an answer that no finding is about.
    pub digest: String,
}

/// A whole exchange, redacted, with long bodies cut.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExchangeRecord {
    /// The number of the request in the trial's `steps`, 0-based.
    pub step: usize,
    /// Method and URL.
    pub request_line: String,
    /// The fields of the request.
    pub request_headers: Vec<(String, String)>,
    /// The body of the request.
    pub request_body: Option<String>,
    /// The status.
    pub status: u16,
    /// The fields of the response.
    pub response_headers: Vec<(String, String)>,
    /// The body of the response.
    pub response_body: String,
    /// The request as a curl line.
    pub curl: String,
}

/// What putting a zone back took.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PutBack {
    /// The zone.
    pub zone: String,
    /// Mappings that it holds now.
    pub mappings: usize,
    /// Mappings of the run that were deleted at the end.
    pub deleted: usize,
    /// Mappings that were written again.
    pub written: usize,
    /// What somebody else wrote, changed or deleted, and what was therefore left as it is; a sentence each.
    pub kept: Vec<String>,
    /// Test mappings that the target does not delete, a sentence each.
    #[serde(default)]
    pub stuck: Vec<String>,
    /// What the owner should know besides, a sentence each.
    #[serde(default)]
    pub notes: Vec<String>,
    /// Whether the zone holds exactly what it held, verified by reading.
    #[serde(default)]
    pub as_it_was: bool,
}

impl PutBack {
    /// What the owner should know beyond the first line, a sentence each.
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

/// A zone that could not be put back, or not verified. Its journal stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ZoneLeft {
    /// The zone.
    pub zone: String,
    /// Why.
    pub why: String,
    /// The mappings that are not known to be there, with their values; a sentence each.
    #[serde(default)]
    pub missing: Vec<String>,
    /// What somebody else wrote, changed or deleted, a sentence each.
    #[serde(default)]
    pub kept: Vec<String>,
    /// The journal.
    #[serde(default)]
    pub journal: String,
    /// The command that goes on from here.
    #[serde(default)]
    pub command: String,
}

/// The most missing mappings that a message lists.
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
    /// What the answers look like.
    pub profile: Profile,
    /// Trials by verdict.
    pub verdicts: BTreeMap<Verdict, usize>,
    /// Requests that were sent.
    pub requests: usize,
    /// What explains the failures, the first to mend first. What was expected to fail is not among them.
    #[serde(default)]
    pub causes: Vec<Cause>,
    /// Clauses that were broken, with their level and the number of trials.
    pub broken_clauses: BTreeMap<String, (Level, usize)>,
    /// From the first request to the last answer, in milliseconds.
    pub elapsed_ms: u64,
    /// Whether the run was interrupted.
    pub interrupted: bool,
    /// Why the run was cut short otherwise.
    pub halted: Option<String>,
    /// Zones that could not be put back.
    pub zones_left: usize,
    /// What no longer fits in the list of expected failures, a sentence each.
    pub expectation_faults: Vec<String>,
}

impl Summary {
    /// How many trials ended so.
    #[must_use]
    pub fn count(&self, verdict: Verdict) -> usize {
        self.verdicts.get(&verdict).copied().unwrap_or(0)
    }

    /// How many trials were judged.
    #[must_use]
    pub fn judged(&self) -> usize {
        self.count(Verdict::Conforms)
            + self.count(Verdict::Violates)
            + self.count(Verdict::Deviates)
            + self.count(Verdict::Expected)
    }

    /// How many trials were to be judged, and could not be.
    #[must_use]
    pub fn unjudged(&self) -> usize {
        self.count(Verdict::Inconclusive)
            + self.count(Verdict::NotRun)
            + self.count(Verdict::Broken)
    }

    /// Takes a trial in.
    pub fn add(&mut self, trial: &TrialReport) {
        *self.verdicts.entry(trial.verdict).or_default() += 1;
        self.requests += trial.steps.len();
        // What is expected to fail is not news.
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
