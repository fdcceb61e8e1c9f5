//! A scenario, parsed.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use crate::case::ClauseKey;
use crate::client::protocol::Arguments;
use crate::contract::{ClauseId, Contract, Level};
use crate::diagnostic::SourceFile;
use crate::exchange::Operation;

/// A scenario: one row of a file.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// The path of the file below the folder of the scenarios, without its ending.
    pub file_id: String,
    /// The row's name; empty if the file has no table.
    pub row: String,
    /// The file.
    pub source: Arc<SourceFile>,
    /// The behaviour in a sentence.
    pub title: String,
    /// The reason for the scenario.
    pub about: Option<String>,
    /// The clauses that the scenario touches.
    pub proves: Vec<ClauseKey>,
    /// Free words to select by.
    pub tags: Vec<String>,
    /// What the client is asked to do before, without being judged.
    pub before: Vec<Step>,
    /// The mappings that somebody else writes after that: address, vendor and region.
    pub meanwhile: Vec<[String; 3]>,
    /// What the client is asked to do.
    pub step: Step,
    /// What the zone holds at first.
    pub given: Given,
    /// Lawful variations of the mock.
    pub variations: Vec<String>,
    /// The answers, in order.
    pub answers: Vec<ScriptedAnswer>,
    /// Whether field names are written in title case.
    pub title_case: bool,
    /// The time after which only the requests are judged.
    pub watch: Option<Duration>,
    /// What is expected.
    pub expect: Vec<Expectation>,
}

impl Scenario {
    /// Returns the scenario's name: the file's id and the row, separated by a slash.
    #[must_use]
    pub fn id(&self) -> String {
        if self.row.is_empty() {
            self.file_id.clone()
        } else {
            format!("{}/{}", self.file_id, self.row)
        }
    }

    /// Returns the family: the folder of the file.
    #[must_use]
    pub fn family(&self) -> &str {
        self.file_id.split('/').next().unwrap_or_default()
    }

    /// Returns the clauses that the scenario touches.
    pub fn clauses(&self) -> impl Iterator<Item = ClauseId> {
        self.proves.iter().filter_map(|key| key.clause(None))
    }

    /// Returns about how long the scenario takes, for an order in which long ones come first.
    #[must_use]
    pub fn patience(&self) -> Duration {
        let answers = self.answers.iter().map(|answer| {
            let asked = match answer.retry_after {
                Some(RetryAfter::Seconds(wait) | RetryAfter::Date(wait, _)) => wait,
                None => Duration::ZERO,
            };
            asked + answer.wire.delay + answer.wire.stall + answer.wire.drip * 20
        });
        let longest = self.watch.unwrap_or(Duration::from_mins(1));
        answers.sum::<Duration>().min(longest)
    }
}

/// What the client is asked to do.
#[derive(Debug, Clone)]
pub struct Step {
    /// The operation.
    pub operation: Operation,
    /// Its arguments.
    pub arguments: Arguments,
    /// The line in the file that asks for it, 1-based.
    pub line: usize,
    /// Whether the credentials are an e-mail address and a key, and not a token.
    pub with_key: bool,
    /// The client's time limit.
    pub timeout: Option<Duration>,
}

impl Default for Step {
    fn default() -> Self {
        Self {
            operation: Operation::named("v2.list"),
            arguments: Arguments::default(),
            line: 1,
            with_key: false,
            timeout: None,
        }
    }
}

/// What the zone holds at first.
#[derive(Debug, Clone)]
pub enum Given {
    /// This number of mappings.
    Number(usize),
    /// These mappings: address, vendor and region.
    Mappings(Vec<[String; 3]>),
}

/// An answer to a request.
#[derive(Debug, Clone)]
pub struct ScriptedAnswer {
    /// Where the body comes from.
    pub base: Base,
    /// The status, if it is not that of the base.
    pub status: Option<u16>,
    /// The media type, if it is not `application/json`.
    pub media_type: Option<String>,
    /// Further header fields.
    pub headers: Vec<(String, String)>,
    /// Values to put into the body, by JSON Pointer.
    pub set: Vec<(String, Value)>,
    /// Members to remove from the body.
    pub remove: Vec<String>,
    /// Whether members and entries come in reverse order.
    pub is_reversed: bool,
    /// The field `retry-after`.
    pub retry_after: Option<RetryAfter>,
    /// Whether the answer is a redirect to another host.
    pub redirects: bool,
    /// What happens on the wire.
    pub wire: Wire,
    /// How often the answer is given.
    pub times: Times,
}

/// Where a body comes from.
#[derive(Debug, Clone)]
pub enum Base {
    /// The mock carries the request out.
    Mock,
    /// The result of a success.
    Result(Value),
    /// The errors of a failure.
    Errors(Value),
    /// The whole body.
    Json(Value),
    /// The whole body as text.
    Text(String),
}

/// The field `retry-after`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetryAfter {
    /// In seconds.
    Seconds(Duration),
    /// As a date, this far away.
    Date(Duration, DateForm),
}

/// The form of a date (RFC 9110, 5.6.7).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DateForm {
    /// The form that is sent today.
    Imf,
    /// The obsolete form of RFC 850.
    Rfc850,
    /// The obsolete form of asctime.
    Asctime,
}

/// What happens on the wire.
#[derive(Debug, Clone, Default)]
pub struct Wire {
    /// How the end of the body is told.
    pub framing: Framing,
    /// The coding of the body, if the client accepts it.
    pub coding: Option<Coding>,
    /// The time before the answer.
    pub delay: Duration,
    /// The time between the halves of the body.
    pub stall: Duration,
    /// The time between the pieces of the body, of which there are then twenty.
    pub drip: Duration,
    /// The number of bytes of the body after which the connection is closed.
    pub cut: Option<usize>,
    /// Whether the connection is closed without an answer.
    pub is_lost: bool,
}

/// The coding of a body (RFC 9110, 8.4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coding {
    /// gzip.
    Gzip,
    /// deflate, in the zlib format.
    Deflate,
}

impl Coding {
    /// Returns its name in the fields.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Deflate => "deflate",
        }
    }
}

/// How the end of a body is told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Framing {
    /// By its length.
    #[default]
    Length,
    /// By a last chunk.
    Chunked,
    /// By its length, and the connection is closed.
    Close,
    /// By the end of the connection.
    UntilClose,
}

/// How often an answer is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Times {
    /// This often.
    Number(usize),
    /// To all further requests.
    Always,
}

/// What is expected under a clause.
#[derive(Debug, Clone)]
pub struct Expectation {
    /// The clause.
    pub clause: ClauseKey,
    /// What is expected.
    pub checks: Vec<Check>,
}

impl Expectation {
    /// Returns the clause with the level that a broken expectation has.
    #[must_use]
    pub fn leveled(&self) -> (ClauseId, Level) {
        let contract = Contract::embedded();
        let id = self
            .clause
            .clause(None)
            .unwrap_or_else(|| ClauseId::of("CLI-2"));
        let (id, level) = contract.leveled(&id);
        (id, self.clause.level.unwrap_or(level))
    }
}

/// One expectation.
#[derive(Debug, Clone, PartialEq)]
pub enum Check {
    /// Success, with any result.
    AnySuccess,
    /// Success, with a result that shows this.
    Success(Value),
    /// An error. Each list that is not empty has the values that are right.
    Error {
        /// The statuses.
        status: Vec<u16>,
        /// The codes.
        code: Vec<i64>,
        /// The kinds.
        kind: Vec<String>,
    },
    /// One of these.
    OneOf(Vec<Check>),
    /// Not this.
    Not(Box<Check>),
    /// The number of requests of the operation.
    Requests {
        /// At least this many.
        least: usize,
        /// At most this many.
        most: usize,
    },
    /// No request before the time of `retry-after`.
    Waits,
    /// No request that is held on to beyond the time limit.
    Abandons,
    /// No page twice, and none after an empty one.
    PagesOnce,
    /// No credentials for another host.
    NoCredentialsElsewhere,
}
