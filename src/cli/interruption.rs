//! Waits for Ctrl-C, SIGTERM and SIGHUP.

use std::io;
use std::time::{Duration, Instant};

#[cfg(unix)]
use tokio::signal::unix::{Signal, SignalKind, signal};

/// The time within which signals count as one: `timeout` and a closing terminal signal both a program and its group.
const ONE: Duration = Duration::from_secs(1);

/// The signals that ask the process to end. Once this value exists, they no longer end the process by themselves. A
/// signal that arrives while nobody waits is kept for the next wait.
#[derive(Debug)]
pub(super) struct Interruptions {
    #[cfg(unix)]
    signals: [Signal; 3],
    count: usize,
    last: Option<Instant>,
}

impl Interruptions {
    /// Begins to listen; it must be called within the runtime.
    ///
    /// # Errors
    /// Fails if the system refuses to register a signal.
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

    /// Waits until this many signals have arrived since the beginning.
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
