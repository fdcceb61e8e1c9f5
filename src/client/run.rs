//! A run: selects scenarios, starts adapters, and turns each scenario into a verdict.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use regex::Regex;
use tokio::sync::{mpsc, watch};

use super::adapter::{Adapter, AdapterFault, Outcome};
use super::judge::{Evidence, REFUSED};
use super::protocol::{Ask, Credentials};
use super::reference::Reference;
use super::scenario::{Given, Scenario, Scenarios, Step};
use super::server::Stage;
use crate::diagnostic::did_you_mean;
use crate::event::{Event, RunHeader, Summary, TrialReport, Verdict};
use crate::exchange::{Generation, Redactor};
use crate::mock::Access;

/// The client under test.
#[derive(Debug, Clone)]
pub enum Client {
    /// A command that speaks the protocol of [`super::protocol`].
    Command(Vec<OsString>),
    /// The reference client, in this process.
    Reference(Reference),
}

/// How a run goes.
#[derive(Debug, Clone)]
pub struct RunConfig {
    /// The number of adapters at a time, at least 1.
    pub parallel: usize,
    /// The time after which an adapter that has not answered counts as hanging.
    pub limit: Duration,
    /// The number that zones and credentials are derived from.
    pub seed: u64,
}

impl Default for RunConfig {
    fn default() -> Self {
        Self {
            parallel: 6,
            limit: Duration::from_secs(30),
            seed: 0,
        }
    }
}

/// The user's selection of scenarios. If all of it is empty, everything runs.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// Regular expressions, one of which must match a part of the scenario's id.
    pub filters: Vec<String>,
    /// Ids of scenarios, or of files with all their rows.
    pub cases: Vec<String>,
    /// Clauses, one of which the scenario must name.
    pub clauses: Vec<String>,
    /// Tags, one of which the scenario must have.
    pub tags: Vec<String>,
    /// Families, which are the folders of scenarios.
    pub families: Vec<String>,
    /// The only generation whose operations are asked for.
    pub only: Option<Generation>,
}

/// The reason why nothing is selected.
#[derive(Debug, thiserror::Error)]
pub enum SelectionError {
    /// A pattern is not a regular expression.
    #[error("`{0}` is not a regular expression: {1}")]
    Pattern(String, regex::Error),
    /// A part of the selection fits no scenario.
    #[error("{0} `{1}` fits no scenario{2}; `originproof list scenarios` shows them")]
    FitsNothing(&'static str, String, String),
}

type Names = fn(&Scenario) -> Vec<String>;

impl Selection {
    /// Returns the selected scenarios.
    ///
    /// # Errors
    /// [`SelectionError`].
    pub fn of(&self, all: &Scenarios) -> Result<Vec<Scenario>, SelectionError> {
        let filters = self.filters.iter().map(|text| {
            Regex::new(text).map_err(|error| SelectionError::Pattern(text.clone(), error))
        });
        let filters = filters.collect::<Result<Vec<_>, _>>()?;
        let rows: [(&'static str, &[String], Names); 4] = [
            ("the scenario", &self.cases, |one| {
                vec![one.id(), one.file_id.clone()]
            }),
            ("the clause", &self.clauses, |one| {
                one.clauses().map(|id| id.to_string()).collect()
            }),
            ("the tag", &self.tags, |one| one.tags.clone()),
            ("the family", &self.families, |one| {
                vec![one.family().to_owned()]
            }),
        ];
        let mut chosen: Vec<&Scenario> = all.list.iter().collect();
        if !filters.is_empty() {
            chosen.retain(|one| filters.iter().any(|filter| filter.is_match(&one.id())));
            if chosen.is_empty() {
                let given = self.filters.join(" ");
                return Err(SelectionError::FitsNothing(
                    "the filter",
                    given,
                    String::new(),
                ));
            }
        }
        for (what, given, names) in rows {
            if given.is_empty() {
                continue;
            }
            let fits = |one: &Scenario, name: &str| {
                names(one).iter().any(|own| own.eq_ignore_ascii_case(name))
            };
            for name in given {
                if !all.list.iter().any(|one| fits(one, name)) {
                    let known: Vec<String> = all.list.iter().flat_map(names).collect();
                    let hint = did_you_mean(name, known.iter().map(String::as_str));
                    let hint = hint.map(|hint| format!(" ({hint})")).unwrap_or_default();
                    return Err(SelectionError::FitsNothing(what, name.clone(), hint));
                }
            }
            chosen.retain(|one| given.iter().any(|name| fits(one, name)));
        }
        if let Some(only) = self.only {
            chosen.retain(|one| one.step.operation.generation() == only);
        }
        Ok(chosen.into_iter().cloned().collect())
    }
}

/// A run of scenarios.
#[derive(Debug)]
pub struct Run {
    client: Client,
    config: RunConfig,
    scenarios: Vec<Scenario>,
    stop: watch::Sender<bool>,
}

impl Run {
    /// Prepares a run.
    #[must_use]
    pub fn new(client: Client, config: RunConfig, scenarios: Vec<Scenario>) -> Self {
        let (stop, _) = watch::channel(false);
        Self {
            client,
            config,
            scenarios,
            stop,
        }
    }

    /// Ends the run soon: scenarios that have not ended are not judged.
    pub fn stop(&self) {
        let _ = self.stop.send(true);
    }

    /// Runs the scenarios, and passes on each event. `header` says what runs; the rest of it is filled in.
    pub async fn events(&self, mut header: RunHeader, mut on: impl FnMut(Event)) {
        let begun = Instant::now();
        header.version = env!("CARGO_PKG_VERSION").to_owned();
        header.selected = self.scenarios.len();
        header.seed = self.config.seed;
        header.started = jiff::Timestamp::now().to_string();
        header.planned = self.scenarios.iter().map(Scenario::id).collect();
        header.clients = true;
        on(Event::RunStarted(header));
        let mut waiting: Vec<Scenario> = self.scenarios.clone();
        // Those that wait come first, so that the others fill the time.
        waiting.sort_by_key(|one| std::cmp::Reverse(one.patience()));
        let waiting = Arc::new(Mutex::new(VecDeque::from(waiting)));
        let (sender, mut reports) = mpsc::channel(64);
        for _ in 0..self.config.parallel.clamp(1, 256) {
            let lane = Lane {
                client: self.client.clone(),
                config: self.config.clone(),
                adapter: None,
                can_start: true,
            };
            let (waiting, sender, stop) =
                (Arc::clone(&waiting), sender.clone(), self.stop.subscribe());
            tokio::spawn(lane.work(waiting, sender, stop));
        }
        drop(sender);
        let mut summary = Summary::default();
        let mut causes = crate::cause::Causes::default();
        while let Some(report) = reports.recv().await {
            summary.add(&report);
            causes.take(&report);
            on(Event::TrialStarted {
                id: report.id.clone(),
            });
            on(Event::TrialFinished(report));
        }
        summary.interrupted = *self.stop.borrow();
        summary.causes = causes.list();
        summary.elapsed_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        on(Event::RunFinished(summary));
    }
}

/// One adapter after the other, asked one scenario at a time.
struct Lane {
    client: Client,
    config: RunConfig,
    adapter: Option<Adapter>,
    /// False once the command could not be started.
    can_start: bool,
}

/// The kinds of errors that only a request can bring about.
const FROM_ANSWERS: [&str; 4] = ["api", "decode", "network", "timeout"];

impl Lane {
    async fn work(
        mut self,
        waiting: Arc<Mutex<VecDeque<Scenario>>>,
        sender: mpsc::Sender<Box<TrialReport>>,
        mut stop: watch::Receiver<bool>,
    ) {
        loop {
            let next = waiting
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .pop_front();
            let Some(scenario) = next else {
                return;
            };
            let mut report = begun(&scenario);
            if *stop.borrow() {
                not_run(&mut report, "the run was interrupted");
            } else if !self.can_start {
                not_run(&mut report, "the adapter can't be started");
            } else {
                tokio::select! {
                    () = self.one(&scenario, &mut report) => {}
                    _ = stop.changed() => {
                        self.adapter = None;
                        not_run(&mut report, "the run was interrupted");
                    }
                }
            }
            if sender.send(Box::new(report)).await.is_err() {
                return;
            }
        }
    }

    async fn one(&mut self, scenario: &Scenario, report: &mut TrialReport) {
        let begun = Instant::now();
        let draw = Draw::of(self.config.seed, &scenario.id());
        let broken = |report: &mut TrialReport, reason: String| {
            report.verdict = Verdict::Broken;
            report.reason = Some(reason);
        };
        let stage = match Stage::start(scenario, &draw.zone, draw.access.clone()).await {
            Ok(stage) => stage,
            Err(error) => {
                return broken(report, format!("the scenario server can't listen: {error}"));
            }
        };
        let credentials = draw.credentials(scenario.step.with_key);
        let put_into_words = |step: &Step| {
            let limit = step.timeout.map(|limit| limit.as_millis());
            Ask {
                id: 0,
                operation: step.operation.id().to_owned(),
                zone: draw.zone.clone(),
                arguments: step.arguments.clone(),
                base_url: stage.base_url(),
                credentials: draw.credentials(step.with_key),
                timeout_ms: limit.map(|limit| u64::try_from(limit).unwrap_or(u64::MAX)),
            }
        };
        for step in &scenario.before {
            stage.asks_for(step.operation);
            match self.ask(&mut put_into_words(step)).await {
                Ok(Outcome::Ok(_)) => {}
                Ok(_) => {
                    report.verdict = Verdict::Skipped;
                    report.reason = Some(format!(
                        "the client could not carry out {}, which comes before",
                        step.operation
                    ));
                    return;
                }
                Err(fault) => {
                    self.can_start &= !matches!(fault, AdapterFault::Start(..));
                    return broken(report, draw.redactor().text(&fault.to_string()));
                }
            }
        }
        stage.put(&draw.zone, &scenario.meanwhile);
        stage.asks_for(scenario.step.operation);
        let mut ask = put_into_words(&scenario.step);
        let asking = self.ask(&mut ask);
        let asked = match scenario.watch {
            None => asking.await.map(Some),
            Some(watch) => tokio::select! {
                asked = asking => asked.map(Some),
                // The scenario ends here whether the client has reported or not.
                () = stage.watched(watch) => Ok(None),
            },
        };
        let reported = Instant::now();
        let outcome = match asked {
            Ok(outcome) => outcome,
            Err(fault) => {
                self.can_start &= !matches!(fault, AdapterFault::Start(..));
                return broken(report, draw.redactor().text(&fault.to_string()));
            }
        };
        if let Some(Outcome::Error(error)) = &outcome
            && stage.seen().is_empty()
        {
            match error.kind.as_str() {
                kind if FROM_ANSWERS.contains(&kind) => {
                    let reason = format!(
                        "the adapter reported an error of the kind `{kind}` without sending a request"
                    );
                    return broken(report, reason);
                }
                REFUSED => {
                    report.reason = Some("the client refused to send the request".to_owned());
                }
                _ => {}
            }
        }
        if outcome == Some(Outcome::Unsupported) {
            report.verdict = Verdict::Skipped;
            report.reason = Some(format!(
                "the adapter does not support {}",
                scenario.step.operation
            ));
            return;
        }
        let seen = stage.seen();
        let evidence = Evidence {
            scenario,
            zone: &draw.zone,
            credentials: &credentials,
            seen: &seen,
            outcome: outcome.as_ref(),
            reported,
            base_url: &ask.base_url,
        };
        evidence.judge(report, &draw.redactor());
        // Without a request, nothing is proved.
        if seen.is_empty() && report.verdict == Verdict::Conforms {
            report.verdict = Verdict::Skipped;
        } else {
            report.reason = None;
        }
        report.elapsed_us = u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX);
    }

    /// Asks the adapter, which is started if there is none. After a fault it is ended.
    async fn ask(&mut self, ask: &mut Ask) -> Result<Outcome, AdapterFault> {
        let mut adapter = match self.adapter.take() {
            Some(adapter) => adapter,
            None => match &self.client {
                Client::Command(command) => Adapter::start(command)?,
                Client::Reference(reference) => reference.clone().adapter(),
            },
        };
        let asked = adapter.ask(ask, self.config.limit).await;
        if asked.is_ok() {
            self.adapter = Some(adapter);
        }
        asked
    }
}

fn not_run(report: &mut TrialReport, why: &str) {
    report.verdict = Verdict::NotRun;
    report.reason = Some(why.to_owned());
}

/// Returns the report of a scenario before it is judged.
fn begun(scenario: &Scenario) -> TrialReport {
    let given = match &scenario.given {
        Given::Number(0) => String::new(),
        Given::Number(number) => format!("{number} mapping(s)"),
        Given::Mappings(mappings) => {
            let texts: Vec<String> = mappings.iter().map(|mapping| mapping.join(" ")).collect();
            texts.join(", ")
        }
    };
    TrialReport {
        id: scenario.id(),
        case: scenario.file_id.clone(),
        title: scenario.title.clone(),
        file: scenario.source.path.clone(),
        proves: scenario.clauses().map(|id| id.to_string()).collect(),
        given,
        ..TrialReport::default()
    }
}

/// What a scenario draws from the seed: its zone and its credentials.
struct Draw {
    zone: String,
    access: Access,
}

impl Draw {
    fn of(seed: u64, id: &str) -> Self {
        use sha2::{Digest, Sha256};
        use std::fmt::Write;
        let mut hex = String::new();
        for byte in Sha256::digest(format!("{seed} {id}")) {
            // Writing into memory does not fail.
            let _ = write!(hex, "{byte:02x}");
        }
        let (zone, secret) = hex.split_at(32);
        Self {
            zone: zone.to_owned(),
            access: Access {
                token: format!("token-{secret}"),
                email: format!("{}@example.com", secret.split_at(12).0),
                key: format!("key{secret}"),
            },
        }
    }

    fn credentials(&self, with_key: bool) -> Credentials {
        let Access { token, email, key } = self.access.clone();
        if with_key {
            Credentials::Key { email, key }
        } else {
            Credentials::Token { token }
        }
    }

    fn redactor(&self) -> Redactor {
        let Access { token, email, key } = self.access.clone();
        Redactor::new([token, email, key])
    }
}
