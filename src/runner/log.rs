//! What went over the wire in a trial, in order.

use std::sync::Arc;

use crate::event::{Location, Profile, StepRecord, step_record};
use crate::exchange::{Exchange, Redactor, Seen, redactor_of};

/// The exchanges of a trial.
#[derive(Debug, Default)]
pub(super) struct Log {
    exchanges: Vec<Arc<Exchange>>,
    /// How many of them are no longer held as JSON.
    retired: usize,
    /// What the answers look like.
    pub(super) profile: Profile,
    /// Each exchange in a line.
    pub(super) steps: Vec<StepRecord>,
}

impl Log {
    /// Keeps an exchange; returns its number, from 0.
    pub(super) fn keep(&mut self, line: usize, exchange: Exchange, redactor: &Redactor) -> usize {
        self.profile.take(&exchange, |text| redactor.text(text));
        let place = Location::Case { line };
        self.steps.push(step_record(&exchange, place, redactor));
        self.exchanges.push(Arc::new(exchange));
        self.exchanges.len() - 1
    }

    /// The exchange with this number.
    pub(super) fn get(&self, index: usize) -> Option<&Arc<Exchange>> {
        self.exchanges.get(index)
    }

    /// How many exchanges there are.
    pub(super) fn len(&self) -> usize {
        self.exchanges.len()
    }

    /// The exchanges in order.
    pub(super) fn iter(&self) -> std::slice::Iter<'_, Arc<Exchange>> {
        self.exchanges.iter()
    }

    /// Lets go of the trees of answers that were judged: a full zone is listed by every `v1.upsert`, and
    /// a trial that kept them all would hold hundreds of megabytes.
    pub(super) fn retire(&mut self) {
        for exchange in self.exchanges.iter_mut().skip(self.retired) {
            if let Some(exchange) = Arc::get_mut(exchange) {
                exchange.retire();
            }
        }
        self.retired = self.exchanges.len();
    }

    /// What masks the credentials, and what an exchange holds beside them, such as a cookie.
    pub(super) fn redactor_at(&self, index: Option<usize>, redactor: &Redactor) -> Redactor {
        match index.and_then(|index| self.get(index)) {
            Some(exchange) => redactor_of(Seen::from(exchange.as_ref()), redactor),
            None => redactor.clone(),
        }
    }
}
