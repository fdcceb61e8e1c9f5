//! Zones with a large filling, which trials share one after the other. Filling a zone takes 35 requests; changing what
//! the last trial left into what the next one needs takes two or three.

use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;
use std::sync::Arc;

use serde_json::Value;
use tokio::sync::Mutex;

use super::execute::{Execution, Flow, Stop};
use crate::case::Trial;
use crate::contract::Contract;
use crate::exchange::{Generation, Kind};
use crate::zone::State;

/// What a conforming trial left in a zone.
#[derive(Debug)]
pub(super) struct Left {
    /// What it held when the steps of the trial began.
    pub(super) given: State,
    /// The addresses that the steps may have changed.
    pub(super) touched: BTreeSet<IpAddr>,
}

/// A filled zone that no trial uses.
#[derive(Debug)]
pub(super) struct Filled {
    pub(super) zone: String,
    pub(super) left: Left,
}

/// The filled zones of a run: one for each generation, which a trial holds while it runs.
#[derive(Debug, Default)]
pub(super) struct FilledZones(HashMap<Generation, Arc<Mutex<Option<Filled>>>>);

impl FilledZones {
    pub(super) fn new() -> Self {
        Self(
            Generation::ALL
                .into_iter()
                .map(|generation| (generation, Arc::default()))
                .collect(),
        )
    }

    /// Returns the place of the filled zone that a trial can use, if one of its zones begins with a large filling and the
    /// others are empty at first.
    pub(super) fn of(&self, trial: &Trial) -> Option<Arc<Mutex<Option<Filled>>>> {
        trial.filled_zone()?;
        self.0.get(&trial.home_generation()).cloned()
    }
}

impl Execution<'_> {
    /// Changes what an earlier trial left into this state, and counts the mappings afterwards.
    pub(super) async fn refit(&mut self, zone: &str, state: &State, left: &Left) -> Flow {
        let all = left.given.keys().chain(&left.touched).chain(state.keys());
        let is_changed =
            |ip: &&IpAddr| left.touched.contains(*ip) || left.given.get(*ip) != state.get(*ip);
        let changed: BTreeSet<&IpAddr> = all.filter(is_changed).collect();
        let (kept, gone): (Vec<&IpAddr>, Vec<&IpAddr>) =
            changed.into_iter().partition(|ip| state.contains_key(*ip));
        // Deletions first: a full zone has no place for new mappings.
        for chunk in gone.chunks(Contract::embedded().limits.batch) {
            let addresses = chunk.iter().map(|ip| Value::from(ip.to_string()));
            let items = Value::Array(addresses.collect());
            self.quietly(Kind::BatchDelete, zone, items).await?;
        }
        let changed: State = kept
            .into_iter()
            .filter_map(|ip| Some((*ip, state.get(ip)?.clone())))
            .collect();
        let is_confirmed = self.write_batches(zone, &changed).await?;
        let count = match self.generation {
            Generation::V2 => self.total(zone).await?,
            Generation::V1 => {
                let listed = self.read_list(0, self.generation, zone).await?;
                listed.ok().map(|listed| listed.entries)
            }
        };
        if is_confirmed && count == Some(state.len()) {
            return Ok(());
        }
        Err(Stop::Inconclusive(
            "the zone that cases share could not be prepared".to_owned(),
        ))
    }
}
