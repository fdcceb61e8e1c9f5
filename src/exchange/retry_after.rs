//! The field `retry-after`: the time that a client is asked to wait.

use std::time::Duration;

/// Parses the field: seconds, or an HTTP date (RFC 9110, 10.2.3). A fraction of a second, which the RFC does not allow,
/// is rounded up. Returns `None` for anything else.
#[must_use]
pub fn retry_after(field: &str) -> Option<Duration> {
    let field = field.trim();
    let (whole, fraction) = field.split_once('.').unwrap_or((field, ""));
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !whole.is_empty() && is_number(whole) && is_number(fraction) {
        // A number that is too large for `u64` is a longer wait than anybody accepts.
        let seconds: u64 = whole.parse().unwrap_or(u64::MAX);
        let has_more = fraction.bytes().any(|byte| byte != b'0');
        return Some(Duration::from_secs(
            seconds.saturating_add(u64::from(has_more)),
        ));
    }
    let date = httpdate::parse_http_date(field).ok()?;
    let wait = date.duration_since(std::time::SystemTime::now());
    Some(wait.unwrap_or(Duration::ZERO))
}

#[cfg(test)]
mod tests {
    use super::*;
    use test_case::test_case;

    #[test_case("30", Some(30); "seconds")]
    #[test_case(" 7 ", Some(7); "blanks around")]
    #[test_case("0", Some(0); "none")]
    #[test_case("1.5", Some(2); "a fraction")]
    #[test_case("1.000", Some(1); "a fraction of nothing")]
    #[test_case("99999999999999999999999", Some(u64::MAX); "more than a number holds")]
    #[test_case("Sun, 06 Nov 1994 08:49:37 GMT", Some(0); "a date that has passed")]
    #[test_case("Sunday, 06-Nov-94 08:49:37 GMT", Some(0); "a date in the form of RFC 850")]
    #[test_case("Sun Nov  6 08:49:37 1994", Some(0); "a date in the form of asctime")]
    #[test_case("soon", None; "a word")]
    #[test_case("1500ms", None; "a unit")]
    #[test_case("-1", None; "less than nothing")]
    #[test_case("2026-11-01T10:00:00Z", None; "another form of date")]
    #[test_case("", None; "nothing")]
    #[test_case(".5", None; "a fraction alone")]
    #[test_case("1e3", None; "an exponent")]
    fn it_is_seconds_or_a_date(field: &str, seconds: Option<u64>) {
        assert_eq!(retry_after(field), seconds.map(Duration::from_secs));
    }
}
