//! Ctrl-C and SIGTERM, as something that can be waited for.

use std::io;

#[cfg(unix)]
use tokio::signal::unix::{Signal, SignalKind, signal};

/// The signals that ask the process to end. From its making on they no longer end it by themselves, and none is
/// missed: what came while nobody waited is there for whoever waits next.
#[derive(Debug)]
pub(super) struct Interruptions {
    #[cfg(unix)]
    interrupt: Signal,
    #[cfg(unix)]
    terminate: Signal,
    count: usize,
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
            interrupt: signal(SignalKind::interrupt())?,
            #[cfg(unix)]
            terminate: signal(SignalKind::terminate())?,
            count: 0,
        })
    }

    /// Waits until so many came, counted from the beginning.
    pub(super) async fn have_been(&mut self, times: usize) {
        while self.count < times {
            #[cfg(unix)]
            tokio::select! {
                _ = self.interrupt.recv() => {}
                _ = self.terminate.recv() => {}
            }
            #[cfg(not(unix))]
            let _ = tokio::signal::ctrl_c().await;
            self.count += 1;
        }
    }
}
