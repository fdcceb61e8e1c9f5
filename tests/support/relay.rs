//! A relay in front of a target. It sees every request and can answer it in ways that no lawful server would.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

/// A complete request.
pub(crate) struct Request {
    /// The head and the body as received.
    pub(crate) bytes: Vec<u8>,
}

/// A connection from a client, and the matching connection to the target.
pub(crate) struct Wire {
    /// The connection to the client.
    pub(crate) client: TcpStream,
    upstream: Option<TcpStream>,
    target: SocketAddr,
}

impl Wire {
    /// Forwards the request to the target and returns its answer.
    pub(crate) async fn forward(&mut self, request: &Request) -> io::Result<Vec<u8>> {
        let mut upstream = match self.upstream.take() {
            Some(upstream) => upstream,
            None => TcpStream::connect(self.target).await?,
        };
        upstream.write_all(&request.bytes).await?;
        let answer = read_message(&mut upstream).await?;
        self.upstream = Some(upstream);
        answer.ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }

    /// Sends an answer to the client.
    pub(crate) async fn answer(mut self, answer: &[u8]) -> Option<Self> {
        self.client.write_all(answer).await.ok()?;
        Some(self)
    }

    /// Forwards the request and sends the target's answer to the client unchanged.
    pub(crate) async fn pass(mut self, request: &Request) -> Option<Self> {
        let answer = self.forward(request).await.ok()?;
        self.answer(&answer).await
    }
}

/// The behavior of a relay.
pub(crate) trait Script: Send + Sync + 'static {
    /// Accepts or drops a new connection.
    fn accept(&self, client: TcpStream) -> Option<TcpStream> {
        Some(client)
    }

    /// Serves a request; a connection that is not returned is closed.
    fn serve(&self, request: Request, wire: Wire) -> impl Future<Output = Option<Wire>> + Send;
}

/// A relay script that passes everything on unchanged.
pub(crate) struct Honest;

impl Script for Honest {
    async fn serve(&self, request: Request, wire: Wire) -> Option<Wire> {
        wire.pass(&request).await
    }
}

/// A reserved address: while no relay listens on it, connections are refused, and no other socket gets it.
pub(crate) struct Place {
    pub(crate) address: SocketAddr,
    _bound: TcpSocket,
}

impl Place {
    fn new() -> io::Result<Self> {
        let bound = Self::bound(SocketAddr::from(([127, 0, 0, 1], 0)))?;
        Ok(Self {
            address: bound.local_addr()?,
            _bound: bound,
        })
    }

    /// Returns a socket bound to an address that other sockets of this process may share.
    fn bound(address: SocketAddr) -> io::Result<TcpSocket> {
        let socket = TcpSocket::new_v4()?;
        socket.set_reuseaddr(true)?;
        socket.set_reuseport(true)?;
        socket.bind(address)?;
        Ok(socket)
    }

    /// Starts a relay at this address.
    pub(crate) fn serve<S: Script>(self, target: SocketAddr, script: Arc<S>) -> Relay {
        let listener = Self::bound(self.address).and_then(|socket| socket.listen(128));
        let listener = listener.unwrap_or_else(|e| panic!("{e}"));
        let task = tokio::spawn(async move {
            // Dropping the set closes all connections together with the relay.
            let mut connections = JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                let _ = client.set_nodelay(true);
                if let Some(client) = script.accept(client) {
                    let wire = Wire {
                        client,
                        upstream: None,
                        target,
                    };
                    connections.spawn(converse(wire, script.clone()));
                }
            }
        });
        Relay { place: self, task }
    }
}

/// A relay that runs until it is stopped or its runtime ends.
pub(crate) struct Relay {
    place: Place,
    task: JoinHandle<()>,
}

impl Relay {
    /// Starts a relay on a free port.
    pub(crate) fn start<S: Script>(target: SocketAddr, script: Arc<S>) -> Self {
        let place = Place::new().unwrap_or_else(|e| panic!("{e}"));
        place.serve(target, script)
    }

    /// Returns the base URL for clients.
    pub(crate) fn url(&self) -> String {
        format!("http://{}/client/v4", self.place.address)
    }

    /// Stops listening and closes all connections; both are done when this returns.
    pub(crate) async fn stop(self) -> Place {
        self.task.abort();
        let _ = self.task.await;
        self.place
    }
}

async fn converse<S: Script>(mut wire: Wire, script: Arc<S>) {
    while let Ok(Some(bytes)) = read_message(&mut wire.client).await {
        match script.serve(Request { bytes }, wire).await {
            Some(next) => wire = next,
            None => return,
        }
    }
}

/// Reads a request or an answer; its body, if any, must have a `content-length`.
async fn read_message(stream: &mut TcpStream) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    loop {
        if let Some(end) = bytes.windows(4).position(|end| end == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&bytes[..end]).to_ascii_lowercase();
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length:"))
                .and_then(|length| length.trim().parse().ok());
            if bytes.len() >= end + 4 + length.unwrap_or(0) {
                return Ok(Some(bytes));
            }
        }
        if stream.read_buf(&mut bytes).await? == 0 {
            return Ok(None);
        }
    }
}
