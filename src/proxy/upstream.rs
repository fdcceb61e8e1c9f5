//! The server behind the proxy: its URL, and the client that keeps connections to it.

use std::sync::Arc;
use std::time::Duration;

use http::Uri;
use http::uri::{Authority, Parts, PathAndQuery, Scheme};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::{TokioExecutor, TokioTimer};

use super::body::Passed;
use crate::exchange::{Redactor, check_no_user};

/// The longest time to connect, in one attempt.
const CONNECT: Duration = Duration::from_secs(10);
/// The time for which an unused connection is kept; servers commonly close them after a minute.
const IDLE: Duration = Duration::from_secs(20);
/// The window of an HTTP/2 stream, in bytes. The default of 64 KiB makes large bodies wait for acknowledgements.
const WINDOW: u32 = 1024 * 1024;

/// The client that connects to the upstream.
pub(super) type HttpClient = Client<HttpsConnector<HttpConnector>, Passed>;

/// The reason why an upstream can't be used.
#[derive(Debug, thiserror::Error)]
pub enum UpstreamError {
    /// The text is not a URL, or it says more than where the server is.
    #[error("`{url}` is not the URL of an upstream: {why}")]
    Url {
        /// The URL that was given.
        url: String,
        /// A description of what is wrong with it.
        why: String,
    },
    /// TLS can't be set up.
    #[error("can't set up TLS: {0}")]
    Tls(#[from] std::io::Error),
}

/// The server that requests go to.
#[derive(Debug, Clone)]
pub struct Upstream {
    scheme: Scheme,
    authority: Authority,
    /// The path prefix of each request; empty, or without a slash at its end.
    prefix: String,
    /// Whether HTTP/2 is spoken from the start, also without TLS.
    pub speaks_http2: bool,
}

impl Upstream {
    /// Parses a URL with a scheme and a host. It may have a path, which is put before each request's own path.
    ///
    /// # Errors
    /// [`UpstreamError::Url`].
    pub fn parse(url: &str) -> Result<Self, UpstreamError> {
        let wrong = |why: &str| UpstreamError::Url {
            // The message must not repeat a password in the URL or a key in its query.
            url: Redactor::default().url(url),
            why: why.to_owned(),
        };
        if check_no_user(url).is_err() {
            return Err(wrong(
                "it contains a user name or a password: remove them, since clients send their own credentials",
            ));
        }
        let uri: Uri = url.parse().map_err(|error| wrong(&format!("{error}")))?;
        let Parts {
            scheme,
            authority,
            path_and_query,
            ..
        } = uri.into_parts();
        let (Some(scheme), Some(authority)) = (scheme, authority) else {
            return Err(wrong(
                "it needs a scheme and a host, as in https://api.example.com",
            ));
        };
        if scheme != Scheme::HTTP && scheme != Scheme::HTTPS {
            return Err(wrong("its scheme is neither http nor https"));
        }
        if url.contains(['?', '#']) {
            return Err(wrong("it has more than a path after the host"));
        }
        let prefix = path_and_query.map_or_else(String::new, |path| {
            path.path().trim_end_matches('/').to_owned()
        });
        Ok(Self {
            scheme,
            authority,
            prefix,
            speaks_http2: false,
        })
    }

    /// Returns the URL, without a slash at the end.
    #[must_use]
    pub fn url(&self) -> String {
        format!("{}://{}{}", self.scheme, self.authority, self.prefix)
    }

    /// Returns the value of the field `host` for each request.
    pub(super) fn authority(&self) -> &str {
        self.authority.as_str()
    }

    /// Returns a request's URL at the upstream. Its path and query keep their spelling.
    pub(super) fn place(&self, asked: &Uri) -> Result<Uri, http::Error> {
        let below = asked.path_and_query().map_or("/", PathAndQuery::as_str);
        let path = if self.prefix.is_empty() {
            below.to_owned()
        } else {
            format!("{}{below}", self.prefix)
        };
        Uri::builder()
            .scheme(self.scheme.clone())
            .authority(self.authority.clone())
            .path_and_query(path)
            .build()
    }

    pub(super) fn client(&self) -> Result<HttpClient, UpstreamError> {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_connect_timeout(Some(CONNECT));
        let tls = HttpsConnectorBuilder::new()
            .with_provider_and_platform_verifier(
                Arc::new(rustls::crypto::ring::default_provider()),
            )?
            .https_or_http()
            .enable_all_versions()
            .wrap_connector(tcp);
        Ok(Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE)
            .http1_preserve_header_case(true)
            .http2_only(self.speaks_http2)
            .http2_initial_stream_window_size(WINDOW)
            .http2_initial_connection_window_size(4 * WINDOW)
            .build(tls))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use test_case::test_case;

    #[test_case("api.example.com"; "no scheme")]
    #[test_case("ftp://api.example.com"; "another scheme")]
    #[test_case("https://user:secret@api.example.com"; "credentials")]
    #[test_case("https:/user:secret@api.example.com"; "credentials behind one slash")]
    #[test_case("user:secret@api.example.com"; "credentials without a scheme")]
    #[test_case("https://api.example.com/?key=secret"; "a key in the query")]
    #[test_case("https://api.example.com/?a=b"; "a query")]
    fn what_is_no_upstream_is_refused(url: &str) {
        let error = Upstream::parse(url).map(|upstream| upstream.url());
        let text = error.map_or_else(|error| error.to_string(), |url| panic!("{url}"));
        assert!(
            text.contains("not the URL of an upstream") && !text.contains("secret"),
            "{text}"
        );
    }

    #[test_case("http://h:1", "/a/../b%2f?x=%20&x", "http://h:1/a/../b%2f?x=%20&x"; "without a path")]
    #[test_case("http://h/client/v4/", "/zones", "http://h/client/v4/zones"; "with a path")]
    #[test_case("http://h", "http://other/a", "http://h/a"; "a request to a proxy")]
    fn a_path_stays_as_it_is_spelled(upstream: &str, asked: &str, sent: &str) {
        let upstream = Upstream::parse(upstream).unwrap_or_else(|error| panic!("{error}"));
        let asked: Uri = asked.parse().unwrap_or_else(|error| panic!("{error}"));
        let place = upstream
            .place(&asked)
            .unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(place.to_string(), sent);
    }
}
