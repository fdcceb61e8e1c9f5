//! The one pure check: every clause that a single exchange can show.

use serde_json::Value;

use super::answer::{Answer, RequestItem, request_items};
use super::finding::{Finding, Findings};
use super::rule;
use crate::api::Contract;
use crate::api::{ClauseId, Level, Promises};
use crate::exchange::{Exchange, Generation, Kind, Operation};

/// How strictly the envelope is promised for an exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Framing {
    /// A lawful request, or a wrong one whose refusal the contract describes: the envelope is a must.
    #[default]
    Promised,
    /// A request outside the contract (no JSON, a wrong shape, an endless zone id): HTTP-1 to HTTP-4
    /// and ZONE-2 only recommend the failure form, so a breach is a deviation.
    Recommended,
}

/// An exchange with everything that rules ask of it, worked out once.
#[derive(Debug)]
pub struct Subject<'a> {
    /// The contract.
    pub contract: &'a Contract,
    /// What is judged.
    pub exchange: &'a Exchange,
    /// Its operation.
    pub operation: Operation,
    /// The response's body, where it is a JSON object.
    pub body: Option<&'a Value>,
    /// The result by its parts; empty unless the response is a success.
    pub answer: Answer<'a>,
    /// The request's items.
    pub items: Vec<RequestItem<'a>>,
}

impl Subject<'_> {
    /// The generation of the operation.
    #[must_use]
    pub fn generation(&self) -> Generation {
        self.operation.generation()
    }

    /// What the operation does.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.operation.kind()
    }

    /// The status.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.exchange.response.status
    }

    /// Whether the response claims success: 2xx with `success` true.
    #[must_use]
    pub fn succeeded(&self) -> bool {
        self.exchange.response.is_success()
            && self.body.and_then(|body| body.get("success")) == Some(&Value::Bool(true))
    }

    /// A clause of the operation's generation at its `must` level: `BATCH-4` is `V1-BATCH-4` here.
    #[must_use]
    pub fn must(&self, suffix: &str) -> (ClauseId, Level) {
        (self.namesake(suffix), Level::Must)
    }

    /// The same at the `should` level.
    #[must_use]
    pub fn should(&self, suffix: &str) -> (ClauseId, Level) {
        (self.namesake(suffix), Level::Should)
    }

    /// The clause of a promise of the operation with the level of its main part, if it promises such a thing.
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

/// All clauses that one exchange breaks. An exchange outside the operations of the contract breaks none:
/// what may answer an unknown path is for HTTP-3 and HTTP-4, which only cases can judge.
#[must_use]
pub fn check(contract: &Contract, exchange: &Exchange) -> Vec<Finding> {
    check_with(contract, exchange, Framing::Promised)
}

/// [`check`] with the strictness of the envelope given.
#[must_use]
pub fn check_with(contract: &Contract, exchange: &Exchange, framing: Framing) -> Vec<Finding> {
    let Some(operation) = exchange.operation else {
        return Vec::new();
    };
    let body = exchange.response.value().filter(|body| body.is_object());
    let answer = match body {
        Some(body) if exchange.response.is_success() => Answer::read(operation, body),
        _ => Answer::default(),
    };
    let items = exchange
        .request
        .json
        .as_ref()
        .map(|json| request_items(operation, json))
        .unwrap_or_default();
    let subject = Subject {
        contract,
        exchange,
        operation,
        body,
        answer,
        items,
    };
    let mut findings = Findings::default();
    match &exchange.response.json {
        // A body that our parser does not read whole proves only what stands in its first part.
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
