//! The pages of a list that were read in a row, as a case expects them.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::expected::{Difference, State, differences, entries_of};
use crate::contract::What;
use crate::exchange::{Exchange, whole_number};

/// The most missing or wrong mappings that are reported.
const REPORTED: usize = 5;

/// A walk over all pages of a zone, with its expected contents.
#[derive(Debug)]
pub struct Walk<'e> {
    expected: &'e State,
    /// The expected number of pages.
    pub pages: u64,
    size: u64,
    seen: BTreeMap<IpAddr, u64>,
    state: State,
}

impl<'e> Walk<'e> {
    /// Begins a walk with this many mappings on each page.
    #[must_use]
    pub fn new(expected: &'e State, per_page: u64) -> Self {
        let size = u64::try_from(expected.len()).unwrap_or(u64::MAX);
        Self {
            expected,
            pages: size.div_ceil(per_page.max(1)).max(1),
            size,
            seen: BTreeMap::new(),
            state: State::new(),
        }
    }

    /// Takes in a page, counted from 1. Returns what is wrong with it, or `None` if it is not a page at all.
    pub fn take(&mut self, page: u64, exchange: &Exchange) -> Option<Vec<What>> {
        let mut wrong = Vec::new();
        for (ip, place) in entries_of(exchange)? {
            if let Some(before) = self.seen.insert(ip, page) {
                let found = format!("{ip} on page {page} and on page {before}");
                wrong.push(What::repeated("each mapping on one page", found));
            }
            self.state.insert(ip, place);
        }
        let total = |name: &str| {
            let number = exchange
                .response
                .pointer(&format!("/result_info/{name}"))
                .and_then(whole_number);
            number.and_then(|number| u64::try_from(number).ok())
        };
        for (name, right) in [("total_count", self.size), ("total_pages", self.pages)] {
            let is_empty_zone = self.size == 0 && name == "total_pages";
            if let Some(found) = total(name)
                && found != right
                && !is_empty_zone
            {
                let expected = format!("{name} {right} on page {page}");
                wrong.push(What::value(expected, found.to_string()));
            }
        }
        Some(wrong)
    }

    /// Ends the walk after the last page. Returns how the pages differ from what is expected, and the differences that
    /// only somebody else can have caused.
    #[must_use]
    pub fn end(self, is_strange: impl Fn(&IpAddr) -> bool) -> (Vec<Difference>, Vec<Difference>) {
        let (strange, mut own): (Vec<_>, Vec<_>) = differences(self.expected, &self.state)
            .into_iter()
            .partition(|difference| is_strange(&difference.ip));
        own.truncate(REPORTED);
        (own, strange)
    }
}
