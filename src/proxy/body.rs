//! A body that the proxy forwards. Every frame passes as it comes, and a witness sees it.

use std::collections::VecDeque;
use std::error::Error;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;

use super::copy::Copy;
use super::observation::Observation;

/// The observer of a body.
#[derive(Debug)]
pub(super) enum Witness {
    /// No observer.
    Nobody,
    /// The copy of a request's body.
    Request(Arc<Mutex<Copy>>),
    /// The observation of the exchange, which ends with the response's body.
    Response(Box<Observation>),
}

impl Witness {
    fn see(&mut self, data: &[u8]) {
        match self {
            Self::Nobody => {}
            Self::Request(copy) => copy
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .take(data),
            Self::Response(observation) => observation.see(data),
        }
    }

    fn see_end(&mut self) {
        match std::mem::replace(self, Self::Nobody) {
            Self::Nobody => {}
            Self::Request(copy) => copy.lock().unwrap_or_else(PoisonError::into_inner).end(),
            Self::Response(observation) => observation.ended(),
        }
    }
}

/// A failure to read the client's body, so that the upstream did not get the whole request.
#[derive(Debug, thiserror::Error)]
#[error("the body of the request can't be read: {0}")]
pub(super) struct ClientFault(hyper::Error);

#[derive(Debug)]
enum Source {
    Wire(Incoming),
    Text(Option<Bytes>),
    Broken(Option<hyper::Error>),
}

/// A body that is forwarded.
#[derive(Debug)]
pub(super) struct Passed {
    /// Frames that were held back and are sent first.
    held: VecDeque<Frame<Bytes>>,
    source: Source,
    witness: Witness,
}

impl Passed {
    /// Creates a body from the wire.
    pub(super) fn new(body: Incoming, witness: Witness) -> Self {
        Self::with_held(VecDeque::new(), body, witness)
    }

    /// Creates a body from the wire, some of whose frames were already read.
    pub(super) fn with_held(
        held: VecDeque<Frame<Bytes>>,
        body: Incoming,
        mut witness: Witness,
    ) -> Self {
        if body.is_end_stream() {
            witness.see_end();
        }
        Self {
            held,
            source: Source::Wire(body),
            witness,
        }
    }

    /// Creates a body that broke off after some frames.
    pub(super) fn broken(held: VecDeque<Frame<Bytes>>, error: hyper::Error) -> Self {
        Self {
            held,
            source: Source::Broken(Some(error)),
            witness: Witness::Nobody,
        }
    }

    /// Creates a body from a text of the proxy itself.
    pub(super) fn text(text: String) -> Self {
        Self {
            held: VecDeque::new(),
            source: Source::Text(Some(Bytes::from(text))),
            witness: Witness::Nobody,
        }
    }
}

impl Body for Passed {
    type Data = Bytes;
    type Error = Box<dyn Error + Send + Sync>;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let this = &mut *self;
        if let Some(frame) = this.held.pop_front() {
            return Poll::Ready(Some(Ok(frame)));
        }
        let body = match &mut this.source {
            Source::Text(text) => {
                return Poll::Ready(text.take().map(|text| Ok(Frame::data(text))));
            }
            Source::Broken(error) => {
                return Poll::Ready(error.take().map(|error| Err(error.into())));
            }
            Source::Wire(body) => body,
        };
        let frame = std::task::ready!(Pin::new(&mut *body).poll_frame(context));
        let is_end = body.is_end_stream();
        match &frame {
            Some(Ok(frame)) => {
                if let Some(data) = frame.data_ref() {
                    this.witness.see(data);
                }
                // Readers may stop once the announced length has arrived, without asking for the end.
                if is_end {
                    this.witness.see_end();
                }
            }
            Some(Err(_)) => {}
            None => this.witness.see_end(),
        }
        Poll::Ready(frame.map(|frame| {
            frame.map_err(
                |error| match std::mem::replace(&mut this.witness, Witness::Nobody) {
                    Witness::Request(_) => ClientFault(error).into(),
                    Witness::Nobody | Witness::Response(_) => error.into(),
                },
            )
        }))
    }

    fn is_end_stream(&self) -> bool {
        let is_end = match &self.source {
            Source::Text(text) => text.is_none(),
            Source::Broken(error) => error.is_none(),
            Source::Wire(body) => body.is_end_stream(),
        };
        self.held.is_empty() && is_end
    }

    /// Returns an exact size only for the proxy's own texts. The length of other bodies is announced by the field
    /// `content-length`, which is forwarded unchanged if it is there.
    fn size_hint(&self) -> SizeHint {
        match &self.source {
            Source::Text(Some(text)) => SizeHint::with_exact(text.len() as u64),
            Source::Text(None) | Source::Wire(_) | Source::Broken(_) => SizeHint::default(),
        }
    }
}
