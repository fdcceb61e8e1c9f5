//! The one task that checks: it owns the auditor and the recording, and works the queue off.

use std::io::{self, Write};

use tokio::sync::mpsc;

use super::observation::{Message, Observed};
use super::recording::Recording;
use super::secrets::Secrets;
use crate::audit::Auditor;
use crate::contract::Finding;
use crate::event::Event;
use crate::exchange::Operation;

/// An exchange in which something was found.
#[derive(Debug)]
pub struct Judged {
    /// What was asked for.
    pub operation: Operation,
    /// The method.
    pub method: String,
    /// The path, without the query.
    pub path: String,
    /// The status of the answer.
    pub status: u16,
    /// What was found; never empty.
    pub findings: Vec<Finding>,
}

/// What a proxy ends with.
#[derive(Debug)]
pub struct Ended {
    /// The events of the whole, as a run's.
    pub events: Vec<Event>,
    /// Exchanges that went unchecked, since checking fell behind.
    pub missed: usize,
    /// Whether the recording could be written.
    pub recording: io::Result<()>,
}

/// Checks until the end is announced, or nobody is left to send.
pub(super) fn run(
    mut queue: mpsc::Receiver<Message>,
    auditor: Auditor,
    recording: Option<Box<dyn Write + Send>>,
    on: impl FnMut(Judged),
) -> Ended {
    let mut checker = Checker {
        auditor,
        recording: recording.map(Recording::new),
        secrets: Secrets::default(),
        missed: 0,
        on,
    };
    while let Some(message) = queue.blocking_recv() {
        match message {
            Message::Exchange(observed) => checker.take(*observed),
            Message::End { missed } => {
                checker.auditor.tallies.missed += missed.saturating_sub(checker.missed);
                break;
            }
        }
        if queue.is_empty()
            && let Some(recording) = &mut checker.recording
        {
            recording.flush();
        }
    }
    Ended {
        missed: checker.auditor.tallies.missed,
        events: checker.auditor.events(),
        recording: checker.recording.map_or(Ok(()), Recording::end),
    }
}

struct Checker<F> {
    auditor: Auditor,
    recording: Option<Recording>,
    secrets: Secrets,
    missed: usize,
    on: F,
}

impl<F: FnMut(Judged)> Checker<F> {
    fn take(&mut self, observed: Observed) {
        let mut recorded = observed.recorded;
        recorded.missed_before = observed.missed.saturating_sub(self.missed);
        self.missed = observed.missed;
        self.secrets.clean(&mut recorded);
        if let Some(recording) = &mut self.recording {
            recording.add(&recorded);
        }
        let judged = recorded.operation().map(|operation| Judged {
            operation,
            method: recorded.method.clone(),
            path: path(&recorded.url).to_owned(),
            status: recorded.status,
            findings: Vec::new(),
        });
        let findings = self.auditor.take(recorded);
        if let Some(reply) = observed.reply {
            // Whoever waited may be gone.
            let _ = reply.send(findings.clone());
        }
        if let Some(judged) = judged.filter(|_| !findings.is_empty()) {
            (self.on)(Judged { findings, ..judged });
        }
    }
}

/// The path of a URL.
fn path(url: &str) -> &str {
    let below = url.split_once("://").map_or(url, |(_, below)| below);
    let path = below.find('/').map_or("/", |start| &below[start..]);
    path.split(['?', '#']).next().unwrap_or_default()
}
