//! The separation of decisions from input and output. A procedure is written as straight-line code that asks its
//! [`Desk`] for one thing at a time. [`Procedure`] turns it into a state machine: the last result goes in, and the next
//! request or the verdict comes out. No procedure has a clock, a socket or a file, so it can run on a simulation as
//! well as on a target.

use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use super::entry::{Entry, Row};
use super::record::Record;
use crate::exchange::Generation;

/// The next request of a procedure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Ask {
    /// Reads one page of the list, counted from 1. `v1` has one page.
    Page(Generation, u64),
    /// Reads one mapping by the address in the path.
    Read(Generation, String),
    /// Writes mappings: one in a single request, several as a batch.
    Write(Generation, Vec<Row>),
    /// Deletes addresses in this spelling: one in a single request, or several as a batch.
    Delete(Generation, Vec<String>, Form),
    /// Writes a record to the journal. A synced record must be safe from a power cut before the next request is sent.
    Note(Record, Durability),
    /// Lets time pass.
    Wait(Duration),
}

/// How a deletion is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// One address in the path.
    Single,
    /// Any number of addresses in the body.
    Batch,
}

/// Whether a record must be on disk before the next request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Durability {
    /// The record must be on disk.
    Synced,
    /// Losing the record only costs work.
    Lazy,
}

/// The result of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Heard {
    /// A page of the list.
    Page(Page),
    /// One mapping, or `None` if the address has none.
    One(Option<Entry>),
    /// The result of each item, in the order of the request.
    Items(Vec<Answered>),
    /// The record is written, or the time has passed.
    Done,
    /// There is no usable answer.
    Trouble(Trouble),
}

/// A page of a list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Page {
    /// Its entries.
    pub(super) entries: Vec<(std::net::IpAddr, Entry)>,
    /// The number of entries on all pages, if the target reports it.
    pub(super) total: Option<usize>,
}

/// The result of one item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Answered {
    /// It was carried out.
    Done,
    /// There was nothing to delete.
    Absent,
    /// It was refused, with this reason.
    Refused(String),
}

/// The reason why there is no usable answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Trouble {
    /// The target no longer routes this generation.
    Gone(String),
    /// The server, an edge or the network failed. The request may have been carried out.
    Failed(String),
    /// The target asks the client to try again later.
    Throttled(Option<Duration>),
    /// The whole request was refused.
    Refused(String),
    /// The answer can't be understood.
    Unreadable(String),
    /// No more requests may be sent: the budget is spent, or the journal can't be written.
    Over(String),
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Throttled(Some(wait)) => {
                write!(f, "the target asks to wait {} s", wait.as_secs())
            }
            Self::Throttled(None) => f.write_str("the target asks to wait"),
            Self::Gone(why)
            | Self::Failed(why)
            | Self::Refused(why)
            | Self::Unreadable(why)
            | Self::Over(why) => f.write_str(why),
        }
    }
}

#[derive(Debug, Default)]
struct Tray {
    ask: Option<Ask>,
    heard: Option<Heard>,
}

fn locked(tray: &Mutex<Tray>) -> MutexGuard<'_, Tray> {
    tray.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The interface through which a procedure makes its requests.
#[derive(Debug, Clone, Default)]
pub(super) struct Desk {
    tray: Arc<Mutex<Tray>>,
}

impl Desk {
    /// Makes a request, and waits for its result.
    pub(super) async fn ask(&self, ask: Ask) -> Heard {
        locked(&self.tray).ask = Some(ask);
        poll_fn(|_| match locked(&self.tray).heard.take() {
            Some(heard) => Poll::Ready(heard),
            None => Poll::Pending,
        })
        .await
    }
}

/// The state of a procedure.
#[derive(Debug)]
pub(super) enum Step<T> {
    /// The procedure makes this request next.
    Ask(Ask),
    /// The procedure has ended with this verdict.
    Done(T),
}

/// A running procedure.
pub(super) struct Procedure<'a, T> {
    future: Pin<Box<dyn Future<Output = T> + Send + 'a>>,
    desk: Desk,
}

impl<T> fmt::Debug for Procedure<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Procedure").finish_non_exhaustive()
    }
}

impl<'a, T> Procedure<'a, T> {
    /// Sets up a procedure. Nothing happens before the first [`Procedure::resume`].
    pub(super) fn new<F: Future<Output = T> + Send + 'a>(start: impl FnOnce(Desk) -> F) -> Self {
        let desk = Desk::default();
        let future = Box::pin(start(desk.clone()));
        Self { future, desk }
    }

    /// Takes the result of the last request (`None` at first), and returns the next request or the verdict.
    pub(super) fn resume(&mut self, heard: Option<Heard>) -> Step<T> {
        locked(&self.desk.tray).heard = heard;
        match self
            .future
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()))
        {
            Poll::Ready(verdict) => Step::Done(verdict),
            Poll::Pending => match locked(&self.desk.tray).ask.take() {
                Some(ask) => Step::Ask(ask),
                // A procedure only waits for its desk, which always leaves a request.
                None => Step::Ask(Ask::Wait(Duration::ZERO)),
            },
        }
    }
}
