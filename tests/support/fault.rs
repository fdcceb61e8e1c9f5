//! Network faults on the wire: each fault replaces the honest answer with something else.

use std::io::Write;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::sync::watch;

use crate::support::relay::{Request, Script, Wire};

/// A network fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fault {
    /// New and open connections are reset at once.
    ResetAtAccept,
    /// The request is read, and the connection is reset before the target receives the request.
    ResetBeforeTheTarget,
    /// The target handles the request, but its answer is lost.
    ResetAfterRequest,
    ResetInHeaders,
    ResetInBody,
    /// The connection is closed, without a reset, in the middle of the body.
    ClosedInBody,
    HangBeforeHeaders,
    HangInHeaders,
    HangInBody,
    /// The answer is sent at one byte per second.
    Drip,
    LengthTooShort,
    LengthTooLong,
    BrokenChunking,
    /// A gzip body of about 64 KiB that unpacks to 64 MiB.
    GzipBomb,
    /// A body of which 2 GiB are announced.
    HugeBody,
    /// An answer with a header field of 1 MiB.
    HugeHeader,
    NotUtf8,
    /// A JSON body with 10,000 nested arrays.
    Nested,
    /// A JSON body with its members twice; the last of each pair is correct.
    DuplicateKeys,
    Empty,
    Html,
    /// An answer from the platform or an edge server instead of the target's.
    Instead {
        status: &'static str,
        fields: &'static str,
        body: &'static str,
    },
    /// A redirect to the same URL.
    RedirectLoop,
    /// A redirect to this URL.
    Redirect(String),
}

/// The platform's answer to an expired token.
pub(crate) const EXPIRED: Fault = Fault::Instead {
    status: "401 Unauthorized",
    fields: "content-type: application/json\r\n",
    body: r#"{"success":false,"errors":[{"code":10000,"message":"Authentication error"}],"messages":[],"result":null}"#,
};

/// Throttling that permits an immediate retry.
pub(crate) const THROTTLED: Fault = Fault::Instead {
    status: "429 Too Many Requests",
    fields: "content-type: application/json\r\nretry-after: 0\r\n",
    body: r#"{"success":false,"errors":[{"code":10429,"message":"Rate limited"}],"messages":[],"result":null}"#,
};

/// Throttling for longer than any client waits.
pub(crate) const THROTTLED_FOR_A_DAY: Fault = Fault::Instead {
    status: "429 Too Many Requests",
    fields: "content-type: text/plain\r\nretry-after: 86400\r\n",
    body: "come back tomorrow",
};

/// The answer of an edge server whose target is briefly unavailable.
pub(crate) const UNAVAILABLE: Fault = Fault::Instead {
    status: "503 Service Unavailable",
    fields: "content-type: text/html\r\nretry-after: 0\r\n",
    body: "<html><h1>503 Service Temporarily Unavailable</h1></html>",
};

/// The answer of an edge server that does not understand its target's answer.
pub(crate) const UNKNOWN_ERROR: Fault = Fault::Instead {
    status: "520 Unknown",
    fields: "content-type: text/html\r\nretry-after: 0\r\n",
    body: "<html><title>520: Web server is returning an unknown error</title></html>",
};

/// The requests that a fault affects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum When {
    /// All requests.
    Always,
    /// The second write of the run and all later requests.
    FromSecondWrite,
    /// The first `v1.create`, which can't be repeated with the same result.
    OnceAtCreate,
    /// The first v2 list request of a case.
    OnceAtList,
    /// All requests of cases, but not those that the run sends for its own purposes.
    InCases,
}

/// A relay script with one fault, until it is healed.
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

    /// Removes the fault; from now on the relay passes everything on unchanged.
    pub(crate) fn heal(&self) {
        *self.fault.lock().unwrap_or_else(|e| panic!("{e}")) = None;
    }

    /// Returns whether the fault has affected any request yet.
    pub(crate) fn has_begun(&self) -> bool {
        *self.begun.borrow()
    }

    /// Waits until the fault affects a request.
    pub(crate) async fn begins(&self) {
        let mut begun = self.begun.subscribe();
        let waited = begun.wait_for(|begun| *begun).await;
        assert!(waited.is_ok());
    }

    fn fault(&self) -> Option<(Fault, When)> {
        self.fault.lock().unwrap_or_else(|e| panic!("{e}")).clone()
    }

    /// Returns the fault that affects this request, if any.
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

/// What happens to the connection after the answer was sent.
enum Then {
    Keep,
    Close,
    Reset,
    Hang,
}

impl Fault {
    /// Returns the answer to send without forwarding the request, for faults that keep it from the target.
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

    /// Returns what is sent instead of the honest answer, and what then happens to the connection.
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
            // The connection hangs for longer than any run lasts.
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

/// Returns the honest head with another `content-length`.
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

/// Makes a connection end with a RST when it is dropped.
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
