//! The log of a trial: its exchanges in order.

use std::sync::Arc;

use crate::event::{Location, Profile, StepRecord, step_record};
use crate::exchange::{Exchange, Redactor, Seen, redactor_of};

/// The exchanges of a trial.
#[derive(Debug, Default)]
pub(super) struct Log {
    exchanges: Vec<Arc<Exchange>>,
    /// The number of exchanges that are no longer held as JSON.
    retired: usize,
    /// The profile of the answers.
    pub(super) profile: Profile,
    /// A summary of each exchange.
    pub(super) steps: Vec<StepRecord>,
}

impl Log {
    /// Keeps an exchange. Returns its number, from 0.
    pub(super) fn keep(&mut self, line: usize, exchange: Exchange, redactor: &Redactor) -> usize {
        self.profile.take(&exchange, |text| redactor.text(text));
        let place = Location::Case { line };
        self.steps.push(step_record(&exchange, place, redactor));
        self.exchanges.push(Arc::new(exchange));
        self.exchanges.len() - 1
    }

    /// Returns the exchange with this number.
    pub(super) fn get(&self, index: usize) -> Option<&Arc<Exchange>> {
        self.exchanges.get(index)
    }

    /// Returns the number of exchanges.
    pub(super) fn len(&self) -> usize {
        self.exchanges.len()
    }

    /// Returns the exchanges in order.
    pub(super) fn iter(&self) -> std::slice::Iter<'_, Arc<Exchange>> {
        self.exchanges.iter()
    }

    /// Drops the JSON trees of judged answers. Every `v1.upsert` lists the whole zone, so in a full zone the trees of a
    /// trial would need hundreds of megabytes.
    pub(super) fn retire(&mut self) {
        for exchange in self.exchanges.iter_mut().skip(self.retired) {
            if let Some(exchange) = Arc::get_mut(exchange) {
                exchange.retire();
            }
        }
        self.retired = self.exchanges.len();
    }

    /// Returns a redactor for the credentials and for other secrets of an exchange, such as cookies.
    pub(super) fn redactor_at(&self, index: Option<usize>, redactor: &Redactor) -> Redactor {
        match index.and_then(|index| self.get(index)) {
            Some(exchange) => redactor_of(Seen::from(exchange.as_ref()), redactor),
            None => redactor.clone(),
        }
    }
}
