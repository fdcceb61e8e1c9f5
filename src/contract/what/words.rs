//! The sentences about differences. Only this module writes them.

use std::fmt::Write;
use std::net::IpAddr;

use super::super::place::Place;
use super::{Evidence, MissingPart, What};

/// The maximum number of differences of a list that one sentence names.
const LISTED: usize = 4;

impl MissingPart {
    fn said(self) -> &'static str {
        match self {
            Self::Member => "no such member",
            Self::Header => "no such header",
            Self::List => "no list",
            Self::Mapping => "no mapping",
            Self::Answer => "another answer",
        }
    }
}

impl What {
    /// Returns the lawful value or behaviour, in words.
    #[must_use]
    pub fn expected(&self) -> String {
        match self {
            Self::Answer { lawful, .. } => lawful.clone(),
            Self::Accepted { why, .. } => why.clone(),
            Self::Missing { wanted, .. } => wanted.clone(),
            Self::Unexpected { rule, .. } | Self::Repeated { rule, .. } => rule.clone(),
            Self::Value { expected, .. }
            | Self::Form { expected, .. }
            | Self::Order { expected, .. }
            | Self::Items { expected, .. } => expected.clone(),
            Self::Count {
                things,
                expected,
                at_most,
                ..
            } => {
                let bound = if *at_most { "at most " } else { "" };
                format!("{bound}{expected} {things}")
            }
            Self::Mapping {
                ip,
                expected,
                evidence,
                ..
            } => {
                let mapping = mapped(*ip, expected.as_ref());
                match evidence {
                    Evidence::Case => mapping,
                    Evidence::OtherGeneration => {
                        format!("{mapping} through the other generation too")
                    }
                    Evidence::Pages => format!("{mapping} on one of the pages"),
                    Evidence::Accepted => format!("{mapping}, which was answered with 200"),
                    Evidence::History => {
                        format!("{mapping}, as earlier exchanges of the zone show")
                    }
                    Evidence::LaterRead => format!(
                        "{mapping}, as it was written and as a later answer of another operation shows"
                    ),
                    Evidence::Deleted => format!("{mapping}, since it was deleted"),
                }
            }
        }
    }

    /// Returns the value or behaviour that was found, in words.
    #[must_use]
    pub fn found(&self) -> String {
        match self {
            Self::Answer { answered, .. } => answered.to_string(),
            Self::Accepted { accepted, .. } => format!("{accepted} was accepted"),
            Self::Missing { part, .. } => part.said().to_owned(),
            Self::Unexpected { found, .. }
            | Self::Value { found, .. }
            | Self::Form { found, .. }
            | Self::Repeated { found, .. }
            | Self::Order { found, .. } => found.clone(),
            Self::Count { found, .. } => found.to_string(),
            Self::Mapping { ip, found, .. } => mapped(*ip, found.as_ref()),
            Self::Items {
                missing,
                changed,
                surplus,
                ..
            } => {
                let missing = missing.iter().map(|item| format!("{item} is missing"));
                let changed = changed.iter();
                let changed =
                    changed.map(|(found, wanted)| format!("{found} in place of {wanted}"));
                let surplus = surplus.iter().map(|item| format!("{item} is unexpected"));
                let mut all: Vec<String> = missing.chain(changed).chain(surplus).collect();
                let rest = all.len().saturating_sub(LISTED);
                all.truncate(LISTED);
                let mut text = all.join("; ");
                if rest > 0 {
                    let _ = write!(text, " and {rest} more");
                }
                text
            }
        }
    }
}

/// Returns the mapping of an address in words.
#[must_use]
pub fn mapped(ip: IpAddr, place: Option<&Place>) -> String {
    place.map_or_else(
        || format!("no mapping of {ip}"),
        |place| format!("{ip} {place}"),
    )
}
