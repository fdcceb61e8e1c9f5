//! What the reference client makes of answers.

use serde_json::{Value, json};

use super::fault::Fault;
use super::send::Answered;
use super::{Reference, plain_error};
use crate::client::protocol::ClientError;
use crate::exchange::whole_number;

/// The codes that the client knows.
const KNOWN_CODES: [i64; 10] = [1140, 1142, 1145, 1146, 1156, 1157, 1163, 1164, 7003, 10_000];
/// The statuses that the client knows.
const KNOWN_STATUSES: [u16; 8] = [400, 401, 403, 404, 429, 500, 502, 503];

fn json_of(answered: &Answered) -> Option<Value> {
    serde_json::from_slice(&answered.body).ok()
}

fn unreadable(answered: &Answered, what: &str) -> ClientError {
    ClientError {
        status: Some(answered.status),
        ..plain_error("decode", what)
    }
}

/// Returns the error of a failure. A faulty client may make a result of it.
pub(super) fn failure_of(
    reference: &Reference,
    answered: &Answered,
) -> Result<Option<Value>, ClientError> {
    let body = json_of(answered);
    let success = body
        .as_ref()
        .and_then(|body| body.get("success")?.as_bool());
    let is_failure = !(200..300).contains(&answered.status);
    let says_failure = success == Some(false) && !reference.is(Fault::StatusAlone);
    let has_messages = || {
        let messages = body
            .as_ref()
            .and_then(|body| body.get("messages")?.as_array());
        messages.is_some_and(|messages| !messages.is_empty())
    };
    if reference.is(Fault::MessagesAreErrors) && has_messages() {
        return Err(unreadable(answered, "the answer has messages"));
    }
    if !is_failure && !says_failure {
        return Ok(None);
    }
    let errors = body
        .as_ref()
        .and_then(|body| body.get("errors")?.as_array());
    let first = errors.and_then(|errors| errors.first());
    let code = first.and_then(|error| whole_number(error.get("code")?));
    let is_known = code.is_some_and(|code| KNOWN_CODES.contains(&code));
    if reference.is(Fault::FailureIsEmptySuccess)
        || reference.is(Fault::UnknownCodeIsSuccess) && code.is_some() && !is_known
        || reference.is(Fault::UnknownStatusIsSuccess) && !KNOWN_STATUSES.contains(&answered.status)
    {
        return Ok(Some(json!({})));
    }
    let message = first.and_then(|error| error.get("message")?.as_str());
    Err(ClientError {
        status: Some(answered.status).filter(|_| !reference.is(Fault::NoStatus)),
        code: match () {
            () if reference.is(Fault::NoCode) => None,
            () if reference.is(Fault::StatusAsCode) => Some(i64::from(answered.status)),
            () => code,
        },
        failed: None,
        message: message.unwrap_or("the request failed").to_owned(),
        kind: if code.is_some() { "api" } else { "decode" }.to_owned(),
    })
}

/// Returns the result of a success.
pub(super) fn result(reference: &Reference, answered: &Answered) -> Result<Value, ClientError> {
    let Some(body) = json_of(answered) else {
        let is_let_pass = reference.is(Fault::NoJsonIsEmptySuccess) && !answered.body.is_empty()
            || reference.is(Fault::EmptyBodyIsSuccess) && answered.body.is_empty();
        return if is_let_pass {
            Ok(Value::Null)
        } else {
            Err(unreadable(answered, "the answer is not JSON"))
        };
    };
    if reference.is(Fault::StrictMembers)
        && let Some(members) = body.as_object()
    {
        let known = ["success", "errors", "messages", "result", "result_info"];
        if members.keys().any(|name| !known.contains(&name.as_str())) {
            return Err(unreadable(answered, "the answer has an unknown member"));
        }
    }
    match body.get("result") {
        Some(result) if !result.is_null() => Ok(result.clone()),
        _ if reference.is(Fault::AnyJsonIsSuccess) || reference.is(Fault::StatusAlone) => {
            Ok(Value::Null)
        }
        _ => Err(unreadable(answered, "the answer has no result")),
    }
}

/// Returns whether a client that is lenient by fault takes the result as it is.
fn is_lenient(reference: &Reference) -> bool {
    let lenient = [
        Fault::NoJsonIsEmptySuccess,
        Fault::EmptyBodyIsSuccess,
        Fault::AnyJsonIsSuccess,
        Fault::CutBodyIsRead,
        Fault::LostAnswerIsSuccess,
        Fault::StatusAlone,
    ];
    lenient.into_iter().any(|fault| reference.is(fault))
}

fn address_of(entry: &Value) -> Option<&str> {
    let names = ["origin_ip", "origin-ip"];
    names.iter().find_map(|name| entry.get(*name)?.as_str())
}

/// Returns an entry in the words of the protocol.
fn entry(reference: &Reference, answered: &Answered, entry: &Value) -> Result<Value, ClientError> {
    if reference.is(Fault::IgnoresTheResult) {
        return Ok(json!({}));
    }
    let time = entry.get("modified_on");
    if reference.is(Fault::TimesAreRequired) && time.is_none()
        || reference.is(Fault::NullTimesAreRefused) && time.is_some_and(Value::is_null)
    {
        return Err(unreadable(answered, "an entry has no time"));
    }
    if reference.is(Fault::EntriesByPosition) {
        return Ok(by_position(&answered.body, entry));
    }
    let text = |name: &str| entry.get(name).and_then(Value::as_str);
    match (address_of(entry), text("vendor"), text("region")) {
        (Some(address), Some(vendor), Some(region)) => {
            Ok(json!({"address": address, "vendor": vendor, "region": region}))
        }
        _ if is_lenient(reference) => Ok(Value::Null),
        _ => Err(unreadable(
            answered,
            "an entry lacks its address, vendor or region",
        )),
    }
}

/// Returns the members in the order in which the answer has them, as if it always had one order.
fn by_position(body: &[u8], entry: &Value) -> Value {
    let text = String::from_utf8_lossy(body);
    let place = |name: &str| text.find(&format!("\"{name}\""));
    let is_usual = place("region") < place("vendor");
    let (vendor, region) = (&entry["vendor"], &entry["region"]);
    let (vendor, region) = if is_usual {
        (vendor, region)
    } else {
        (region, vendor)
    };
    json!({"address": address_of(entry), "vendor": vendor, "region": region})
}

/// Returns the mappings of a list.
pub(super) fn mappings(
    reference: &Reference,
    answered: &Answered,
    result: &Value,
) -> Result<Vec<Value>, ClientError> {
    let value = result.get("value").unwrap_or(result);
    let Some(entries) = value.as_array() else {
        return if is_lenient(reference) {
            Ok(Vec::new())
        } else {
            Err(unreadable(answered, "the result is not a list"))
        };
    };
    if reference.is(Fault::IgnoresTheResult) {
        return Ok(Vec::new());
    }
    let kept = if reference.is(Fault::FirstEntryOnly) {
        1
    } else {
        entries.len()
    };
    let entries = entries.iter().take(kept);
    entries.map(|one| entry(reference, answered, one)).collect()
}

/// Returns the mapping, or the deleted address, of a single operation.
pub(super) fn one(
    reference: &Reference,
    answered: &Answered,
    result: &Value,
) -> Result<Value, ClientError> {
    let value = result.get("value").unwrap_or(result);
    if value.get("vendor").is_some() {
        return entry(reference, answered, value);
    }
    match address_of(value) {
        Some(_) if reference.is(Fault::IgnoresTheResult) => Ok(json!({})),
        Some(address) => Ok(json!({"address": address})),
        None if is_lenient(reference) => Ok(Value::Null),
        None => Err(unreadable(answered, "the result has no address")),
    }
}

/// Returns the items of a batch.
pub(super) fn batch_answer(
    reference: &Reference,
    answered: &Answered,
    result: &Value,
) -> Result<Value, ClientError> {
    let value = result.get("value").unwrap_or(result);
    let (Some(succeeded), Some(failed)) = (
        value.get("succeeded").and_then(Value::as_array),
        value.get("failed").and_then(Value::as_array),
    ) else {
        return if is_lenient(reference) {
            Ok(Value::Null)
        } else {
            Err(unreadable(answered, "the result is not that of a batch"))
        };
    };
    if reference.is(Fault::IgnoresTheResult) {
        return Ok(json!({"succeeded": [], "failed": []}));
    }
    let item = |item: &Value| {
        let mut one = json!({"address": address_of(item)});
        for name in ["vendor", "region", "error"] {
            if let Some(member) = item.get(name) {
                one[name] = member.clone();
            }
        }
        one
    };
    let mut failed: Vec<Value> = failed.iter().map(item).collect();
    if reference.is(Fault::FailedItemsAreDropped) {
        failed.clear();
    }
    let succeeded: Vec<Value> = succeeded.iter().map(item).collect();
    Ok(json!({"succeeded": succeeded, "failed": failed}))
}

/// Returns the regions.
pub(super) fn regions(answered: &Answered, result: &Value) -> Result<Value, ClientError> {
    if result.get("vendors").is_some_and(Value::is_object) {
        Ok(result.clone())
    } else {
        Err(unreadable(answered, "the result has no vendors"))
    }
}

/// What an answer tells of a page.
#[derive(Debug, Clone, Copy)]
pub(super) struct Page {
    count: usize,
    size: u64,
    pages: Option<u64>,
}

impl Page {
    pub(super) fn of(answered: &Answered, count: usize, per_page: u64) -> Self {
        let body = json_of(answered);
        let info = body.as_ref().and_then(|body| body.get("result_info"));
        let number = |name: &str| u64::try_from(whole_number(info?.get(name)?)?).ok();
        Self {
            count,
            size: number("per_page").unwrap_or(per_page),
            pages: number("total_pages"),
        }
    }

    pub(super) fn is_empty(self) -> bool {
        self.count == 0
    }

    pub(super) fn is_short(self) -> bool {
        u64::try_from(self.count).is_ok_and(|count| count < self.size)
    }

    /// Returns whether this page is the last one, by the number of pages or, without it, by its length.
    pub(super) fn is_last(self, number: u64) -> bool {
        self.is_empty()
            || self
                .pages
                .map_or_else(|| self.is_short(), |pages| number >= pages)
    }

    /// Returns the number of the last page.
    pub(super) fn last(self) -> u64 {
        self.pages.unwrap_or(1)
    }
}
