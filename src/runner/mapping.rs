//! Mappings as the runner compares them: by the address and not by its spelling.

use std::net::IpAddr;

use crate::contract::{Item, Place};

/// A mapping that an expectation names. Members that it leaves out are not compared.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    pub(super) ip: String,
    pub(super) vendor: Option<String>,
    pub(super) region: Option<String>,
}

impl Wanted {
    /// Returns a mapping with all its members.
    pub(super) fn new(ip: IpAddr, place: &Place) -> Self {
        Self {
            ip: ip.to_string(),
            vendor: Some(place.vendor.clone()),
            region: Some(place.region.clone()),
        }
    }

    pub(super) fn fits(&self, item: &Item<'_>) -> bool {
        let same = |wanted: &Option<String>, found: Option<&str>| {
            wanted.as_deref().is_none_or(|wanted| found == Some(wanted))
        };
        same(&self.vendor, item.vendor) && same(&self.region, item.region)
    }

    /// Returns its place, if it names one.
    pub(super) fn place(&self) -> Option<Place> {
        Some(Place {
            vendor: self.vendor.clone()?,
            region: self.region.clone()?,
        })
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

/// Returns the text of an entry for a message.
pub(super) fn item_text(item: &Item<'_>) -> String {
    let part = |part: Option<&str>| part.unwrap_or("?").to_owned();
    format!(
        "{} {} {}",
        part(item.address),
        part(item.vendor),
        part(item.region)
    )
}
