//! The last check of a case's request before it is sent. Variables are filled in by now, and some of their values come
//! from the target itself.

use std::collections::HashMap;

use crate::exchange::{OutOfBounds, check_method, check_url};
use crate::transport::{Outgoing, encode_segment, query_string};

/// Checks that a request stays below the base URL and within the zones of its case.
///
/// # Errors
/// Returns a description of the case's fault.
pub(super) fn check(
    outgoing: &Outgoing,
    base_url: &str,
    zones: &HashMap<String, String>,
) -> Result<(), String> {
    let own: Vec<String> = zones.values().map(|zone| encode_segment(zone)).collect();
    check_method(&outgoing.method)
        .and_then(|()| check_url(&outgoing.url, base_url, own.iter().map(String::as_str)))
        .and_then(|()| check_shape(outgoing, base_url))
        .map_err(|fault| format!("a request was not sent: {fault}"))
}

/// Checks that a request has the path of its operation, since the journal takes the address from it.
fn check_shape(outgoing: &Outgoing, base_url: &str) -> Result<(), OutOfBounds> {
    let Some(operation) = outgoing.operation else {
        return Ok(());
    };
    let template = &operation.row().path;
    let sent = outgoing.url.strip_prefix(base_url).unwrap_or_default();
    let path = sent
        .strip_suffix(&query_string(&outgoing.query))
        .unwrap_or(sent);
    let segments = |path: &str| path.split('/').count();
    if path.contains('?') || segments(path) != segments(template) {
        return Err(OutOfBounds::Segment);
    }
    Ok(())
}
