//! The pure check of one exchange against every clause that a single exchange can show broken.

use serde_json::Value;

use super::answer::{Answer, RequestItem, request_items};
use super::finding::{Finding, Findings};
use super::rule;
use crate::api::Contract;
use crate::api::{ClauseId, Level, Promises};
use crate::exchange::{Exchange, Generation, Kind, Operation};

/// The strictness with which the envelope is promised for an exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Framing {
    /// A lawful request, or a wrong request whose refusal the contract describes. The envelope is a must.
    #[default]
    Promised,
    /// A request outside the contract, such as invalid JSON, a wrong shape or an overlong zone id. HTTP-1 to HTTP-4 and
    /// ZONE-2 only recommend the failure form, so a breach is a deviation.
    Recommended,
}

/// An exchange with everything that the rules need from it, computed once.
#[derive(Debug)]
pub struct Subject<'a> {
    /// The contract.
    pub contract: &'a Contract,
    /// The exchange that is judged.
    pub exchange: &'a Exchange,
    /// Its operation.
    pub operation: Operation,
    /// The response's body; `None` if it is not a JSON object.
    pub body: Option<&'a Value>,
    /// The parts of the result; empty unless the response is a success.
    pub answer: Answer<'a>,
    /// The request's items.
    pub items: Vec<RequestItem<'a>>,
}

impl Subject<'_> {
    /// Returns the generation of the operation.
    #[must_use]
    pub fn generation(&self) -> Generation {
        self.operation.generation()
    }

    /// Returns the kind of the operation.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.operation.kind()
    }

    /// Returns the status of the response.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.exchange.response.status
    }

    /// Returns whether the response claims success: 2xx with `success` true.
    #[must_use]
    pub fn succeeded(&self) -> bool {
        self.exchange.response.is_success()
            && self.body.and_then(|body| body.get("success")) == Some(&Value::Bool(true))
    }

    /// Returns a clause of the operation's generation with the level `must`: `BATCH-4` becomes `V1-BATCH-4` for v1.
    #[must_use]
    pub fn must(&self, suffix: &str) -> (ClauseId, Level) {
        (self.namesake(suffix), Level::Must)
    }

    /// Returns a clause of the operation's generation with the level `should`.
    #[must_use]
    pub fn should(&self, suffix: &str) -> (ClauseId, Level) {
        (self.namesake(suffix), Level::Should)
    }

    /// Returns the clause of a promise with the level of its main part; `None` if the operation does not make the
    /// promise.
    #[must_use]
    pub fn promised(
        &self,
        promise: impl Fn(&Promises) -> &Option<ClauseId>,
    ) -> Option<(ClauseId, Level)> {
        let clause = promise(self.operation.promises()).as_ref()?;
        Some(self.contract.leveled(clause))
    }

    fn namesake(&self, suffix: &str) -> ClauseId {
        ClauseId::from(format!("{}-{suffix}", self.generation().clause_prefix()).as_str())
    }
}

/// Returns a finding for each clause that one exchange breaks. An exchange outside the operations of the contract
/// breaks none: HTTP-3 and HTTP-4 are about answers to unknown paths, and only cases can judge these.
#[must_use]
pub fn check(contract: &Contract, exchange: &Exchange) -> Vec<Finding> {
    check_with(contract, exchange, Framing::Promised)
}

/// Returns the same as [`check`], with the given strictness of the envelope.
#[must_use]
pub fn check_with(contract: &Contract, exchange: &Exchange, framing: Framing) -> Vec<Finding> {
    let Some(operation) = exchange.operation else {
        return Vec::new();
    };
    let body = exchange.response.value().filter(|body| body.is_object());
    let answer = Answer::of(exchange).filter(|_| exchange.response.is_success());
    let items = exchange
        .request
        .json
        .as_deref()
        .map(|json| request_items(operation, json))
        .unwrap_or_default();
    let subject = Subject {
        contract,
        exchange,
        operation,
        body,
        answer: answer.unwrap_or_default(),
        items,
    };
    let mut findings = Findings::default();
    match &exchange.response.json {
        // If our parser does not read the whole body, only its first part can prove anything.
        Err(why) if why.is_limit_of_parser() => rule::check_unread(&subject, why, &mut findings),
        Ok(_) | Err(_) => {
            for rule in rule::ALL {
                (rule.check)(&subject, &mut findings);
            }
        }
    }
    if framing == Framing::Recommended {
        for finding in &mut findings.list {
            finding.level = finding.level.min(Level::Should);
        }
    }
    findings.list
}
