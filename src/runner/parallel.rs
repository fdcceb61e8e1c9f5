//! Requests at the same time, and the checks after them (CONC-1 to CONC-3).

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;

use futures_util::future::join_all;

use super::execute::{Execution, Flow, Stop, framing};
use super::send::readable;
use crate::case::{Action, Check, ClauseKey, Step};
use crate::contract::address::identity;
use crate::contract::{
    ClauseId, Contract, Evidence, Finding, Framing, Level, What, is_edge_failure, request_items,
};
use crate::event::Observation;
use crate::exchange::{Exchange, Generation};
use crate::zone::State;

impl Execution<'_> {
    /// Sends all steps of a block at once. If there are several, none is repeated, since here a refusal because of
    /// parallel requests is a valid answer.
    pub(super) async fn parallel(&mut self, block: &Step, steps: &[Step], zone: &str) -> Flow {
        let mut prepared: Vec<(&Step, Framing, crate::transport::Outgoing)> = Vec::new();
        for step in steps {
            let Action::Call(spec) = &step.action else {
                let why = "only operations can run in parallel".to_owned();
                return Err(Stop::Broken(why, Some(step.line)));
            };
            let zone = step.zone.as_deref().unwrap_or(zone);
            prepared.push((step, framing(spec), self.ready(spec, zone).await?));
        }
        if let [(step, framing, outgoing)] = prepared.as_slice() {
            // A block of one step exists for `settled`. It is retried like any other request.
            let index = self.send(step.line, outgoing, *framing).await?;
            self.overlapped(zone, &[(*step, index)]).await?;
            return self.expected_of(step, index);
        }
        self.log.retire();
        // All requests get their turn before the first is sent, so that pacing does not separate them.
        for _ in &prepared {
            self.turn().await?;
        }
        let client = self.target.client.clone();
        let sent = join_all(
            prepared
                .iter()
                .map(|(_, _, outgoing)| client.send_now(outgoing)),
        )
        .await;
        let mut indices = Vec::new();
        for ((step, framing, outgoing), result) in prepared.iter().zip(sent) {
            let exchange = match result {
                Ok(exchange) => exchange,
                Err(error) => {
                    let message = self.target.redactor.text(&error.message);
                    self.lost(outgoing).await;
                    self.target.look_again().await;
                    return Err(Stop::Unreachable(message));
                }
            };
            readable(&exchange)?;
            if let Some(why) = self.target.why_unrouted(&exchange).await {
                return Err(Stop::Inconclusive(why));
            }
            if is_edge_failure(&exchange) && !matches!(exchange.response.status, 429 | 503) {
                let status = exchange.response.status;
                return Err(Stop::Inconclusive(format!("the target answered {status}")));
            }
            indices.push((*step, self.record(step.line, exchange, *framing)));
        }
        self.forgive_echoes(&indices);
        self.overlapped(zone, &indices).await?;
        self.count_successes(block, &indices)?;
        let mut stopped = Ok(());
        for (step, index) in indices {
            if let Err(stop) = self.expected_of(step, index) {
                stopped = Err(stop);
            }
        }
        stopped
    }

    /// Drops findings about values that another request of the block may have written. The contract does not say
    /// whether a write answers with its own value or reads it again.
    fn forgive_echoes(&mut self, sent: &[(&Step, usize)]) {
        let named: Vec<(usize, BTreeSet<IpAddr>)> = sent
            .iter()
            .filter_map(|(_, index)| Some((*index, written_by(self.log.get(*index)?))))
            .collect();
        let lists = |index: &usize| {
            let operation = self.log.get(*index).and_then(|exchange| exchange.operation);
            operation.is_some_and(|one| one.shows_all() && !one.kind().writes())
        };
        let is_any_write = named.iter().any(|(_, own)| !own.is_empty());
        // A list need not show one instant, since its numbers and entries may be read one after the other.
        let torn: Vec<usize> = sent.iter().map(|(_, index)| *index).filter(lists).collect();
        for index in torn.into_iter().filter(|_| is_any_write) {
            self.judgement.forgive_echo(index);
        }
        for (index, own) in &named {
            let mut others = named.iter().filter(|(other, _)| other != index);
            if others.any(|(_, other)| !own.is_disjoint(other)) {
                self.judgement.forgive_echo(*index);
            }
        }
    }

    /// Tells the models of the zones that these exchanges overlapped.
    async fn overlapped(&mut self, home: &str, sent: &[(&Step, usize)]) -> Flow {
        let zone_of = |step: &Step| step.zone.clone().unwrap_or_else(|| home.to_owned());
        let zones: BTreeSet<String> = sent.iter().map(|(step, _)| zone_of(step)).collect();
        for zone in zones {
            let here = sent.iter().filter(|(step, _)| zone_of(step) == zone);
            let here: Vec<(&Step, usize, Arc<Exchange>)> = here
                .filter_map(|(step, index)| Some((*step, *index, self.log.get(*index)?.clone())))
                .collect();
            let exchanges: Vec<&Exchange> = here.iter().map(|(_, _, one)| one.as_ref()).collect();
            if !self.judges_history() {
                self.model(&zone).take_overlapping(exchanges);
                continue;
            }
            // A replica that lags may show an old state, and reads among writes can't be repeated.
            let settles = !self.target.settle.is_zero();
            let is_judged = |exchange: &Exchange| {
                let operation = exchange.operation;
                !settles || operation.is_some_and(|one| one.kind().writes())
            };
            let here: Vec<_> = here
                .into_iter()
                .filter(|(_, _, one)| is_judged(one))
                .collect();
            let exchanges: Vec<&Exchange> = here.iter().map(|(_, _, one)| one.as_ref()).collect();
            let (findings, said) = self.model(&zone).take_together(&exchanges);
            let overfull = self.model(&zone).may_be_overfull(&exchanges);
            for (number, finding) in findings {
                if let Some((step, index, _)) = here.get(number) {
                    self.add(step.line, Some(*index), finding);
                }
            }
            for seen in said {
                self.judgement.observations.push(Observation {
                    clause: "CONC-1".to_owned(),
                    seen,
                });
            }
            let taken: Vec<(&Step, usize)> = here
                .iter()
                .map(|(step, index, _)| (*step, *index))
                .collect();
            drop(here);
            if let Some((number, generation)) = overfull
                && let Some((step, index)) = taken.get(number)
            {
                self.overfull(step.line, *index, generation, &zone).await?;
            }
            if settles && self.model(&zone).is_doubting() {
                tokio::time::sleep(self.target.settle).await;
            }
            self.resolve_doubts(&zone, &taken).await?;
        }
        Ok(())
    }

    /// Counts the mappings of a zone, and reports them if they are more than a zone may hold (CONC-2).
    async fn overfull(
        &mut self,
        line: usize,
        index: usize,
        generation: Generation,
        zone: &str,
    ) -> Flow {
        let limit = Contract::embedded().limits.zone;
        let count = match generation {
            Generation::V1 => {
                let listed = self.read_list(line, generation, zone).await?;
                listed.ok().map(|listed| listed.entries)
            }
            Generation::V2 => self.total(zone).await?,
        };
        if let Some(count) = count.filter(|count| *count > limit) {
            let what = What::too_many(
                "mappings in the zone after writes at the same time, and a refusal beyond them",
                limit,
                count,
            );
            let clause = (ClauseId::of("CONC-2"), Level::Must);
            self.add(line, Some(index), Finding::new(clause, "/result", what));
        }
        Ok(())
    }

    fn count_successes(&mut self, block: &Step, indices: &[(&Step, usize)]) -> Flow {
        let successes = indices
            .iter()
            .filter_map(|(_, index)| self.log.get(*index))
            .filter(|exchange| exchange.response.is_success())
            .count();
        // If no request succeeded and some were throttled (429) or unavailable (503), the count proves nothing.
        let throttled = |(_, index): &(&Step, usize)| {
            let exchange = self.log.get(*index);
            exchange.is_some_and(|exchange| matches!(exchange.response.status, 429 | 503))
        };
        if successes == 0 && indices.iter().any(throttled) {
            return Ok(());
        }
        for expectation in &block.expect {
            let Some(clause) = self.known_clause(&expectation.clause) else {
                continue;
            };
            for check in &expectation.checks {
                if let Check::Successes(wanted) = check
                    && *wanted != successes
                {
                    let things = format!("of {} requests answered with 200", indices.len());
                    let what = What::count(things, *wanted, successes);
                    let finding = Finding::new(clause.clone(), "status", what);
                    self.add(block.line, indices.last().map(|(_, index)| *index), finding);
                    return Err(Stop::Violated);
                }
            }
        }
        Ok(())
    }

    /// Expects every accepted write of the last block, and all mappings that were there before it.
    pub(super) async fn settled(&mut self, step: &Step, clause: &ClauseKey, zone: &str) -> Flow {
        let Some(clause) = self.known_clause(clause) else {
            return Ok(());
        };
        let mut through = self.model(zone).overlapping_through();
        through.insert(self.generation);
        let mut home = State::new();
        // Each generation must show what was written through it. X-1 covers whether it shows writes of the other.
        for generation in through {
            let listed = self.settled_in(step, &clause, zone, generation).await?;
            if generation == self.generation {
                home = listed;
            }
        }
        // Refused writes may or may not have had an effect. From here on, the state is taken as it is.
        self.model(zone).expect(home);
        Ok(())
    }

    /// Expects a generation to show the writes that were accepted through it. The case's own generation must also show
    /// what was there before.
    async fn settled_in(
        &mut self,
        step: &Step,
        clause: &(ClauseId, Level),
        zone: &str,
        generation: Generation,
    ) -> Flow<State> {
        let Ok(listed) = self.read_list(step.line, generation, zone).await? else {
            return Err(Stop::Inconclusive(
                "the zone could not be listed".to_owned(),
            ));
        };
        let (index, listed) = (listed.index, listed.state);
        let before = (generation == self.generation).then(|| self.state(zone));
        let accepted = self.model(zone).accepted(generation, before.as_ref());
        let open = self.model(zone).open(generation);
        let mut lost = Vec::new();
        for (ip, place) in &accepted {
            if self.may_be_a_strangers(zone, ip) {
                continue;
            }
            if listed.get(ip) != Some(place) && !open.contains(ip) {
                lost.push((*ip, place.clone(), listed.get(ip).cloned()));
            }
        }
        // At the `should` level, refused writes must not have had an effect.
        let surplus = listed
            .keys()
            .filter(|ip| !accepted.contains_key(ip) && !self.may_be_a_strangers(zone, ip))
            .count();
        if clause.1 == Level::Should && generation == self.generation && surplus > 0 {
            let what = What::count("mappings that were refused", 0, surplus);
            self.add(
                step.line,
                Some(index),
                Finding::new(clause.clone(), "/result", what),
            );
        }
        for (ip, place, found) in lost.iter().take(3) {
            // If a single read is right, the fault is that of the list.
            let (single, _) = self.read_one(step.line, generation, zone, *ip).await?;
            if single == Some(Some(place.clone())) {
                continue;
            }
            let what = What::mapping(*ip, Some(place), found.as_ref(), Evidence::Accepted);
            self.add_own(
                step.line,
                Some(index),
                Finding::new(clause.clone(), "/result", what),
            );
            return Err(Stop::Violated);
        }
        Ok(listed)
    }
}

/// Returns the addresses that a write names.
fn written_by(exchange: &Exchange) -> BTreeSet<IpAddr> {
    let Some(operation) = exchange.operation.filter(|one| one.kind().writes()) else {
        return BTreeSet::new();
    };
    let json = exchange.request.json.as_deref();
    let items = json.map(|json| request_items(operation, json));
    let items = items.unwrap_or_default();
    let texts = items.iter().filter_map(|item| item.address);
    texts
        .chain(exchange.request.address.as_deref())
        .filter_map(identity)
        .collect()
}
