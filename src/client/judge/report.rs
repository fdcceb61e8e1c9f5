//! Holds what the client reported against what the scenario expects.

use super::super::adapter::Outcome;
use super::super::normal::{brief, difference, normal};
use super::super::protocol::ClientError;
use super::super::scenario::Check;
use super::{Evidence, Found, Place};
use serde_json::{Value, json};

use crate::contract::{ClauseId, Level, What};
use crate::exchange::Kind;

/// The place in a finding that is about the client's report.
const REPORT: &str = "report";

/// The kind of error of a request that the client did not send.
pub(in crate::client) const REFUSED: &str = "refused";

/// Adds a finding if the report is not the expected one.
pub(super) fn expect(
    evidence: &Evidence<'_>,
    check: &Check,
    (place, clause): (Place, (ClauseId, Level)),
    found: &mut Found,
) {
    let Some(outcome) = evidence.outcome else {
        return;
    };
    if let Some((at, expected, shown)) = miss(evidence, check, outcome) {
        let what = What::value(expected, shown);
        found.add(place, clause, &format!("{REPORT}{at}"), what);
    }
}

/// Returns the difference between the expected report and the client's: the place, what is expected and what is found.
fn miss(
    evidence: &Evidence<'_>,
    check: &Check,
    outcome: &Outcome,
) -> Option<(String, String, String)> {
    let whole = |expected: String| Some((String::new(), expected, told(outcome)));
    match (check, outcome) {
        (Check::AnySuccess, Outcome::Ok(_)) => None,
        (Check::Success(expected), Outcome::Ok(result)) => {
            let operation = evidence.scenario.step.operation;
            let shown = normal(operation, result);
            let has_address = shown.get("address").is_some();
            match (operation.kind(), expected, &shown) {
                // A client may give nothing to the caller of a delete: the address is known.
                (Kind::Delete, ..) if !has_address => None,
                // Of the whole set, the caller of an upsert may be given the mapping that it wrote.
                (Kind::Upsert, Value::Array(all), Value::Object(_)) if has_address => {
                    let own = all.iter().map(|one| difference(one, &shown));
                    own.min_by_key(Option::is_some).flatten()
                }
                _ => difference(expected, &shown),
            }
        }
        // A client may give the failed items to its caller with an error.
        (Check::Success(expected), Outcome::Error(error)) if error.failed.is_some() => {
            let batch = json!({"succeeded": [], "failed": error.failed});
            let shown = normal(evidence.scenario.step.operation, &batch);
            let failed = |value: &Value| value.get("failed").cloned().unwrap_or_default();
            difference(&failed(expected), &failed(&shown))
        }
        // No request was sent, so there is no status or code to report.
        (Check::Error { .. }, Outcome::Error(error))
            if error.kind == REFUSED && evidence.seen.is_empty() =>
        {
            None
        }
        (Check::Error { status, code, kind }, Outcome::Error(error)) => {
            error_difference((status, code, kind), error)
        }
        (Check::OneOf(all), outcome) => {
            let is_one = all
                .iter()
                .any(|check| miss(evidence, check, outcome).is_none());
            if is_one { None } else { whole(words(check)) }
        }
        (Check::Not(inner), outcome) => {
            if miss(evidence, inner, outcome).is_some() {
                None
            } else {
                whole(words(check))
            }
        }
        (check, _) => whole(words(check)),
    }
}

fn error_difference(
    (status, code, kind): (&[u16], &[i64], &[String]),
    error: &ClientError,
) -> Option<(String, String, String)> {
    let told = |found: Option<String>| found.unwrap_or_else(|| "none".to_owned());
    if !status.is_empty() && !error.status.is_some_and(|found| status.contains(&found)) {
        let found = told(error.status.map(|status| status.to_string()));
        return Some((
            "/status".to_owned(),
            format!("the status {}", list(status)),
            found,
        ));
    }
    if !code.is_empty() && !error.code.is_some_and(|found| code.contains(&found)) {
        let found = told(error.code.map(|code| code.to_string()));
        return Some((
            "/code".to_owned(),
            format!("the code {}", list(code)),
            found,
        ));
    }
    if !kind.is_empty() && !kind.contains(&error.kind) {
        let expected = format!("the kind {}", kind.join(" or "));
        return Some(("/kind".to_owned(), expected, error.kind.clone()));
    }
    None
}

fn list(numbers: &[impl ToString]) -> String {
    let texts: Vec<String> = numbers.iter().map(ToString::to_string).collect();
    texts.join(" or ")
}

/// Returns what a check expects, in words.
fn words(check: &Check) -> String {
    match check {
        Check::AnySuccess => "success".to_owned(),
        Check::Success(value) => format!("success with {}", brief(value)),
        Check::Error { status, code, .. } => {
            let mut text = "an error".to_owned();
            if !status.is_empty() {
                text = format!("{text} with the status {}", list(status));
            }
            if !code.is_empty() {
                text = format!("{text} with the code {}", list(code));
            }
            text
        }
        Check::OneOf(all) => {
            let texts: Vec<String> = all.iter().map(words).collect();
            texts.join(", or ")
        }
        Check::Not(inner) => format!("not {}", words(inner)),
        Check::Requests { .. }
        | Check::Waits
        | Check::Abandons
        | Check::PagesOnce
        | Check::NoCredentialsElsewhere => String::new(),
    }
}

/// Returns what the client reported, in words.
fn told(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Ok(result) => format!("success with {}", brief(result)),
        Outcome::Error(error) => {
            let part =
                |name: &str, value: Option<String>| value.map(|value| format!(", {name} {value}"));
            let status = part("status", error.status.map(|status| status.to_string()));
            let code = part("code", error.code.map(|code| code.to_string()));
            let mut text = format!(
                "an error{}{}",
                status.unwrap_or_default(),
                code.unwrap_or_default()
            );
            if !error.message.is_empty() {
                text = format!("{text}: {}", error.message);
            }
            text
        }
        Outcome::Unsupported => "unsupported".to_owned(),
    }
}
