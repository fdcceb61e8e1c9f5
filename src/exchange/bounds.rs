//! The bounds of a case's requests: one origin, one base path, and below it the zones that the case holds. The suite
//! uses somebody's credentials, and the case file may come from somebody else.

use percent_encoding::percent_decode_str;
use url::Url;

/// The maximum length of a zone's id, in characters. A longer id does not name a zone.
const LONGEST_ZONE_ID: usize = 32;
/// The start of every path of a zone.
const ZONES: &str = "/zones/";

/// The fields by which servers and gateways choose another host or path than the URL's.
const ROUTING_FIELDS: [&str; 11] = [
    ":authority",
    "forwarded",
    "host",
    "x-forwarded-host",
    "x-forwarded-path",
    "x-forwarded-prefix",
    "x-forwarded-uri",
    "x-host",
    "x-original-host",
    "x-original-url",
    "x-rewrite-url",
];

/// The reason why a request is not sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OutOfBounds {
    /// The URL goes to another host, or no path follows the base URL.
    #[error("the request leaves the target: the path must begin with `/`")]
    Elsewhere,
    /// The path does not belong to a zone.
    #[error(
        "the request leaves the zones of the case: the path must begin with `/zones/`, the id of a zone and `/`"
    )]
    NoZone,
    /// The path belongs to another zone.
    #[error("`{0}` is not a zone of this case: write `{{zone}}`")]
    OtherZone(String),
    /// The path has dot segments, so servers and URL parsers may read a different path from the one written.
    #[error("the path contains `.` or `..` as a segment, plain or encoded")]
    DotSegment,
    /// The URL parser changes the path or the query.
    #[error("the path is not sent as it is written: percent-encode {0}")]
    Rewritten(&'static str),
    /// The URL has a fragment, which is not sent.
    #[error("`#` begins a fragment, which is not sent: write %23")]
    Fragment,
    /// The address in an operation's path is more than one segment.
    #[error("an address must be one path segment: percent-encode `/`, `?`, `#` and `\\`")]
    Segment,
    /// The method does not apply to a path.
    #[error("`{0}` is not a method of a request to a path")]
    Method(String),
    /// The field can name another host or path.
    #[error("the field `{0}` can send a request to another host or path")]
    Field(String),
}

/// Checks that a URL stays below the base URL and within these zones, which are given as path segments.
///
/// # Errors
/// Returns how the URL leaves these bounds.
pub fn check_url<'z>(
    url: &str,
    base_url: &str,
    zones: impl IntoIterator<Item = &'z str>,
) -> Result<(), OutOfBounds> {
    let written = url
        .strip_prefix(base_url)
        .filter(|rest| rest.starts_with('/'))
        .ok_or(OutOfBounds::Elsewhere)?;
    let (Ok(base), Ok(parsed)) = (Url::parse(base_url), Url::parse(url)) else {
        return Err(OutOfBounds::Elsewhere);
    };
    let has_user = !parsed.username().is_empty() || parsed.password().is_some();
    if parsed.origin() != base.origin() || has_user {
        return Err(OutOfBounds::Elsewhere);
    }
    if written.contains('#') || parsed.fragment().is_some() {
        return Err(OutOfBounds::Fragment);
    }
    let (path, query) = written
        .split_once('?')
        .map_or((written, None), |(path, query)| (path, Some(query)));
    if has_dot_segment(path) {
        return Err(OutOfBounds::DotSegment);
    }
    let sent = parsed
        .path()
        .strip_prefix(base.path().trim_end_matches('/'));
    if sent != Some(path) {
        return Err(OutOfBounds::Rewritten(
            "blanks, quotes, brackets, `\\` and what is not ASCII",
        ));
    }
    if parsed.query() != query {
        return Err(OutOfBounds::Rewritten("blanks and quotes in the query"));
    }
    let (zone, below) = path
        .strip_prefix(ZONES)
        .and_then(|rest| rest.split_once('/'))
        .ok_or(OutOfBounds::NoZone)?;
    // Requests for the zone as a whole are out of bounds: a DELETE there would remove the zone.
    if below.trim_matches('/').is_empty() {
        return Err(OutOfBounds::NoZone);
    }
    let is_own = zones.into_iter().any(|own| !own.is_empty() && own == zone);
    if is_own || names_no_zone(zone) {
        Ok(())
    } else {
        Err(OutOfBounds::OtherZone(zone.to_owned()))
    }
}

/// Checks that a text is one path segment in the form in which it is sent.
///
/// # Errors
/// [`OutOfBounds::Segment`] or [`OutOfBounds::DotSegment`].
pub fn check_segment(segment: &str) -> Result<(), OutOfBounds> {
    if segment.contains(['/', '?', '#', '\\']) {
        return Err(OutOfBounds::Segment);
    }
    if has_dot_segment(segment) {
        return Err(OutOfBounds::DotSegment);
    }
    Ok(())
}

/// Checks that a method applies to a path; CONNECT names a host instead.
///
/// # Errors
/// [`OutOfBounds::Method`].
pub fn check_method(method: &str) -> Result<(), OutOfBounds> {
    let is_connect = method.eq_ignore_ascii_case("CONNECT");
    match http::Method::from_bytes(method.as_bytes()) {
        Ok(_) if !is_connect => Ok(()),
        Ok(_) | Err(_) => Err(OutOfBounds::Method(method.to_owned())),
    }
}

/// Checks that a field does not choose another host or path.
///
/// # Errors
/// [`OutOfBounds::Field`].
pub fn check_field(name: &str) -> Result<(), OutOfBounds> {
    if ROUTING_FIELDS
        .iter()
        .any(|field| name.trim().eq_ignore_ascii_case(field))
    {
        return Err(OutOfBounds::Field(name.to_owned()));
    }
    Ok(())
}

/// Returns whether an id is too long for a zone, and has only plain characters, so that no server reads a shorter id in
/// it.
fn names_no_zone(id: &str) -> bool {
    id.len() > LONGEST_ZONE_ID
        && id
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
}

/// Returns whether a server may find a dot segment in a path after decoding it once or several times. Some servers cut
/// parameters off first (`..;x`).
fn has_dot_segment(path: &str) -> bool {
    let is_dots = |piece: &str| {
        let piece = piece.split(';').next().unwrap_or_default();
        let piece = piece.trim_matches(|c: char| c.is_whitespace() || c.is_control());
        piece == "." || piece == ".."
    };
    let mut text = path.to_owned();
    loop {
        if text.split(['/', '\\']).any(is_dots) {
            return true;
        }
        let decoded = percent_decode_str(&text).decode_utf8_lossy().into_owned();
        if decoded == text {
            return false;
        }
        text = decoded;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use test_case::test_case;

    const BASE: &str = "http://127.0.0.1:8080/client/v4";
    const OWN: &str = "0123456789abcdef0123456789abcdef";

    fn check(path: &str) -> Result<(), OutOfBounds> {
        check_url(&format!("{BASE}{}", path.replace("OWN", OWN)), BASE, [OWN])
    }

    #[test_case("/zones/OWN/origin/cloud_regions"; "an operation")]
    #[test_case("/zones/OWN/origin/cloud_regions?page=1&per_page=5"; "with a query")]
    #[test_case("/zones/OWN/origin/cloud_regions/192.0.2.0%2F24"; "an encoded slash")]
    #[test_case("/zones/OWN/origin/cloud_regions/2001%3Adb8::1"; "colons")]
    #[test_case("/zones/OWN/origin/cloud_regions/192.0.2.1/more"; "an unknown path")]
    #[test_case("/zones/OWN/origin/cloud_regions/..."; "three dots are a name")]
    #[test_case("/zones/OWN0/origin/cloud_regions"; "an id that is too long for a zone")]
    fn a_path_within_the_zone_is_sent(path: &str) {
        assert_eq!(check(path), Ok(()));
    }

    #[test_case("@127.0.0.2/zones/OWN/x", &OutOfBounds::Elsewhere; "the base as user information")]
    #[test_case("0/zones/OWN/x", &OutOfBounds::Elsewhere; "another base path")]
    #[test_case("", &OutOfBounds::Elsewhere; "no path")]
    #[test_case("//evil/zones/OWN/x", &OutOfBounds::NoZone; "two slashes")]
    #[test_case("/user/tokens", &OutOfBounds::NoZone; "no zone")]
    #[test_case("/zones/OWN", &OutOfBounds::NoZone; "the zone itself")]
    #[test_case("/zones/OWN/", &OutOfBounds::NoZone; "the zone itself with a slash")]
    #[test_case("/zones//origin", &OutOfBounds::OtherZone(String::new()); "an empty id")]
    #[test_case("/ZONES/OWN/x", &OutOfBounds::NoZone; "in capitals")]
    #[test_case("/zones/0f/x", &OutOfBounds::OtherZone("0f".to_owned()); "another zone")]
    #[test_case("/zones/%30f23456789abcdef0123456789abcdef/x", &OutOfBounds::OtherZone("%30f23456789abcdef0123456789abcdef".to_owned()); "another zone, encoded and long")]
    #[test_case("/zones/OWN/../0f/x", &OutOfBounds::DotSegment; "up")]
    #[test_case("/zones/OWN/%2e%2E/0f/x", &OutOfBounds::DotSegment; "up, encoded")]
    #[test_case("/zones/OWN/.%2e/0f/x", &OutOfBounds::DotSegment; "up, half encoded")]
    #[test_case("/zones/OWN/%252e%252e/0f/x", &OutOfBounds::DotSegment; "up, encoded twice")]
    #[test_case("/zones/OWN/..%2F..%2F0f/x", &OutOfBounds::DotSegment; "up, slashes encoded")]
    #[test_case("/zones/OWN/..%5c0f/x", &OutOfBounds::DotSegment; "up, backslash encoded")]
    #[test_case("/zones/OWN/..;a=b/0f", &OutOfBounds::DotSegment; "up, with a parameter")]
    #[test_case("/zones/OWN/..\\0f/x", &OutOfBounds::DotSegment; "up, backslash")]
    #[test_case("/zones/OWN/.\t./0f/x", &OutOfBounds::Rewritten("blanks, quotes, brackets, `\\` and what is not ASCII"); "up, with a tab that the parser takes out")]
    #[test_case("/zones/OWN/.\n./0f/x", &OutOfBounds::Rewritten("blanks, quotes, brackets, `\\` and what is not ASCII"); "up, with a line break")]
    #[test_case("/zones/OWN/x\\y", &OutOfBounds::Rewritten("blanks, quotes, brackets, `\\` and what is not ASCII"); "a backslash")]
    #[test_case("/zones/OWN/x y", &OutOfBounds::Rewritten("blanks, quotes, brackets, `\\` and what is not ASCII"); "a blank")]
    #[test_case("/zones/OWN/x ", &OutOfBounds::Rewritten("blanks, quotes, brackets, `\\` and what is not ASCII"); "a blank at the end")]
    #[test_case("/zones/OWN/x#y", &OutOfBounds::Fragment; "a fragment")]
    #[test_case("/zones/OWN/x?a#b", &OutOfBounds::Fragment; "a fragment behind a query")]
    fn a_path_that_leaves_the_zone_is_refused(path: &str, fault: &OutOfBounds) {
        assert_eq!(check(path), Err(fault.clone()));
    }

    #[test]
    fn a_base_without_path_can_be_continued_by_no_host_or_port() {
        for (base, rest) in [
            ("http://127.0.0.1", ":81/zones/a/x"),
            ("http://127.0.0.1:8", "0/zones/a/x"),
            ("http://127.0.0.1", ".evil.example/zones/a/x"),
            ("http://127.0.0.1:80", "@evil.example/zones/a/x"),
            ("http://127.0.0.1", "\\@evil.example/zones/a/x"),
        ] {
            let url = format!("{base}{rest}");
            assert_eq!(
                check_url(&url, base, ["a"]),
                Err(OutOfBounds::Elsewhere),
                "{url}"
            );
        }
    }

    #[test]
    fn methods_and_fields_that_name_another_host_are_refused() {
        assert!(check_method("connect").is_err() && check_method("G T").is_err());
        assert_eq!(check_method("PATCH"), Ok(()));
        assert!(check_field("Host").is_err() && check_field("x-original-url").is_err());
        assert_eq!(check_field("content-type"), Ok(()));
    }
}
