//! The limits of an exchange, and the settings of the network.

use std::net::SocketAddr;
use std::time::Duration;

use super::proxies::Proxies;

/// Limits on every exchange.
#[derive(Debug, Clone)]
pub struct Limits {
    /// The time to connect: name look-up, TCP and the TLS handshake together, because the client library has one limit
    /// for all three.
    pub connect: Duration,
    /// The time from the start of the request to the first byte of the answer.
    pub first_byte: Duration,
    /// The time from the start of the request to the last byte of the answer, redirects included.
    pub exchange: Duration,
    /// The largest body after content decoding, in bytes.
    pub body: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            first_byte: Duration::from_secs(30),
            exchange: Duration::from_secs(30),
            body: 32 * 1024 * 1024,
        }
    }
}

/// The settings for connections.
#[derive(Debug, Clone, Default)]
pub struct Network {
    /// Certificates to trust besides those of the system, as PEM.
    pub ca_certificates: Vec<Vec<u8>>,
    /// Whether any certificate is accepted.
    pub insecure: bool,
    /// Addresses of host names, which are used instead of looking them up.
    pub resolve: Vec<(String, SocketAddr)>,
    /// Whether HTTP/2 is spoken from the start, also without TLS. With TLS the server chooses anyway.
    pub http2: bool,
    /// The proxies that requests go through.
    pub proxies: Proxies,
}
