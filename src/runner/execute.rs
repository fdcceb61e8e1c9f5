//! One trial: its steps in order, each answer checked and compared, until something makes the rest
//! meaningless.

use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use super::call::{Context, outgoing};
use super::mapping::{Place, State, meant};
use super::record;
use super::scope::Variables;
use super::target::Target;
use crate::case::{Action, CallSpec, Over, Step, Trial};
use crate::contract::{Contract, Finding, Framing, check_with, request_items};
use crate::event::{Observation, ReportedFinding, StepRecord};
use crate::exchange::{Exchange, Generation};
use crate::transport::{Outgoing, TransportFault};

/// How often a request is repeated when the target asks for it (429) or is briefly out of service.
const ATTEMPTS: u32 = 6;
/// The longest wait that a `retry-after` can ask for, in seconds.
const LONGEST_WAIT: u64 = 30;

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
    /// What each zone should hold, as far as it was last asserted.
    pub(super) models: HashMap<String, State>,
    /// Addresses that requests named, by zone.
    pub(super) used: HashMap<String, BTreeSet<IpAddr>>,
    pub(super) writes: Vec<ParallelWrite>,
    pub(super) exchanges: Vec<Arc<Exchange>>,
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
    ) -> Self {
        let home = trial.case.zones.first().cloned().unwrap_or_default();
        let mut variables = Variables::new(&target.regions, zones.clone(), home);
        variables.named.extend(trial.row.values.clone());
        Self {
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

    async fn step(&mut self, step: &Step) -> Flow {
        let zone = self.zone_name(step);
        match &step.action {
            Action::Call(spec) => {
                let index = self.call(step, spec, &zone).await?;
                self.judge(step, index)?;
                self.capture(step, index);
            }
            Action::Holds(items, clause) => {
                let filled = self.fill(items)?;
                let state = self.variables.state(&filled).map_err(Stop::Skip)?;
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
        let listed = self.variables.regions.listed.clone();
        let rounds = match over {
            Over::Times(times) => times,
            Over::Pairs => listed.len(),
            Over::Chunks => listed.len().div_ceil(100),
        };
        for round in 0..rounds {
            match over {
                Over::Times(_) => {}
                Over::Pairs => self.variables.current = listed.get(round).cloned(),
                Over::Chunks => {
                    let chunk = listed.chunks(100).nth(round).unwrap_or_default();
                    self.variables.chunk = chunk.to_vec();
                }
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
        Ok(outgoing)
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
        let mut attempt = 0;
        loop {
            attempt += 1;
            let exchange = match self.target.client.send(outgoing).await {
                Ok(exchange) => exchange,
                // A pooled connection may have been closed by the target just then.
                Err(error) if error.fault == TransportFault::Broken && attempt < 3 => continue,
                Err(error) => {
                    let operation = outgoing
                        .operation
                        .map_or("request", |operation| operation.id());
                    let message = self.target.redactor.text(&error.message);
                    return Err(Stop::Inconclusive(format!("{operation}: {message}")));
                }
            };
            let is_retryable = exchange.response.status == 429 || is_edge_failure(&exchange);
            let status = exchange.response.status;
            if is_retryable && attempt < ATTEMPTS {
                self.record(line, exchange.clone(), framing);
                wait_for(&exchange, attempt).await;
                continue;
            }
            let index = self.record(line, exchange, framing);
            if is_retryable {
                let message = format!("the target answered {status} {attempt} times in a row");
                return Err(Stop::Inconclusive(message));
            }
            return Ok(index);
        }
    }

    /// Keeps an exchange and what the contract says of it.
    pub(super) fn record(&mut self, line: usize, exchange: Exchange, framing: Framing) -> usize {
        let index = self.exchanges.len();
        self.steps
            .push(record::step(&exchange, line, &self.target.redactor));
        // What an edge in front of the target says is not the target's.
        if !is_edge_failure(&exchange) {
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

/// A failure of something in front of the target: 502, 503, 504 or 52x, and not in the API's own
/// words. A documented code makes it the target's answer.
pub(super) fn is_edge_failure(exchange: &Exchange) -> bool {
    let response = &exchange.response;
    let is_edge = matches!(response.status, 502..=504 | 520..=530);
    let documented = Contract::embedded().codes.iter().map(|row| row.code);
    let codes = response.codes();
    // A failure that was asked for (fault injection) may come with any code.
    let was_asked_for = exchange.request.headers.get("conformance-fault").is_some();
    let is_own = documented.into_iter().any(|code| codes.contains(&code))
        || (was_asked_for && !codes.is_empty());
    is_edge && !is_own
}

/// Waits as long as `retry-after` says, or a little longer with each attempt.
pub(super) async fn wait_for(exchange: &Exchange, attempt: u32) {
    let named = exchange
        .response
        .headers
        .get("retry-after")
        .and_then(|value| value.trim().parse::<u64>().ok());
    let wait = match named {
        Some(seconds) => Duration::from_secs(seconds.min(LONGEST_WAIT)),
        None => Duration::from_millis(100) * 2_u32.saturating_pow(attempt),
    };
    tokio::time::sleep(wait).await;
}
