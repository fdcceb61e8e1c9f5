//! Listens, serves each connection, and stops.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::task::{JoinHandle, JoinSet};

use super::checker::{self, Ended};
use super::observation::{Coverage, Message, Recorder};
use super::recording::RecordTo;
use super::relay::Relay;
use super::upstream::{Upstream, UpstreamError};
use crate::audit::{Auditor, Judged};

/// The time that requests under way may take to finish when the proxy stops.
const GRACE: Duration = Duration::from_secs(2);
/// The wait before the next attempt to accept, if the system has no room for another connection.
const ACCEPT_AGAIN: Duration = Duration::from_millis(100);
/// The longest time for the header of a request, and for an idle connection between two requests.
const HEADER: Duration = Duration::from_secs(30);
/// The interval at which a silent HTTP/2 connection is asked whether it is still there.
const ASK_AGAIN: Duration = Duration::from_secs(30);
/// The wait before looking again at a client's first bytes, if they were not enough.
const LOOK_AGAIN: Duration = Duration::from_millis(5);
/// The bytes that every HTTP/2 connection begins with (RFC 9113, 3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// The window of an HTTP/2 stream, in bytes.
const WINDOW: u32 = 1024 * 1024;

/// The default time for an answer to begin; longer than clients commonly wait.
const PATIENCE: Duration = Duration::from_mins(5);

/// Whether findings are added to the response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Annotations {
    /// Responses pass unchanged.
    Off,
    /// Answers of this API are held back, checked, and get the field `originproof-findings`.
    On,
}

/// The configuration of a proxy.
#[derive(Debug, Clone)]
pub struct ProxyConfig {
    /// The server that requests go to.
    pub upstream: Upstream,
    /// Whether findings are added to the response.
    pub annotations: Annotations,
    /// The longest time until an answer of the upstream begins, including connecting and sending the request.
    pub patience: Duration,
    /// The largest body that is checked, in bytes.
    pub body_limit: usize,
    /// The memory for the copies of all bodies and for the exchanges that wait to be checked, in bytes.
    pub budget: usize,
    /// The maximum number of exchanges that wait to be checked.
    pub queue: usize,
}

impl ProxyConfig {
    /// Returns the default configuration for an upstream.
    #[must_use]
    pub fn new(upstream: Upstream) -> Self {
        Self {
            upstream,
            annotations: Annotations::Off,
            patience: PATIENCE,
            body_limit: 8 * 1024 * 1024,
            budget: 64 * 1024 * 1024,
            queue: 1_000_000,
        }
    }
}

/// A proxy that can be served.
#[derive(Debug)]
pub struct Proxy {
    config: ProxyConfig,
}

/// A proxy that is being served. It stops when this is dropped or [`RunningProxy::stop`]ped.
#[derive(Debug)]
pub struct RunningProxy {
    /// The address that it listens on.
    pub address: SocketAddr,
    stop: watch::Sender<bool>,
    serving: JoinHandle<()>,
    checking: JoinHandle<Ended>,
    recorder: Arc<Recorder>,
    queue: mpsc::Sender<Message>,
}

/// The reason why a proxy can't be served.
#[derive(Debug, thiserror::Error)]
pub enum ProxyError {
    /// The address can't be bound.
    #[error("can't listen on {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The cause.
        source: io::Error,
    },
    /// The connection to the upstream can't be set up.
    #[error(transparent)]
    Upstream(#[from] UpstreamError),
}

impl Proxy {
    /// Sets up a proxy.
    #[must_use]
    pub fn new(config: ProxyConfig) -> Self {
        Self { config }
    }

    /// Serves on an address; port 0 takes any free port. `on` is called for each exchange with findings, as soon as
    /// they are certain. While `on` blocks, checking waits, but traffic does not.
    ///
    /// # Errors
    /// [`ProxyError`].
    pub async fn serve(
        self,
        address: SocketAddr,
        auditor: Auditor,
        recording: Option<RecordTo>,
        on: impl FnMut(Judged) + Send + 'static,
    ) -> Result<RunningProxy, ProxyError> {
        let config = self.config;
        let client = config.upstream.client()?;
        let listen = |source| ProxyError::Listen { address, source };
        let listener = TcpListener::bind(address).await.map_err(listen)?;
        let bound = listener.local_addr().map_err(listen)?;
        let (queue, messages) = mpsc::channel(config.queue.max(1));
        let coverage = match recording {
            Some(_) => Coverage::Everything,
            None => Coverage::ThisApi,
        };
        let recorder = Arc::new(Recorder::new(
            queue.clone(),
            config.budget,
            config.body_limit,
            coverage,
        ));
        let checking =
            tokio::task::spawn_blocking(move || checker::run(messages, auditor, recording, on));
        let relay = Arc::new(Relay {
            upstream: config.upstream,
            client,
            recorder: recorder.clone(),
            annotations: config.annotations,
            patience: config.patience,
        });
        let (stop, stopped) = watch::channel(false);
        Ok(RunningProxy {
            address: bound,
            stop,
            serving: tokio::spawn(accept(listener, relay, stopped)),
            checking,
            recorder,
            queue,
        })
    }
}

impl RunningProxy {
    /// Returns the base URL for clients.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Stops listening, lets requests under way finish for a while, and checks the exchanges that wait.
    ///
    /// # Errors
    /// Returns an error if a task of the proxy broke down.
    pub async fn stop(self) -> io::Result<Ended> {
        // An error means that the proxy no longer serves, which is the goal.
        let _ = self.stop.send(true);
        self.serving.await?;
        let missed = self.recorder.missed();
        let _ = self.queue.send(Message::End { missed }).await;
        Ok(self.checking.await?)
    }
}

async fn accept(listener: TcpListener, relay: Arc<Relay>, mut stopped: watch::Receiver<bool>) {
    let graceful = GracefulShutdown::new();
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    let served = serve(stream, relay.clone(), &graceful);
                    connections.spawn(served);
                }
                Err(_) => tokio::time::sleep(ACCEPT_AGAIN).await,
            },
            Some(_) = connections.join_next() => {}
            // An error means that nobody is left who could stop it.
            () = async { let _ = stopped.wait_for(|stop| *stop).await; } => break,
        }
    }
    drop(listener);
    let _ = tokio::time::timeout(GRACE, graceful.shutdown()).await;
    connections.shutdown().await;
}

/// Serves one connection, in HTTP/1.1 or HTTP/2 as the client chooses.
fn serve(
    stream: TcpStream,
    relay: Arc<Relay>,
    graceful: &GracefulShutdown,
) -> impl Future<Output = ()> + Send + use<> {
    let _ = stream.set_nodelay(true);
    let watcher = graceful.watcher();
    async move {
        let Ok(Some(version)) = tokio::time::timeout(HEADER, spoken(&stream)).await else {
            return;
        };
        let mut builder = Builder::new(TokioExecutor::new());
        builder
            .http1()
            .timer(TokioTimer::new())
            .header_read_timeout(HEADER)
            .preserve_header_case(true)
            .auto_date_header(false)
            .http2()
            .timer(TokioTimer::new())
            .keep_alive_interval(ASK_AGAIN)
            .auto_date_header(false)
            .initial_stream_window_size(WINDOW)
            .initial_connection_window_size(4 * WINDOW);
        let builder = match version {
            Spoken::Http1 => builder.http1_only(),
            Spoken::Http2 => builder.http2_only(),
        };
        let service = service_fn(move |request| {
            let relay = relay.clone();
            async move { Ok::<_, Infallible>(relay.pass(request).await) }
        });
        let connection = builder.serve_connection(TokioIo::new(stream), service);
        // A broken connection is for the client to notice.
        let _ = watcher.watch(connection.into_owned()).await;
    }
}

/// The protocol that a client speaks.
#[derive(Debug, Clone, Copy)]
enum Spoken {
    Http1,
    Http2,
}

/// Determines the protocol from the first bytes without taking them. Returns `None` if the client left.
async fn spoken(stream: &TcpStream) -> Option<Spoken> {
    let mut first = [0; PREFACE.len()];
    loop {
        let length = stream
            .peek(&mut first)
            .await
            .ok()
            .filter(|length| *length > 0)?;
        let seen = first.get(..length)?;
        if !PREFACE.starts_with(seen) {
            return Some(Spoken::Http1);
        }
        if length == PREFACE.len() {
            return Some(Spoken::Http2);
        }
        // The bytes that were seen stay in the socket, so no event signals that more have arrived.
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}
