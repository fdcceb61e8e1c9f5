//! A client that sends requests unchanged and returns everything that it receives.

use std::convert::Infallible;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode, Uri};
use http_body::Frame;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Empty, Full, StreamBody};
use hyper_util::client::legacy::{Client as Http, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;

/// The body of a request.
pub(crate) type Body = BoxBody<Bytes, Infallible>;

pub(crate) fn empty() -> Body {
    Empty::new().boxed()
}

pub(crate) fn whole(bytes: impl Into<Bytes>) -> Body {
    Full::new(bytes.into()).boxed()
}

/// Returns a body whose length is not announced.
pub(crate) fn chunks(chunks: Vec<Bytes>) -> Body {
    let frames = chunks.into_iter().map(|chunk| Ok(Frame::data(chunk)));
    BodyExt::boxed(StreamBody::new(futures_util::stream::iter(frames)))
}

/// An answer as received, except for the fields of the connection and the `date` field.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) fields: Vec<(String, Vec<u8>)>,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn field(&self, name: &str) -> Option<String> {
        let (_, value) = self.fields.iter().find(|(field, _)| field == name)?;
        Some(String::from_utf8_lossy(value).into_owned())
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("{e}: {:?}", self.body))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Speaks {
    Http1,
    Http2,
}

#[derive(Clone)]
pub(crate) struct Client(Http<HttpConnector, Body>);

impl Client {
    pub(crate) fn new(speaks: Speaks) -> Self {
        let mut builder = Http::builder(TokioExecutor::new());
        builder.http2_only(speaks == Speaks::Http2);
        Self(builder.build_http())
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let answer = self.try_to_send(request).await;
        answer.unwrap_or_else(|e| panic!("{e}"))
    }

    /// Sends a request and returns the whole answer, or the error that ended it.
    pub(crate) async fn try_to_send(&self, request: Request<Body>) -> Result<Answer, String> {
        let answer = self.0.request(request).await;
        let (head, body) = answer.map_err(|e| format!("{e:?}"))?.into_parts();
        let body = body.collect().await.map_err(|e| format!("{e:?}"))?;
        Ok(Answer {
            status: head.status,
            fields: fields(&head.headers),
            body: body.to_bytes(),
        })
    }

    /// Sends a request and returns the answer before its body is complete.
    pub(crate) async fn begin(
        &self,
        request: Request<Body>,
    ) -> http::Response<hyper::body::Incoming> {
        let answer = self.0.request(request).await;
        answer.unwrap_or_else(|e| panic!("{e:?}"))
    }

    /// Sends a request of the API with the token of the tests.
    pub(crate) async fn api(
        &self,
        method: &str,
        url: String,
        json: Option<serde_json::Value>,
    ) -> Answer {
        let request = Request::builder()
            .method(method)
            .uri(url)
            .header("authorization", "Bearer mock-token")
            .header("accept-encoding", "gzip")
            .header("content-type", "application/json");
        let body = json.map_or_else(empty, |json| whole(json.to_string()));
        self.send(request.body(body).unwrap_or_else(|e| panic!("{e}")))
            .await
    }
}

fn fields(map: &HeaderMap) -> Vec<(String, Vec<u8>)> {
    map.iter()
        .filter(|(name, _)| !["date", "connection", "transfer-encoding"].contains(&name.as_str()))
        .map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec()))
        .collect()
}

pub(crate) fn request(method: Method, base: &str, path: &str, body: Body) -> Request<Body> {
    let uri: Uri = format!("{base}{path}")
        .parse()
        .unwrap_or_else(|e| panic!("{e}"));
    let mut request = Request::new(body);
    *request.method_mut() = method;
    *request.uri_mut() = uri;
    request
}
