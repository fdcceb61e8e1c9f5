//! Which generations of the API are routed, when the run begins and after an answer that makes one doubt it: a generation
//! may be switched off while a run is under way.

use std::sync::PoisonError;

use super::error::TargetError;
use super::halt::HaltReason;
use super::target::{Target, path_of};
use crate::contract::Contract;
use crate::exchange::{Exchange, Generation, Kind, Operation};
use crate::transport::TransportFault;

/// What asking for a generation's reading operations found.
#[derive(Debug, Clone, Copy)]
pub(super) struct Routing {
    pub(super) is_routed: bool,
    /// The status that its list was answered with, if it was answered.
    pub(super) list_status: Option<u16>,
}

impl Target {
    /// Asks whether a generation is routed.
    pub(super) async fn routing(&self, generation: Generation) -> Result<Routing, TargetError> {
        let mut routing = Routing {
            is_routed: false,
            list_status: None,
        };
        for kind in [Kind::List, Kind::Get, Kind::SupportedRegions] {
            let Some(operation) = Operation::of(generation, kind) else {
                continue;
            };
            let path = path_of(operation, &self.probed_zone, "192.0.2.250");
            let exchange = match self.ask(Some(operation), &path).await {
                // A path that has moved elsewhere is not routed here.
                Err(TargetError::Unreachable { source, .. })
                    if source.fault == TransportFault::Redirect =>
                {
                    continue;
                }
                answer => answer?,
            };
            if kind == Kind::List {
                routing.list_status = Some(exchange.response.status);
                self.check_serving(&exchange)?;
                self.check_credentials(&exchange)?;
            }
            if looks_routed(&exchange) {
                routing.is_routed = true;
                break;
            }
        }
        Ok(routing)
    }

    /// Whether a generation was routed when the run began and is not any more.
    pub(super) fn is_switched_off(&self, generation: Generation) -> bool {
        let switched_off = self.switched_off.lock();
        switched_off
            .unwrap_or_else(PoisonError::into_inner)
            .contains(&generation)
    }

    /// Looks again at a generation that a router may have refused. Returns why it can't be judged any more, if it was
    /// switched off. The run ends if no generation is left.
    pub(super) async fn look_again_at(&self, generation: Generation) -> Option<String> {
        let _one_at_a_time = self.looking.lock().await;
        let why = switched_off(generation);
        if self.is_switched_off(generation) {
            return Some(why);
        }
        // Where it can't be told, the answer is judged as it stands.
        let routing = self.routing(generation).await.ok()?;
        if routing.is_routed || !self.has(generation.id()) {
            return None;
        }
        self.switched_off
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(generation);
        let mut left = Generation::ALL.into_iter();
        if !left.any(|other| self.has(other.id()) && !self.is_switched_off(other)) {
            let why = "it routes no generation of the API any more".to_owned();
            self.halt.set(HaltReason::NotServing(why));
        }
        Some(why)
    }

    /// After an answer that may come from a router: why it must not be judged, if the generation was switched off.
    pub(super) async fn why_unrouted(&self, exchange: &Exchange) -> Option<String> {
        let generation = exchange.operation?.generation();
        if looks_routed(exchange) {
            return None;
        }
        self.look_again_at(generation).await
    }
}

/// Why a trial that uses a generation is not judged.
pub(super) fn switched_off(generation: Generation) -> String {
    format!(
        "the target stopped routing {} while the run was under way",
        generation.id()
    )
}

/// Whether an answer comes from the operation and not from a router that has no such path.
fn looks_routed(exchange: &Exchange) -> bool {
    let response = &exchange.response;
    if response.is_success() || response.status >= 500 || response.status == 429 {
        return true;
    }
    let documented = Contract::embedded().codes.iter().map(|row| row.code);
    let codes = response.codes();
    documented.into_iter().any(|code| codes.contains(&code))
}
