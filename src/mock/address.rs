//! The parsing and formatting of addresses in the honest mock.

use std::net::IpAddr;

/// Parses an address in any standard spelling. Text with blanks, brackets, a port or a zone index is rejected.
#[must_use]
pub(super) fn read(text: &str) -> Option<IpAddr> {
    text.parse().ok()
}

/// Formats an address as its canonical text (RFC 5952).
#[must_use]
pub(super) fn show(ip: IpAddr) -> String {
    ip.to_string()
}
