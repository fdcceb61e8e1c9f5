//! Compares a thousand exchanges through the proxy with the same exchanges without it.

use bytes::Bytes;
use futures_util::StreamExt;
use http::{HeaderValue, Method, Request};
use originproof::audit::Auditor;
use originproof::exchange::Redactor;
use originproof::proxy::{Annotations, Proxy, ProxyConfig, RunningProxy, Upstream};
use test_case::test_case;

use super::client::{Body, Client, Speaks, chunks, empty, request, whole};
use super::upstream::{self, LARGE, noise};

/// Starts a proxy that panics if it finds anything.
pub(crate) async fn proxy(upstream: &str, annotations: Annotations) -> RunningProxy {
    proxy_speaking(upstream, Speaks::Http1, annotations).await
}

async fn proxy_speaking(upstream: &str, speaks: Speaks, annotations: Annotations) -> RunningProxy {
    let mut upstream = Upstream::parse(upstream).unwrap_or_else(|e| panic!("{e}"));
    upstream.speaks_http2 = speaks == Speaks::Http2;
    let mut config = ProxyConfig::new(upstream);
    config.annotations = annotations;
    let auditor = Auditor::new("traffic", Redactor::default());
    Proxy::new(config)
        .serve(([127, 0, 0, 1], 0).into(), auditor, None, |judged| {
            panic!("{judged:?}")
        })
        .await
        .unwrap_or_else(|e| panic!("{e}"))
}

const KINDS: [&str; 10] = [
    "plain",
    "chunked",
    "gzipped",
    "nothing",
    "zero",
    "large",
    "repeated",
    "unchanged",
    "moved",
    "HEAD",
];

/// Returns the request with a number. The requests ask for ten kinds of answers, have five kinds of bodies, and use
/// paths of this API and others, some in odd spellings.
fn varied(number: usize, base: &str) -> Request<Body> {
    let kind = match KINDS[number % 10] {
        // Large bodies are slow, and a few of them suffice.
        "large" if number % 100 != 5 => "plain",
        kind => kind,
    };
    let seed = u8::try_from(number % 251).unwrap_or_default();
    let (method, body) = match (number / 10) % 5 {
        _ if kind == "HEAD" => (Method::HEAD, empty()),
        0 => (Method::GET, empty()),
        1 => (Method::POST, whole(noise(number, seed))),
        2 => {
            let parts = (0..number % 7).map(|part| Bytes::from(noise(100 * part + 1, seed)));
            (Method::PUT, chunks(parts.collect()))
        }
        3 => (Method::DELETE, empty()),
        _ if number % 200 == 45 => (Method::PATCH, whole(noise(LARGE, seed))),
        _ => (Method::PATCH, whole("")),
    };
    let path = match number % 3 {
        0 => format!("/client/v4/zones/z/origin/cloud_regions/{number}/x/{kind}?a=%20&b&a=+"),
        1 => format!("/a/../b/%2e%2E//%c3%a9/{kind}?q={number}"),
        _ => format!("/{kind}"),
    };
    let mut request = request(method, base, &path, body);
    let fields = request.headers_mut();
    if (number / 10) % 5 == 4 && kind != "HEAD" && number % 200 != 45 {
        // Clients announce an empty body in one HTTP version and not in the other.
        fields.append("content-length", HeaderValue::from_static("0"));
    }
    for (name, value) in [
        ("x-z", "1"),
        ("accept", "*/*"),
        ("x-a", "1"),
        ("x-a", "2"),
        ("accept-encoding", "gzip, br"),
    ] {
        fields.append(name, HeaderValue::from_static(value));
    }
    if let Ok(value) = HeaderValue::from_bytes(&[b'v', 0x80 | seed]) {
        fields.append("x-bytes", value);
    }
    request
}

#[test_case(Speaks::Http1, Speaks::Http1, Annotations::Off; "http1")]
#[test_case(Speaks::Http2, Speaks::Http1, Annotations::Off; "from http2 to http1")]
#[test_case(Speaks::Http2, Speaks::Http2, Annotations::Off; "http2")]
#[test_case(Speaks::Http1, Speaks::Http1, Annotations::On; "with annotations")]
#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_exchanges_are_the_same_with_and_without_it(
    speaks: Speaks,
    upstream_speaks: Speaks,
    annotations: Annotations,
) {
    let address = upstream::serve().await;
    let direct = format!("http://{address}");
    let running = proxy_speaking(&direct, upstream_speaks, annotations).await;
    let through = running.url();
    // The server's answer depends on the HTTP version of the request.
    let (with, without) = (Client::new(speaks), Client::new(upstream_speaks));
    // For HTTP/2 and for annotations, 300 exchanges suffice.
    let count = if (speaks, annotations) == (Speaks::Http1, Annotations::Off) {
        1_000
    } else {
        300
    };
    let pairs = futures_util::stream::iter(0..count).map(|number| {
        let (direct, through) = (direct.clone(), through.clone());
        let (with, without) = (with.clone(), without.clone());
        async move {
            let without = without.send(varied(number, &direct)).await;
            let with = with.send(varied(number, &through)).await;
            assert_eq!(with.status, without.status, "{number}");
            assert_eq!(with.fields, without.fields, "{number}");
            assert!(with.body == without.body, "{number}: the bodies differ");
        }
    });
    pairs.buffer_unordered(8).collect::<Vec<()>>().await;
    let ended = running.stop().await.unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(ended.missed, 0);
}

#[tokio::test]
async fn an_upstream_that_is_gone_is_a_502_that_says_so() {
    let gone = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap_or_else(|e| panic!("{e}"));
    let url = format!(
        "http://{}",
        gone.local_addr().unwrap_or_else(|e| panic!("{e}"))
    );
    drop(gone);
    let running = proxy(&url, Annotations::Off).await;
    let client = Client::new(Speaks::Http1);
    let answer = client
        .api(
            "GET",
            format!("{}/zones/z/origin/cloud_regions", running.url()),
            None,
        )
        .await;
    assert_eq!(answer.status, 502);
    assert_eq!(
        answer.field("content-type").as_deref(),
        Some("application/json")
    );
    let message = answer.json()["errors"][0]["message"].to_string();
    assert!(
        message.contains(&url) && message.contains("efused"),
        "{message}"
    );
    let connect = request(Method::OPTIONS, &running.url(), "/", empty());
    assert_eq!(client.send(connect).await.status, 502);
    let ended = running.stop().await;
    assert!(ended.is_ok(), "{ended:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upstream_that_never_answers_is_a_504_that_says_so() {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await;
    let silent = silent.unwrap_or_else(|e| panic!("{e}"));
    let address = silent.local_addr().unwrap_or_else(|e| panic!("{e}"));
    let upstream = Upstream::parse(&format!("http://{address}"));
    let mut config = ProxyConfig::new(upstream.unwrap_or_else(|e| panic!("{e}")));
    config.patience = std::time::Duration::from_millis(50);
    let auditor = Auditor::new("traffic", Redactor::default());
    let running = Proxy::new(config).serve(([127, 0, 0, 1], 0).into(), auditor, None, |_| {});
    let running = running.await.unwrap_or_else(|e| panic!("{e}"));
    let client = Client::new(Speaks::Http1);
    let asked = request(Method::GET, &running.url(), "/zones", empty());
    let answer = client.send(asked).await;
    assert_eq!(answer.status, 504);
    let text = String::from_utf8_lossy(&answer.body).into_owned();
    assert!(text.contains("no answer from"), "{text}");
}
