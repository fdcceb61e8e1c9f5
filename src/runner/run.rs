//! Runs a plan: many trials in parallel, each reported when it ends.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use futures_util::stream::{self, StreamExt};
use jiff::civil::Date;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use super::budget::Budget;
use super::custody::{Keeper, Permit, Traces};
use super::error::TargetError;
use super::fitness::{EMPTY_ZONE, needs_empty_zone};
use super::halt::HaltReason;
use super::outcome::empty_report;
use super::plan::Plan;
use super::refit::FilledZones;
use super::target::{CapabilitySource, Target};
use super::zone::{Pool, Zones};
use crate::case::Trial;
use crate::cause::Causes;
use crate::contract::{ClauseId, Level};
use crate::event::{EffortRecord, Event, Profile, RunHeader, Summary, Verdict};
use crate::expected::{Expectations, Tally};

/// The exchanges that reports keep in full.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Keep {
    /// Exchanges that findings refer to.
    #[default]
    Findings,
    /// All exchanges.
    All,
}

/// The configuration of a run.
#[derive(Debug, Clone, Copy)]
pub struct RunConfig {
    /// The maximum number of trials at the same time.
    pub jobs: usize,
    /// The seed from which zones are derived.
    pub seed: u64,
    /// The exchanges to keep in full.
    pub keep: Keep,
}

/// A runner of plans against a target.
#[derive(Debug, Clone)]
pub struct Runner {
    pub(super) target: Arc<Target>,
    pub(super) zones: Arc<Zones>,
    pub(super) config: RunConfig,
    expected: Option<(Expectations, Date)>,
    misfits: Vec<String>,
    label: Label,
    profile: Arc<Mutex<Profile>>,
    pub(super) filled: Arc<FilledZones>,
    pub(super) budget: Arc<Budget>,
}

/// The trials that are going to run.
#[derive(Debug, Clone, Default)]
pub struct Planned {
    /// The ids of the trials, as far as they are known beforehand.
    pub trials: Vec<String>,
    /// A digest of the contract and all cases.
    pub suite: String,
    /// The seed from which walks are generated, if walks run in place of cases.
    pub walks_from: Option<u64>,
    /// Whether all cases run, so that an entry that fits none of them is a fault of the list of expected failures.
    pub is_whole: bool,
}

/// The part of a run's header that says how the run was requested.
#[derive(Debug, Clone, Default)]
pub struct Label {
    /// The part of the suite that it runs, such as `2/4`.
    pub shard: Option<String>,
    /// The settings that differ from their defaults, without secrets.
    pub settings: BTreeMap<String, String>,
    /// The folder of its case files; `None` for the built-in cases.
    pub cases: Option<String>,
    /// How much of the suite it tries, if it has a limit.
    pub effort: Option<EffortRecord>,
}

impl Runner {
    /// Returns a runner for a target that was probed. Zones that the user named are taken into care: their mappings are
    /// saved to disk before anything else happens.
    ///
    /// # Errors
    /// Returns [`TargetError::ZoneInUse`] for a zone that holds mappings, unless that is allowed. Returns
    /// [`TargetError::Journal`] if another run works in a zone or did not finish there. Returns
    /// [`TargetError::Unlisted`] or [`TargetError::Unreachable`] if a zone can't be read.
    pub async fn new(mut target: Target, config: RunConfig) -> Result<Self, TargetError> {
        let zones = if target.zones.is_empty() {
            target
                .capabilities
                .insert(EMPTY_ZONE.to_owned(), CapabilitySource::Probing);
            Zones::Fresh { seed: config.seed }
        } else {
            let traces = Arc::new(Traces::default());
            let mut keepers = Vec::new();
            for zone in &target.zones {
                match Keeper::open(&target, zone, Arc::clone(&traces)).await {
                    Ok(keeper) => keepers.push(keeper),
                    Err(error) => {
                        // Nothing was changed yet, so the journals of the other zones are no longer needed.
                        for keeper in keepers {
                            keeper.close(&target).await;
                        }
                        return Err(error);
                    }
                }
            }
            let is_free = keepers.iter().all(|keeper| keeper.taken().is_empty());
            if is_free || target.custody.permit == Permit::TakeAway {
                target
                    .capabilities
                    .insert(EMPTY_ZONE.to_owned(), CapabilitySource::Probing);
            }
            Zones::Given(Pool::new(keepers))
        };
        Ok(Self {
            target: Arc::new(target),
            zones: Arc::new(zones),
            config,
            expected: None,
            misfits: Vec::new(),
            label: Label::default(),
            profile: Arc::default(),
            filled: Arc::new(FilledZones::new()),
            budget: Arc::default(),
        })
    }

    /// Returns the same runner with a header that says how the run was requested.
    #[must_use]
    pub fn labelled(mut self, label: Label) -> Self {
        self.label = label;
        self
    }

    /// Returns the same runner with limits: it skips trials whose requests no longer fit into this number, and those whose
    /// turn comes after this time.
    #[must_use]
    pub fn limited(mut self, requests: Option<usize>, until: Option<Instant>) -> Self {
        self.budget = Arc::new(Budget::of(requests, until, self.sent()));
        self
    }

    /// Returns the number of requests that were sent so far.
    #[must_use]
    pub fn sent(&self) -> usize {
        usize::try_from(self.target.client.sent()).unwrap_or(usize::MAX)
    }

    /// Returns the same runner, which compares failures with a list of expected failures. `today` decides which of its
    /// dates have passed. `misfits` are the faults of the list that are known before the run.
    #[must_use]
    pub fn expecting(
        mut self,
        expectations: Expectations,
        today: Date,
        misfits: Vec<String>,
    ) -> Self {
        self.expected = Some((expectations, today));
        self.misfits = misfits;
        self
    }

    /// Returns the target.
    #[must_use]
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// Runs all trials of a plan and sends every event. Returns the counts.
    pub async fn run(&self, plan: &Plan, on_event: impl FnMut(Event)) -> Summary {
        let planned = Planned {
            trials: plan.trials.iter().map(|(_, trial)| trial.id()).collect(),
            suite: plan.suite.clone(),
            walks_from: None,
            is_whole: plan.is_whole,
        };
        let work =
            |events: UnboundedSender<Event>| async move { self.schedule(plan, &events).await };
        self.reporting(planned, work, on_event).await.0
    }

    /// Runs `work`, which runs trials, and passes every event on: those that `work` sends, and those before and after
    /// it. Returns the counts and the result of `work`.
    pub async fn reporting<T, W: Future<Output = T>>(
        &self,
        planned: Planned,
        work: impl FnOnce(UnboundedSender<Event>) -> W,
        mut on_event: impl FnMut(Event),
    ) -> (Summary, T) {
        let begun = Instant::now();
        let is_whole = planned.is_whole;
        on_event(Event::RunStarted(RunHeader {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            target: self.target.base_url.clone(),
            capabilities: self.target.capabilities.keys().cloned().collect(),
            selected: planned.trials.len(),
            seed: planned.walks_from.unwrap_or(self.config.seed),
            recorded: false,
            explored: planned.walks_from.is_some(),
            clients: false,
            notes: self.target.notes.clone(),
            started: jiff::Timestamp::now().to_string(),
            suite: planned.suite,
            planned: planned.trials,
            shard: self.label.shard.clone(),
            settings: self.label.settings.clone(),
            cases: self.label.cases.clone(),
            effort: self.label.effort.clone().map(Box::new),
        }));
        let mut summary = Summary::default();
        let mut causes = Causes::default();
        let mut tally = self
            .expected
            .clone()
            .map(|(expectations, today)| Tally::new(expectations, today));
        let (events, mut received) = unbounded_channel();
        let work = async {
            let result = work(events.clone()).await;
            for event in self.put_zones_back().await {
                let _ = events.send(event);
            }
            drop(events);
            result
        };
        let receive = async {
            while let Some(mut event) = received.recv().await {
                match &mut event {
                    Event::TrialFinished(report) => {
                        if let Some(tally) = &mut tally {
                            tally.judge(report);
                        }
                        summary.add(report);
                        causes.take(report);
                    }
                    Event::ZoneLeft(_) => summary.zones_left += 1,
                    Event::RunStarted(_)
                    | Event::TrialStarted { .. }
                    | Event::ZonePutBack(_)
                    | Event::RunFinished(_) => {}
                }
                on_event(event);
            }
        };
        let (result, ()) = tokio::join!(work, receive);
        summary.profile = std::mem::take(&mut *self.profile());
        summary.causes = causes.list();
        if let Some(tally) = &tally {
            summary.expectation_faults = tally.faults(is_whole);
            if !is_whole {
                summary.expectation_faults.extend(self.misfits.clone());
            }
        }
        summary.interrupted = self.is_stopped();
        summary.halted = match self.target.halt.reason() {
            None | Some(HaltReason::Interrupted) => None,
            // A run that was given a number of requests is complete when it has sent them.
            Some(HaltReason::Spent(_)) if self.budget.is_limited() => None,
            Some(reason) => Some(reason.to_string()),
        };
        summary.requests = usize::try_from(self.target.client.sent()).unwrap_or(usize::MAX);
        summary.elapsed_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        on_event(Event::RunFinished(summary.clone()));
        (summary, result)
    }

    /// Runs all trials, those with the tag `gate` first and one by one. If the target does not isolate zones, trials
    /// influence each other, and their verdicts would be guesses.
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
            are_apart = self.observed(*number, trial, events).await && are_apart;
        }
        // The plan's order is kept, but a zone that holds mappings is emptied once for the cases that need it, after all
        // others.
        others.sort_by_key(|(_, trial)| self.cares_for_zones() && needs_empty_zone(trial));
        stream::iter(others)
            .for_each_concurrent(self.config.jobs.max(1), |(number, trial)| {
                let (runner, number, trial) = (self.clone(), *number, trial.clone());
                let events = events.clone();
                async move {
                    let why_not = if runner.is_stopped() {
                        Some((Verdict::NotRun, "interrupted"))
                    } else if !are_apart {
                        let reason = "zones are not kept apart (ZONE-1), so it can't be judged";
                        Some((Verdict::NotRun, reason))
                    } else {
                        let refused = runner.afford(&trial).err();
                        refused.map(|reason| (Verdict::Skipped, reason))
                    };
                    if let Some((verdict, reason)) = why_not {
                        let report = empty_report(&trial, verdict, reason.to_owned());
                        let _ = events.send(Event::TrialFinished(Box::new(report)));
                        return;
                    }
                    let id = trial.id();
                    runner.clone().spawned(number, trial, events).await;
                    runner.budget.end(&id);
                }
            })
            .await;
    }

    /// Runs a trial in its own task, so that checks use every core.
    async fn spawned(self, number: usize, trial: Trial, events: UnboundedSender<Event>) {
        let reason = "the suite panicked in this case".to_owned();
        let panicked = empty_report(&trial, Verdict::Broken, reason);
        let within = events.clone();
        let task = tokio::spawn(async move { self.observed(number, &trial, &within).await });
        if task.await.is_err() {
            let _ = events.send(Event::TrialFinished(Box::new(panicked)));
        }
    }

    /// Cuts the run short: no further case begins, and zones are restored.
    pub fn end_early(&self, why: &str) {
        self.target.halt.set(HaltReason::Enough(why.to_owned()));
    }

    /// Interrupts the run: running trials end after the request that they wait for, and no more trials start. Zones in
    /// care are still restored.
    pub fn stop(&self) {
        self.target.halt.set(HaltReason::Interrupted);
    }

    pub(super) fn profile(&self) -> MutexGuard<'_, Profile> {
        self.profile.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns whether the run was interrupted or cut short, so that trials send no more requests.
    #[must_use]
    pub fn is_halted(&self) -> bool {
        self.target.halt.reason().is_some()
    }

    /// Returns whether every trial has its own empty zone.
    #[must_use]
    pub fn has_fresh_zones(&self) -> bool {
        !self.cares_for_zones()
    }

    fn is_stopped(&self) -> bool {
        self.target.halt.reason() == Some(&HaltReason::Interrupted)
    }

    fn cares_for_zones(&self) -> bool {
        matches!(*self.zones, Zones::Given(_))
    }

    /// Restores all zones in care once no trial uses them. The events report the result. [`Runner::run`] calls this at
    /// its end; callers that run single trials must call it after the last one.
    pub async fn put_zones_back(&self) -> Vec<Event> {
        let Zones::Given(pool) = &*self.zones else {
            return Vec::new();
        };
        let mut events = Vec::new();
        for keeper in pool.close().await {
            // No lease is left, so nobody else holds the keeper.
            let Some(keeper) = Arc::into_inner(keeper) else {
                continue;
            };
            events.extend(keeper.close(&self.target).await.map(Event::from));
        }
        events
    }

    /// Runs a trial and reports it. Returns whether zones are isolated, as far as the trial checked.
    async fn observed(
        &self,
        number: usize,
        trial: &Trial,
        events: &UnboundedSender<Event>,
    ) -> bool {
        // The receiver lives as long as the work; a failed send means that nobody listens.
        let _ = events.send(Event::TrialStarted { id: trial.id() });
        let report = self.trial(number, trial).await;
        let are_apart = !report.findings.iter().any(|reported| {
            reported.finding.clause == ClauseId::of("ZONE-1")
                && reported.finding.level == Level::Must
        });
        let _ = events.send(Event::TrialFinished(Box::new(report)));
        are_apart
    }
}

/// Returns a random number from which a run derives its own zones.
#[must_use]
pub fn new_seed() -> u64 {
    use std::hash::{BuildHasher, Hasher};
    // The standard library seeds its hash maps from the system's randomness.
    let mut hasher = std::collections::hash_map::RandomState::new().build_hasher();
    hasher.write_u64(0);
    hasher.finish()
}
