//! Exchanges as reports keep them: redacted, and with long bodies cut.

use std::hash::Hasher;

use serde_json::Value;

use super::report::{ExchangeRecord, Location, StepRecord};
use crate::exchange::{Exchange, Redactor, Seen, curl_line, redactor_of};

/// The maximum length of a body in a report, in bytes.
const BODY_KEPT: usize = 4_096;
/// The maximum length of a body that is redacted before it is cut to `BODY_KEPT`, in bytes.
const REDACTED: usize = 64 * 1024;
/// The length in bytes beyond which curl lines contain the body in packed form.
const CURL_BODY: usize = 1_000;
/// The number of list entries that a digest includes.
const DIGESTED: usize = 100;

/// Returns the summary of an exchange. `place` is the place of its step or recorded exchange.
#[must_use]
pub fn step_record(exchange: &Exchange, place: Location, redactor: &Redactor) -> StepRecord {
    let operation = exchange
        .operation
        .map_or("request", crate::exchange::Operation::id);
    let url = &exchange.request.url;
    let path = url
        .splitn(4, '/')
        .nth(3)
        .map_or_else(|| url.clone(), |path| format!("/{path}"));
    StepRecord {
        place,
        operation: operation.to_owned(),
        method: exchange.request.method.clone(),
        path: redactor.url(&path),
        status: exchange.response.status,
        elapsed_us: exchange.elapsed_us,
        digest: digest(exchange),
    }
}

/// Returns a digest of an answer, so that two runs can be compared without keeping the answers. It leaves out times,
/// and all but the first entries of long lists.
fn digest(exchange: &Exchange) -> String {
    let mut hasher = fnv::FnvHasher::default();
    match exchange.response.value() {
        Some(body) => hash(body, &mut hasher),
        None => hasher.write(&exchange.response.body),
    }
    format!("{:016x}", hasher.finish())
}

fn hash(value: &Value, hasher: &mut fnv::FnvHasher) {
    match value {
        Value::Null => hasher.write_u8(0),
        Value::Bool(flag) => hasher.write_u8(1 + u8::from(*flag)),
        Value::Number(number) => hasher.write(number.to_string().as_bytes()),
        Value::String(text) => hasher.write(text.as_bytes()),
        Value::Array(items) => {
            hasher.write_usize(items.len());
            items
                .iter()
                .take(DIGESTED)
                .for_each(|item| hash(item, hasher));
        }
        Value::Object(members) => {
            for (name, member) in members.iter().filter(|(name, _)| *name != "modified_on") {
                hasher.write(name.as_bytes());
                hash(member, hasher);
            }
        }
    }
}

/// Returns a whole exchange, redacted, with bodies cut at a limit. `step` is its number among the steps of its trial.
#[must_use]
pub fn exchange_record(exchange: &Exchange, step: usize, redactor: &Redactor) -> ExchangeRecord {
    let (request, response) = (&exchange.request, &exchange.response);
    // Values that the target set or somebody added, such as cookies, can be echoed like any credential.
    let redactor = &redactor_of(Seen::from(exchange), redactor);
    ExchangeRecord {
        step,
        request_line: format!("{} {}", request.method, redactor.url(&request.url)),
        request_headers: redactor.headers(&request.headers).0,
        request_body: request
            .body
            .as_ref()
            .map(|body| text(body, body.len(), redactor)),
        status: response.status,
        response_headers: redactor.headers(&response.headers).0,
        response_body: text(&response.body, response.length, redactor),
        curl: curl_line(request, redactor, CURL_BODY),
    }
}

impl ExchangeRecord {
    /// Masks secrets that became known after the exchange was recorded.
    pub fn mask(&mut self, redactor: &Redactor) {
        let texts = [
            &mut self.request_line,
            &mut self.response_body,
            &mut self.curl,
        ];
        let fields = self.request_headers.iter_mut();
        let fields = fields.chain(&mut self.response_headers);
        let values = fields.map(|(_, value)| value);
        for text in texts
            .into_iter()
            .chain(self.request_body.as_mut())
            .chain(values)
        {
            *text = redactor.text(text);
        }
    }
}

/// Returns the start of a body that is `length` bytes long.
fn text(body: &[u8], length: usize, redactor: &Redactor) -> String {
    // Redact before cutting: a secret across the cut would lose its form. Only the part beyond `REDACTED` is cut first.
    let start = body.get(..REDACTED).unwrap_or(body);
    let whole = redactor.text(&String::from_utf8_lossy(start));
    if whole.len() <= BODY_KEPT && start.len() == length {
        return whole;
    }
    let mut end = BODY_KEPT.min(whole.len());
    while !whole.is_char_boundary(end) {
        end -= 1;
    }
    let length = if start.len() == length {
        whole.len()
    } else {
        length
    };
    format!("{}… ({length} bytes in all)", &whole[..end])
}
