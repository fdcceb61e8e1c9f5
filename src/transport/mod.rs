//! The only user of the HTTP client: one request in, one [`crate::exchange::Exchange`] out, within
//! limits of time and size. Knows nothing of the contract.

mod client;
mod error;
mod limits;
mod pace;
mod proxies;
mod url;

pub use client::{Client, Outgoing, RequestLog};
pub use error::{TransportError, TransportFault};
pub use limits::{Limits, Network};
pub use pace::{Pace, Purpose, Rate, asked_wait, parse_duration};
pub use proxies::{Proxies, Proxy, ProxyFor};
pub use url::{encode_segment, query_string};
