//! Takes a request to the upstream and brings its answer back.

use std::collections::VecDeque;
use std::error::Error;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use http::header::{CONTENT_TYPE, HOST};
use http::response::Parts;
use http::{HeaderValue, Method, Request, Response, StatusCode, Version};
use http_body::Body;
use hyper::body::Incoming;
use serde_json::json;

use super::annotation::{self, annotation};
use super::body::{ClientFault, Passed, Witness};
use super::fields;
use super::observation::{Observation, Recorder};
use super::serve::Annotations;
use super::upstream::{HttpClient, Upstream};

/// The longest time that an answer waits for its annotation; checking one takes milliseconds.
const ANNOTATING: Duration = Duration::from_secs(1);

/// The state that every request needs.
#[derive(Debug)]
pub(super) struct Relay {
    pub(super) upstream: Upstream,
    pub(super) client: HttpClient,
    pub(super) recorder: Arc<Recorder>,
    pub(super) annotations: Annotations,
    pub(super) patience: Duration,
}

impl Relay {
    /// Forwards a request. If it can't be forwarded, the proxy answers it.
    pub(super) async fn pass(&self, request: Request<Incoming>) -> Response<Passed> {
        let (mut head, body) = request.into_parts();
        if head.method == Method::CONNECT {
            let why = "this proxy stands for one upstream and opens no tunnels";
            return refusal(StatusCode::NOT_IMPLEMENTED, why);
        }
        if let Err(why) = one_host(&head) {
            return refusal(StatusCode::BAD_REQUEST, why);
        }
        let url = match self.upstream.place(&head.uri) {
            Ok(url) => url,
            Err(error) => return refusal(StatusCode::BAD_REQUEST, &error.to_string()),
        };
        self.recorder.room().await;
        let recorded = fields::recorded(&head.headers);
        let method = head.method.as_str();
        let mut observation = self.recorder.observe(method, url.to_string(), recorded);
        let authority = self.upstream.authority();
        head.headers = fields::for_upstream(&head.headers, head.version, authority);
        head.uri = url;
        // The version belongs to one connection; this value lets the client choose.
        head.version = Version::HTTP_11;
        let body = Passed::new(body, Witness::Request(observation.request.clone()));
        let request = Request::from_parts(head, body);
        let answer = tokio::time::timeout(self.patience, self.client.request(request)).await;
        let Ok(answer) = answer else {
            let why = format!(
                "originproof proxy got no answer from {} within {} s",
                self.upstream.url(),
                self.patience.as_secs_f64()
            );
            return refusal(StatusCode::GATEWAY_TIMEOUT, &why);
        };
        match answer {
            Ok(answer) => {
                let (mut head, body) = answer.into_parts();
                head.headers = fields::end_to_end(&head.headers);
                head.version = Version::HTTP_11;
                let recorded = fields::recorded(&head.headers);
                observation.answered(head.status.as_u16(), recorded);
                match self.annotations {
                    Annotations::On if observation.is_ours => {
                        annotated(head, body, observation).await
                    }
                    Annotations::On | Annotations::Off => {
                        let witness = Witness::Response(Box::new(observation));
                        Response::from_parts(head, Passed::new(body, witness))
                    }
                }
            }
            Err(error) => {
                if let Some(fault) = client_fault(&error) {
                    return refusal(StatusCode::BAD_REQUEST, &fault.to_string());
                }
                let why = format!(
                    "originproof proxy got no answer from {}: {}",
                    self.upstream.url(),
                    reasons(&error)
                );
                refusal(StatusCode::BAD_GATEWAY, &why)
            }
        }
    }
}

/// Checks that a request names one host, as it must (RFC 9112, 3.2; RFC 9113, 8.3.1). If it named two, the servers
/// behind the proxy might each take another one.
fn one_host(head: &http::request::Parts) -> Result<(), &'static str> {
    let is_elsewhere = head.version == Version::HTTP_2 && head.uri.authority().is_some();
    match head.headers.get_all(HOST).iter().count() {
        0 if head.version != Version::HTTP_10 && !is_elsewhere => {
            Err("the request has no field `host`")
        }
        0 | 1 => Ok(()),
        _ => Err("the request has more than one field `host`"),
    }
}

/// Holds an answer back until it is judged. An answer that is larger than the limit passes without an annotation.
async fn annotated(
    mut head: Parts,
    mut body: Incoming,
    mut observation: Observation,
) -> Response<Passed> {
    let mut held = VecDeque::new();
    while observation.is_copying() {
        match poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
            Some(Ok(frame)) => {
                if let Some(data) = frame.data_ref() {
                    observation.see(data);
                }
                held.push_back(frame);
            }
            Some(Err(error)) => {
                return Response::from_parts(head, Passed::broken(held, error));
            }
            None => {
                let findings = observation.ended_and_judged();
                let findings = tokio::time::timeout(ANNOTATING, findings).await;
                if let Ok(Ok(findings)) = findings
                    && let Some(value) = annotation(&findings)
                {
                    head.headers.append(annotation::FIELD, value);
                }
                let body = Passed::with_held(held, body, Witness::Nobody);
                return Response::from_parts(head, body);
            }
        }
    }
    let witness = Witness::Response(Box::new(observation));
    Response::from_parts(head, Passed::with_held(held, body, witness))
}

/// Returns an answer of the proxy itself, in the form of the API's failures.
fn refusal(status: StatusCode, why: &str) -> Response<Passed> {
    let text = json!({
        "success": false,
        "errors": [{"code": status.as_u16(), "message": why}],
        "messages": [],
        "result": null,
    });
    let mut answer = Response::new(Passed::text(text.to_string()));
    *answer.status_mut() = status;
    let json = HeaderValue::from_static("application/json");
    answer.headers_mut().insert(CONTENT_TYPE, json);
    answer
}

/// Returns the client's fault that caused an error, if there is one.
fn client_fault<'e>(error: &'e (dyn Error + 'static)) -> Option<&'e ClientFault> {
    let mut cause = Some(error);
    while let Some(current) = cause {
        if let Some(fault) = current.downcast_ref() {
            return Some(fault);
        }
        cause = current.source();
    }
    None
}

/// Returns the text of an error with its causes.
fn reasons(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(current) = cause {
        let reason = current.to_string();
        if !text.contains(&reason) {
            text.push_str(": ");
            text.push_str(&reason);
        }
        cause = current.source();
    }
    text
}
