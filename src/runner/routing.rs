//! Checks which generations of the API are routed, when a run begins and after suspicious answers. A generation may be
//! switched off during a run.

use std::sync::PoisonError;

use super::error::TargetError;
use super::halt::HaltReason;
use super::target::{Target, path_of};
use crate::contract::Contract;
use crate::exchange::{Exchange, Generation, Kind, Operation};
use crate::transport::TransportFault;

/// The result of sending a generation's read operations.
#[derive(Debug, Clone, Copy)]
pub(super) struct Routing {
    pub(super) is_routed: bool,
    /// The status of the answer to its list operation, if there was an answer.
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
                // A path that redirects elsewhere is not routed here.
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

    /// Returns whether a generation was routed when the run began and no longer is.
    pub(super) fn is_switched_off(&self, generation: Generation) -> bool {
        let switched_off = self.switched_off.lock();
        switched_off
            .unwrap_or_else(PoisonError::into_inner)
            .contains(&generation)
    }

    /// Checks again whether a generation is routed. If it was switched off, returns the reason why it can no longer be
    /// judged. The run ends if no generation is left.
    pub(super) async fn look_again_at(&self, generation: Generation) -> Option<String> {
        let _one_at_a_time = self.looking.lock().await;
        let why = switched_off(generation);
        if self.is_switched_off(generation) {
            return Some(why);
        }
        // If routing is unknown, the answer is judged as it is.
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

    /// Checks an answer that may come from a router. Returns the reason why it must not be judged, if the generation
    /// was switched off.
    pub(super) async fn why_unrouted(&self, exchange: &Exchange) -> Option<String> {
        let generation = exchange.operation?.generation();
        if looks_routed(exchange) {
            return None;
        }
        self.look_again_at(generation).await
    }
}

/// Returns the reason why a trial that uses a generation is not judged.
pub(super) fn switched_off(generation: Generation) -> String {
    format!(
        "the target stopped routing {} while the run was under way",
        generation.id()
    )
}

/// Returns whether an answer comes from the operation, and not from a router that lacks the path.
fn looks_routed(exchange: &Exchange) -> bool {
    let response = &exchange.response;
    if response.is_success() || response.status >= 500 || response.status == 429 {
        return true;
    }
    let documented = Contract::embedded().codes.iter().map(|row| row.code);
    let codes = response.codes();
    documented.into_iter().any(|code| codes.contains(&code))
}
