//! How answers are sent: the choices that HTTP leaves to a server.

use std::time::Duration;

/// The named choices of the HTTP layer.
#[derive(Debug, Clone)]
pub struct Wire {
    /// The media type of every answer.
    pub content_type: &'static str,
    /// True to compress with gzip where the client accepts it.
    pub gzip: bool,
    /// True to send bodies without a length, in several chunks.
    pub chunked: bool,
    /// True to close the connection after each answer.
    pub close: bool,
    /// The delay before each answer.
    pub delay: Duration,
    /// The rate limit `(n, s)`: each n-th request is answered with 429 and a `retry-after` of `s` seconds.
    pub throttle: Option<(u64, u64)>,
}

impl Default for Wire {
    fn default() -> Self {
        Self {
            content_type: "application/json",
            gzip: false,
            chunked: false,
            close: false,
            delay: Duration::ZERO,
            throttle: None,
        }
    }
}
