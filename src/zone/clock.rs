//! Detects traffic that was not recorded by the times in answers. If a mapping changed after everything that was
//! recorded, somebody else changed it.

use std::time::Duration;

use serde_json::Value;

use crate::contract::Answer;
use crate::contract::time::{Instant, instant};
use crate::exchange::Exchange;

/// The tolerance between times: a server may report two slightly different times for one write.
const APART: Duration = Duration::from_secs(1);

/// The latest time that was seen in a zone.
#[derive(Debug, Clone, Default)]
pub(super) struct Clock {
    latest: Option<Instant>,
}

impl Clock {
    /// Takes in the times of an answer. After a write whose answer has no time, times prove nothing until the next time
    /// is seen.
    pub(super) fn take(&mut self, exchange: &Exchange, answer: Option<&Answer<'_>>, writes: bool) {
        let date = exchange.response.headers.get("date").and_then(http_date);
        let latest = set_time(exchange)
            .max(answer.and_then(entry_time))
            .max(date);
        self.latest = match latest {
            Some(_) => self.latest.max(latest),
            None if writes => None,
            None => self.latest,
        };
    }

    /// Returns whether an entry changed after everything that was recorded.
    pub(super) fn shows_others(&self, answer: &Answer<'_>) -> bool {
        self.is_before(entry_time(answer))
    }

    /// Returns whether the set as a whole changed after everything that was recorded.
    pub(super) fn shows_others_in_set(&self, exchange: &Exchange) -> bool {
        self.is_before(set_time(exchange))
    }

    fn is_before(&self, time: Option<Instant>) -> bool {
        match (time, self.latest) {
            (Some(time), Some(latest)) => time > latest.after(APART),
            _ => false,
        }
    }
}

fn time_of(modified_on: Option<&Value>) -> Option<Instant> {
    modified_on.and_then(Value::as_str).and_then(instant)
}

fn set_time(exchange: &Exchange) -> Option<Instant> {
    time_of(exchange.response.pointer("/result/modified_on"))
}

fn entry_time(answer: &Answer<'_>) -> Option<Instant> {
    let entries = answer.entries.iter();
    entries
        .filter_map(|entry| time_of(entry.value.get("modified_on")))
        .max()
}

/// Parses a date in the format of HTTP.
fn http_date(text: &str) -> Option<Instant> {
    let time = jiff::fmt::rfc2822::parse(text).ok()?.timestamp();
    instant(&time.to_string())
}
