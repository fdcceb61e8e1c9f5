//! What bounds an exchange, and how the network is used.

use std::net::SocketAddr;
use std::time::Duration;

use super::proxies::Proxies;

/// Limits on every exchange.
#[derive(Debug, Clone)]
pub struct Limits {
    /// To connect: name look-up, TCP and the TLS handshake together, since the client library has one limit
    /// for all three.
    pub connect: Duration,
    /// From the start of the request to the first byte of the answer.
    pub first_byte: Duration,
    /// From the start of the request to the last byte of the answer, redirects included.
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

/// How connections are made.
#[derive(Debug, Clone, Default)]
pub struct Network {
    /// Certificates to trust beside those of the system, as PEM.
    pub ca_certificates: Vec<Vec<u8>>,
    /// Take any certificate.
    pub insecure: bool,
    /// Addresses for host names, in place of looking them up.
    pub resolve: Vec<(String, SocketAddr)>,
    /// Speak HTTP/2 at once, also without TLS. With TLS the server chooses anyway.
    pub http2: bool,
    /// The proxies that requests go through.
    pub proxies: Proxies,
}
