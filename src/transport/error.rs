//! The faults between originproof and the target. The contract does not cover them.

use std::fmt;

/// The kind of a transport fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransportFault {
    /// The URL is invalid, or the client can't be set up.
    Setup,
    /// No connection: the target refused it, the host name did not resolve, or TLS failed.
    Connect,
    /// No complete answer came in time.
    Timeout,
    /// The connection broke before the answer was complete.
    Broken,
    /// The body is larger than the limit.
    TooLarge,
    /// A redirect was not followed.
    Redirect,
    /// The budget of requests or of waiting is spent.
    Budget,
}

/// The failure of a request to get a complete answer.
#[derive(Debug, Clone, thiserror::Error)]
pub struct TransportError {
    /// The kind of fault.
    pub fault: TransportFault,
    /// The fault in words, with its causes.
    pub message: String,
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl TransportError {
    pub(super) fn new(fault: TransportFault, message: impl Into<String>) -> Self {
        Self {
            fault,
            message: message.into(),
        }
    }

    /// Converts the HTTP client's error: its kind, and the whole chain of causes as text.
    pub(super) fn from_client(error: &reqwest::Error) -> Self {
        let fault = if error.is_builder() {
            TransportFault::Setup
        } else if error.is_timeout() {
            TransportFault::Timeout
        } else if error.is_connect() {
            TransportFault::Connect
        } else {
            TransportFault::Broken
        };
        let mut message = String::new();
        let mut cause: Option<&dyn std::error::Error> = Some(error);
        while let Some(current) = cause {
            let text = current.to_string();
            // The URL is already known, and may contain secrets.
            let text = text
                .split(" for url (")
                .next()
                .unwrap_or_default()
                .to_owned();
            if !message.contains(&text) {
                if !message.is_empty() {
                    message.push_str(": ");
                }
                message.push_str(&text);
            }
            cause = current.source();
        }
        Self { fault, message }
    }
}
