//! The halt of a run: the reason why it ends early, and the signal to all tasks that wait.

use std::fmt;
use std::sync::OnceLock;

use tokio::sync::Notify;

/// The reason why a run was cut short.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum HaltReason {
    /// The user interrupted the run.
    Interrupted,
    /// The target is out of reach.
    Unreachable(String),
    /// The target no longer accepts the credentials.
    Credentials(String),
    /// The target keeps throttling, or an edge in front of it keeps failing.
    NotServing(String),
    /// The requests that the run may send are sent.
    Spent(String),
    /// The target asks for a longer wait than is allowed.
    Budget(String),
    /// The caller that follows the run ended it early.
    Enough(String),
    /// The journal of a zone can no longer be written.
    Journal(String),
    /// Somebody else works in a zone, or the zone is not as expected.
    Zone(String),
}

impl fmt::Display for HaltReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Interrupted => f.write_str("interrupted"),
            Self::Unreachable(why) => write!(f, "the target went out of reach: {why}"),
            Self::Credentials(why) => {
                write!(f, "the target no longer accepts the credentials: {why}")
            }
            Self::NotServing(why) => write!(f, "the target stopped serving: {why}"),
            Self::Spent(why)
            | Self::Budget(why)
            | Self::Enough(why)
            | Self::Journal(why)
            | Self::Zone(why) => f.write_str(why),
        }
    }
}

/// A halt signal that is set once and wakes all waiting tasks.
#[derive(Debug, Default)]
pub(super) struct Halt {
    reason: OnceLock<HaltReason>,
    woken: Notify,
}

impl Halt {
    /// Halts the run. The first reason is kept.
    pub(super) fn set(&self, reason: HaltReason) {
        let _ = self.reason.set(reason);
        self.woken.notify_waiters();
    }

    /// Returns the reason why the run was halted, if it was.
    pub(super) fn reason(&self) -> Option<&HaltReason> {
        self.reason.get()
    }

    /// Waits until the run is halted.
    pub(super) async fn halted(&self) {
        loop {
            let woken = self.woken.notified();
            if self.reason.get().is_some() {
                return;
            }
            woken.await;
        }
    }
}
