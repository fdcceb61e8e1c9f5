//! Mappings as the runner compares them: by the address itself, never by its spelling.

use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::contract::{Item, Place, address};

/// What a zone holds.
pub(super) type State = BTreeMap<IpAddr, Place>;

/// A mapping that an expectation names; what it leaves out is not compared.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    pub(super) ip: String,
    pub(super) vendor: Option<String>,
    pub(super) region: Option<String>,
}

impl Wanted {
    pub(super) fn fits(&self, item: &Item<'_>) -> bool {
        let same = |wanted: &Option<String>, found: Option<&str>| {
            wanted.as_deref().is_none_or(|wanted| found == Some(wanted))
        };
        same(&self.vendor, item.vendor) && same(&self.region, item.region)
    }
}

impl std::fmt::Display for Wanted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.ip)?;
        for part in [&self.vendor, &self.region].into_iter().flatten() {
            write!(f, " {part}")?;
        }
        Ok(())
    }
}

/// The address that a server means by a text. Faults of spelling are IP-1's and IP-4's to judge;
/// they must not make a mapping look lost.
pub(super) fn meant(text: &str) -> Option<IpAddr> {
    address::identity(text).or_else(|| {
        let bare = text.trim().trim_start_matches('[');
        let end = bare.find(['/', '%', ']']).unwrap_or(bare.len());
        let bare = &bare[..end];
        let octets = bare.split('.').map(|octet| {
            let digits = octet.trim_start_matches('0');
            if digits.is_empty() && !octet.is_empty() {
                "0"
            } else {
                digits
            }
        });
        address::identity(bare)
            .or_else(|| address::identity(&octets.collect::<Vec<_>>().join(".")))
            .or_else(|| address::identity(&bare.replace("%3A", ":")))
    })
}

/// The address that a server means by an item.
pub(super) fn meant_by(item: &Item<'_>) -> Option<IpAddr> {
    item.identity().or_else(|| meant(item.address?))
}

/// The line of an entry in a message.
pub(super) fn item_text(item: &Item<'_>) -> String {
    let part = |part: Option<&str>| part.unwrap_or("?").to_owned();
    format!(
        "{} {} {}",
        part(item.address),
        part(item.vendor),
        part(item.region)
    )
}
