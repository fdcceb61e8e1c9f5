//! Sends the requests of the reference client, and repeats those that may be repeated.

use std::time::Duration;

use bytes::Bytes;
use reqwest::header::{ACCEPT_ENCODING, HeaderMap, LOCATION, RETRY_AFTER, TRANSFER_ENCODING};

use super::fault::Fault;
use super::request::Draft;
use super::{Habit, Reference, plain_error};
use crate::client::protocol::{Ask, ClientError, Credentials};
use crate::exchange::{Operation, retry_after};

/// The number of times that a request is sent.
const ATTEMPTS: usize = 3;
/// The number of times that a client with the fault of endless repetitions sends one.
const ENDLESS: usize = 30;
/// The pause before a repetition that no `retry-after` asks for.
const PAUSE: Duration = Duration::from_millis(20);

/// An answer.
#[derive(Debug, Clone)]
pub(super) struct Answered {
    pub(super) status: u16,
    pub(super) body: Bytes,
}

/// The HTTP side of the reference client.
#[derive(Debug)]
pub(super) struct Sender {
    http: reqwest::Client,
}

/// Why an attempt failed.
enum Failed {
    /// No answer came, or none that is whole.
    Lost(ClientError),
    /// The time limit was reached.
    Late(ClientError),
}

impl Sender {
    pub(super) fn new(reference: &Reference) -> Result<Self, reqwest::Error> {
        // Another part of the process may have installed a provider, which works as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let reads_gzip = !reference.has(Habit::NoCodings) && !reference.is(Fault::GzipIsNotRead);
        let mut builder = reqwest::Client::builder()
            .no_proxy()
            .gzip(reads_gzip)
            .redirect(reqwest::redirect::Policy::none());
        if reference.has(Habit::NewConnections) {
            builder = builder.pool_max_idle_per_host(0);
        }
        if reference.has(Habit::Http2) {
            builder = builder.http2_prior_knowledge();
        }
        Ok(Self {
            http: builder.build()?,
        })
    }

    /// Sends a request, again if it may be and must be. Returns the last answer.
    pub(super) async fn send(
        &self,
        reference: &Reference,
        operation: Operation,
        ask: &Ask,
        draft: &Draft,
    ) -> Result<Answered, ClientError> {
        let is_idempotent = operation.row().is_idempotent || draft.method == "GET";
        let may_repeat = is_idempotent
            || reference.is(Fault::CreatesBlindlyAgain)
            || reference.has(Habit::ChecksAfterConflict);
        let attempts = match () {
            () if reference.has(Habit::NeverRepeats) => 1,
            () if reference.is(Fault::RepeatsForEver) => ENDLESS,
            () => ATTEMPTS,
        };
        let mut was_lost = false;
        for attempt in 1.. {
            let is_last = attempt >= attempts;
            match self.attempt(reference, ask, draft).await {
                Ok((answered, fields)) => {
                    let is_busy = answered.status == 429;
                    let is_fault = answered.status >= 500;
                    if !is_last && (is_busy || is_fault && may_repeat) {
                        // A gateway may have lost the answer of the server behind it.
                        was_lost |= is_fault;
                        tokio::time::sleep(pause(reference, &fields)).await;
                        continue;
                    }
                    if was_lost
                        && answered.status == 400
                        && !is_idempotent
                        && reference.has(Habit::ChecksAfterConflict)
                    {
                        return Err(plain_error(
                            "uncertain",
                            "the first answer was lost; the mapping exists now",
                        ));
                    }
                    return Ok(answered);
                }
                Err(Failed::Lost(_)) if reference.is(Fault::LostAnswerIsSuccess) => {
                    let body = Bytes::from_static(
                        br#"{"success":true,"errors":[],"messages":[],"result":[]}"#,
                    );
                    return Ok(Answered { status: 200, body });
                }
                Err(Failed::Lost(_)) if !is_last && may_repeat => {
                    was_lost = true;
                    tokio::time::sleep(PAUSE).await;
                }
                Err(Failed::Lost(error) | Failed::Late(error)) => return Err(error),
            }
        }
        Err(plain_error("network", "no attempt was made"))
    }

    async fn attempt(
        &self,
        reference: &Reference,
        ask: &Ask,
        draft: &Draft,
    ) -> Result<(Answered, HeaderMap), Failed> {
        let url = format!("{}{}", ask.base_url, draft.target);
        let method = draft.method.parse().unwrap_or(reqwest::Method::GET);
        let limit = ask
            .timeout_ms
            .filter(|_| !reference.is(Fault::NoTimeLimit))
            .map(Duration::from_millis);
        let patient = limit.filter(|_| reference.is(Fault::LimitForEachRead));
        let patient = patient.and_then(|limit| {
            let builder = reqwest::Client::builder().no_proxy().read_timeout(limit);
            builder.build().ok()
        });
        let http = patient.as_ref().unwrap_or(&self.http);
        let mut request = http.request(method, &url);
        request = credentials(reference, &ask.credentials, request);
        request = common(reference, draft, request);
        if let Some(limit) = limit.filter(|_| {
            !reference.is(Fault::LimitForHeadersOnly) && !reference.is(Fault::LimitForEachRead)
        }) {
            request = request.timeout(limit);
        }
        let sending = request.send();
        let sent = match limit {
            Some(limit) => match tokio::time::timeout(limit, sending).await {
                Ok(sent) => sent,
                Err(_) => {
                    return Err(Failed::Late(plain_error(
                        "timeout",
                        "the time limit was reached",
                    )));
                }
            },
            None => sending.await,
        };
        let response = sent.map_err(|error| failed(&error))?;
        let (status, fields) = (response.status().as_u16(), response.headers().clone());
        if (300..400).contains(&status)
            && let Some(place) = fields.get(LOCATION).and_then(|field| field.to_str().ok())
            && let Some(answered) = self.redirected(reference, ask, draft, place).await
        {
            return Ok((answered, fields));
        }
        let has_no_length = fields.contains_key(TRANSFER_ENCODING);
        let is_until_close = !has_no_length && response.version() == reqwest::Version::HTTP_10;
        if has_no_length && reference.is(Fault::LengthIsRequired)
            || is_until_close && reference.is(Fault::EndOfConnectionIsAnError)
        {
            return Err(Failed::Late(plain_error(
                "decode",
                "the answer has no length",
            )));
        }
        let body = match response.bytes().await {
            Ok(body) => body,
            Err(error) if error.is_timeout() => return Err(failed(&error)),
            Err(_) if reference.is(Fault::CutBodyIsRead) => {
                Bytes::from_static(br#"{"success":true,"errors":[],"messages":[],"result":[]}"#)
            }
            Err(error) => return Err(failed(&error)),
        };
        Ok((Answered { status, body }, fields))
    }

    /// Follows a redirect, if the client does that.
    async fn redirected(
        &self,
        reference: &Reference,
        ask: &Ask,
        draft: &Draft,
        place: &str,
    ) -> Option<Answered> {
        let with_token = reference.is(Fault::TokenForAnotherHost);
        let with_key = reference.is(Fault::KeyForAnotherHost);
        if !with_token && !with_key && !reference.has(Habit::FollowsRedirects) {
            return None;
        }
        let mut request = self.http.request(draft.method.parse().ok()?, place);
        match &ask.credentials {
            Credentials::Token { token } if with_token => request = request.bearer_auth(token),
            Credentials::Key { email, key } if with_key => {
                request = request
                    .header("x-auth-email", email)
                    .header("x-auth-key", key);
            }
            Credentials::Token { .. } | Credentials::Key { .. } => {}
        }
        let response = request.send().await.ok()?;
        let status = response.status().as_u16();
        let body = response.bytes().await.ok()?;
        Some(Answered { status, body })
    }
}

fn failed(error: &reqwest::Error) -> Failed {
    if error.is_timeout() {
        Failed::Late(plain_error("timeout", "the time limit was reached"))
    } else {
        Failed::Lost(plain_error("network", error.to_string()))
    }
}

/// Returns the time to wait before a repetition.
fn pause(reference: &Reference, fields: &HeaderMap) -> Duration {
    let Some(field) = fields
        .get(RETRY_AFTER)
        .and_then(|field| field.to_str().ok())
    else {
        return PAUSE;
    };
    let is_date = !field.starts_with(|c: char| c.is_ascii_digit());
    let Some(asked) = retry_after(field) else {
        return PAUSE;
    };
    if reference.is(Fault::IgnoresRetryAfter)
        || is_date && reference.is(Fault::IgnoresRetryAfterDates)
        || asked > Duration::from_mins(1) && reference.is(Fault::ImpatientWithLongWaits)
    {
        return PAUSE;
    }
    if reference.is(Fault::SecondsAreMilliseconds) && !is_date {
        return asked / 1_000;
    }
    // A date has no fraction, and timers are not exact.
    let extra = if reference.has(Habit::WaitsLonger) {
        500
    } else {
        5
    };
    asked + Duration::from_millis(extra)
}

fn credentials(
    reference: &Reference,
    given: &Credentials,
    request: reqwest::RequestBuilder,
) -> reqwest::RequestBuilder {
    if reference.is(Fault::NoCredentials) {
        return request;
    }
    match given {
        Credentials::Token { token } => {
            let token = if reference.is(Fault::CutToken) {
                &token[..token.len() - 1]
            } else {
                token
            };
            let scheme = if reference.is(Fault::BasicScheme) {
                "Basic"
            } else if reference.has(Habit::LowerCaseScheme) {
                "bearer"
            } else {
                "Bearer"
            };
            let request = request.header("authorization", format!("{scheme} {token}"));
            if reference.is(Fault::BothSchemes) {
                return request
                    .header("x-auth-email", "a@example.com")
                    .header("x-auth-key", "key");
            }
            request
        }
        Credentials::Key { email, key } => {
            let request = request.header("x-auth-key", key);
            if reference.is(Fault::KeyWithoutEmail) {
                return request;
            }
            request.header("x-auth-email", email)
        }
    }
}

/// Adds the fields and the body.
fn common(
    reference: &Reference,
    draft: &Draft,
    mut request: reqwest::RequestBuilder,
) -> reqwest::RequestBuilder {
    if reference.is(Fault::GzipIsNotRead) {
        request = request.header(ACCEPT_ENCODING, "gzip");
    }
    if reference.has(Habit::MoreFields) {
        request = request
            .header("x-request-id", "1")
            .header("idempotency-key", "1");
    }
    let Some(body) = &draft.body else {
        return request;
    };
    let text = if reference.is(Fault::FormBody) {
        "origin_ip=192.0.2.1&vendor=aws".to_owned()
    } else if reference.has(Habit::PrettyJson) {
        format!("{body:#}")
    } else {
        body.to_string()
    };
    if !reference.is(Fault::NoMediaType) {
        let media_type = if reference.is(Fault::TextMediaType) {
            "text/plain"
        } else if reference.has(Habit::Charset) {
            "application/json; charset=utf-8"
        } else {
            "application/json"
        };
        request = request.header("content-type", media_type);
    }
    request.body(text)
}
