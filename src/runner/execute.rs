//! The execution of one trial. Its steps run in order, and each answer is checked and compared, until something makes
//! the rest meaningless.

use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::addresses::Addresses;
use super::bounds;
use super::call::{Context, outgoing};
use super::care::Care;
use super::custody::Keeper;
use super::judgement::Judgement;
use super::log::Log;
use super::reading::Listed;
use super::refit::{Filled, Left};
use super::scope::Variables;
use super::target::Target;
use super::zone::named_addresses;
use crate::case::{Action, Auth, CallSpec, Over, Step, Trial, Unfilled};
use crate::contract::Place;
use crate::contract::address::meant;
use crate::contract::{ClauseId, Contract, Finding, Framing, request_items};
use crate::exchange::Generation;
use crate::transport::Outgoing;
use crate::zone::{Model, State, Witness};

/// The first pause before reads are repeated on a target that settles slowly. It doubles each time.
const FIRST_SETTLING_WAIT: Duration = Duration::from_millis(50);

/// The pause before a request is repeated after a conflict although no other request was running.
const CONFLICT_WAIT: Duration = Duration::from_millis(200);

/// The pauses between reads that are repeated until the time to settle is over. The last pause ends at that time.
#[derive(Debug)]
pub(super) struct Settling {
    until: Instant,
    wait: Duration,
}

impl Settling {
    /// Returns pauses for a time to settle that begins now.
    pub(super) fn within(settle: Duration) -> Self {
        Self {
            until: Instant::now() + settle,
            wait: FIRST_SETTLING_WAIT,
        }
    }

    /// Waits before the next read. Returns `false` if the time is over.
    pub(super) async fn again(&mut self) -> bool {
        let left = self.until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return false;
        }
        tokio::time::sleep(self.wait.min(left)).await;
        self.wait *= 2;
        true
    }
}

/// The reason why a trial ends before its last step.
#[derive(Debug)]
pub(super) enum Stop {
    /// A `must` clause was broken. Later steps could only fail as a consequence.
    Violated,
    /// The trial can't be judged.
    Inconclusive(String),
    /// The trial can't be judged because of a network fault.
    Unreachable(String),
    /// The run was interrupted or cut short.
    Halted(String),
    /// The trial can't be set up on this target.
    Skip(String),
    /// The case is at fault, at this line of its file if the line is known.
    Broken(String, Option<usize>),
}

impl From<Unfilled> for Stop {
    fn from(unfilled: Unfilled) -> Self {
        match unfilled {
            Unfilled::TargetLacks(why) => Self::Skip(why),
            Unfilled::CaseFault(why) => Self::Broken(why, None),
        }
    }
}

impl Stop {
    /// Returns the reason with this line, if an inner step has not set one.
    fn at(self, line: usize) -> Self {
        match self {
            Self::Broken(why, None) => Self::Broken(why, Some(line)),
            Self::Violated
            | Self::Inconclusive(_)
            | Self::Unreachable(_)
            | Self::Halted(_)
            | Self::Skip(_)
            | Self::Broken(..) => self,
        }
    }
}

pub(super) type Flow<T = ()> = Result<T, Stop>;

/// How far the answers to the writes of `given` are believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trust {
    /// A batch that says that all its items succeeded is believed. If the trial fails, it must be repeated with
    /// [`Trust::Verify`], so that no clause is blamed for mappings that were never stored.
    Believe,
    /// As [`Trust::Believe`], and a batch was believed.
    Believed,
    /// The zone is read.
    Verify,
}

/// A running trial.
#[derive(Debug)]
pub(super) struct Execution<'a> {
    pub(super) target: &'a Target,
    pub(super) trial: &'a Trial,
    pub(super) id: String,
    pub(super) generation: Generation,
    pub(super) variables: Variables<'a>,
    /// The zone ids, by the case's names for the zones.
    pub(super) zones: HashMap<String, String>,
    /// The record of zones in care.
    pub(super) care: Care,
    /// The model of each zone, by the case's names: what is known and expected of it.
    models: HashMap<String, Model>,
    pub(super) log: Log,
    /// The last whole list: of which zone, through which generation, and what it showed.
    pub(super) last_list: Option<(String, Generation, Listed)>,
    /// How far the answers to the writes of `given` are believed.
    pub(super) trust: Trust,
    /// Whether mappings of `given` were written one by one, since batches did not store them.
    pub(super) was_written_singly: bool,
    /// What `given` says of each zone, by the case's names.
    pub(super) begun_with: HashMap<String, State>,
    /// What an earlier trial left in the zone, if it is shared.
    pub(super) left: Option<Left>,
    /// The addresses that writes of the steps named.
    pub(super) touched: BTreeSet<IpAddr>,
    pub(super) judgement: Judgement,
    pub(super) reached: usize,
    /// A sentence about what the zones held at first.
    pub(super) given: String,
}

impl<'a> Execution<'a> {
    pub(super) fn new(
        target: &'a Target,
        trial: &'a Trial,
        zones: HashMap<String, String>,
        keepers: HashMap<String, Arc<Keeper>>,
        turn: u64,
    ) -> Self {
        let home = trial.case.zones.first().cloned().unwrap_or_default();
        let care = Care::of(keepers);
        let taken = care.taken();
        // A run on another machine may use the same zones in care, so each run has its own test addresses.
        let turn = if care.is_needed() { turn } else { 0 };
        let addresses = Addresses::around(&taken, turn).without(&named_addresses(trial));
        let variables = Variables::new(&target.regions, zones.clone(), home, addresses);
        Self {
            target,
            trial,
            id: trial.id(),
            generation: trial.home_generation(),
            variables,
            zones,
            care,
            models: HashMap::new(),
            log: Log::default(),
            last_list: None,
            trust: Trust::Verify,
            was_written_singly: false,
            begun_with: HashMap::new(),
            left: None,
            touched: BTreeSet::new(),
            judgement: Judgement::default(),
            reached: 0,
            given: String::new(),
        }
    }

    /// Returns the model of a zone.
    pub(super) fn model(&mut self, zone: &str) -> &mut Model {
        self.models.entry(zone.to_owned()).or_default()
    }

    /// Returns what a zone is expected to hold.
    pub(super) fn state(&self, zone: &str) -> State {
        let model = self.models.get(zone);
        model
            .map(|model| model.expected().clone())
            .unwrap_or_default()
    }

    /// Returns whether a request of this case named an address in a zone.
    pub(super) fn has_named(&self, zone: &str, ip: &IpAddr) -> bool {
        let model = self.models.get(zone);
        model.is_some_and(|model| model.has_named(ip))
    }

    /// Returns the zone of the trial with what is left in it, for the next trial that needs a filled zone.
    pub(super) fn filled(&self) -> Option<Filled> {
        let name = self.trial.filled_zone()?;
        Some(Filled {
            zone: self.zones.get(name)?.clone(),
            left: Left {
                given: self.begun_with.get(name)?.clone(),
                touched: self.touched.clone(),
            },
        })
    }

    /// Runs the whole case.
    pub(super) async fn run(&mut self) -> Flow {
        self.arrange().await?;
        let steps = &self.trial.case.steps;
        for step in steps {
            self.reached += 1;
            self.step(step).await?;
        }
        Ok(())
    }

    pub(super) fn zone_name(&self, step: &Step) -> String {
        step.zone
            .clone()
            .or_else(|| self.trial.case.zones.first().cloned())
            .unwrap_or_default()
    }

    /// Runs a step. If a target shows writes with a delay, a step that only reads is repeated until its expectations
    /// are met or the time to settle is over.
    async fn step(&mut self, step: &Step) -> Flow {
        self.settled_step(step)
            .await
            .map_err(|stop| stop.at(step.line))
    }

    async fn settled_step(&mut self, step: &Step) -> Flow {
        if self.target.settle.is_zero() || !self.only_reads(step) {
            return self.step_once(step).await;
        }
        let mut settling = Settling::within(self.target.settle);
        loop {
            let before = self.judgement.clone();
            let known = self.judges_history().then(|| self.models.clone());
            let result = self.step_once(step).await;
            let is_satisfied = result.is_ok() && self.judgement.findings == before.findings;
            let is_halted = self.target.halt.reason().is_some();
            if is_satisfied || is_halted || !settling.again().await {
                return result;
            }
            self.judgement = before;
            if let Some(known) = known {
                self.models = known;
            }
        }
    }

    fn is_conflict(&self, index: usize) -> bool {
        let exchange = self.log.get(index);
        exchange.is_some_and(|exchange| exchange.response.status == 409)
    }

    pub(super) fn judges_history(&self) -> bool {
        self.trial.case.judges_history
    }

    /// Adds an exchange to the model of its zone. Contradictions become findings only if the case judges its history;
    /// other cases rely on their expectations.
    async fn take(&mut self, step: &Step, zone: &str, index: usize) -> Flow {
        let Some(exchange) = self.log.get(index).cloned() else {
            return Ok(());
        };
        let findings = match without_leave(step) {
            Some(clause) if self.judges_history() => {
                self.model(zone).take_without_leave(&exchange, &clause)
            }
            _ => self.model(zone).take(&exchange).0,
        };
        if !self.judges_history() {
            return Ok(());
        }
        for finding in findings {
            self.add(step.line, Some(index), finding);
        }
        self.resolve_doubts(zone, &[(step, index)]).await
    }

    /// Reads the mappings for which answers contradict the model, and decides whose fault each contradiction is.
    pub(super) async fn resolve_doubts(&mut self, zone: &str, taken: &[(&Step, usize)]) -> Flow {
        let total = self.model(zone).wrong_total();
        if let (Some(finding), Some((step, index))) = (total, taken.first()) {
            let mut is_of_a_mapping = false;
            if self.model(zone).is_small() {
                let list = self.read_list(step.line, Generation::V2, zone).await?;
                let list = list.map(|list| list.state).unwrap_or_default();
                is_of_a_mapping = self.model(zone).compare_whole(&list);
            }
            if !is_of_a_mapping {
                self.add(step.line, Some(*index), finding);
            }
        }
        while let Some(doubt) = self.model(zone).next_doubt() {
            let Some((step, index)) = taken.get(doubt.number) else {
                continue;
            };
            let (line, ip) = (step.line, doubt.ip());
            let mut seen = Vec::new();
            for generation in doubt.generations() {
                let (single, _) = self.read_one(line, generation, zone, ip).await?;
                let mut listed = None;
                if self.model(zone).is_small() {
                    let list = self.read_list(line, generation, zone).await?;
                    listed = list.ok().map(|list| list.state.get(&ip).cloned());
                }
                seen.push(Witness { single, listed });
            }
            let finding = self.model(zone).resolve(doubt, &seen);
            self.add(line, Some(*index), finding);
        }
        Ok(())
    }

    /// Compares an answer with what its step expects. A step without expectations must succeed, unless the history is
    /// judged.
    pub(super) fn expected_of(&mut self, step: &Step, index: usize) -> Flow {
        if self.judges_history() && step.expect.is_empty() {
            return Ok(());
        }
        self.judge(step, index)
    }

    /// Waits for the time to settle before doubts are resolved, so that the reads do not show an old state.
    async fn settle_doubt(&mut self, zone: &str) {
        let settle = self.target.settle;
        if self.judges_history() && !settle.is_zero() && self.model(zone).has_doubt() {
            tokio::time::sleep(settle).await;
        }
    }

    fn only_reads(&self, step: &Step) -> bool {
        match &step.action {
            Action::Call(spec) => spec
                .operation
                .operation(self.trial.generation)
                .is_some_and(|operation| !operation.kind().writes()),
            Action::Holds(..)
            | Action::Unchanged(_)
            | Action::Pages { .. }
            | Action::Settled(_)
            | Action::OneOf(..)
            | Action::AtMost(..) => true,
            Action::Parallel(_) | Action::Repeat { .. } | Action::Let(_) => false,
        }
    }

    async fn step_once(&mut self, step: &Step) -> Flow {
        let zone = self.zone_name(step);
        match &step.action {
            Action::Call(spec) => {
                let mut index = self.call(step, spec, &zone).await?;
                if self.judges_history() && self.is_conflict(index) {
                    // A lock may last a moment longer than the answer to the request that held it.
                    tokio::time::sleep(CONFLICT_WAIT).await;
                    index = self.call(step, spec, &zone).await?;
                }
                self.take(step, &zone, index).await?;
                let first = self.judgement.findings.len();
                let judged = self.expected_of(step, index);
                self.relieve(step, &zone, (index, first)).await?;
                judged?;
                self.capture(step, index)?;
                self.settle_doubt(&zone).await;
            }
            Action::Holds(items, clause) => {
                let filled = self.fill(items)?;
                let mut state = self.variables.state(&filled)?;
                state.extend(self.care.existing_in(&zone, self.generation));
                self.model(&zone).expect(state);
                self.holds(step, clause, &zone).await?;
            }
            Action::Unchanged(clause) => self.holds(step, clause, &zone).await?,
            Action::Pages { per_page, clause } => {
                let per_page = self.fill(per_page)?;
                let per_page = per_page.as_u64().ok_or_else(|| {
                    Stop::Broken(
                        format!("`pages` expects a number, found `{per_page}`"),
                        None,
                    )
                })?;
                self.pages(step, per_page, clause, &zone).await?;
            }
            Action::Parallel(steps) => {
                self.parallel(step, steps, &zone).await?;
                self.settle_doubt(&zone).await;
            }
            Action::Repeat { over, steps } => Box::pin(self.repeat(*over, steps)).await?,
            Action::Let(values) => {
                for (name, value) in values {
                    let value = self.fill(value)?;
                    self.variables.named.insert(name.clone(), value);
                }
            }
            Action::Settled(clause) => self.settled(step, clause, &zone).await?,
            Action::OneOf(items, clause) => self.one_of(step, items, clause, &zone).await?,
            Action::AtMost(most, clause) => self.at_most(step, *most, clause, &zone).await?,
        }
        Ok(())
    }

    async fn repeat(&mut self, over: Over, steps: &[Step]) -> Flow {
        let over = if self.trial.is_brief {
            over.brief(steps)
        } else {
            over
        };
        let regions = self.variables.regions;
        let places: Vec<Place> = match over {
            Over::Times(_) => Vec::new(),
            Over::Pairs | Over::Chunks => regions.listed(self.generation).to_vec(),
            Over::Foreign => regions.foreign_pairs(),
            Over::ForeignChunks => regions.all_foreign(),
            Over::Vendors => regions.one_of_each(),
        };
        let most = Contract::embedded().limits.batch;
        let in_chunks = matches!(over, Over::Chunks | Over::ForeignChunks);
        let rounds = match over {
            Over::Times(times) => times,
            _ if in_chunks => places.len().div_ceil(most),
            _ => places.len(),
        };
        if rounds == 0 {
            return Err(Stop::Skip(
                "the target lists no regions for this".to_owned(),
            ));
        }
        let around = self.variables.round;
        for round in 0..rounds {
            self.variables.round = Some(round);
            if in_chunks {
                let chunk = places.chunks(most).nth(round).unwrap_or_default();
                self.variables.chunk = chunk.to_vec();
            } else {
                self.variables.current = places.get(round).cloned();
            }
            for step in steps {
                self.step(step).await?;
            }
        }
        self.variables.round = around;
        Ok(())
    }

    pub(super) fn fill(&mut self, value: &serde_json::Value) -> Flow<serde_json::Value> {
        Ok(self.variables.fill(value)?)
    }

    /// Returns the request of a call, and notes the addresses that it names.
    pub(super) fn prepare(&mut self, spec: &CallSpec, zone: &str) -> Flow<Outgoing> {
        let zone_id = self.zones.get(zone).cloned().unwrap_or_default();
        let context = Context {
            target: self.target,
            trial: &self.id,
            generation: self.trial.generation,
            zone: &zone_id,
        };
        let outgoing = outgoing(context, spec, &mut self.variables)?;
        bounds::check(&outgoing, &self.target.base_url, &self.zones)
            .map_err(|why| Stop::Broken(why, None))?;
        let mut named: Vec<IpAddr> = outgoing
            .address
            .as_deref()
            .and_then(meant)
            .into_iter()
            .collect();
        if let (Some(operation), Some(json)) = (outgoing.operation, &outgoing.json) {
            let items = request_items(operation, json);
            named.extend(items.iter().filter_map(|item| meant(item.address?)));
        }
        if self.reached > 0 && outgoing.method != "GET" {
            self.touched.extend(&named);
        }
        self.model(zone).names(named);
        Ok(outgoing)
    }

    /// Prepares a request like [`Execution::prepare`], and has the zone's keeper admit it.
    pub(super) async fn ready(&mut self, spec: &CallSpec, zone: &str) -> Flow<Outgoing> {
        let outgoing = self.prepare(spec, zone)?;
        self.admit(zone, &outgoing).await?;
        Ok(outgoing)
    }

    async fn call(&mut self, step: &Step, spec: &CallSpec, zone: &str) -> Flow<usize> {
        let outgoing = self.ready(spec, zone).await?;
        let framing = framing(spec);
        self.send(step.line, &outgoing, framing).await
    }

    /// Adds a finding and masks secrets in it.
    pub(super) fn add(&mut self, line: usize, step: Option<usize>, mut finding: Finding) {
        let redactor = self.log.redactor_at(step, &self.target.redactor);
        finding.what.mask(|text| redactor.text(text));
        self.judgement.add(line, step, finding);
    }

    /// Adds a finding about mappings that the case itself wrote.
    pub(super) fn add_own(&mut self, line: usize, step: Option<usize>, finding: Finding) {
        self.judgement.is_own(line, &finding);
        self.add(line, step, finding);
    }

    /// Keeps the values of an answer that later steps need. `lint` has checked that the documented form has them, but
    /// the documents allow most members to be absent.
    fn capture(&mut self, step: &Step, index: usize) -> Flow {
        for (name, path) in &step.capture {
            let pointer = format!("/{}", path.replace('.', "/"));
            let exchange = self.log.get(index);
            let value = exchange.and_then(|exchange| exchange.response.pointer(&pointer));
            let Some(value) = value.cloned() else {
                let why = format!(
                    "line {}: the answer has no `{path}`, which later steps need",
                    step.line
                );
                return Err(Stop::Skip(why));
            };
            self.variables.named.insert(name.clone(), value);
        }
        Ok(())
    }
}

/// Returns the clause that requires a refusal of the step's credentials, if they are not the run's own.
fn without_leave(step: &Step) -> Option<ClauseId> {
    match &step.action {
        Action::Call(spec) => match spec.auth {
            Auth::Token | Auth::Key => None,
            Auth::None => Some(ClauseId::of("AUTH-1")),
            _ => Some(ClauseId::of("AUTH-2")),
        },
        _ => None,
    }
}

/// Returns how strictly the contract promises the envelope of a call's answer.
pub(super) fn framing(spec: &CallSpec) -> Framing {
    if spec.outside_contract {
        Framing::Recommended
    } else {
        Framing::Promised
    }
}
