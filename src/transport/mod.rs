//! The only user of the HTTP client. It turns one request into one [`crate::exchange::Exchange`], within limits of time
//! and size. It knows nothing of the contract.

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
