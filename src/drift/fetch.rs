//! Fetches a description from the network.

use std::time::Duration;

use bytes::Bytes;

use super::error::DriftError;
use crate::transport::{Client, Limits, Network, Outgoing, Pace, Proxies};

/// The time limit for the whole document, which is over 10 MB.
const WHOLE: Duration = Duration::from_mins(2);

/// Fetches a document. The usual limits apply, except for a longer time and a larger body. No credentials are sent.
///
/// # Errors
/// [`DriftError::Fetch`] if no complete answer came, [`DriftError::Status`] if it was not 200.
pub async fn fetch(url: &str, proxies: Proxies) -> Result<Bytes, DriftError> {
    let limits = Limits {
        exchange: WHOLE,
        body: 4 * Limits::default().body,
        ..Limits::default()
    };
    let network = Network {
        proxies,
        ..Network::default()
    };
    let client = Client::new(limits, &network, &Pace::default()).map_err(DriftError::Fetch)?;
    let outgoing = Outgoing {
        method: "GET".to_owned(),
        url: url.to_owned(),
        is_document: true,
        ..Outgoing::default()
    };
    let exchange = client.send(&outgoing).await.map_err(DriftError::Fetch)?;
    match exchange.response.status {
        200 => Ok(exchange.response.body),
        status => Err(DriftError::Status(status)),
    }
}
