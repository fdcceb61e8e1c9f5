//! Why a target can't be tested, or a zone not be put back.

use std::path::PathBuf;

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
        "the target offers no fresh zones, so it needs a zone to work in: give one with --zone ID (or CLOUDFLARE_ZONE_ID)"
    )]
    NoZone,
    /// The same zone was given twice.
    #[error("zone {0} was given twice: each zone is leased to one case at a time")]
    ZoneTwice(String),
    /// A zone's list can't be read as a whole, so it can't be told what there is to keep.
    #[error("the mappings of zone {zone} can't all be read, so nothing was changed there: {why}")]
    Unlisted {
        /// Which.
        zone: String,
        /// What was wrong with the list.
        why: String,
    },
    /// A zone was not as it was after several attempts.
    #[error("zone {zone} is not as it was: {why}")]
    NotPutBack {
        /// Which.
        zone: String,
        /// What is left to do.
        why: String,
    },
    /// A zone could not be put back at the end of a run.
    #[error(
        "zone {zone} could not be put back ({source}); what it held is in {}: run `originproof restore` with the same credentials",
        journal.display()
    )]
    Left {
        /// Which.
        zone: String,
        /// The journal, which stays.
        journal: PathBuf,
        /// Why.
        source: Box<TargetError>,
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
