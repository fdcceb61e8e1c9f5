//! Judges HTTP-6: `modified_on` is an RFC 3339 date-time wherever it is given.

use serde_json::Value;

use super::super::check::Subject;
use super::super::finding::Findings;
use crate::api::time::instant;
use crate::api::{ClauseId, Level};
use crate::contract::What;
use crate::exchange::Kind;

pub(super) fn check(subject: &Subject<'_>, findings: &mut Findings) {
    if !subject.succeeded() || subject.kind() == Kind::SupportedRegions {
        return;
    }
    let response = &subject.exchange.response;
    let judged = response.pointer("/result/modified_on");
    if let Some(value) = judged {
        date_time(value, || "/result/modified_on".to_owned(), findings);
    }
    for item in &subject.answer.entries {
        let Some(value) = item.value.get("modified_on") else {
            continue;
        };
        // A single v2 entry is the result itself, which was judged above.
        let is_judged = judged.is_some_and(|judged| std::ptr::eq(judged, value));
        if !is_judged {
            date_time(value, || format!("{}/modified_on", item.at), findings);
        }
    }
}

/// Judges a text or number as a date-time. The form rule judges whether null or another type is allowed there.
fn date_time(value: &Value, at: impl Fn() -> String, findings: &mut Findings) {
    if let Value::String(text) = value
        && instant(text).is_none()
    {
        findings.add(
            (ClauseId::of("HTTP-6"), Level::Must),
            at(),
            What::form("an RFC 3339 date-time with its offset", format!("{text:?}")),
        );
    }
    if value.is_number() {
        findings.add(
            (ClauseId::of("HTTP-6"), Level::Must),
            at(),
            What::form("an RFC 3339 date-time as text", value.to_string()),
        );
    }
}
