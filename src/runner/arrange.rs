//! Sets up `given`: brings zones into their first state and verifies it. If that fails, the trial is inconclusive and
//! not a violation, since the cases about writing report the fault with its clause.

use std::fmt::Write;
use std::net::IpAddr;

use serde_json::Value;

use super::call::batch_item;
use super::execute::{Execution, Flow, Settling, Stop, Trust};
use super::mapping::Wanted;
use crate::case::{Auth, CallSpec, OperationName};
use crate::contract::{Contract, Framing, Place};
use crate::exchange::{Generation, Kind, Operation, whole_number};
use crate::zone::{Prepared, State, Traffic, confirms};

/// The maximum number of a zone's first mappings that a report names.
const SAID: usize = 3;
/// The number of mappings above which a zone is counted and not read.
const COUNTED_ABOVE: usize = 500;

impl Execution<'_> {
    pub(super) async fn arrange(&mut self) -> Flow {
        let case = &self.trial.case;
        for name in &case.zones {
            let state = match case.given.get(name) {
                Some(items) => {
                    let filled = self.fill(items)?;
                    self.variables.state(&filled)?
                }
                None => State::new(),
            };
            let mut whole = self.care.existing_in(name, self.generation);
            whole.extend(state.clone());
            if !state.is_empty() {
                self.note_given(name, &state);
                match self.left.take() {
                    Some(left) => self.refit(name, &state, &left).await?,
                    None => self.write_all(name, &state, &whole).await?,
                }
                self.begun_with.insert(name.clone(), state.clone());
            }
            self.model(name).expect(whole);
            if self.judges_history() {
                self.begin(name, state);
            }
        }
        Ok(())
    }

    /// Tells the model of a zone what it holds: the given mappings through the case's own generation, and existing
    /// mappings through each generation.
    fn begin(&mut self, zone: &str, given: State) {
        let traffic = if self.care.has(zone) {
            Traffic::OwnAmongOthers
        } else {
            Traffic::Own
        };
        let mut seen: Vec<(Generation, State)> = Generation::ALL
            .into_iter()
            .filter(|generation| self.target.has(generation.id()))
            .map(|generation| (generation, self.care.existing_in(zone, generation)))
            .collect();
        seen.push((self.generation, given));
        let regions = self.variables.regions;
        let listed: Vec<Place> = regions.all().cloned().collect();
        let places = (regions.picked.as_slice(), listed.as_slice());
        self.model(zone).begin(traffic, places, &seen);
    }

    /// Notes for the report what a zone holds at first.
    fn note_given(&mut self, zone: &str, state: &State) {
        let shown = state.iter().take(SAID);
        let shown: Vec<String> = shown.map(|(ip, place)| format!("{ip} {place}")).collect();
        let more = match state.len().saturating_sub(SAID) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let name = if self.trial.case.zones.len() > 1 {
            format!("{zone}: ")
        } else {
            String::new()
        };
        let begin = if self.given.is_empty() { "" } else { "; " };
        // Writing to a string does not fail.
        let _ = write!(self.given, "{begin}{name}{}{more}", shown.join(", "));
    }

    /// Writes mappings in batches. If the zone does not hold all of them then, writes them again one by one. `whole` is
    /// the expected state afterwards, including existing mappings.
    async fn write_all(&mut self, zone: &str, state: &State, whole: &State) -> Flow {
        let generation = self.generation;
        let begun = self.log.len();
        let is_confirmed = self.write_batches(zone, state).await?;
        if is_confirmed && self.trust != Trust::Verify {
            self.trust = Trust::Believed;
            return Ok(());
        }
        if self.is_arranged_in_time(zone, whole).await? {
            return Ok(());
        }
        if state.len() <= 300 {
            self.was_written_singly = true;
            for (ip, place) in state {
                let mut body = batch_item(generation, &Wanted::new(*ip, place));
                if generation == Generation::V2 {
                    body = serde_json::json!({"path": ip.to_string(), "json": body});
                } else {
                    body = with_json(&body);
                }
                self.quietly(Kind::Upsert, zone, body).await?;
            }
            if self.is_arranged_in_time(zone, whole).await? {
                return Ok(());
            }
        }
        let sent = self.log.iter().skip(begun);
        let writes = sent.filter(|exchange| exchange.request.method != "GET");
        let accepted = writes
            .clone()
            .filter(|exchange| exchange.response.is_success());
        let (sent, accepted) = (writes.count(), accepted.count());
        let listed = self.read_list(0, generation, zone).await?;
        let there = Prepared::new(state, listed.ok().map(|listed| listed.state)).shown();
        Err(Stop::Inconclusive(format!(
            "the case begins with {} mapping(s): {accepted} of {sent} writes were answered with success, and the list shows {there} of the mappings",
            state.len()
        )))
    }

    /// Writes mappings in batches. Returns whether the answers confirm each of them.
    pub(super) async fn write_batches(&mut self, zone: &str, state: &State) -> Flow<bool> {
        let generation = self.generation;
        let all: Vec<(&IpAddr, &Place)> = state.iter().collect();
        let mut is_confirmed = true;
        for chunk in all.chunks(Contract::embedded().limits.batch) {
            let items = chunk
                .iter()
                .map(|(ip, place)| batch_item(generation, &Wanted::new(**ip, place)))
                .collect();
            let items = with_json(&Value::Array(items));
            let index = self.quietly(Kind::BatchUpsert, zone, items).await?;
            let written: State = chunk
                .iter()
                .map(|(ip, place)| (**ip, (*place).clone()))
                .collect();
            is_confirmed = is_confirmed
                && self
                    .log
                    .get(index)
                    .is_some_and(|exchange| confirms(exchange, &written));
        }
        Ok(is_confirmed)
    }

    /// Returns whether the zone holds this state before the time to settle is over.
    async fn is_arranged_in_time(&mut self, zone: &str, state: &State) -> Flow<bool> {
        let mut settling = Settling::within(self.target.settle);
        loop {
            if self.is_arranged(zone, state).await? {
                return Ok(true);
            }
            if !settling.again().await {
                return Ok(false);
            }
        }
    }

    /// Returns whether the list shows this state. If the list differs, checks single reads, since a faulty list must
    /// not hide a correct state.
    async fn is_arranged(&mut self, zone: &str, state: &State) -> Flow<bool> {
        let count = state.len();
        let counted = if count > COUNTED_ABOVE && self.generation == Generation::V2 {
            self.total(zone).await?
        } else {
            None
        };
        // A large zone is counted. Its list is read only if the count is wrong.
        let listed = if counted == Some(count) {
            None
        } else {
            let listed = self.read_list(0, self.generation, zone).await?;
            listed.ok().map(|listed| listed.state)
        };
        let prepared = Prepared::new(state, listed);
        if prepared.is_listed() {
            return Ok(true);
        }
        for ip in prepared.to_read() {
            let (single, _) = self.read_one(0, self.generation, zone, ip).await?;
            if !prepared.is_shown_by(ip, single.flatten().as_ref()) {
                return Ok(false);
            }
        }
        // Somebody else may have written to the zone meanwhile.
        Ok(!prepared.has_more(|ip| self.may_be_a_strangers(zone, ip)))
    }

    /// Returns the number of mappings that `v2.list` counts.
    pub(super) async fn total(&mut self, zone: &str) -> Flow<Option<usize>> {
        let call = plain_call(
            Operation::named("v2.list"),
            serde_json::json!({"per_page": 1}),
        );
        let outgoing = self.prepare(&call, zone)?;
        let index = self.send(0, &outgoing, Framing::Promised).await?;
        let total = self.log.get(index).and_then(|exchange| {
            exchange
                .response
                .pointer("/result_info/total_count")
                .and_then(whole_number)
        });
        Ok(total.and_then(|total| usize::try_from(total).ok()))
    }

    /// Sends a request of the runner's own.
    pub(super) async fn quietly(&mut self, kind: Kind, zone: &str, argument: Value) -> Flow<usize> {
        let Some(operation) = Operation::of(self.generation, kind) else {
            let why = format!("there is no {kind:?} in {:?}", self.generation);
            return Err(Stop::Broken(why, None));
        };
        let outgoing = self.ready(&plain_call(operation, argument), zone).await?;
        self.send(0, &outgoing, Framing::Promised).await
    }
}

fn with_json(body: &Value) -> Value {
    serde_json::json!({ "json": body })
}

/// Returns a call that the runner makes for itself.
pub(super) fn plain_call(operation: Operation, argument: Value) -> CallSpec {
    CallSpec {
        operation: OperationName::Exact(operation),
        argument,
        auth: Auth::Token,
        fault: None,
        headers: std::collections::BTreeMap::new(),
        outside_contract: false,
    }
}
