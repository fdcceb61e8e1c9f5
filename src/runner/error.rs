//! Reasons why a target can't be tested.

use super::custody::JournalError;
use crate::transport::{TransportError, TransportFault};

/// A reason why a target can't be tested.
#[derive(Debug, thiserror::Error)]
pub enum TargetError {
    /// The text is not a URL of a target.
    #[error(
        "`{0}` is not the URL of a target: write it whole, such as http://127.0.0.1:8080/client/v4"
    )]
    Url(String),
    /// There are no credentials.
    #[error(
        "there are no credentials for {0}: set CLOUDFLARE_API_TOKEN, or CLOUDFLARE_EMAIL with CLOUDFLARE_API_KEY"
    )]
    NoCredentials(String),
    /// The target did not answer the first request.
    #[error("the target at {url} is out of reach: {source}{}", way_out(source))]
    Unreachable {
        /// The URL of the target.
        url: String,
        /// The failure of the request.
        source: TransportError,
    },
    /// The target refuses the credentials.
    #[error("the target at {url} refuses the credentials (status {status}): {said}")]
    Refused {
        /// The URL of the target.
        url: String,
        /// The status of its answer.
        status: u16,
        /// The start of its answer.
        said: String,
    },
    /// The target, or an edge in front of it, keeps answering that the client should retry later.
    #[error("the target at {url} is not serving: it keeps answering {status}")]
    NotServing {
        /// The URL of the target.
        url: String,
        /// The status of its answer.
        status: u16,
    },
    /// There is no zone to work in.
    #[error(
        "the target needs a zone to work in: give one with --zone ID (or CLOUDFLARE_ZONE_ID); or say --capability fresh-zones if any zone id may be used and begins empty, as in many emulators. {guess}"
    )]
    NoZone {
        /// A guess about which of the two options is right.
        guess: &'static str,
    },
    /// A given zone does not look like a zone id.
    #[error(
        "{}. A zone's id has 32 hexadecimal digits; the zone's page in the dashboard and GET /zones show it. With this zone {source}",
        odd(zone)
    )]
    OddZone {
        /// The zone as it was given.
        zone: String,
        /// The error that occurred with this zone.
        source: Box<TargetError>,
    },
    /// The same zone was given twice.
    #[error("zone {0} was given twice: each zone is leased to one case at a time")]
    ZoneTwice(String),
    /// A zone's list can't be read completely, so it is unknown which mappings to keep. Nothing was changed yet.
    #[error("the mappings of zone {zone} can't all be read, so no case runs there: {why}")]
    Unlisted {
        /// The zone.
        zone: String,
        /// The fault of the list.
        why: String,
    },
    /// The journal of a zone or its lock failed.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The given zone holds mappings.
    #[error(
        "zone {zone} holds {count} mapping(s): give an empty zone, or --allow-existing to work around them (they are journalled first and verified afterwards)"
    )]
    ZoneInUse {
        /// The zone.
        zone: String,
        /// The number of mappings that it holds; there may be more.
        count: usize,
    },
    /// Neither generation is routed.
    #[error(
        "the target at {url} routes neither v1 nor v2 of the API (status {status}): is the base URL right?"
    )]
    NotRouted {
        /// The URL of the target.
        url: String,
        /// The status of `v2.list`.
        status: u16,
    },
}

/// Returns what to do about a target that does not answer; empty if the message says enough.
fn way_out(error: &TransportError) -> &'static str {
    match error.fault {
        TransportFault::Connect if error.message.contains("refused") => {
            ". Nothing listens there: start the server, or wait for one that still starts with --wait 30s"
        }
        TransportFault::Connect => {
            ". Is the URL right? `originproof config` shows where it comes from"
        }
        TransportFault::Timeout => ". Give it more time with --timeout",
        TransportFault::Setup
        | TransportFault::Broken
        | TransportFault::TooLarge
        | TransportFault::Redirect
        | TransportFault::Budget => "",
    }
}

/// Returns what a text is that was given as a zone's id.
fn odd(zone: &str) -> String {
    let digits = zone.chars().filter(char::is_ascii_hexdigit).count();
    let is_uuid = digits == 32 && zone.chars().filter(|c| *c == '-').count() == 4;
    let what = if is_uuid && zone.len() == 36 {
        "a UUID"
    } else if zone.contains('.') {
        "a domain name"
    } else {
        return format!("`{zone}` is not a zone's id");
    };
    format!("`{zone}` is {what}, not a zone's id")
}

#[cfg(test)]
mod tests {
    use super::*;
    use test_case::test_case;

    #[test_case("example.com", "`example.com` is a domain name, not a zone's id. A zone's id has 32"; "a name")]
    #[test_case("3f2504e0-4f89-11d3-9a0c-0305e82c3301", "`3f2504e0-4f89-11d3-9a0c-0305e82c3301` is a UUID, not a zone's id."; "a UUID")]
    #[test_case("abc", "`abc` is not a zone's id. A zone's id has 32"; "something else")]
    fn a_zone_that_is_no_id_is_named_for_what_it_is(zone: &str, begin: &str) {
        let source = Box::new(TargetError::Url("x".to_owned()));
        let zone = zone.to_owned();
        let text = TargetError::OddZone { zone, source }.to_string();
        assert!(text.starts_with(begin), "{text}");
    }

    #[test]
    fn a_refused_connection_names_the_option_that_waits() {
        let source = TransportError {
            fault: TransportFault::Connect,
            message: "tcp connect error: Connection refused".to_owned(),
        };
        let url = "http://127.0.0.1:1".to_owned();
        let text = TargetError::Unreachable { url, source }.to_string();
        assert!(text.contains("--wait 30s"), "{text}");
    }
}
