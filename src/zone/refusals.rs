//! Refused writes and the values that they wanted, so that a write that must change nothing is blamed if it changed
//! something.

use super::fact::{AnyCase, Refused};
use super::writes::contract;
use super::{Model, Traffic};
use crate::contract::{ClauseId, Meaning, RequestItem, address};
use crate::exchange::{Exchange, Kind, Operation};

impl Model {
    /// Takes in a documented failure of the store or of the vendor check, which must change nothing. Returns whether
    /// the answer is such a failure, in our own traffic, so that nobody else can have caused it.
    pub(super) fn has_failed_whole(
        &mut self,
        operation: Operation,
        exchange: &Exchange,
        items: &[RequestItem<'_>],
    ) -> bool {
        let promises = operation.promises();
        let codes = exchange.response.codes();
        let says = |meaning| codes.iter().any(|code| contract().means(*code, meaning));
        let clause = if says(Meaning::Other("store-failed")) {
            promises.store.as_ref()
        } else {
            promises
                .validation
                .as_ref()
                .filter(|_| says(Meaning::Other("unchecked")))
        };
        let is_failure = exchange.response.status >= 500
            && operation.kind() == Kind::BatchUpsert
            && self.traffic != Traffic::Recorded;
        let Some(clause) = clause.filter(|_| is_failure && !items.is_empty()) else {
            return false;
        };
        self.note_all_refused(Some(clause), items);
        true
    }

    /// Notes what the items of a batch wanted, if the batch as a whole must change nothing.
    pub(super) fn note_all_refused(
        &mut self,
        clause: Option<&ClauseId>,
        items: &[RequestItem<'_>],
    ) {
        let Some(clause) = clause else { return };
        for item in items {
            let wanted = item.vendor.zip(item.region);
            let refused = Refused {
                wanted: wanted.map(|(vendor, region)| AnyCase::new(vendor, region)),
                clause: clause.clone(),
                since: self.facts.writes,
                until: self.facts.writes,
            };
            if let Some(ip) = item.address.and_then(|text| self.facts.identity(text)) {
                self.facts.refuse(ip, refused);
            }
        }
    }

    /// Notes what a refused write wanted, and the clause by which it must change nothing.
    pub(super) fn note_refused(
        &mut self,
        operation: Operation,
        exchange: &Exchange,
        sent: &RequestItem<'_>,
    ) {
        let codes = exchange.response.codes();
        let says = |meaning| codes.iter().any(|code| contract().means(*code, meaning));
        let path = exchange.request.address.as_deref();
        let differs =
            path.is_some_and(|path| sent.address.is_some_and(|body| !address::same(path, body)));
        let promises = operation.promises();
        let clause = if says(Meaning::Place) {
            &promises.place
        } else if says(Meaning::Exists) && operation.kind() == Kind::Create {
            &promises.shown
        } else if says(Meaning::Full) {
            &promises.full
        } else if differs {
            &promises.differs
        } else {
            &promises.invalid
        };
        let Some(clause) = clause.clone() else { return };
        let wanted = sent.vendor.zip(sent.region);
        let wanted = wanted.map(|(vendor, region)| AnyCase::new(vendor, region));
        for text in [sent.address, path].into_iter().flatten() {
            if let Some(ip) = self.facts.identity(text) {
                let refused = Refused {
                    wanted: wanted.clone(),
                    clause: clause.clone(),
                    since: self.facts.writes,
                    until: self.facts.writes,
                };
                self.facts.refuse(ip, refused);
            }
        }
    }
}
