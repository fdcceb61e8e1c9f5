//! Times in the form that the contract documents: RFC 3339 date-times. A space in place of the `T` is accepted
//! (HTTP-6).

use jiff::civil::DateTime;

/// The byte position at which the fraction of a second, or the offset, begins.
const AFTER_SECONDS: usize = "2026-03-01T12:00:00".len();
/// The maximum number of digits in the fraction of a second that the library reads; RFC 3339 sets no limit.
const FRACTION_DIGITS: usize = 9;
/// The time from which nanoseconds are counted.
const EPOCH: DateTime = DateTime::constant(1970, 1, 1, 0, 0, 0, 0);

/// A moment, in nanoseconds since 1970. It replaces the library's own type, which ends before the last day of the year
/// 9999.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Instant(i128);

impl Instant {
    /// Returns the moment that is `while_` later.
    #[must_use]
    pub fn after(self, while_: std::time::Duration) -> Self {
        let nanos = i128::try_from(while_.as_nanos()).unwrap_or(i128::MAX);
        Self(self.0.saturating_add(nanos))
    }
}

/// Returns the instant that an RFC 3339 date-time names, or `None` for any other text.
#[must_use]
pub fn instant(text: &str) -> Option<Instant> {
    let digits = fraction_digits(text)?;
    let kept = match digits {
        0 => AFTER_SECONDS,
        digits => AFTER_SECONDS + 1 + digits.min(FRACTION_DIGITS),
    };
    let local = text.get(..kept)?;
    let local: DateTime = if local.contains('t') {
        local.to_ascii_uppercase().parse().ok()?
    } else {
        local.parse().ok()?
    };
    let begin = if digits == 0 {
        AFTER_SECONDS
    } else {
        AFTER_SECONDS + 1 + digits
    };
    let offset = offset_seconds(text.get(begin..)?)?;
    let since = local.duration_since(EPOCH).as_nanos();
    Some(Instant(since - i128::from(offset) * 1_000_000_000))
}

/// Returns whether a time is before another. Both are compared at the precision of the one with fewer fraction digits.
#[must_use]
pub fn is_before(text: &str, other: &str) -> bool {
    let (Some(a), Some(b)) = (fraction_digits(text), fraction_digits(other)) else {
        return false;
    };
    let digits = u32::try_from(a.min(b).min(FRACTION_DIGITS)).unwrap_or(0);
    let unit = 10_i128.pow(9 - digits);
    match (instant(text), instant(other)) {
        (Some(a), Some(b)) => a.0.div_euclid(unit) < b.0.div_euclid(unit),
        _ => false,
    }
}

/// Returns the offset of a date-time in seconds.
fn offset_seconds(text: &str) -> Option<i32> {
    let (sign, rest) = match text.as_bytes().first()? {
        b'+' => (1, text.get(1..)?),
        b'-' => (-1, text.get(1..)?),
        _ => return Some(0),
    };
    let (hours, minutes) = rest.split_once(':')?;
    let (hours, minutes): (i32, i32) = (hours.parse().ok()?, minutes.parse().ok()?);
    (hours < 24 && minutes < 60).then_some(sign * (hours * 3_600 + minutes * 60))
}

/// Returns the number of digits in the fraction of a second, or `None` if the text does not have the form of a
/// date-time. This check is needed because the library is more lenient than RFC 3339.
fn fraction_digits(text: &str) -> Option<usize> {
    let fits = |text: &[u8], form: &[u8]| {
        text.len() == form.len()
            && text.iter().zip(form).all(|(found, wanted)| match wanted {
                b'0' => found.is_ascii_digit(),
                b'T' => matches!(found, b'T' | b't' | b' '),
                b'+' => matches!(found, b'+' | b'-'),
                wanted => found == wanted,
            })
    };
    let bytes = text.as_bytes();
    let (head, rest) = bytes.split_at_checked(AFTER_SECONDS)?;
    if !fits(head, b"0000-00-00T00:00:00") {
        return None;
    }
    let (digits, offset) = match rest.strip_prefix(b".") {
        None => (0, rest),
        Some(rest) => {
            let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
            if digits == 0 {
                return None;
            }
            (digits, rest.get(digits..)?)
        }
    };
    let is_offset = matches!(offset, b"Z" | b"z") || fits(offset, b"+00:00");
    is_offset.then_some(digits)
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
    #[test_case("2026-03-01T12:00:00.5z", true; "a short fraction")]
    #[test_case("9999-12-31T23:59:59.999999999-12:00", true; "the last moment")]
    #[test_case("0000-01-01T00:00:00+14:00", true; "the first moment")]
    #[test_case("2026-03-01T12:00:00+24:00", false; "no such offset")]
    #[test_case("2026-03-01T12:00:00.Z", false; "a fraction without digits")]
    #[test_case("2026-03-01T12:00:00.é", false; "beyond ASCII")]
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

    #[test]
    fn a_time_without_a_fraction_is_not_before_one_of_the_same_second() {
        assert!(!is_before(
            "2026-03-01T12:00:00Z",
            "2026-03-01T14:00:00.9+02:00"
        ));
        assert!(is_before(
            "2026-03-01T12:00:00.1Z",
            "2026-03-01T12:00:00.2Z"
        ));
    }

    #[test]
    fn moments_compare_across_offsets() {
        assert_eq!(
            instant("2026-03-01T12:00:00Z"),
            instant("2026-03-01T14:00:00.0+02:00")
        );
        assert!(instant("2026-03-01T12:00:00Z") < instant("2026-03-01T12:00:00.000000001Z"));
    }
}
