//! Judges documented codes: their status (by the clause that documents them), their text (ENV-7), and the delay of a
//! 429 (HTTP-5).

use serde_json::Value;

use super::super::address;
use super::super::check::Subject;
use super::super::finding::Findings;
use crate::api::{ClauseId, Level};
use crate::api::{CodeDescription, When};
use crate::contract::{MissingPart, What};
use crate::exchange::{retry_after, whole_number};

pub(super) fn check(subject: &Subject<'_>, findings: &mut Findings) {
    let response = &subject.exchange.response;
    if response.status == 429 {
        let what = match response.headers.get("retry-after") {
            None => Some(What::missing("the seconds to wait", MissingPart::Header)),
            Some(field) if retry_after(field).is_none() => {
                Some(What::value("seconds, or an HTTP date", field))
            }
            Some(_) => None,
        };
        if let Some(what) = what {
            let clause = (ClauseId::of("HTTP-5"), Level::Should);
            findings.add(clause, "header retry-after", what);
        }
    }
    if !response.is_failure() {
        return;
    }
    let rows: Vec<&CodeDescription> = response
        .codes()
        .into_iter()
        .filter_map(|code| subject.contract.code(subject.operation, code))
        .filter(|row| applies(subject, row))
        .collect();
    if says_what_is_wrong(subject) {
        status(subject, &rows, findings);
    }
    texts(subject, findings);
}

/// Returns whether the documents define the status for this request. They tie codes to statuses only for requests with
/// usable addresses, or if the operation promises to refuse invalid addresses.
fn says_what_is_wrong(subject: &Subject<'_>) -> bool {
    let request = &subject.exchange.request;
    let path_is_usable = request
        .address
        .as_deref()
        .is_none_or(|text| address::parse(text).is_some());
    let items_are_usable = subject.kind().is_batch()
        || subject.items.iter().all(|item| {
            item.address
                .is_some_and(|text| address::parse(text).is_some())
        });
    subject.operation.promises().invalid.is_some() || (path_is_usable && items_are_usable)
}

fn status(subject: &Subject<'_>, rows: &[&CodeDescription], findings: &mut Findings) {
    let status = subject.status();
    let Some(row) = rows.first() else { return };
    if rows.iter().any(|row| row.status.fits(status)) {
        return;
    }
    if let Some(clause) = row.operations.get(&subject.operation) {
        let level = subject
            .contract
            .clause(clause)
            .map_or(Level::Should, |clause| clause.level);
        findings.add(
            (clause.clone(), level),
            "status",
            What::status(format!("{} with code {}", row.status.0, row.code), status),
        );
    }
}

/// Returns whether the request has the fault that a row describes.
fn applies(subject: &Subject<'_>, row: &CodeDescription) -> bool {
    let query = |name: &str| subject.exchange.request.query(name);
    match row.when {
        None => true,
        Some(When::BodyDiffers) => says_what_is_wrong(subject) && path_differs(subject),
        Some(When::PerPageOutOfRange) => {
            let is_out = |text: &str| {
                let most = i64::try_from(subject.contract.limits.page).unwrap_or(i64::MAX);
                text.parse::<i64>().is_ok_and(|n| !(1..=most).contains(&n))
            };
            let is_page = |text: &str| text.parse::<i64>().is_ok_and(|n| n >= 1);
            query("per_page").is_some_and(is_out) && query("page").is_none_or(is_page)
        }
    }
}

fn path_differs(subject: &Subject<'_>) -> bool {
    let path = subject.exchange.request.address.as_deref();
    let body = subject.items.first().and_then(|item| item.address);
    matches!((path, body), (Some(path), Some(body)) if !address::same(path, body))
}

fn texts(subject: &Subject<'_>, findings: &mut Findings) {
    let errors = subject
        .body
        .and_then(|body| body.get("errors"))
        .and_then(Value::as_array);
    for (index, error) in errors.into_iter().flatten().enumerate() {
        let row = error
            .get("code")
            .and_then(whole_number)
            .and_then(|code| subject.contract.code(subject.operation, code))
            .filter(|row| applies(subject, row));
        let documented = row.and_then(|row| row.text.as_deref());
        let found = error.get("message").and_then(Value::as_str);
        if let (Some(documented), Some(found)) = (documented, found)
            && documented != found
        {
            findings.add(
                (ClauseId::of("ENV-7"), Level::Should),
                format!("/errors/{index}/message"),
                What::value(format!("{documented:?}"), format!("{found:?}")),
            );
        }
    }
}
