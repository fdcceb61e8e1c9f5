//! Runs a plan: many trials side by side, each reported as it ends.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use futures_util::stream::{self, StreamExt};
use tokio::sync::Mutex;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use super::execute::{Execution, Stop};
use super::plan::Plan;
use super::record;
use super::target::{Target, TargetError};
use super::zone::Zones;
use crate::case::Trial;
use crate::contract::Level;
use crate::event::{Event, ExchangeRecord, RunHeader, Summary, TrialReport, Verdict};
use crate::exchange::{Kind, Operation};

/// Which exchanges reports keep in full.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Keep {
    /// Those that findings refer to.
    #[default]
    Findings,
    /// All of them.
    All,
}

/// How to run.
#[derive(Debug, Clone, Copy)]
pub struct RunConfig {
    /// How many trials at a time.
    pub jobs: usize,
    /// What zones are derived from.
    pub seed: u64,
    /// Which exchanges to keep.
    pub keep: Keep,
}

/// Runs plans against a target.
#[derive(Debug, Clone)]
pub struct Runner {
    target: Arc<Target>,
    zones: Arc<Zones>,
    config: RunConfig,
    stopped: Arc<AtomicBool>,
}

impl Runner {
    /// A runner for a target that was probed. Zones given by hand must be empty.
    ///
    /// # Errors
    /// [`TargetError::ZoneInUse`], or [`TargetError::Unreachable`] if a zone can't be read.
    pub async fn new(target: Target, config: RunConfig) -> Result<Self, TargetError> {
        let target = Arc::new(target);
        let zones = if target.zones.is_empty() {
            Zones::Fresh { seed: config.seed }
        } else {
            for zone in &target.zones {
                let count = count(&target, zone).await?;
                if count > 0 {
                    return Err(TargetError::ZoneInUse {
                        zone: zone.clone(),
                        count,
                    });
                }
            }
            Zones::Given(Mutex::new(target.zones.clone()))
        };
        Ok(Self {
            target,
            zones: Arc::new(zones),
            config,
            stopped: Arc::new(AtomicBool::new(false)),
        })
    }

    /// The target.
    #[must_use]
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// Runs all trials of a plan and sends every event; returns the counts.
    pub async fn run(&self, plan: &Plan, mut on_event: impl FnMut(Event)) -> Summary {
        let begun = Instant::now();
        on_event(Event::RunStarted(RunHeader {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            target: self.target.base_url.clone(),
            capabilities: self.target.capabilities.iter().cloned().collect(),
            selected: plan.trials.len(),
            seed: self.config.seed,
            notes: self.target.notes.clone(),
        }));
        let mut summary = Summary::default();
        let (events, mut received) = unbounded_channel();
        let work = async {
            self.schedule(plan, &events).await;
            drop(events);
        };
        let receive = async {
            while let Some(event) = received.recv().await {
                if let Event::TrialFinished(report) = &event {
                    summary.add(report);
                }
                on_event(event);
            }
        };
        tokio::join!(work, receive);
        summary.interrupted = self.is_stopped();
        summary.elapsed_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        on_event(Event::RunFinished(summary.clone()));
        summary
    }

    /// Trials with the tag `gate` go first, one by one: where zones are not kept apart, no other trial
    /// has a zone of its own, and every verdict would be a guess.
    async fn schedule(&self, plan: &Plan, events: &UnboundedSender<Event>) {
        let (walls, mut others): (Vec<&(usize, Trial)>, Vec<&(usize, Trial)>) = plan
            .trials
            .iter()
            .partition(|(_, trial)| trial.case.tags.iter().any(|tag| tag == "gate"));
        let mut are_apart = true;
        for (number, trial) in walls {
            if self.is_stopped() {
                return;
            }
            are_apart =
                self.observed(*number, trial, events).await != Verdict::Violates && are_apart;
        }
        // Long trials first, so that none of them is left running alone at the end.
        others.sort_by_key(|(_, trial)| !trial.case.tags.iter().any(|tag| tag == "slow"));
        stream::iter(others)
            .for_each_concurrent(self.config.jobs.max(1), |(number, trial)| {
                let (runner, number, trial) = (self.clone(), *number, trial.clone());
                let events = events.clone();
                async move {
                    if runner.is_stopped() {
                        return;
                    }
                    if !are_apart {
                        let reason =
                            "zones are not kept apart (ZONE-1), so it can't be judged".to_owned();
                        let report = empty_report(&trial, Verdict::Inconclusive, reason);
                        let _ = events.send(Event::TrialFinished(Box::new(report)));
                        return;
                    }
                    runner.spawned(number, trial, events).await;
                }
            })
            .await;
    }

    /// Runs a trial as a task of its own, so that checking uses every core.
    async fn spawned(self, number: usize, trial: Trial, events: UnboundedSender<Event>) {
        let reason = "the suite panicked in this case".to_owned();
        let panicked = empty_report(&trial, Verdict::Broken, reason);
        let within = events.clone();
        let task = tokio::spawn(async move { self.observed(number, &trial, &within).await });
        if task.await.is_err() {
            let _ = events.send(Event::TrialFinished(Box::new(panicked)));
        }
    }

    /// Lets trials under way end and starts no more.
    pub fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }

    fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }

    async fn observed(
        &self,
        number: usize,
        trial: &Trial,
        events: &UnboundedSender<Event>,
    ) -> Verdict {
        // The receiver lives as long as the work; a failed send means that nobody listens.
        let _ = events.send(Event::TrialStarted { id: trial.id() });
        let report = self.trial(number, trial).await;
        let verdict = report.verdict;
        let _ = events.send(Event::TrialFinished(Box::new(report)));
        verdict
    }

    /// Runs one trial.
    pub async fn trial(&self, number: usize, trial: &Trial) -> TrialReport {
        let missing: Vec<String> = trial
            .needs()
            .into_iter()
            .filter(|need| !self.target.has(need))
            .collect();
        if !missing.is_empty() {
            let reason = format!("the target lacks {}", missing.join(", "));
            return empty_report(trial, Verdict::Skipped, reason);
        }
        match &*self.zones {
            Zones::Fresh { seed } => {
                let zones = Zones::fresh(*seed, number, &trial.case.zones);
                self.execute(trial, zones, false).await
            }
            Zones::Given(pool) => {
                let pool = pool.lock().await;
                match Zones::of_given(&trial.case.zones, &pool) {
                    None => {
                        let wanted = trial.case.zones.len();
                        let reason = format!("it needs {wanted} zones, {} given", pool.len());
                        empty_report(trial, Verdict::Skipped, reason)
                    }
                    Some(zones) => self.execute(trial, zones, true).await,
                }
            }
        }
    }

    async fn execute(
        &self,
        trial: &Trial,
        zones: HashMap<String, String>,
        clean_up: bool,
    ) -> TrialReport {
        let begun = Instant::now();
        let mut execution = Execution::new(&self.target, trial, zones);
        let end = execution.run().await;
        if clean_up {
            execution.clean_up().await;
        }
        let mut report = self.report(trial, &execution, end);
        report.elapsed_us = u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX);
        report
    }

    fn report(
        &self,
        trial: &Trial,
        execution: &Execution<'_>,
        end: Result<(), Stop>,
    ) -> TrialReport {
        let worst = execution.findings.iter().map(|f| f.finding.level).max();
        let (end_verdict, reason) = match end {
            Ok(()) | Err(Stop::Violated) => (Verdict::Conforms, None),
            Err(Stop::Inconclusive(reason)) => (Verdict::Inconclusive, Some(reason)),
            Err(Stop::Skip(reason)) => (Verdict::Skipped, Some(reason)),
            Err(Stop::Broken(reason)) => (Verdict::Broken, Some(reason)),
        };
        let verdict = match worst {
            Some(Level::Must) => Verdict::Violates,
            Some(Level::Should) => end_verdict.max(Verdict::Deviates),
            Some(Level::May) | None => end_verdict,
        };
        let mut report = empty_report(trial, verdict, String::new());
        report.reason = reason;
        report.findings.clone_from(&execution.findings);
        report.observations.clone_from(&execution.observations);
        report.steps.clone_from(&execution.steps);
        report.not_reached = trial.case.steps.len() - execution.reached;
        report.exchanges = self.exchanges(execution);
        report.given = given_text(trial);
        report
    }

    fn exchanges(&self, execution: &Execution<'_>) -> Vec<ExchangeRecord> {
        let is_kept = |index: usize| match self.config.keep {
            Keep::All => true,
            Keep::Findings => execution.findings.iter().any(|f| f.step == Some(index)),
        };
        execution
            .exchanges
            .iter()
            .enumerate()
            .filter(|(index, _)| is_kept(*index))
            .map(|(index, exchange)| record::whole(exchange, index, &self.target.redactor))
            .collect()
    }
}

fn given_text(trial: &Trial) -> String {
    let parts: Vec<String> = trial
        .case
        .given
        .iter()
        .map(|(zone, items)| format!("{zone}: {items}"))
        .collect();
    parts.join("; ")
}

fn empty_report(trial: &Trial, verdict: Verdict, reason: String) -> TrialReport {
    let proves = trial
        .case
        .proves
        .iter()
        .filter_map(|key| key.clause(trial.generation));
    TrialReport {
        id: trial.id(),
        title: trial.case.title.clone(),
        file: trial.case.source.path.clone(),
        proves: proves.map(|clause| clause.as_str().to_owned()).collect(),
        verdict,
        reason: (!reason.is_empty()).then_some(reason),
        findings: Vec::new(),
        observations: Vec::new(),
        steps: Vec::new(),
        exchanges: Vec::new(),
        not_reached: 0,
        given: String::new(),
        elapsed_us: 0,
    }
}

/// A number that no other run has, for zones of its own.
#[must_use]
pub fn new_seed() -> u64 {
    use std::hash::{BuildHasher, Hasher};
    // The standard library seeds its hash maps from the system's randomness.
    let mut hasher = std::collections::hash_map::RandomState::new().build_hasher();
    hasher.write_u64(0);
    hasher.finish()
}

/// How many mappings a zone holds, as far as its first list says.
async fn count(target: &Target, zone: &str) -> Result<usize, TargetError> {
    let operation = if target.has("v1") {
        Operation::V1List
    } else {
        Operation::V2List
    };
    debug_assert!(operation.kind() == Kind::List);
    let exchange = target.list(operation, zone).await?;
    let body = exchange.response.value();
    Ok(body.map_or(0, |body| {
        crate::contract::Answer::read(operation, body).entries.len()
    }))
}

impl Execution<'_> {
    /// Leaves the given zones empty, as they were.
    async fn clean_up(&mut self) {
        let names: Vec<String> = self.zones.keys().cloned().collect();
        for name in names {
            // A full zone has 35 batches; a target that deletes nothing must not keep us.
            for _ in 0..40 {
                let listed = self.read_list(0, self.generation, &name).await;
                let Ok(Some(listed)) = listed else { break };
                let batch: Vec<String> = listed.keys().take(100).map(ToString::to_string).collect();
                if batch.is_empty() {
                    break;
                }
                let json = serde_json::json!({ "json": batch });
                if self.quietly(Kind::BatchDelete, &name, json).await.is_err() {
                    break;
                }
            }
        }
    }
}
