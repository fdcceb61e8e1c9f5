//! A server that answers in many lawful ways and describes the request in its answer.

use std::fmt::Write as _;
use std::io::{self, Write};
use std::net::SocketAddr;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::response::Response;
use flate2::{Compression, write::GzEncoder};
use http::{HeaderValue, StatusCode};
use sha2::{Digest, Sha256};
use tokio::net::TcpListener;

/// The size of the large bodies, in bytes.
pub(crate) const LARGE: usize = 5 * 1024 * 1024;

/// Returns bytes that compress badly and are the same for the same seed.
pub(crate) fn noise(length: usize, seed: u8) -> Vec<u8> {
    let mut state = u32::from(seed) + 1;
    let next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    };
    std::iter::repeat_with(next).take(length).collect()
}

/// Serves until the runtime ends.
pub(crate) async fn serve() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap_or_else(|e| panic!("{e}"));
    let address = listener.local_addr().unwrap_or_else(|e| panic!("{e}"));
    let router = Router::new().fallback(answer);
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

/// Returns the path of a request, and a description: every field, in order, and the body's length and hash.
async fn said(request: Request) -> (String, String) {
    let (head, body) = request.into_parts();
    let target = head.uri.path_and_query().map(ToString::to_string);
    let mut text = format!("{} {}\n", head.method, target.unwrap_or_default());
    for (name, value) in &head.headers {
        // These two fields belong to the connection or to its HTTP version.
        if !["host", "transfer-encoding"].contains(&name.as_str()) {
            let _ = writeln!(text, "{name}: {:?}", value.as_bytes());
        }
    }
    let bytes = to_bytes(body, 2 * LARGE)
        .await
        .unwrap_or_else(|e| panic!("{e}"));
    let hash = Sha256::digest(&bytes);
    let _ = write!(text, "{} bytes {hash:x?}", bytes.len());
    (head.uri.path().to_owned(), text)
}

async fn answer(request: Request) -> Response {
    let (path, text) = said(request).await;
    let kind = path.rsplit('/').next().unwrap_or_default();
    let mut answer = Response::builder()
        .header("x-first", "1")
        .header("server", "varied");
    answer = answer.header(
        "x-said",
        HeaderValue::from_bytes(&hex(&text)).unwrap_or_else(|e| panic!("{e}")),
    );
    let answer = match kind {
        "chunked" => {
            let chunks: Vec<_> = text
                .as_bytes()
                .chunks(7)
                .map(|c| Ok::<_, io::Error>(c.to_vec()))
                .collect();
            answer.body(Body::from_stream(futures_util::stream::iter(chunks)))
        }
        "gzipped" => {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
            encoder
                .write_all(text.as_bytes())
                .unwrap_or_else(|e| panic!("{e}"));
            let packed = encoder.finish().unwrap_or_else(|e| panic!("{e}"));
            answer
                .header("content-encoding", "gzip")
                .body(Body::from(packed))
        }
        "nothing" => answer.status(StatusCode::NO_CONTENT).body(Body::empty()),
        "zero" => answer.body(Body::empty()),
        "large" => answer.body(Body::from(noise(LARGE, 7))),
        "repeated" => answer
            .header("set-cookie", "a=1; Path=/")
            .header("x-a", "1")
            .header("set-cookie", "b=2")
            .header(
                "x-b",
                HeaderValue::from_bytes(b"caf\xe9 \x80").unwrap_or_else(|e| panic!("{e}")),
            )
            .header("x-a", "")
            .header("x-last", "9")
            .status(500)
            .body(Body::from(text)),
        "unchanged" => answer
            .status(304)
            .header("etag", "\"x\"")
            .body(Body::empty()),
        "moved" => answer
            .status(302)
            .header("location", "/elsewhere")
            .body(Body::from("gone")),
        _ => answer.body(Body::from(text)),
    };
    answer.unwrap_or_else(|e| panic!("{e}"))
}

/// Returns the hash of a text in a form that a field can hold. Thus answers without a body also describe the request.
fn hex(text: &str) -> Vec<u8> {
    format!("{:x?}", Sha256::digest(text.as_bytes())).into_bytes()
}
