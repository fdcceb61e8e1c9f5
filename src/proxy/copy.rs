//! A copy of a body that is made while the body passes, within the limit of one body and the budget of all bodies.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The budget of memory for all copies together, in bytes.
#[derive(Debug)]
pub(super) struct Budget {
    used: AtomicUsize,
    most: usize,
}

impl Budget {
    pub(super) fn new(most: usize) -> Self {
        Self {
            used: AtomicUsize::new(0),
            most,
        }
    }

    /// Returns whether more than half of the budget is taken.
    pub(super) fn is_tight(&self) -> bool {
        self.used.load(Ordering::Relaxed) > self.most / 2
    }

    /// Reserves some bytes of the budget; `None` if fewer are left.
    pub(super) fn reserve(self: &Arc<Self>, bytes: usize) -> Option<Reserved> {
        let mut reserved = Reserved {
            budget: self.clone(),
            bytes: 0,
        };
        reserved.take(bytes).then_some(reserved)
    }
}

/// A reserved part of the budget, which is given back when it is dropped.
#[derive(Debug)]
pub(super) struct Reserved {
    budget: Arc<Budget>,
    bytes: usize,
}

impl Reserved {
    fn take(&mut self, bytes: usize) -> bool {
        let before = self.budget.used.fetch_add(bytes, Ordering::Relaxed);
        let fits = before.saturating_add(bytes) <= self.budget.most;
        if fits {
            self.bytes += bytes;
        } else {
            self.budget.used.fetch_sub(bytes, Ordering::Relaxed);
        }
        fits
    }

    fn give_back(&mut self) {
        self.budget.used.fetch_sub(self.bytes, Ordering::Relaxed);
        self.bytes = 0;
    }
}

impl Drop for Reserved {
    fn drop(&mut self) {
        self.give_back();
    }
}

/// The progress of a copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// The body has not ended.
    Going,
    /// The copy has the whole body.
    Whole,
    /// The body is larger than the limit.
    TooLarge,
    /// The budget had no memory left for the copy.
    Behind,
}

/// A copy of a body.
#[derive(Debug)]
pub(super) struct Copy {
    bytes: Vec<u8>,
    limit: usize,
    reserved: Reserved,
    /// The progress of the copy.
    pub(super) state: State,
}

impl Copy {
    pub(super) fn new(limit: usize, budget: &Arc<Budget>) -> Self {
        Self {
            bytes: Vec::new(),
            limit,
            reserved: Reserved {
                budget: budget.clone(),
                bytes: 0,
            },
            state: State::Going,
        }
    }

    /// Adds data that passed.
    pub(super) fn take(&mut self, data: &[u8]) {
        if self.state != State::Going {
            return;
        }
        if self.bytes.len() + data.len() > self.limit {
            self.give_up(State::TooLarge);
        } else if self.reserved.take(data.len()) {
            let missing = (self.bytes.len() + data.len()).saturating_sub(self.bytes.capacity());
            if missing > 0 {
                // Doubling the capacity would take twice the memory that the budget counts.
                let more = (self.bytes.len() / 8).max(missing);
                self.bytes.reserve_exact(more + data.len());
            }
            self.bytes.extend_from_slice(data);
        } else {
            self.give_up(State::Behind);
        }
    }

    /// Notes that the body has ended.
    pub(super) fn end(&mut self) {
        if self.state == State::Going {
            self.state = State::Whole;
        }
    }

    fn give_up(&mut self, state: State) {
        self.state = state;
        self.bytes = Vec::new();
        self.reserved.give_back();
    }

    /// Returns the whole body, if the copy has it, and the part of the budget that it takes.
    pub(super) fn into_whole(self) -> (Option<Vec<u8>>, Reserved) {
        let whole = (self.state == State::Whole).then_some(self.bytes);
        (whole, self.reserved)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_ends_at_its_limit_or_at_the_budget_and_gives_back_what_it_took() {
        let budget = Arc::new(Budget::new(10));
        let mut first = Copy::new(8, &budget);
        first.take(b"12345678");
        let mut second = Copy::new(8, &budget);
        second.take(b"123");
        assert_eq!(second.state, State::Behind);
        first.take(b"9");
        assert_eq!(first.state, State::TooLarge);
        let mut third = Copy::new(10, &budget);
        third.take(b"1234567890");
        third.end();
        let (whole, reserved) = third.into_whole();
        assert_eq!(whole.as_deref(), Some(&b"1234567890"[..]));
        drop(reserved);
        assert_eq!(budget.used.load(Ordering::Relaxed), 0);
    }
}
