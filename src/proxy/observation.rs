//! The notes on one exchange while it passes, and the queue to the checker. An exchange without room in the queue or in
//! memory is only counted. If traffic is recorded, the next request waits until there is room.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio::sync::{mpsc, oneshot};

use super::copy::{Budget, Copy, Reserved, State};
use crate::audit::{Moment, Recorded};
use crate::contract::Finding;
use crate::exchange::Headers;

/// An exchange for the checker.
#[derive(Debug)]
pub(super) struct Observed {
    /// What was seen of the exchange; credentials are still in it.
    pub(super) recorded: Recorded,
    /// The channel to the task that waits for the findings.
    pub(super) reply: Option<oneshot::Sender<Vec<Finding>>>,
    /// The number of exchanges that were missed since the proxy started.
    pub(super) missed: usize,
    /// The start of the earliest write that was still under way, in microseconds since 1970.
    pub(super) writes_since: Option<i64>,
    _reserved: [Reserved; 3],
}

/// A message to the checker.
#[derive(Debug)]
pub(super) enum Message {
    /// An exchange that has ended.
    Exchange(Box<Observed>),
    /// The end of all exchanges.
    End {
        /// The total number of missed exchanges.
        missed: usize,
    },
}

/// The set of exchanges whose bodies are copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Coverage {
    /// All exchanges, because they are recorded.
    Everything,
    /// The exchanges of this API.
    ThisApi,
}

/// The state of all traffic.
#[derive(Debug, Default)]
struct Traffic {
    /// The number of exchanges that were missed so far.
    missed: usize,
    /// The writes of this API that are under way: the start in microseconds since 1970, and the number of the write.
    writes: BTreeSet<(i64, u64)>,
    /// The number of writes that began so far.
    begun: u64,
}

/// The memory that an exchange takes in the queue besides its texts, in bytes.
const EACH: usize = 1_024;
/// The time until a waiting request checks again whether there is room.
const LOOK_AGAIN: Duration = Duration::from_millis(1);

/// The connection to the checker.
#[derive(Debug)]
pub(super) struct Recorder {
    queue: mpsc::Sender<Message>,
    budget: Arc<Budget>,
    body_limit: usize,
    coverage: Coverage,
    traffic: Mutex<Traffic>,
    /// The start of the recorder by the wall clock, in microseconds since 1970, and by the monotonic clock. The wall
    /// clock may be set back; the monotonic clock can't.
    epoch: (i64, Instant),
}

impl Recorder {
    pub(super) fn new(
        queue: mpsc::Sender<Message>,
        budget: usize,
        body_limit: usize,
        coverage: Coverage,
    ) -> Self {
        Self {
            queue,
            budget: Arc::new(Budget::new(budget)),
            body_limit,
            coverage,
            traffic: Mutex::default(),
            epoch: (Timestamp::now().as_microsecond(), Instant::now()),
        }
    }

    /// Returns the number of exchanges that were missed so far.
    pub(super) fn missed(&self) -> usize {
        self.traffic().missed
    }

    fn traffic(&self) -> MutexGuard<'_, Traffic> {
        self.traffic.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes the start of a write.
    fn begin_write(&self, start: i64) -> (i64, u64) {
        let mut traffic = self.traffic();
        traffic.begun += 1;
        let write = (start, traffic.begun);
        traffic.writes.insert(write);
        write
    }

    /// Waits until there is room for another exchange, if every exchange must be recorded.
    pub(super) async fn room(&self) {
        let is_recording = self.coverage == Coverage::Everything;
        while is_recording && (self.budget.is_tight() || self.queue.capacity() == 0) {
            if self.queue.is_closed() {
                return;
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    /// Begins an observation with a request.
    pub(super) fn observe(
        self: &Arc<Self>,
        method: &str,
        url: String,
        headers: Headers,
    ) -> Observation {
        let (epoch_us, epoch) = self.epoch;
        let since = u64::try_from(epoch.elapsed().as_micros()).unwrap_or(u64::MAX);
        let start = epoch_us.saturating_add_unsigned(since);
        let recorded = Recorded {
            method: method.to_owned(),
            url,
            request_headers: headers,
            moment: Some(Moment::universal(start)),
            ..Recorded::default()
        };
        let operation = recorded.operation();
        let is_ours = operation.is_some();
        let writes = operation.is_some_and(|operation| operation.kind().writes());
        let is_covered = is_ours || self.coverage == Coverage::Everything;
        let limit = if is_covered { self.body_limit } else { 0 };
        Observation {
            recorder: self.clone(),
            recorded,
            is_ours,
            write: writes.then(|| self.begin_write(start)),
            began: Instant::now(),
            request: Arc::new(Mutex::new(Copy::new(limit, &self.budget))),
            response: Copy::new(limit, &self.budget),
            is_sent: false,
        }
    }

    /// Sends an exchange that has ended. `None` is an exchange that could not be copied completely.
    fn send(&self, observed: Option<Box<Observed>>, write: Option<(i64, u64)>) {
        // This happens under the lock. So a later exchange knows of a missed one, and a write stays on the list until
        // it is in the queue.
        let mut traffic = self.traffic();
        if let Some(write) = write {
            traffic.writes.remove(&write);
        }
        let is_sent = observed.is_some_and(|mut observed| {
            observed.missed = traffic.missed;
            observed.writes_since = traffic.writes.first().map(|(start, _)| *start);
            self.queue.try_send(Message::Exchange(observed)).is_ok()
        });
        traffic.missed += usize::from(!is_sent);
    }
}

/// One exchange under way. If it is dropped before its end, the end of the answer was not seen either.
#[derive(Debug)]
pub(super) struct Observation {
    recorder: Arc<Recorder>,
    recorded: Recorded,
    /// Whether the exchange is one of this API.
    pub(super) is_ours: bool,
    /// The exchange's key among the writes under way, if it is a write.
    write: Option<(i64, u64)>,
    began: Instant,
    /// The copy of the request's body.
    pub(super) request: Arc<Mutex<Copy>>,
    response: Copy,
    is_sent: bool,
}

impl Observation {
    /// Notes that the head of the answer has arrived.
    pub(super) fn answered(&mut self, status: u16, headers: Headers) {
        self.recorded.status = status;
        self.recorded.response_headers = headers;
    }

    /// Notes that part of the answer's body has passed.
    pub(super) fn see(&mut self, data: &[u8]) {
        self.response.take(data);
    }

    /// Returns whether the answer's body is still copied.
    pub(super) fn is_copying(&self) -> bool {
        self.response.state == State::Going
    }

    /// Notes that the answer's body has ended.
    pub(super) fn ended(mut self) {
        self.response.end();
        self.send(None);
    }

    /// Notes that the answer's body has ended, and returns a receiver for the findings.
    pub(super) fn ended_and_judged(mut self) -> oneshot::Receiver<Vec<Finding>> {
        let (sender, findings) = oneshot::channel();
        self.response.end();
        self.send(Some(sender));
        findings
    }

    fn send(&mut self, reply: Option<oneshot::Sender<Vec<Finding>>>) {
        if std::mem::replace(&mut self.is_sent, true) {
            return;
        }
        let none = || Copy::new(0, &self.recorder.budget);
        let request = {
            let mut request = self.request.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::replace(&mut *request, none())
        };
        let response = std::mem::replace(&mut self.response, none());
        let is_behind = request.state == State::Behind || response.state == State::Behind;
        if is_behind && self.recorder.coverage == Coverage::ThisApi {
            self.recorder.send(None, self.write);
            return;
        }
        let mut recorded = std::mem::take(&mut self.recorded);
        recorded.elapsed_us = u64::try_from(self.began.elapsed().as_micros()).unwrap_or(u64::MAX);
        let (request, request_reserved) = request.into_whole();
        let (response, response_reserved) = response.into_whole();
        let texts = [&recorded.request_headers, &recorded.response_headers];
        let fields = texts.into_iter().flat_map(|headers| &headers.0);
        let fields: usize = fields.map(|(name, value)| name.len() + value.len()).sum();
        let Some(overhead) = self.recorder.budget.reserve(EACH + fields) else {
            self.recorder.send(None, self.write);
            return;
        };
        // An answer to an unknown request can't be judged.
        recorded.response_body = response.filter(|_| request.is_some());
        recorded.request_body = request;
        let observed = Box::new(Observed {
            recorded,
            reply,
            missed: 0,
            writes_since: None,
            _reserved: [request_reserved, response_reserved, overhead],
        });
        self.recorder.send(Some(observed), self.write);
    }
}

impl Drop for Observation {
    fn drop(&mut self) {
        self.send(None);
    }
}
