//! How answers travel: choices that HTTP leaves to a server.

use std::time::Duration;

/// The named choices of the HTTP layer.
#[derive(Debug, Clone)]
pub struct Wire {
    /// The media type of every answer.
    pub content_type: &'static str,
    /// Compress with gzip where the client accepts it.
    pub gzip: bool,
    /// Send bodies without a length, in several chunks.
    pub chunked: bool,
    /// Close the connection after each answer.
    pub close: bool,
    /// Wait before each answer.
    pub delay: Duration,
    /// Answer each n-th request with 429 and this `retry-after`, in seconds.
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
