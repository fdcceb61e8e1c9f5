//! The only user of the HTTP client: one request in, one [`crate::exchange::Exchange`] out, within
//! limits of time and size. Knows nothing of the contract.

mod client;
mod error;
mod url;

pub use client::{Client, Limits, Outgoing, RequestLog};
pub use error::{TransportError, TransportFault};
pub use url::{encode_segment, query_string};
