//! What can go wrong on a network, on the wire: each fault takes the honest answer and sends something else.

use std::io::Write;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::sync::watch;

use crate::support::relay::{Request, Script, Wire};

/// A fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Connections are reset at once, those that are open as well.
    ResetAtAccept,
    /// The request is read, and the connection reset before the target has it.
    ResetBeforeTheTarget,
    /// The target has carried the request out; its answer is lost.
    ResetAfterRequest,
    ResetInHeaders,
    ResetInBody,
    /// The connection is closed in order, in the middle of the body.
    ClosedInBody,
    HangBeforeHeaders,
    HangInHeaders,
    HangInBody,
    /// One byte a second.
    Drip,
    LengthTooShort,
    LengthTooLong,
    BrokenChunking,
    /// 64 MiB, in some 64 KiB.
    GzipBomb,
    /// 2 GiB are announced.
    HugeBody,
    /// A field of 1 MiB.
    HugeHeader,
    NotUtf8,
    /// 10,000 levels of arrays.
    Nested,
    /// Every member twice, the last one right.
    DuplicateKeys,
    Empty,
    Html,
    /// An answer of the platform or of an edge, in place of the target's.
    Instead {
        status: &'static str,
        fields: &'static str,
        body: &'static str,
    },
    /// To the same place again.
    RedirectLoop,
    /// To this URL.
    Redirect(String),
}

/// The platform's answer to an expired token.
pub(crate) const EXPIRED: Fault = Fault::Instead {
    status: "401 Unauthorized",
    fields: "content-type: application/json\r\n",
    body: r#"{"success":false,"errors":[{"code":10000,"message":"Authentication error"}],"messages":[],"result":null}"#,
};

/// Throttling that lets itself be waited for.
pub(crate) const THROTTLED: Fault = Fault::Instead {
    status: "429 Too Many Requests",
    fields: "content-type: application/json\r\nretry-after: 0\r\n",
    body: r#"{"success":false,"errors":[{"code":10429,"message":"Rate limited"}],"messages":[],"result":null}"#,
};

/// Throttling for longer than anybody waits.
pub(crate) const THROTTLED_FOR_A_DAY: Fault = Fault::Instead {
    status: "429 Too Many Requests",
    fields: "content-type: text/plain\r\nretry-after: 86400\r\n",
    body: "come back tomorrow",
};

/// An edge whose target is away for a moment.
pub(crate) const UNAVAILABLE: Fault = Fault::Instead {
    status: "503 Service Unavailable",
    fields: "content-type: text/html\r\nretry-after: 0\r\n",
    body: "<html><h1>503 Service Temporarily Unavailable</h1></html>",
};

/// An edge that does not understand its target.
pub(crate) const UNKNOWN_ERROR: Fault = Fault::Instead {
    status: "520 Unknown",
    fields: "content-type: text/html\r\nretry-after: 0\r\n",
    body: "<html><title>520: Web server is returning an unknown error</title></html>",
};

/// To which requests a fault comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum When {
    /// To all.
    Always,
    /// To the second write of the run and all that follows.
    FromSecondWrite,
    /// To the first `v1.create`, which can't be repeated without a difference.
    OnceAtCreate,
    /// To the first list that a case reads.
    OnceAtList,
    /// To all that cases send, and not to what the run sends for itself.
    InCases,
}

/// A script with one fault, until it is healed.
pub(crate) struct Faulty {
    fault: Mutex<Option<(Fault, When)>>,
    writes: AtomicUsize,
    begun: watch::Sender<bool>,
}

impl Faulty {
    pub(crate) fn new(fault: Fault, when: When) -> Self {
        Self {
            fault: Mutex::new(Some((fault, when))),
            writes: AtomicUsize::new(0),
            begun: watch::Sender::new(false),
        }
    }

    /// From now on the relay is as if it were not there.
    pub(crate) fn heal(&self) {
        *self.fault.lock().unwrap_or_else(|e| panic!("{e}")) = None;
    }

    /// Whether the fault ever came.
    pub(crate) fn has_begun(&self) -> bool {
        *self.begun.borrow()
    }

    /// Waits until it comes.
    pub(crate) async fn begins(&self) {
        let mut begun = self.begun.subscribe();
        let waited = begun.wait_for(|begun| *begun).await;
        assert!(waited.is_ok());
    }

    fn fault(&self) -> Option<(Fault, When)> {
        self.fault.lock().unwrap_or_else(|e| panic!("{e}")).clone()
    }

    /// The fault that comes to a request.
    fn strikes(&self, request: &Request) -> Option<Fault> {
        let (fault, when) = self.fault()?;
        let head = String::from_utf8_lossy(&request.bytes);
        let is_of_a_case = !head.contains("originproof-case: probe");
        let has_begun = self.has_begun();
        let comes = match when {
            When::Always => true,
            When::FromSecondWrite => {
                let is_write = !request.bytes.starts_with(b"GET ");
                let writes = self
                    .writes
                    .fetch_add(usize::from(is_write), Ordering::Relaxed);
                has_begun || (is_write && writes > 0)
            }
            When::OnceAtCreate => !has_begun && request.bytes.starts_with(b"POST "),
            When::OnceAtList => {
                !has_begun && is_of_a_case && head.contains("/origin/cloud_regions?")
            }
            When::InCases => is_of_a_case,
        };
        if comes {
            self.begun.send_replace(true);
        }
        comes.then_some(fault)
    }
}

impl Script for Faulty {
    fn accept(&self, client: TcpStream) -> Option<TcpStream> {
        match self.fault() {
            Some((Fault::ResetAtAccept, when)) if when == When::Always || self.has_begun() => {
                self.begun.send_replace(true);
                reset(&client);
                None
            }
            _ => Some(client),
        }
    }

    async fn serve(&self, request: Request, wire: Wire) -> Option<Wire> {
        match self.strikes(&request) {
            Some(fault) => fault.play(&request, wire).await,
            None => wire.pass(&request).await,
        }
    }
}

/// What becomes of the connection after what was sent.
enum Then {
    Keep,
    Close,
    Reset,
    Hang,
}

impl Fault {
    /// The answer in place of the target's, if the request is not even to get there.
    fn instead(&self, request: &Request) -> Option<(Vec<u8>, Then)> {
        let redirect = |to: &str| {
            let fields = format!("location: {to}\r\n");
            answer("307 Temporary Redirect", &fields, b"")
        };
        match self {
            Self::ResetAtAccept | Self::ResetBeforeTheTarget => Some((Vec::new(), Then::Reset)),
            Self::Instead {
                status,
                fields,
                body,
            } => Some((answer(status, fields, body.as_bytes()), Then::Keep)),
            Self::RedirectLoop => {
                let head = String::from_utf8_lossy(&request.bytes);
                let path = head.split(' ').nth(1).unwrap_or_default();
                Some((redirect(path), Then::Keep))
            }
            Self::Redirect(to) => Some((redirect(to), Then::Keep)),
            _ => None,
        }
    }

    /// What becomes of the honest answer.
    fn bend(&self, honest: &[u8]) -> (Vec<u8>, Then) {
        let end = honest.windows(4).position(|end| end == b"\r\n\r\n");
        let (head, body) = honest.split_at(end.map_or(honest.len(), |end| end + 4));
        let half_the_head = head[..head.len() / 2].to_vec();
        let half_the_body = [head, &body[..body.len() / 2]].concat();
        let members = body.strip_prefix(b"{").unwrap_or(body);
        let other_body = |body: &[u8]| [&with_length(head, body.len()), body].concat();
        match self {
            Self::ResetInHeaders => (half_the_head, Then::Reset),
            Self::ResetInBody => (half_the_body, Then::Reset),
            Self::ClosedInBody => (half_the_body, Then::Close),
            Self::HangBeforeHeaders => (Vec::new(), Then::Hang),
            Self::HangInHeaders => (half_the_head, Then::Hang),
            Self::HangInBody => (half_the_body, Then::Hang),
            Self::LengthTooShort => {
                let head = with_length(head, body.len() / 2);
                ([&head, body].concat(), Then::Close)
            }
            Self::LengthTooLong => {
                let head = with_length(head, body.len() + 100);
                ([&head, body].concat(), Then::Close)
            }
            Self::BrokenChunking => {
                let head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n";
                let bent = [head, &b"10\r\n"[..], &body[..16], b"\r\nno size\r\n"].concat();
                (bent, Then::Close)
            }
            Self::GzipBomb => {
                let bomb = answer("200 OK", "content-encoding: gzip\r\n", &bomb());
                (bomb, Then::Close)
            }
            Self::HugeBody => {
                let bent = b"HTTP/1.1 200 OK\r\ncontent-length: 2147483648\r\n\r\n{";
                (bent.to_vec(), Then::Hang)
            }
            Self::HugeHeader => {
                let field = format!("x-filler: {}\r\n", "x".repeat(1024 * 1024));
                (answer("200 OK", &field, body), Then::Close)
            }
            Self::NotUtf8 => {
                let text = [br#"{"text":""#, &[0xff, 0xc3, 0x28][..], b"\","].concat();
                (other_body(&[&text, members].concat()), Then::Keep)
            }
            Self::Nested => {
                let (open, close) = ("[".repeat(10_000), "]".repeat(10_000));
                let deep = format!("{{\"deep\":{open}{close},");
                (other_body(&[deep.as_bytes(), members].concat()), Then::Keep)
            }
            Self::DuplicateKeys => {
                let wrong = br#"{"success":"maybe","errors":null,"messages":0,"result":[],"#;
                (other_body(&[wrong, members].concat()), Then::Keep)
            }
            Self::Empty => (other_body(b""), Then::Keep),
            Self::Html => {
                let fields = "content-type: text/html\r\n";
                (
                    answer("200 OK", fields, b"<html>Welcome</html>"),
                    Then::Keep,
                )
            }
            Self::ResetAfterRequest
            | Self::ResetAtAccept
            | Self::ResetBeforeTheTarget
            | Self::Instead { .. }
            | Self::RedirectLoop
            | Self::Redirect(_) => (Vec::new(), Then::Reset),
            Self::Drip => (honest.to_vec(), Then::Close),
        }
    }

    async fn play(self, request: &Request, mut wire: Wire) -> Option<Wire> {
        let (bytes, then) = match self.instead(request) {
            Some(instead) => instead,
            None => self.bend(&wire.forward(request).await.ok()?),
        };
        if self == Self::Drip {
            for byte in bytes {
                wire = wire.answer(&[byte]).await?;
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
            return None;
        }
        wire = wire.answer(&bytes).await?;
        match then {
            Then::Keep => return Some(wire),
            Then::Close => {}
            Then::Reset => reset(&wire.client),
            // For longer than any run lasts.
            Then::Hang => std::future::pending().await,
        }
        None
    }
}

fn answer(status: &str, fields: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!("HTTP/1.1 {status}\r\n{fields}content-length: {length}\r\n\r\n");
    [head.as_bytes(), body].concat()
}

/// The honest head with another length announced.
fn with_length(head: &[u8], length: usize) -> Vec<u8> {
    let head = String::from_utf8_lossy(head);
    let mut bent = String::new();
    for line in head.split_inclusive("\r\n") {
        if line.starts_with("content-length:") {
            bent.push_str("content-length: ");
            bent.push_str(&length.to_string());
            bent.push_str("\r\n");
        } else {
            bent.push_str(line);
        }
    }
    bent.into_bytes()
}

/// Has a connection end with a RST when it is dropped.
fn reset(client: &TcpStream) {
    client.set_zero_linger().unwrap_or_else(|e| panic!("{e}"));
}

fn bomb() -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let zeros = vec![b'0'; 1024 * 1024];
    for _ in 0..64 {
        encoder.write_all(&zeros).unwrap_or_else(|e| panic!("{e}"));
    }
    encoder.finish().unwrap_or_else(|e| panic!("{e}"))
}
