//! Behavior that is visible only on the wire: spelling, streaming, answers that break off.

use bytes::Bytes;
use http::Method;
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};
use originproof::proxy::Annotations;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::client::{Client, Speaks, empty, request};
use super::passing::proxy;

async fn listener() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await;
    let listener = listener.unwrap_or_else(|e| panic!("{e}"));
    let address = listener.local_addr().unwrap_or_else(|e| panic!("{e}"));
    (listener, format!("http://{address}"))
}

/// Reads until the received bytes end with a text.
async fn read_until(stream: &mut TcpStream, end: &str) -> String {
    let mut bytes = Vec::new();
    while !bytes.ends_with(end.as_bytes()) {
        let read = stream
            .read_buf(&mut bytes)
            .await
            .unwrap_or_else(|e| panic!("{e}"));
        assert!(read > 0, "{}", String::from_utf8_lossy(&bytes));
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

async fn write(stream: &mut TcpStream, text: &str) {
    let written = stream.write_all(text.as_bytes()).await;
    written.unwrap_or_else(|e| panic!("{e}"));
}

#[tokio::test]
async fn fields_and_reasons_keep_their_spelling() {
    let (listener, url) = listener().await;
    let running = proxy(&url, Annotations::Off).await;
    let mut client = TcpStream::connect(running.address)
        .await
        .unwrap_or_else(|e| panic!("{e}"));
    let asked = "GET /A%2fb/../?x=%zz HTTP/1.1\r\nX-OnE: 1\r\nHOST: proxy\r\naccept: a\r\nX-oNe: 2\r\n\
                 Connection: X-Hop\r\nX-Hop: 1\r\n\r\n";
    let said = "HTTP/1.1 299 Odd Reason\r\nServer: x\r\neTAG: \"1\"\r\nContent-Length: 2\r\nKeep-Alive: timeout=5\r\n\r\n{}";
    let (got, ()) = tokio::join!(
        async {
            let (mut stream, _) = listener.accept().await.unwrap_or_else(|e| panic!("{e}"));
            let got = read_until(&mut stream, "\r\n\r\n").await;
            write(&mut stream, said).await;
            got
        },
        async {
            write(&mut client, asked).await;
            let got = read_until(&mut client, "{}").await;
            assert_eq!(got, said.replace("Keep-Alive: timeout=5\r\n", ""));
        }
    );
    let host = url.trim_start_matches("http://");
    // Fields with the same name are sent next to each other, which RFC 9110 allows for lists.
    let expected = format!(
        "GET /A%2fb/../?x=%zz HTTP/1.1\r\nX-OnE: 1\r\nX-oNe: 2\r\nHOST: {host}\r\naccept: a\r\n\r\n"
    );
    assert_eq!(got, expected);
}

#[tokio::test]
async fn both_ways_stream_without_waiting_for_the_end() {
    let (listener, url) = listener().await;
    let running = proxy(&url, Annotations::Off).await;
    let (sender, mut parts) = tokio::sync::mpsc::channel::<Bytes>(1);
    let stream = futures_util::stream::poll_fn(move |context| {
        parts
            .poll_recv(context)
            .map(|part| Some(Ok(Frame::data(part?))))
    });
    let body = BodyExt::boxed(StreamBody::new(stream));
    let client = Client::new(Speaks::Http1);
    let asked = request(
        Method::PUT,
        &running.url(),
        "/zones/z/origin/cloud_regions",
        body,
    );
    let send = |text: &'static str| {
        let sender = sender.clone();
        async move {
            sender
                .send(Bytes::from(text))
                .await
                .unwrap_or_else(|e| panic!("{e}"));
        }
    };
    let upstream = async {
        let (mut stream, _) = listener.accept().await.unwrap_or_else(|e| panic!("{e}"));
        read_until(&mut stream, "first\r\n").await;
        write(
            &mut stream,
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\none\r\n",
        )
        .await;
        read_until(&mut stream, "second\r\n").await;
        // After the second part of the request, the server ends its answer while the request goes on.
        write(&mut stream, "3\r\ntwo\r\n0\r\n\r\n").await;
        stream
    };
    let downstream = async {
        send("first").await;
        let mut answer = client.begin(asked).await.into_body();
        let mut next = async || {
            let frame = answer.frame().await.and_then(Result::ok);
            frame.and_then(|frame| frame.into_data().ok())
        };
        assert_eq!(next().await.as_deref(), Some(&b"one"[..]));
        send("second").await;
        assert_eq!(next().await.as_deref(), Some(&b"two"[..]));
        assert_eq!(next().await, None);
    };
    let (_stream, ()) = tokio::join!(upstream, downstream);
}

#[tokio::test]
async fn an_answer_that_breaks_off_breaks_off_for_the_client_too() {
    for annotations in [Annotations::Off, Annotations::On] {
        let (listener, url) = listener().await;
        let running = proxy(&url, annotations).await;
        let client = Client::new(Speaks::Http1);
        let path = "/zones/z/origin/cloud_regions";
        let upstream = async {
            let (mut stream, _) = listener.accept().await.unwrap_or_else(|e| panic!("{e}"));
            read_until(&mut stream, "\r\n\r\n").await;
            write(
                &mut stream,
                "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\none\r\n",
            )
            .await;
        };
        let asked = request(Method::GET, &running.url(), path, empty());
        let downstream = async {
            let answer = client.try_to_send(asked).await;
            assert!(answer.is_err(), "{answer:?}");
        };
        tokio::join!(upstream, downstream);
        let ended = running.stop().await;
        assert!(ended.is_ok(), "{ended:?}");
    }
}

#[test_case::test_case(""; "none")]
#[test_case::test_case("Host: a\r\nHost: b\r\n"; "two")]
#[test_case::test_case("Host: a\r\nhOST: a\r\n"; "the same twice")]
#[tokio::test]
async fn a_request_without_one_host_is_refused(fields: &str) {
    let (_listener, url) = listener().await;
    let running = proxy(&url, Annotations::Off).await;
    let mut client = TcpStream::connect(running.address)
        .await
        .unwrap_or_else(|e| panic!("{e}"));
    write(&mut client, &format!("GET /x HTTP/1.1\r\n{fields}\r\n")).await;
    let got = read_until(&mut client, "\"success\":false}").await;
    assert!(got.starts_with("HTTP/1.1 400 "), "{got}");
}

#[tokio::test]
async fn a_length_beside_a_transfer_encoding_is_dropped() {
    let (listener, url) = listener().await;
    let running = proxy(&url, Annotations::Off).await;
    let upstream = async {
        let (mut stream, _) = listener.accept().await.unwrap_or_else(|e| panic!("{e}"));
        read_until(&mut stream, "\r\n\r\n").await;
        write(
            &mut stream,
            "HTTP/1.1 200 OK\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n6\r\nabcdef\r\n0\r\n\r\n",
        )
        .await;
        stream
    };
    let downstream = async {
        let mut client = TcpStream::connect(running.address)
            .await
            .unwrap_or_else(|e| panic!("{e}"));
        write(&mut client, "GET /x HTTP/1.1\r\nHost: a\r\n\r\n").await;
        read_until(&mut client, "\r\n0\r\n\r\n").await
    };
    let (_stream, got) = tokio::join!(upstream, downstream);
    assert!(!got.contains("content-length"), "{got}");
    assert!(got.contains("abcdef"), "{got}");
}

#[tokio::test]
async fn a_body_that_the_client_spoils_is_the_clients_fault() {
    let (listener, url) = listener().await;
    let running = proxy(&url, Annotations::Off).await;
    let upstream = async {
        let (mut stream, _) = listener.accept().await.unwrap_or_else(|e| panic!("{e}"));
        // The upstream connection is closed, whatever part of the request arrived.
        let _ = stream.read_to_end(&mut Vec::new()).await;
    };
    let downstream = async {
        let mut client = TcpStream::connect(running.address)
            .await
            .unwrap_or_else(|e| panic!("{e}"));
        let request = "PUT /x HTTP/1.1\r\nHost: a\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n";
        write(&mut client, request).await;
        read_until(&mut client, "\"success\":false}").await
    };
    let ((), got) = tokio::join!(upstream, downstream);
    assert!(got.starts_with("HTTP/1.1 400 "), "{got}");
    assert!(got.contains("the body of the request"), "{got}");
}
