//! Why a target can't be tested, or a zone not be put back.

use super::custody::JournalError;
use crate::transport::TransportError;

/// Why a target can't be tested.
#[derive(Debug, thiserror::Error)]
pub enum TargetError {
    /// The URL is none.
    #[error("`{0}` is no URL of a target: write it whole, such as http://127.0.0.1:8080/client/v4")]
    Url(String),
    /// There are no credentials.
    #[error(
        "there are no credentials for {0}: set CLOUDFLARE_API_TOKEN, or CLOUDFLARE_EMAIL with CLOUDFLARE_API_KEY"
    )]
    NoCredentials(String),
    /// The target did not answer the first request.
    #[error("the target at {url} is out of reach: {source}")]
    Unreachable {
        /// Where.
        url: String,
        /// How it failed.
        source: TransportError,
    },
    /// The target refuses the credentials.
    #[error("the target at {url} refuses the credentials (status {status}): {said}")]
    Refused {
        /// Where.
        url: String,
        /// Its status.
        status: u16,
        /// The start of its answer.
        said: String,
    },
    /// The target, or an edge in front of it, keeps asking to come again later.
    #[error("the target at {url} is not serving: it keeps answering {status}")]
    NotServing {
        /// Where.
        url: String,
        /// Its status.
        status: u16,
    },
    /// No zone to work in.
    #[error(
        "the target needs a zone to work in: give one with --zone ID (or CLOUDFLARE_ZONE_ID); or say --capability fresh-zones if any zone id may be used and begins empty, as in many emulators. {guess}"
    )]
    NoZone {
        /// Which of the two seems right.
        guess: &'static str,
    },
    /// A zone was given that does not look like one.
    #[error(
        "`{zone}` does not look like a zone's id, which is 32 hexadecimal digits, neither a name nor a UUID: {source}"
    )]
    OddZone {
        /// As it was given.
        zone: String,
        /// What went wrong with it.
        source: Box<TargetError>,
    },
    /// The same zone was given twice.
    #[error("zone {0} was given twice: each zone is leased to one case at a time")]
    ZoneTwice(String),
    /// A zone's list can't be read as a whole, so it can't be told what there is to keep. Nothing was changed yet.
    #[error("the mappings of zone {zone} can't all be read, so no case runs there: {why}")]
    Unlisted {
        /// Which.
        zone: String,
        /// What was wrong with the list.
        why: String,
    },
    /// The journal of a zone, or its lock.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The given zone holds mappings.
    #[error(
        "zone {zone} holds {count} mapping(s): give an empty zone, or --allow-existing to work around them (they are journalled first and verified afterwards)"
    )]
    ZoneInUse {
        /// Which.
        zone: String,
        /// How many, at least.
        count: usize,
    },
    /// Neither generation is routed.
    #[error(
        "the target at {url} routes neither v1 nor v2 of the API (status {status}): is the base URL right?"
    )]
    NotRouted {
        /// Where.
        url: String,
        /// The status of `v2.list`.
        status: u16,
    },
}
