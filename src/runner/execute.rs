//! One trial: its steps in order, each answer checked and compared, until something makes the rest
//! meaningless.

use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;

use super::call::{Context, outgoing};
use super::custody::{Keeper, addresses_in, addresses_of};
use super::halt::HaltReason;
use super::mapping::{Place, State, meant, meant_by};
use super::scope::Variables;
use super::target::{Target, is_patience_asked, refuses_credentials};
use crate::case::{Action, CallSpec, Over, Step, Trial};
use crate::contract::{
    Answer, Contract, Finding, Framing, check_with, is_edge_failure, request_items,
};
use crate::event::{Observation, Profile, ReportedFinding, StepRecord, step_record};
use crate::exchange::{Exchange, Generation, Kind, Operation};
use crate::transport::{Outgoing, TransportFault};

/// How often a request is repeated when the target asks for it (429) or is briefly out of service.
const ATTEMPTS: u32 = 6;
/// How long a target that settles slowly is left alone at first; doubled each time.
pub(super) const FIRST_SETTLING_WAIT: Duration = Duration::from_millis(50);

/// Why a trial ends before its last step.
#[derive(Debug)]
pub(super) enum Stop {
    /// A must was broken: what follows would only break in its wake.
    Violated,
    /// It can't be judged.
    Inconclusive(String),
    /// It can't be arranged on this target.
    Skip(String),
    /// The case or the suite is at fault.
    Broken(String),
}

pub(super) type Flow<T = ()> = Result<T, Stop>;

/// A write that was sent in a parallel block, and whether it was accepted.
#[derive(Debug)]
pub(super) struct ParallelWrite {
    pub(super) generation: Generation,
    pub(super) ip: IpAddr,
    pub(super) place: Place,
    pub(super) accepted: bool,
}

/// A trial under way.
#[derive(Debug)]
pub(super) struct Execution<'a> {
    pub(super) target: &'a Target,
    pub(super) trial: &'a Trial,
    pub(super) id: String,
    pub(super) generation: Generation,
    pub(super) variables: Variables<'a>,
    /// Zone ids by the case's names for them.
    pub(super) zones: HashMap<String, String>,
    /// Those of them that are in care, by the case's names.
    keepers: HashMap<String, Arc<Keeper>>,
    /// What the zones held before the case.
    pub(super) existing: HashMap<String, State>,
    /// Through which generations zones in care were written.
    pub(super) wrote: BTreeSet<Generation>,
    /// What each zone should hold, as far as it was last asserted.
    pub(super) models: HashMap<String, State>,
    /// Addresses that requests named, by zone.
    pub(super) used: HashMap<String, BTreeSet<IpAddr>>,
    pub(super) writes: Vec<ParallelWrite>,
    pub(super) exchanges: Vec<Arc<Exchange>>,
    /// How many of them are no longer held as JSON.
    retired: usize,
    /// What the answers look like.
    pub(super) profile: Profile,
    pub(super) steps: Vec<StepRecord>,
    pub(super) findings: Vec<ReportedFinding>,
    pub(super) observations: Vec<Observation>,
    pub(super) reached: usize,
    /// How many entries the list that was read last has, an address that is there twice counted twice.
    pub(super) listed: usize,
}

impl<'a> Execution<'a> {
    pub(super) fn new(
        target: &'a Target,
        trial: &'a Trial,
        zones: HashMap<String, String>,
        keepers: HashMap<String, Arc<Keeper>>,
    ) -> Self {
        let home = trial.case.zones.first().cloned().unwrap_or_default();
        let existing: HashMap<String, State> = keepers
            .iter()
            .map(|(name, keeper)| (name.clone(), keeper.existing()))
            .collect();
        let taken = existing.values().flat_map(State::keys).copied().collect();
        let mut variables = Variables::new(&target.regions, zones.clone(), home, &taken);
        variables.named.extend(trial.row.values.clone());
        Self {
            keepers,
            existing,
            wrote: BTreeSet::new(),
            target,
            trial,
            id: trial.id(),
            generation: trial.home_generation(),
            variables,
            zones,
            models: HashMap::new(),
            used: HashMap::new(),
            writes: Vec::new(),
            exchanges: Vec::new(),
            retired: 0,
            profile: Profile::default(),
            steps: Vec::new(),
            findings: Vec::new(),
            observations: Vec::new(),
            reached: 0,
            listed: 0,
        }
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

    /// Runs a step. On a target that takes its time to show what was written, one that only reads is repeated
    /// until it is satisfied, or the time to settle is over.
    async fn step(&mut self, step: &Step) -> Flow {
        if self.target.settle.is_zero() || !self.only_reads(step) {
            return self.step_once(step).await;
        }
        let begun = Instant::now();
        let mut wait = FIRST_SETTLING_WAIT;
        loop {
            let before = (self.findings.clone(), self.observations.len());
            let result = self.step_once(step).await;
            let is_satisfied = result.is_ok() && self.findings == before.0;
            let is_over = begun.elapsed() + wait > self.target.settle;
            if is_satisfied || is_over || self.target.halt.reason().is_some() {
                return result;
            }
            self.findings = before.0;
            self.observations.truncate(before.1);
            tokio::time::sleep(wait).await;
            wait *= 2;
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
                let index = self.call(step, spec, &zone).await?;
                self.judge(step, index)?;
                self.capture(step, index);
            }
            Action::Holds(items, clause) => {
                let filled = self.fill(items)?;
                let mut state = self.variables.state(&filled).map_err(Stop::Skip)?;
                state.extend(self.existing.get(&zone).cloned().unwrap_or_default());
                self.models.insert(zone.clone(), state);
                self.holds(step, clause, &zone).await?;
            }
            Action::Unchanged(clause) => self.holds(step, clause, &zone).await?,
            Action::Pages { per_page, clause } => {
                let per_page = self.fill(per_page)?.as_u64().unwrap_or(20);
                self.pages(step, per_page, clause, &zone).await?;
            }
            Action::Parallel(steps) => self.parallel(step, steps, &zone).await?,
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
        let regions = self.variables.regions;
        let places: Vec<Place> = match over {
            Over::Times(_) => Vec::new(),
            Over::Pairs | Over::Chunks => regions.listed(self.generation).to_vec(),
            Over::Foreign => regions.foreign_pairs(),
            Over::ForeignChunks => regions.all_foreign(),
            Over::Vendors => regions.one_of_each(),
        };
        let in_chunks = matches!(over, Over::Chunks | Over::ForeignChunks);
        let rounds = match over {
            Over::Times(times) => times,
            _ if in_chunks => places.len().div_ceil(100),
            _ => places.len(),
        };
        if rounds == 0 {
            return Err(Stop::Skip(
                "the target lists no regions for this".to_owned(),
            ));
        }
        for round in 0..rounds {
            if in_chunks {
                let chunk = places.chunks(100).nth(round).unwrap_or_default();
                self.variables.chunk = chunk.to_vec();
            } else {
                self.variables.current = places.get(round).cloned();
            }
            for step in steps {
                self.step(step).await?;
            }
        }
        Ok(())
    }

    pub(super) fn fill(&mut self, value: &serde_json::Value) -> Flow<serde_json::Value> {
        self.variables.fill(value).map_err(Stop::Skip)
    }

    /// The request of a call, with the addresses that it names noted.
    pub(super) fn prepare(&mut self, spec: &CallSpec, zone: &str) -> Flow<Outgoing> {
        let zone_id = self.zones.get(zone).cloned().unwrap_or_default();
        let context = Context {
            target: self.target,
            trial: &self.id,
            generation: self.trial.generation,
            zone: &zone_id,
        };
        let outgoing = outgoing(context, spec, &mut self.variables).map_err(Stop::Skip)?;
        let used = self.used.entry(zone.to_owned()).or_default();
        used.extend(outgoing.address.as_deref().and_then(meant));
        if let (Some(operation), Some(json)) = (outgoing.operation, &outgoing.json) {
            let items = request_items(operation, json);
            used.extend(items.iter().filter_map(|item| meant(item.address?)));
        }
        self.journal(zone, &outgoing)?;
        Ok(outgoing)
    }

    /// Notes in the zone's journal what a write may touch, before it goes out.
    fn journal(&mut self, zone: &str, outgoing: &Outgoing) -> Flow {
        let Some(keeper) = self.keepers.get(zone) else {
            return Ok(());
        };
        let reads = match outgoing.operation {
            Some(operation) => !operation.kind().writes(),
            None => outgoing.method == "GET",
        };
        if reads {
            return Ok(());
        }
        let mut reach = BTreeSet::new();
        if let Some(address) = &outgoing.address {
            addresses_in(address, &mut reach);
        }
        match (&outgoing.json, &outgoing.body) {
            (Some(json), _) => addresses_of(json, &mut reach),
            (None, Some(body)) => addresses_in(&String::from_utf8_lossy(body), &mut reach),
            (None, None) => {}
        }
        let generation = outgoing
            .operation
            .map_or(self.generation, Operation::generation);
        self.wrote.insert(generation);
        keeper.touch(reach).map_err(|error| {
            self.target.halt.set(HaltReason::Journal(error.to_string()));
            Stop::Inconclusive(error.to_string())
        })
    }

    /// Notes what a write says that it touched: a faulty target may have stored another address.
    fn journal_answer(&self, exchange: &Exchange) {
        let (Some(operation), Some(body)) = (exchange.operation, exchange.response.value()) else {
            return;
        };
        // The whole list that `v1.upsert` answers with is not what it touched.
        if !operation.kind().writes()
            || operation == Operation::V1Upsert
            || !exchange.response.is_success()
        {
            return;
        }
        let answer = Answer::read(operation, body);
        let touched: Vec<IpAddr> = answer
            .entries
            .iter()
            .chain(&answer.succeeded)
            .filter_map(meant_by)
            .collect();
        let zone = self
            .zones
            .iter()
            .find(|(_, id)| exchange.request.url.contains(id.as_str()));
        if let Some(keeper) = zone.and_then(|(name, _)| self.keepers.get(name)) {
            // A disk that is full is noticed by the next request, which is journalled before it goes out.
            let _ = keeper.touch(touched);
        }
    }

    /// Whether a mapping that nobody expects may be somebody else's: the zone is shared with others, and no
    /// request of this case named its address.
    pub(super) fn may_be_a_strangers(&self, zone: &str, ip: &IpAddr) -> bool {
        self.keepers.contains_key(zone)
            && !self.used.get(zone).is_some_and(|used| used.contains(ip))
    }

    async fn call(&mut self, step: &Step, spec: &CallSpec, zone: &str) -> Flow<usize> {
        let outgoing = self.prepare(spec, zone)?;
        let framing = framing(spec);
        self.send(step.line, &outgoing, framing).await
    }

    /// Sends a request, patiently where the target asks for it, and checks the answer.
    pub(super) async fn send(
        &mut self,
        line: usize,
        outgoing: &Outgoing,
        framing: Framing,
    ) -> Flow<usize> {
        self.retire();
        let is_idempotent = is_idempotent(outgoing);
        let mut attempt = 0;
        loop {
            attempt += 1;
            self.turn().await?;
            let exchange = match self.target.client.send_now(outgoing).await {
                Ok(exchange) => exchange,
                // A pooled connection may have been closed by the target just then.
                Err(error)
                    if error.fault == TransportFault::Broken && is_idempotent && attempt < 3 =>
                {
                    continue;
                }
                Err(error) => {
                    let operation = outgoing
                        .operation
                        .map_or("request", |operation| operation.id());
                    let message = self.target.redactor.text(&error.message);
                    self.target.look_again().await;
                    return Err(Stop::Inconclusive(format!("{operation}: {message}")));
                }
            };
            if is_patience_asked(&exchange) {
                let status = exchange.response.status;
                // Whether a write got through an edge that failed can't be known, so it is sent again only
                // where that makes no difference.
                let may_repeat = status == 429 || is_idempotent;
                self.record(line, exchange.clone(), framing);
                if may_repeat && attempt < ATTEMPTS {
                    self.target.be_patient(&exchange, attempt);
                    continue;
                }
                self.target.look_again().await;
                let times = if attempt == 1 {
                    String::new()
                } else {
                    format!(" {attempt} times in a row")
                };
                return Err(Stop::Inconclusive(format!(
                    "the target answered {status}{times}"
                )));
            }
            if refuses_credentials(&exchange) && self.target.are_own_credentials(&outgoing.headers)
            {
                self.target.look_again().await;
                if let Some(reason) = self.target.halt.reason() {
                    return Err(Stop::Inconclusive(reason.to_string()));
                }
            }
            if let Err(why) = &exchange.response.json
                && why.contains("recursion limit")
            {
                return Err(Stop::Inconclusive(
                    "the body is nested too deeply to be read".to_owned(),
                ));
            }
            return Ok(self.record(line, exchange, framing));
        }
    }

    /// Waits for the turn of a request; a run that was halted sends none.
    pub(super) async fn turn(&self) -> Flow {
        let turn = tokio::select! {
            biased;
            () = self.target.halt.halted() => Ok(()),
            turn = self.target.client.turn() => turn,
        };
        if let Err(error) = turn {
            self.target.halt.set(HaltReason::Budget(error.message));
        }
        match self.target.halt.reason() {
            Some(reason) => Err(Stop::Inconclusive(reason.to_string())),
            None => Ok(()),
        }
    }

    /// Lets go of the trees of answers that were judged: a full zone is listed by every `v1.upsert`, and
    /// a trial that kept them all would hold hundreds of megabytes.
    pub(super) fn retire(&mut self) {
        for exchange in self.exchanges.iter_mut().skip(self.retired) {
            if let Some(exchange) = Arc::get_mut(exchange) {
                exchange.let_go_of_json();
            }
        }
        self.retired = self.exchanges.len();
    }

    /// Keeps an exchange and what the contract says of it.
    pub(super) fn record(&mut self, line: usize, exchange: Exchange, framing: Framing) -> usize {
        let index = self.exchanges.len();
        let redactor = &self.target.redactor;
        self.profile.take(&exchange, |text| redactor.text(text));
        if !self.keepers.is_empty() {
            self.journal_answer(&exchange);
        }
        self.steps
            .push(step_record(&exchange, line, &self.target.redactor));
        // What an edge in front of the target says is not the target's.
        if !is_edge_failure(&exchange) && !is_throttled_by_another(&exchange) {
            for finding in check_with(Contract::embedded(), &exchange, framing) {
                self.add(line, Some(index), finding);
            }
        }
        self.exchanges.push(Arc::new(exchange));
        index
    }

    /// Adds a finding; the same thing at another index of a list only counts.
    pub(super) fn add(&mut self, line: usize, step: Option<usize>, mut finding: Finding) {
        let redactor = &self.target.redactor;
        finding.found = redactor.text(&finding.found);
        let place = |at: &str| -> String {
            at.split('/')
                .map(|part| {
                    if part.chars().all(|c| c.is_ascii_digit()) {
                        "#"
                    } else {
                        part
                    }
                })
                .collect::<Vec<_>>()
                .join("/")
        };
        let known = self.findings.iter_mut().find(|known| {
            known.line == line
                && known.finding.clause == finding.clause
                && known.finding.level == finding.level
                && place(&known.finding.at) == place(&finding.at)
        });
        match known {
            Some(known) => known.times += 1,
            None => self.findings.push(ReportedFinding {
                finding,
                line,
                step,
                times: 1,
            }),
        }
    }

    fn capture(&mut self, step: &Step, index: usize) {
        for (name, path) in &step.capture {
            let pointer = format!("/{}", path.replace('.', "/"));
            let value = self
                .exchanges
                .get(index)
                .and_then(|e| e.response.pointer(&pointer))
                .cloned();
            self.variables
                .named
                .insert(name.clone(), value.unwrap_or(json!(null)));
        }
    }
}

/// How strictly the envelope of a call's answer is promised.
pub(super) fn framing(spec: &CallSpec) -> Framing {
    if spec.outside_contract {
        Framing::Recommended
    } else {
        Framing::Promised
    }
}

/// A 429 that is not in the API's words: gateways throttle in words of their own.
fn is_throttled_by_another(exchange: &Exchange) -> bool {
    exchange.response.status == 429 && exchange.response.codes().is_empty()
}

/// Whether sending a request twice does the same as sending it once, answer included.
fn is_idempotent(outgoing: &Outgoing) -> bool {
    match outgoing.operation.map(Operation::kind) {
        Some(Kind::Create | Kind::Delete | Kind::BatchDelete) => false,
        Some(
            Kind::List | Kind::Get | Kind::Upsert | Kind::BatchUpsert | Kind::SupportedRegions,
        ) => true,
        None => outgoing.method == "GET",
    }
}
