//! The only task that checks. It owns the auditor and the recording, and works through the queue.

use std::io;

use tokio::sync::mpsc;

use super::observation::{Message, Observed};
use super::recording::{RecordTo, Recording};
use crate::audit::{Auditor, Judged};
use crate::event::Event;

/// The result of a proxy that has stopped.
#[derive(Debug)]
pub struct Ended {
    /// The events of all traffic, in the form of a run's events.
    pub events: Vec<Event>,
    /// The number of exchanges that went unchecked because checking fell behind.
    pub missed: usize,
    /// The result of writing the recording.
    pub recording: io::Result<()>,
    /// The number of exchanges that are missing in the recording because it could not be written.
    pub dropped: usize,
}

/// Checks exchanges until the end is announced or all senders are gone.
pub(super) fn run(
    mut queue: mpsc::Receiver<Message>,
    auditor: Auditor,
    recording: Option<RecordTo>,
    on: impl FnMut(Judged),
) -> Ended {
    let mut checker = Checker {
        auditor,
        recording: recording.map(Recording::new),
        missed: 0,
        on,
    };
    while let Some(message) = queue.blocking_recv() {
        match message {
            Message::Exchange(observed) => checker.take(*observed),
            Message::End { missed } => {
                let more = missed.saturating_sub(checker.missed);
                checker.auditor.missed_at_the_end(more);
                break;
            }
        }
        if queue.is_empty()
            && let Some(recording) = &mut checker.recording
        {
            recording.flush();
        }
    }
    checker.finish();
    Ended {
        missed: checker.auditor.tallies().missed,
        events: checker.auditor.events(),
        dropped: checker.recording.as_ref().map_or(0, Recording::dropped),
        recording: checker.recording.map_or(Ok(()), Recording::end),
    }
}

struct Checker<F> {
    auditor: Auditor,
    recording: Option<Recording>,
    missed: usize,
    on: F,
}

impl<F: FnMut(Judged)> Checker<F> {
    fn take(&mut self, observed: Observed) {
        let mut recorded = observed.recorded;
        recorded.missed_before = observed.missed.saturating_sub(self.missed);
        self.missed = observed.missed;
        recorded.unpack();
        if let Some(recording) = &mut self.recording {
            recording.add(&self.auditor.masked(&recorded));
        }
        let (own, judged) = self.auditor.take_live(recorded, observed.writes_since);
        if let Some(reply) = observed.reply {
            // The task that waited may be gone.
            let _ = reply.send(own);
        }
        judged.into_iter().for_each(&mut self.on);
    }

    fn finish(&mut self) {
        let judged = self.auditor.finish();
        judged.into_iter().for_each(&mut self.on);
    }
}
