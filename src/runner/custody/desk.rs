//! How decisions are kept apart from the world. A procedure is written as straight code that asks its [`Desk`] for one
//! thing at a time; [`Procedure`] makes a state machine of it: what was heard goes in, the next request or the verdict
//! comes out. No procedure has a clock, a socket or a file, so a simulation can be its world as well as a target.

use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use super::entry::{Entry, Row};
use super::record::Record;
use crate::exchange::Generation;

/// What a procedure wants next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Ask {
    /// One page of the list, counted from 1. `v1` has one page.
    Page(Generation, u64),
    /// One mapping by the address of the path.
    Read(Generation, String),
    /// Writes mappings: one by itself, more as a batch.
    Write(Generation, Vec<Row>),
    /// Deletes addresses, spelled like this: one by itself, or as a batch.
    Delete(Generation, Vec<String>, Form),
    /// Writes a record to the journal; it must outlive a power cut before the next request if it is durable.
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
    /// It must.
    Synced,
    /// Losing it costs work, and nothing else.
    Lazy,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Heard {
    /// A page of the list.
    Page(Page),
    /// One mapping, or that there is none.
    One(Option<Entry>),
    /// What became of each item, in the order of the request.
    Items(Vec<Answered>),
    /// The record is written, or the time has passed.
    Done,
    /// No usable answer.
    Trouble(Trouble),
}

/// A page of a list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Page {
    /// Its entries.
    pub(super) entries: Vec<(std::net::IpAddr, Entry)>,
    /// Entries on all pages, as the target counts them, where it does.
    pub(super) total: Option<usize>,
}

/// What became of one item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Answered {
    /// It was carried out.
    Done,
    /// There was nothing to delete.
    Absent,
    /// It was refused, in these words.
    Refused(String),
}

/// Why there is no usable answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Trouble {
    /// The target no longer routes this generation.
    Gone(String),
    /// Nothing that can be relied on: a failure of the server, of an edge or of the network. The request may have been
    /// carried out.
    Failed(String),
    /// The target asks to come again later.
    Throttled(Option<Duration>),
    /// The whole request was refused.
    Refused(String),
    /// The answer can't be understood.
    Unreadable(String),
    /// No request may be sent any more: the budget is spent, or the journal can't be written.
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

/// Where a procedure asks.
#[derive(Debug, Clone, Default)]
pub(super) struct Desk {
    tray: Arc<Mutex<Tray>>,
}

impl Desk {
    /// Asks, and waits for what came of it.
    pub(super) async fn ask(&self, ask: Ask) -> Heard {
        locked(&self.tray).ask = Some(ask);
        poll_fn(|_| match locked(&self.tray).heard.take() {
            Some(heard) => Poll::Ready(heard),
            None => Poll::Pending,
        })
        .await
    }
}

/// Where a procedure stands.
#[derive(Debug)]
pub(super) enum Step<T> {
    /// It wants this next.
    Ask(Ask),
    /// It has ended.
    Done(T),
}

/// A procedure under way.
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
    /// Sets a procedure up; nothing happens before the first [`Procedure::resume`].
    pub(super) fn new<F: Future<Output = T> + Send + 'a>(start: impl FnOnce(Desk) -> F) -> Self {
        let desk = Desk::default();
        let future = Box::pin(start(desk.clone()));
        Self { future, desk }
    }

    /// Hands in what came of the last request (nothing at first), and returns the next one or the verdict.
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
                // A procedure waits for its desk alone, which always leaves a request.
                None => Step::Ask(Ask::Wait(Duration::ZERO)),
            },
        }
    }
}
