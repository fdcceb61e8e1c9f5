//! Ctrl-C, SIGTERM and SIGHUP, as something that can be waited for.

use std::io;
use std::time::{Duration, Instant};

#[cfg(unix)]
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Signals that arrive within this time are one: `timeout` and a closing terminal signal a program and its group.
const ONE: Duration = Duration::from_secs(1);

/// The signals that ask the process to end. From its making on they no longer end it by themselves, and none is
/// missed: what came while nobody waited is there for whoever waits next.
#[derive(Debug)]
pub(super) struct Interruptions {
    #[cfg(unix)]
    signals: [Signal; 3],
    count: usize,
    last: Option<Instant>,
}

impl Interruptions {
    /// Begins to listen; within the runtime only.
    ///
    /// # Errors
    /// If the system refuses.
    #[cfg_attr(
        not(unix),
        expect(
            clippy::unnecessary_wraps,
            reason = "elsewhere it is the system that answers"
        )
    )]
    pub(super) fn listen() -> io::Result<Self> {
        Ok(Self {
            #[cfg(unix)]
            signals: [
                signal(SignalKind::interrupt())?,
                signal(SignalKind::terminate())?,
                signal(SignalKind::hangup())?,
            ],
            count: 0,
            last: None,
        })
    }

    /// Waits until this many came, counted from the beginning.
    pub(super) async fn have_been(&mut self, times: usize) {
        while self.count < times {
            self.next().await;
            let now = Instant::now();
            if self.last.is_none_or(|last| now.duration_since(last) >= ONE) {
                self.count += 1;
                self.last = Some(now);
            }
        }
    }

    #[cfg(unix)]
    async fn next(&mut self) {
        let [interrupt, terminate, hang_up] = &mut self.signals;
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hang_up.recv() => {}
        }
    }

    #[cfg(not(unix))]
    async fn next(&mut self) {
        let _ = tokio::signal::ctrl_c().await;
    }
}
