//! Exchanges as reports keep them: redacted, long bodies cut.

use crate::event::{ExchangeRecord, StepRecord};
use crate::exchange::{Exchange, Redactor, curl_line};

/// How much of a body a report keeps, in bytes.
const BODY_KEPT: usize = 4_096;

/// The line of an exchange.
pub(super) fn step(exchange: &Exchange, line: usize, redactor: &Redactor) -> StepRecord {
    let operation = exchange
        .operation
        .map_or("request", crate::exchange::Operation::id);
    let url = &exchange.request.url;
    let path = url
        .splitn(4, '/')
        .nth(3)
        .map_or_else(|| url.clone(), |path| format!("/{path}"));
    StepRecord {
        line,
        operation: operation.to_owned(),
        method: exchange.request.method.clone(),
        path: redactor.text(&path),
        status: exchange.response.status,
        elapsed_us: exchange.elapsed_us,
    }
}

/// The whole of an exchange.
pub(super) fn whole(exchange: &Exchange, step: usize, redactor: &Redactor) -> ExchangeRecord {
    let (request, response) = (&exchange.request, &exchange.response);
    ExchangeRecord {
        step,
        request_line: format!("{} {}", request.method, redactor.text(&request.url)),
        request_headers: redactor.headers(&request.headers).0,
        request_body: request.body.as_ref().map(|body| text(body, redactor)),
        status: response.status,
        response_headers: redactor.headers(&response.headers).0,
        response_body: text(&response.body, redactor),
        curl: curl_line(request, redactor, BODY_KEPT),
    }
}

fn text(body: &[u8], redactor: &Redactor) -> String {
    // Redact before cutting: a secret across the cut would lose its form.
    let whole = redactor.text(&String::from_utf8_lossy(body));
    if whole.len() <= BODY_KEPT {
        return whole;
    }
    let mut end = BODY_KEPT;
    while !whole.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}… ({} bytes in all)", &whole[..end], whole.len())
}
