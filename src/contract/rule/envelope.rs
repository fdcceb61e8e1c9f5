//! Judges ENV-1 to ENV-4 and ENV-6: the JSON object that every response must be.

use serde_json::Value;

use super::super::check::Subject;
use super::super::finding::Findings;
use crate::api::{ClauseId, Level};
use crate::contract::{MissingPart, What};
use crate::exchange::NoJson;

const ENV_1: (ClauseId, Level) = (ClauseId::of("ENV-1"), Level::Must);
const ENV_2: (ClauseId, Level) = (ClauseId::of("ENV-2"), Level::Must);
const ENV_3: (ClauseId, Level) = (ClauseId::of("ENV-3"), Level::Must);
const ENV_4: (ClauseId, Level) = (ClauseId::of("ENV-4"), Level::Must);
const ENV_6: (ClauseId, Level) = (ClauseId::of("ENV-6"), Level::Should);

/// Judges a body that was not read in full, by what its first part proves.
pub(in crate::contract) fn check_unread(
    subject: &Subject<'_>,
    why: &NoJson,
    findings: &mut Findings,
) {
    media_type(subject, findings);
    let NoJson::TooMany(kept) = why else {
        return;
    };
    // Reading may have ended within the last item of a list.
    let is_whole = |at: &str| {
        let mut tokens = at.split('/').skip(1);
        let list = tokens.next().and_then(|member| kept.get(member));
        let index = tokens.next().and_then(|token| token.parse::<usize>().ok());
        let length = list.and_then(Value::as_array).map_or(0, Vec::len);
        index.is_some_and(|index| index + 1 < length)
    };
    let (faults, _) = subject.contract.schemas.faults("envelope", kept);
    for fault in faults.into_iter().filter(|fault| is_whole(&fault.at)) {
        let what = What::form("the envelope's documented form", fault.message);
        findings.add(ENV_2, fault.at, what);
    }
}

pub(super) fn check(subject: &Subject<'_>, findings: &mut Findings) {
    media_type(subject, findings);
    let Some(body) = subject.body else {
        let found = match &subject.exchange.response.json {
            Ok(value) => value.to_string(),
            Err(error) => format!("{error}: {}", lossy_start(&subject.exchange.response.body)),
        };
        findings.add(ENV_1, "", What::form("a JSON object", found));
        return;
    };
    let (faults, more) = subject.contract.schemas.faults("envelope", body);
    for fault in faults {
        findings.add(
            ENV_2,
            fault.at,
            What::form("the envelope's documented form", fault.message),
        );
    }
    findings.add_more(&ENV_2, more);
    success_fits_status(subject, body, findings);
    if subject.exchange.response.is_failure() {
        failure(body, findings);
    } else if let Some(errors) = body.get("errors").and_then(Value::as_array)
        && subject.succeeded()
        && !errors.is_empty()
    {
        findings.add(
            ENV_6,
            "/errors",
            What::unexpected(
                "no errors in a success",
                Value::from(errors.clone()).to_string(),
            ),
        );
    }
}

fn media_type(subject: &Subject<'_>, findings: &mut Findings) {
    let field = subject.exchange.response.headers.get("content-type");
    let is_json = |value: &str| {
        let essence = value.split(';').next().unwrap_or_default().trim();
        essence.eq_ignore_ascii_case("application/json")
    };
    // A field that was sent twice may arrive as one, with its values joined (RFC 9110, 5.3).
    if !field.is_some_and(|value| unquoted(value).split(',').all(is_json)) {
        findings.add(
            ENV_1,
            "header content-type",
            What::value("application/json", field.unwrap_or("no such header")),
        );
    }
}

/// Returns a field's value without its quoted strings (RFC 9110, 5.6.4), whose commas and semicolons separate nothing.
fn unquoted(value: &str) -> String {
    let mut outside = String::with_capacity(value.len());
    let mut is_quoted = false;
    let mut chars = value.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' => is_quoted = !is_quoted,
            '\\' if is_quoted => _ = chars.next(),
            c if !is_quoted => outside.push(c),
            _ => {}
        }
    }
    outside
}

fn success_fits_status(subject: &Subject<'_>, body: &Value, findings: &mut Findings) {
    let Some(success) = body.get("success").and_then(Value::as_bool) else {
        return; // ENV-2 judges its absence or type.
    };
    let response = &subject.exchange.response;
    if response.is_success() != success && (response.is_success() || response.is_failure()) {
        findings.add(
            ENV_3,
            "/success",
            What::value(
                format!("{} with status {}", !success, response.status),
                success.to_string(),
            ),
        );
    }
}

fn failure(body: &Value, findings: &mut Findings) {
    if body
        .get("errors")
        .and_then(Value::as_array)
        .is_some_and(Vec::is_empty)
    {
        findings.add(
            ENV_4,
            "/errors",
            What::missing("at least one error in a failure", MissingPart::Member),
        );
    }
    match body.get("result") {
        Some(Value::Null) => {}
        Some(other) => findings.add(
            ENV_4,
            "/result",
            What::value("null in a failure", other.to_string()),
        ),
        None => findings.add(
            ENV_4,
            "/result",
            What::missing("null in a failure", MissingPart::Member),
        ),
    }
}

fn lossy_start(body: &[u8]) -> String {
    String::from_utf8_lossy(body.get(..120).unwrap_or(body)).into_owned()
}
