//! A relay for HTTP/2 without TLS that passes frames on and adds GOAWAY frames (RFC 9113, 6.8).

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt, copy};
use tokio::net::{TcpListener, TcpStream};

const NO_ERROR: u8 = 0;
const ENHANCE_YOUR_CALM: u8 = 11;
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;
const END_STREAM: u8 = 1;
/// The length of the client's connection preface, in bytes.
const PREFACE: usize = 24;

/// The moments at which the relay sends GOAWAY.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum When {
    /// A regular GOAWAY each time after this number of answers; new connections are accepted.
    AfterEach(usize),
    /// GOAWAY with `ENHANCE_YOUR_CALM` after this number of answers, and then on every new connection.
    ForEverAfter(usize),
}

/// The relay that sends GOAWAY.
pub(crate) struct Leaving {
    when: When,
    answers: AtomicUsize,
    is_healed: AtomicBool,
    /// The number of GOAWAY frames that were sent.
    said: AtomicUsize,
}

impl Leaving {
    /// Starts a relay in front of a target; it serves until the runtime ends.
    pub(crate) async fn start(target: SocketAddr, when: When) -> (Arc<Self>, String) {
        let leaving = Arc::new(Self {
            when,
            answers: AtomicUsize::new(0),
            is_healed: AtomicBool::new(false),
            said: AtomicUsize::new(0),
        });
        let listener = TcpListener::bind("127.0.0.1:0")
            .await
            .unwrap_or_else(|e| panic!("{e}"));
        let address = listener.local_addr().unwrap_or_else(|e| panic!("{e}"));
        let relay = leaving.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let relay = relay.clone();
                tokio::spawn(async move { relay.converse(client, target).await });
            }
        });
        (leaving, format!("http://{address}/client/v4"))
    }

    /// Stops refusing connections with `ENHANCE_YOUR_CALM`.
    pub(crate) fn heal(&self) {
        self.is_healed.store(true, Ordering::SeqCst);
    }

    /// Returns the number of GOAWAY frames that were sent.
    pub(crate) fn said(&self) -> usize {
        self.said.load(Ordering::SeqCst)
    }

    fn is_angry(&self) -> bool {
        let answers = self.answers.load(Ordering::SeqCst);
        let is_healed = self.is_healed.load(Ordering::SeqCst);
        !is_healed && matches!(self.when, When::ForEverAfter(most) if answers >= most)
    }

    fn goaway(&self, last_stream: &[u8], code: u8) -> Vec<u8> {
        self.said.fetch_add(1, Ordering::SeqCst);
        let payload = [last_stream, &[0, 0, 0, code]].concat();
        frame(GOAWAY, &payload)
    }

    async fn converse(&self, mut client: TcpStream, target: SocketAddr) -> io::Result<()> {
        client.set_nodelay(true)?;
        if self.is_angry() {
            client.read_exact(&mut [0; PREFACE]).await?;
            let goaway = self.goaway(&[0; 4], ENHANCE_YOUR_CALM);
            let said = [frame(SETTINGS, &[]), goaway].concat();
            return client.write_all(&said).await;
        }
        let upstream = TcpStream::connect(target).await?;
        let (mut from_client, mut to_client) = client.into_split();
        let (mut from_target, mut to_target) = upstream.into_split();
        let asked = tokio::spawn(async move { copy(&mut from_client, &mut to_target).await });
        loop {
            let mut head = [0; 9];
            from_target.read_exact(&mut head).await?;
            let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
            let mut payload = vec![0; usize::try_from(length).unwrap_or(0)];
            from_target.read_exact(&mut payload).await?;
            let mut sent = [&head[..], &payload].concat();
            let [_, _, _, kind, flags, stream @ ..] = head;
            if matches!(kind, DATA | HEADERS) && flags & END_STREAM != 0 {
                let answers = self.answers.fetch_add(1, Ordering::SeqCst) + 1;
                if matches!(self.when, When::AfterEach(number) if answers.is_multiple_of(number)) {
                    sent.extend(self.goaway(&stream, NO_ERROR));
                }
            }
            if self.is_angry() {
                sent.extend(self.goaway(&stream, ENHANCE_YOUR_CALM));
            }
            to_client.write_all(&sent).await?;
            if self.is_angry() {
                asked.abort();
                return Ok(());
            }
        }
    }
}

/// Returns a frame on stream 0, the connection itself.
fn frame(kind: u8, payload: &[u8]) -> Vec<u8> {
    let length = u8::try_from(payload.len()).unwrap_or(u8::MAX);
    [&[0, 0, length, kind, 0, 0, 0, 0, 0], payload].concat()
}
