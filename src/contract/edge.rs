//! Recognizes answers that come not from the target but from something in front of it: an edge, a gateway or the
//! client's own proxy. The runner, `check` and the proxy all use this module to decide whether an answer is the
//! target's.

use crate::api::{Contract, FaultRequest};
use crate::exchange::Exchange;

/// The beginning of an error text of the platform's edge, such as `error code: 1015`.
const EDGE_ERROR: &[u8] = b"error code: 1";
/// The header field with which the platform's edge tells that it did not let a request through.
const MITIGATED: &str = "cf-mitigated";

/// Returns whether an answer comes from something in front of the target, and so tells nothing about the target. Such
/// answers are 502 to 504 and 520 to 530; 407 and 511 (RFC 9110, 15.5.8; RFC 6585, 6); a 429 without a code; and a
/// challenge or an error of the edge. An answer with a documented code is always the target's.
#[must_use]
pub fn is_edge_failure(exchange: &Exchange) -> bool {
    let response = &exchange.response;
    let codes = response.codes();
    let is_edge = match response.status {
        502..=504 | 520..=530 | 407 | 511 => true,
        // Gateways use their own bodies when they throttle.
        429 if codes.is_empty() => true,
        400..=599 => response.headers.get(MITIGATED).is_some() || is_edge_error(&response.body),
        _ => false,
    };
    let mut documented = Contract::embedded().codes.iter().map(|row| row.code);
    // A requested failure (fault injection) may come with any code.
    let was_asked_for = exchange.request.headers.get(FaultRequest::HEADER).is_some();
    let is_own =
        documented.any(|code| codes.contains(&code)) || (was_asked_for && !codes.is_empty());
    is_edge && !is_own
}

fn is_edge_error(body: &[u8]) -> bool {
    let body = body.trim_ascii();
    let code = body.strip_prefix(EDGE_ERROR);
    code.is_some_and(|rest| rest.len() == 3 && rest.iter().all(u8::is_ascii_digit))
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use test_case::test_case;

    use crate::exchange::{Headers, Operation, Request, Response};

    fn answered(status: u16, field: Option<(&str, &str)>, body: &str) -> Exchange {
        let mut headers = Headers::default();
        if let Some((name, value)) = field {
            headers.push(name, value);
        }
        Exchange {
            operation: Operation::from_id("v2.list"),
            request: Request {
                method: "GET".to_owned(),
                url: "https://h/client/v4/zones/a/origin/cloud_regions".to_owned(),
                headers: Headers::default(),
                body: None,
                json: None,
                is_body_known: true,
                address: None,
                query: Vec::new(),
            },
            response: Response::new(status, headers, Bytes::copy_from_slice(body.as_bytes())),
            elapsed_us: 0,
        }
    }

    #[test_case(407, None, ""; "the client's proxy")]
    #[test_case(429, None, "error code: 1015"; "throttled by the edge")]
    #[test_case(429, None, "<html>"; "throttled by a gateway")]
    #[test_case(403, None, "error code: 1020\n"; "refused by the edge")]
    #[test_case(403, Some(("cf-mitigated", "challenge")), "<html>"; "a challenge")]
    #[test_case(502, None, ""; "a gateway without the target")]
    #[test_case(530, None, "error code: 1016"; "an edge without the target")]
    #[test_case(511, None, "<html>"; "a captive portal")]
    fn an_answer_from_before_the_target_is_not_the_targets(
        status: u16,
        field: Option<(&str, &str)>,
        body: &str,
    ) {
        assert!(is_edge_failure(&answered(status, field, body)));
    }

    #[test_case(429, r#"{"success": false, "errors": [{"code": 10000, "message": "slow"}]}"#; "throttled by the API")]
    #[test_case(503, r#"{"errors": [{"code": 1156, "message": "no"}]}"#; "a documented failure")]
    #[test_case(500, "<html>"; "a server that broke down")]
    #[test_case(403, "<html>forbidden</html>"; "a refusal without envelope")]
    #[test_case(200, "error code: 1015"; "a success with such words")]
    fn other_answers_are_the_targets(status: u16, body: &str) {
        assert!(!is_edge_failure(&answered(status, None, body)));
    }
}
