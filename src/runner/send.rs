//! Sends the requests of a trial, each in its turn and with retries if they are safe. Each answer is checked against
//! the contract, whether the case asks for it or not.

use super::execute::{Execution, Flow, Stop};
use super::halt::HaltReason;
use super::target::{is_patience_asked, refuses_credentials};
use crate::contract::{Contract, Framing, check_with, is_edge_failure};
use crate::exchange::{Exchange, Operation};
use crate::transport::{Outgoing, TransportFault};

/// The maximum number of attempts for a request if the target asks for retries (429) or is briefly out of service.
const ATTEMPTS: u32 = 6;

impl Execution<'_> {
    /// Sends a request, retries it if the target asks for that, and checks the answer.
    pub(super) async fn send(
        &mut self,
        line: usize,
        outgoing: &Outgoing,
        framing: Framing,
    ) -> Flow<usize> {
        self.log.retire();
        let is_idempotent = is_idempotent(outgoing);
        let mut attempt = 0;
        loop {
            attempt += 1;
            self.turn().await?;
            let exchange = match self.target.client.send_now(outgoing).await {
                Ok(exchange) => exchange,
                // The target may have closed a pooled connection at this moment.
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
                    self.lost(outgoing).await;
                    self.target.look_again().await;
                    return Err(Stop::Unreachable(format!("{operation}: {message}")));
                }
            };
            if is_patience_asked(&exchange) {
                let status = exchange.response.status;
                // It is unknown whether a write got through an edge that failed, so it is repeated only if that makes
                // no difference.
                let may_repeat = status == 429 || is_idempotent;
                self.record(line, exchange.clone(), framing);
                if status != 429 {
                    self.lost(outgoing).await;
                }
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
                    return Err(Stop::Halted(reason.to_string()));
                }
            }
            readable(&exchange)?;
            let is_foreseen = self.is_foreseen(&exchange, framing);
            if !is_foreseen && let Some(why) = self.target.why_unrouted(&exchange).await {
                return Err(Stop::Inconclusive(why));
            }
            return Ok(self.record(line, exchange, framing));
        }
    }

    /// Returns whether a refusal is what the request was made for and breaks nothing, wherever it comes from. Then it
    /// does not matter whether the operation is still routed.
    fn is_foreseen(&self, exchange: &Exchange, framing: Framing) -> bool {
        let response = &exchange.response;
        if !self.target.are_own_credentials(&exchange.request.headers) {
            return matches!(response.status, 401 | 403);
        }
        let is_envelope = response.pointer("/success") == Some(&serde_json::Value::Bool(false));
        framing == Framing::Recommended && is_envelope && (400..500).contains(&response.status)
    }

    /// Notes that a write may still take effect, although there was no usable answer.
    pub(super) async fn lost(&self, outgoing: &Outgoing) {
        let reads = outgoing.operation.map_or(
            matches!(outgoing.method.as_str(), "GET" | "HEAD"),
            |operation| !operation.kind().writes(),
        );
        if reads {
            return;
        }
        for keeper in self.care.keepers() {
            keeper.has_lost_a_write().await;
        }
    }

    /// Waits for the turn of a request. A halted run sends none.
    pub(super) async fn turn(&self) -> Flow {
        let turn = tokio::select! {
            biased;
            () = self.target.halt.halted() => Ok(()),
            turn = self.target.client.turn() => turn,
        };
        if let Err(error) = turn {
            let is_spent = self.target.client.left() == Some(0);
            self.target.halt.set(if is_spent {
                HaltReason::Spent(error.message)
            } else {
                HaltReason::Budget(error.message)
            });
        }
        match self.target.halt.reason() {
            Some(reason) => Err(Stop::Halted(reason.to_string())),
            None => Ok(()),
        }
    }

    /// Keeps an exchange, and adds what the check against the contract found.
    pub(super) fn record(&mut self, line: usize, exchange: Exchange, framing: Framing) -> usize {
        // An answer from an edge in front of the target proves nothing about the target.
        let findings = if is_edge_failure(&exchange) {
            Vec::new()
        } else {
            check_with(Contract::embedded(), &exchange, framing)
        };
        let index = self.log.keep(line, exchange, &self.target.redactor);
        for finding in findings {
            self.add(line, Some(index), finding);
        }
        index
    }
}

/// Checks that a body is within the limits of this suite's parser. No clause forbids deeper nesting or more values.
pub(super) fn readable(exchange: &Exchange) -> Flow {
    match &exchange.response.json {
        Err(why) if why.is_limit_of_parser() => Err(Stop::Inconclusive(why.to_string())),
        Err(_) | Ok(_) => Ok(()),
    }
}

/// Returns whether sending a request twice has the same effect and answer as sending it once.
fn is_idempotent(outgoing: &Outgoing) -> bool {
    match outgoing.operation.map(Operation::row) {
        Some(row) => row.is_idempotent && row.answers_alike,
        None => outgoing.method == "GET",
    }
}
