//! How the honest mock reads an address.

use std::net::IpAddr;

/// The address of a text in any standard spelling; blanks, brackets, ports and zone indexes are
/// no part of one.
#[must_use]
pub(super) fn read(text: &str) -> Option<IpAddr> {
    text.parse().ok()
}

/// The canonical text (RFC 5952).
#[must_use]
pub(super) fn show(ip: IpAddr) -> String {
    ip.to_string()
}
