//! Recordings contain no credentials, whatever the content coding and the character set.

use std::io::{Read, Seek, SeekFrom};

use axum::Router;
use axum::body::{Body as AxumBody, to_bytes};
use axum::extract::Request as AxumRequest;
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::read::{GzEncoder, ZlibEncoder};
use http::{Method, Request};
use originproof::audit::Auditor;
use originproof::exchange::Redactor;
use originproof::proxy::{Proxy, ProxyConfig, RecordTo, Upstream};
use serde_json::Value;
use test_case::test_case;
use tokio::net::TcpListener;

use super::checking::Shared;
use super::client::{Client, Speaks, request, whole};

const SECRET: &str = "s3cret-of-the-traffic";

fn packed(coding: &str, body: &[u8]) -> Vec<u8> {
    let level = Compression::default();
    let mut packed = Vec::new();
    let read = match coding {
        "gzip" => GzEncoder::new(body, level).read_to_end(&mut packed),
        "deflate" => ZlibEncoder::new(body, level).read_to_end(&mut packed),
        "br" => brotli::CompressorReader::new(body, 4_096, 5, 20).read_to_end(&mut packed),
        "zstd" => {
            let level = ruzstd::encoding::CompressionLevel::Fastest;
            packed = ruzstd::encoding::compress_to_vec(body, level);
            Ok(0)
        }
        // A coding that is never decoded: only its name matters here.
        _ => {
            packed.extend(body);
            Ok(0)
        }
    };
    read.unwrap_or_else(|e| panic!("{e}"));
    packed
}

/// Serves each request's body as the answer, with the same type and coding, until the runtime ends.
async fn echo() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await;
    let listener = listener.unwrap_or_else(|e| panic!("{e}"));
    let address = listener.local_addr().unwrap_or_else(|e| panic!("{e}"));
    let answer = |request: AxumRequest| async {
        let (head, body) = request.into_parts();
        let bytes = to_bytes(body, usize::MAX).await;
        let mut response = Response::new(AxumBody::from(bytes.unwrap_or_else(|e| panic!("{e}"))));
        for name in ["content-type", "content-encoding"] {
            for value in head.headers.get_all(name) {
                let name = http::HeaderName::from_static(name);
                response.headers_mut().append(name, value.clone());
            }
        }
        if let Some(value) = head.headers.get("x-api-key") {
            response.headers_mut().append("x-echo", value.clone());
        }
        response
    };
    let router = Router::new().fallback(answer);
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}")
}

/// Records one request; returns the only entry of the recording, and the recording as text.
async fn recorded(sent: impl FnOnce(&str) -> Request<super::client::Body>) -> (Value, String) {
    let upstream = Upstream::parse(&echo().await).unwrap_or_else(|e| panic!("{e}"));
    let recording = Shared::default();
    let auditor = Auditor::new("traffic", Redactor::default());
    let out = RecordTo::Stream(Box::new(recording.clone()));
    let any = ([127, 0, 0, 1], 0).into();
    let running = Proxy::new(ProxyConfig::new(upstream)).serve(any, auditor, Some(out), |_| {});
    let running = running.await.unwrap_or_else(|e| panic!("{e}"));
    let request = sent(&running.url());
    let expected = Client::new(Speaks::Http1).send(request).await;
    assert_eq!(expected.status, 200);
    let ended = running.stop().await.unwrap_or_else(|e| panic!("{e}"));
    assert!(ended.recording.is_ok());
    let text = String::from_utf8_lossy(&recording.bytes()).into_owned();
    let har: Value = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{e}: {text}"));
    (har["log"]["entries"][0].clone(), text)
}

/// Returns the bytes of a recorded body; `None` if it was not recorded.
fn body(content: &Value) -> Option<Vec<u8>> {
    let text = content["text"].as_str()?;
    if content["encoding"] == "base64" {
        return Some(STANDARD.decode(text).unwrap_or_else(|e| panic!("{e}")));
    }
    Some(text.as_bytes().to_vec())
}

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

#[test_case("", "application/json", format!("<{SECRET}>").into_bytes(), Some(b"<***>".to_vec()); "plain")]
#[test_case("gzip", "application/json", format!("<{SECRET}>").into_bytes(), Some(b"<***>".to_vec()); "gzip")]
#[test_case("deflate", "application/json", format!("<{SECRET}>").into_bytes(), Some(b"<***>".to_vec()); "deflate")]
#[test_case("deflate,gzip", "application/json", format!("<{SECRET}>").into_bytes(), Some(b"<***>".to_vec()); "two codings")]
#[test_case("br", "application/json", format!("<{SECRET}>").into_bytes(), Some(b"<***>".to_vec()); "brotli")]
#[test_case("zstd", "application/json", format!("<{SECRET}>").into_bytes(), Some(b"<***>".to_vec()); "zstandard")]
#[test_case("compress", "application/json", format!("<{SECRET}>").into_bytes(), None; "a coding that is not unpacked")]
#[test_case("", "text/plain; charset=utf-16le", utf16(&format!("<{SECRET}>")), Some(utf16("<***>")); "utf 16")]
#[test_case("gzip", "text/plain", [b"\xff\xfe\xe4", SECRET.as_bytes()].concat(), Some(b"\xff\xfe\xe4***".to_vec()); "bytes that are not utf 8, packed")]
#[test_case("", "text/plain", STANDARD.encode(format!("user:{SECRET}")).into_bytes(), Some(b"dXNlcj***".to_vec()); "base64")]
#[tokio::test(flavor = "multi_thread")]
async fn a_secret_is_masked_in_both_bodies_or_the_body_is_not_recorded(
    coding: &str,
    media: &str,
    sent: Vec<u8>,
    kept: Option<Vec<u8>>,
) {
    let codings: Vec<&str> = coding.split(',').filter(|name| !name.is_empty()).collect();
    let packed = codings
        .iter()
        .fold(sent, |body, coding| packed(coding, &body));
    let (entry, text) = recorded(|url| {
        let mut request = request(Method::POST, url, "/anything", whole(packed));
        let headers = request.headers_mut();
        for name in codings {
            let value = http::HeaderValue::from_str(name).unwrap_or_else(|e| panic!("{e}"));
            headers.append("content-encoding", value);
        }
        let media = http::HeaderValue::from_str(media).unwrap_or_else(|e| panic!("{e}"));
        headers.append("content-type", media);
        headers.append("x-api-key", http::HeaderValue::from_static(SECRET));
        request
    })
    .await;
    assert!(!text.contains(SECRET), "{text}");
    assert_eq!(body(&entry["response"]["content"]), kept, "{text}");
    assert_eq!(body(&entry["request"]["postData"]), kept, "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn fields_and_query_members_that_are_not_known_to_be_harmless_are_masked() {
    let (entry, text) = recorded(|url| {
        let path = format!("/anything?access_token={SECRET}&page=2");
        let mut request = request(
            Method::POST,
            url,
            &path,
            whole("other-s3cret and c00kie-value"),
        );
        let headers = request.headers_mut();
        for (name, value) in [
            ("x-api-key", "short"),
            ("x-api-key", "other-s3cret"),
            ("cookie", "a=1; session=c00kie-value"),
            ("cf-access-client-secret", SECRET),
            ("x-nobody-knows", SECRET),
            ("user-agent", "some-client/1.0"),
        ] {
            headers.append(name, http::HeaderValue::from_static(value));
        }
        request
    })
    .await;
    for secret in [SECRET, "other-s3cret", "c00kie-value", "short"] {
        assert!(!text.contains(secret), "{secret}: {text}");
    }
    assert!(text.contains("some-client/1.0"), "{text}");
    let url = entry["request"]["url"].as_str().unwrap_or_default();
    assert!(url.ends_with("/anything?access_token=***&page=2"), "{url}");
    assert_eq!(entry["request"]["postData"]["text"], "*** and ***");
}

/// Sends a number of requests through a proxy that records into a file.
async fn recorded_in_a_file(file: std::fs::File, requests: usize) -> originproof::proxy::Ended {
    let upstream = Upstream::parse(&echo().await).unwrap_or_else(|e| panic!("{e}"));
    let mut config = ProxyConfig::new(upstream);
    // Much less memory than all requests need together, so that they have to wait.
    config.budget = 64 * 1024;
    let auditor = Auditor::new("traffic", Redactor::default());
    let any = ([127, 0, 0, 1], 0).into();
    let to = Some(RecordTo::File(file));
    let running = Proxy::new(config).serve(any, auditor, to, |_| {});
    let running = running.await.unwrap_or_else(|e| panic!("{e}"));
    let url = running.url();
    let client = Client::new(Speaks::Http1);
    for number in 0..requests {
        let body = whole(format!("{{\"number\": {number}}}"));
        let request = request(Method::POST, &url, "/anything", body);
        assert_eq!(client.send(request).await.status, 200);
    }
    running.stop().await.unwrap_or_else(|e| panic!("{e}"))
}

fn entries(file: &mut std::fs::File) -> usize {
    let mut text = String::new();
    file.seek(SeekFrom::Start(0))
        .and_then(|_| file.read_to_string(&mut text))
        .unwrap_or_else(|e| panic!("{e}"));
    let har: Value = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{e}: {text}"));
    har["log"]["entries"].as_array().map_or(0, Vec::len)
}

#[tokio::test(flavor = "multi_thread")]
async fn no_exchange_is_missing_in_a_recording_however_little_memory_there_is() {
    let file = tempfile::tempfile().unwrap_or_else(|e| panic!("{e}"));
    let mut copy = file.try_clone().unwrap_or_else(|e| panic!("{e}"));
    let ended = recorded_in_a_file(file, 500).await;
    assert_eq!((ended.missed, ended.dropped), (0, 0));
    assert_eq!(entries(&mut copy), 500);
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn what_a_full_disk_did_not_take_is_counted() {
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full");
    let ended = recorded_in_a_file(full.unwrap_or_else(|e| panic!("{e}")), 3).await;
    assert_eq!(ended.dropped, 3);
    assert!(ended.recording.is_err());
}
