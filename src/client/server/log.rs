//! What a scenario server received and answered.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use bytes::Bytes;
use http::request::Parts;

use super::answer::Prepared;
use crate::exchange::Headers;

/// The host that a request went to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::client) enum Host {
    /// The one that the client was given.
    Own,
    /// Another one, to which an answer redirected.
    Other,
}

/// A request that was received.
#[derive(Debug, Clone)]
pub(in crate::client) struct Seen {
    /// The host.
    pub(in crate::client) host: Host,
    /// The method.
    pub(in crate::client) method: String,
    /// The path and query, as sent.
    pub(in crate::client) target: String,
    /// The fields.
    pub(in crate::client) headers: Headers,
    /// The body.
    pub(in crate::client) body: Bytes,
    /// When it came.
    pub(in crate::client) arrived: Instant,
    /// When the client had read the answer or given it up.
    pub(in crate::client) ended: Option<Instant>,
    /// What was answered; `None` if nothing was.
    pub(in crate::client) answer: Option<Given>,
    /// The time before which no further request may come.
    pub(in crate::client) not_before: Option<Instant>,
    /// The reason why it could not be read as HTTP.
    pub(in crate::client) fault: Option<String>,
}

/// An answer that was given.
#[derive(Debug, Clone)]
pub(in crate::client) struct Given {
    /// The status.
    pub(in crate::client) status: u16,
    /// The fields.
    pub(in crate::client) headers: Headers,
    /// The body, before any coding.
    pub(in crate::client) body: Bytes,
    /// The time from the request to the answer, in microseconds.
    pub(in crate::client) elapsed_us: u64,
}

/// The requests of a scenario.
#[derive(Debug, Default)]
pub(super) struct Log(Mutex<Vec<Seen>>);

/// Locks a mutex even if another holder panicked: the data is valid at every moment.
pub(super) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Log {
    pub(super) fn all(&self) -> Vec<Seen> {
        locked(&self.0).clone()
    }

    /// Adds a request, and returns its number; `None` if there are too many.
    pub(super) fn begin(
        &self,
        host: Host,
        arrived: Instant,
        parts: &Parts,
        body: &Bytes,
        most: usize,
    ) -> Option<usize> {
        let mut headers = Headers::default();
        for (name, value) in &parts.headers {
            headers.push(name.as_str(), String::from_utf8_lossy(value.as_bytes()));
        }
        let target = parts
            .uri
            .path_and_query()
            .map_or("/", |target| target.as_str());
        self.add(
            Seen {
                host,
                method: parts.method.to_string(),
                target: target.to_owned(),
                headers,
                body: body.clone(),
                arrived,
                ended: None,
                answer: None,
                not_before: None,
                fault: None,
            },
            most,
        )
    }

    /// Adds a request that is not HTTP.
    pub(super) fn unreadable(&self, host: Host, fault: String) {
        let seen = Seen {
            host,
            method: String::new(),
            target: String::new(),
            headers: Headers::default(),
            body: Bytes::new(),
            arrived: Instant::now(),
            ended: None,
            answer: None,
            not_before: None,
            fault: Some(fault),
        };
        self.add(seen, super::MOST_REQUESTS);
    }

    fn add(&self, seen: Seen, most: usize) -> Option<usize> {
        let mut all = locked(&self.0);
        if all.len() >= most {
            return None;
        }
        all.push(seen);
        Some(all.len() - 1)
    }

    /// Remembers when a client had read an answer or given it up.
    pub(super) fn ended(&self, number: Option<usize>) {
        let mut all = locked(&self.0);
        if let Some(seen) = number.and_then(|number| all.get_mut(number)) {
            seen.ended.get_or_insert_with(Instant::now);
        }
    }

    /// Remembers what was answered to a request.
    pub(super) fn answered(
        &self,
        number: Option<usize>,
        prepared: &Prepared,
        not_before: Option<Instant>,
    ) {
        let mut all = locked(&self.0);
        if let Some(seen) = number.and_then(|number| all.get_mut(number)) {
            seen.answer = Some(Given {
                status: prepared.status.as_u16(),
                headers: prepared.shown_headers(),
                body: prepared.body.clone(),
                elapsed_us: u64::try_from(seen.arrived.elapsed().as_micros()).unwrap_or(u64::MAX),
            });
            seen.not_before = not_before;
        }
    }
}
