//! Retries of requests to a target that fails now and then: with growing pauses, for a limited time.

use std::time::Duration;

use super::desk::{Ask, Desk, Heard, Trouble};

/// The first pause after a failure. Each further pause in a row is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// The longest pause between retries that the target did not ask for.
const LONGEST_PAUSE: Duration = Duration::from_secs(8);
/// The longest pause that a target can ask for while its zone is put back.
pub(in crate::runner) const LONGEST_WAIT: Duration = Duration::from_mins(5);
/// The number of consecutive pauses that a target can ask for.
const PAUSES: usize = 8;
/// The number of retries after an answer that is likely to stay the same.
const DOUBTS: usize = 2;
/// The most failures of one procedure, if it fails more often than it succeeds.
const FAILURES: usize = 100;

/// The waiting times of one procedure.
#[derive(Debug, Clone, Copy)]
pub(in crate::runner) struct Rules {
    /// How long it takes until reads show what was written.
    pub(in crate::runner) settle: Duration,
    /// How long a failure may last, measured as the sum of the pauses between consecutive failed requests.
    pub(in crate::runner) patience: Duration,
}

/// The retry state of one procedure.
#[derive(Debug)]
pub(super) struct Patience {
    rules: Rules,
    failures: usize,
    answers: usize,
    has_lost_a_write: bool,
}

impl Patience {
    pub(super) fn new(rules: Rules) -> Self {
        Self {
            rules,
            failures: 0,
            answers: 0,
            has_lost_a_write: false,
        }
    }

    /// Returns the waiting times.
    pub(super) fn rules(&self) -> Rules {
        self.rules
    }

    /// Returns whether a write went unanswered since the last call. Such a write may take effect at any time.
    pub(super) fn has_lost_a_write(&mut self) -> bool {
        std::mem::take(&mut self.has_lost_a_write)
    }

    /// Waits until reads show what was written before.
    pub(super) async fn settle(&self, desk: &Desk) {
        if !self.rules.settle.is_zero() {
            desk.ask(Ask::Wait(self.rules.settle)).await;
        }
    }

    /// Repeats a request until there is an answer. All requests of custody can be repeated without harm.
    ///
    /// # Errors
    /// Returns the last trouble: at once if a retry can't help, otherwise when the patience runs out.
    pub(super) async fn ask(&mut self, desk: &Desk, ask: Ask) -> Result<Heard, Trouble> {
        let (mut spent, mut pause) = (Duration::ZERO, FIRST_PAUSE);
        let (mut pauses, mut doubts) = (0, 0);
        loop {
            let trouble = match desk.ask(ask.clone()).await {
                Heard::Trouble(trouble) => trouble,
                heard => {
                    self.answers += 1;
                    return Ok(heard);
                }
            };
            let is_write = matches!(ask, Ask::Write(..) | Ask::Delete(..));
            self.has_lost_a_write |= is_write && matches!(trouble, Trouble::Failed(_));
            self.failures += 1;
            if self.failures > FAILURES && self.failures > self.answers {
                return Err(Trouble::Over(trouble.to_string()));
            }
            let wait = match &trouble {
                Trouble::Over(_) | Trouble::Refused(_) => return Err(trouble),
                Trouble::Gone(_) | Trouble::Unreadable(_) => {
                    doubts += 1;
                    if doubts > DOUBTS {
                        return Err(trouble);
                    }
                    pause
                }
                Trouble::Throttled(Some(wait)) => {
                    pauses += 1;
                    if *wait > LONGEST_WAIT || pauses > PAUSES {
                        return Err(Trouble::Over(trouble.to_string()));
                    }
                    *wait
                }
                Trouble::Failed(_) | Trouble::Throttled(None) => {
                    spent += pause;
                    if spent > self.rules.patience {
                        return Err(Trouble::Over(trouble.to_string()));
                    }
                    pause
                }
            };
            desk.ask(Ask::Wait(wait)).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }
}
