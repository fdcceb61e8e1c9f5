//! Times as the contract has them: RFC 3339 date-times, a blank in place of the `T` let pass (HTTP-6).

use std::sync::LazyLock;

use jiff::Timestamp;
use regex::Regex;

static SHAPE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})$").ok()
});

/// The instant that an RFC 3339 date-time names, or `None` for any other text.
#[must_use]
pub fn instant(text: &str) -> Option<Timestamp> {
    if !SHAPE.as_ref()?.is_match(text) {
        return None;
    }
    // The library wants at most nine digits of a second; RFC 3339 sets no limit.
    let (head, tail) = text
        .split_once('.')
        .map_or((text, None), |(h, t)| (h, Some(t)));
    let normal = match tail {
        None => head.to_owned(),
        Some(tail) => {
            let end = tail
                .find(|c: char| !c.is_ascii_digit())
                .unwrap_or(tail.len());
            format!("{head}.{}{}", &tail[..end.min(9)], &tail[end..])
        }
    };
    normal.to_ascii_uppercase().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use test_case::test_case;

    #[test_case("2026-03-01T12:00:00Z", true)]
    #[test_case("2026-03-01t12:00:00z", true; "lower case")]
    #[test_case("2026-03-01 12:00:00Z", true; "a blank for the T")]
    #[test_case("2026-03-01T12:00:00.123456789123+02:00", true)]
    #[test_case("2026-03-01T12:00:00-00:00", true; "unknown offset")]
    #[test_case("2016-12-31T23:59:60Z", true; "leap second")]
    #[test_case("2026-03-01T12:00:00", false; "no zone")]
    #[test_case("2026-03-01", false; "no time")]
    #[test_case("2026-02-30T12:00:00Z", false; "no such day")]
    #[test_case("2026-03-01T25:00:00Z", false; "no such hour")]
    #[test_case("2026-03-01T12:00:00+0200", false; "no colon in the offset")]
    #[test_case("1772366400", false; "seconds since the epoch")]
    #[test_case("Sun, 01 Mar 2026 12:00:00 GMT", false; "http date")]
    fn a_date_time_is_known_by_its_form(text: &str, is: bool) {
        assert_eq!(instant(text).is_some(), is);
    }
}
