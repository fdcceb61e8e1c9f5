//! Failures of what stands in front of a target.

use crate::api::{Contract, FaultRequest};
use crate::exchange::Exchange;

/// A failure of something in front of the target: 502, 503, 504 or 52x, and not in the API's own
/// words. A documented code makes it the target's answer.
#[must_use]
pub fn is_edge_failure(exchange: &Exchange) -> bool {
    let response = &exchange.response;
    let is_edge = matches!(response.status, 502..=504 | 520..=530);
    let documented = Contract::embedded().codes.iter().map(|row| row.code);
    let codes = response.codes();
    // A failure that was asked for (fault injection) may come with any code.
    let was_asked_for = exchange.request.headers.get(FaultRequest::HEADER).is_some();
    let is_own = documented.into_iter().any(|code| codes.contains(&code))
        || (was_asked_for && !codes.is_empty());
    is_edge && !is_own
}
