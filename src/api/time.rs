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
    Moment::read(text).map(|moment| moment.instant)
}

/// A date-time with the precision of its text.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    instant: Instant,
    /// The number of digits in the fraction of a second that are read.
    digits: u32,
}

impl Moment {
    /// Reads an RFC 3339 date-time; `None` for any other text. The form is checked here, because the library is more
    /// lenient than RFC 3339.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let (head, rest) = text.as_bytes().split_at_checked(AFTER_SECONDS)?;
        let separators = [(4, b'-'), (7, b'-'), (13, b':'), (16, b':')];
        let is_separated = separators
            .iter()
            .all(|(at, wanted)| head.get(*at) == Some(wanted));
        if !is_separated || !matches!(head.get(10), Some(b'T' | b't' | b' ')) {
            return None;
        }
        let part = |from: usize, to: usize| number(head.get(from..to)?);
        let (fraction, offset) = match rest.strip_prefix(b".") {
            None => (&[][..], rest),
            Some(rest) => {
                let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
                if digits == 0 {
                    return None;
                }
                rest.split_at_checked(digits)?
            }
        };
        let read = fraction.get(..FRACTION_DIGITS).unwrap_or(fraction);
        let digits = u32::try_from(read.len()).unwrap_or(0);
        let nanos = number(read)? * 10_i32.pow(9 - digits);
        let small = |number: i32| i8::try_from(number).ok();
        // The last second of a day may be a leap second.
        let second = part(17, 19)?;
        let second = if second == 60 { 59 } else { second };
        let local = DateTime::new(
            i16::try_from(part(0, 4)?).ok()?,
            small(part(5, 7)?)?,
            small(part(8, 10)?)?,
            small(part(11, 13)?)?,
            small(part(14, 16)?)?,
            small(second)?,
            nanos,
        );
        let since = local.ok()?.duration_since(EPOCH).as_nanos();
        let offset = i128::from(offset_seconds(offset)?) * 1_000_000_000;
        Some(Self {
            instant: Instant(since - offset),
            digits,
        })
    }

    /// Returns whether a time is before another. Both are compared at the precision of the one with fewer fraction
    /// digits.
    #[must_use]
    pub fn is_before(self, other: Self) -> bool {
        let unit = 10_i128.pow(9 - self.digits.min(other.digits));
        self.instant.0.div_euclid(unit) < other.instant.0.div_euclid(unit)
    }
}

/// Returns the number that digits stand for; `None` if another byte is among them. No digits are 0.
fn number(digits: &[u8]) -> Option<i32> {
    digits.iter().try_fold(0_i32, |number, byte| {
        byte.is_ascii_digit()
            .then(|| number * 10 + i32::from(byte - b'0'))
    })
}

/// Returns the offset of a date-time in seconds: `Z`, or hours and minutes with a sign.
fn offset_seconds(text: &[u8]) -> Option<i32> {
    let (sign, hours, minutes) = match text {
        b"Z" | b"z" => return Some(0),
        [b'+', a, b, b':', c, d] => (1, [*a, *b], [*c, *d]),
        [b'-', a, b, b':', c, d] => (-1, [*a, *b], [*c, *d]),
        _ => return None,
    };
    let (hours, minutes) = (number(&hours)?, number(&minutes)?);
    (hours < 24 && minutes < 60).then_some(sign * (hours * 3_600 + minutes * 60))
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
    #[test_case("2026-03-01T12:00:00+2:00", false; "one digit in the offset")]
    #[test_case("2026-03-01T12:00:00+02:0", false; "one digit of minutes")]
    #[test_case("2026-13-01T12:00:00Z", false; "no such month")]
    #[test_case("2026-03-01T12:00:61Z", false; "no such second")]
    #[test_case("20260301T120000Z", false; "the basic form of ISO 8601")]
    #[test_case("1772366400", false; "seconds since the epoch")]
    #[test_case("Sun, 01 Mar 2026 12:00:00 GMT", false; "http date")]
    fn a_date_time_is_known_by_its_form(text: &str, is: bool) {
        assert_eq!(instant(text).is_some(), is);
    }

    #[test]
    fn a_time_without_a_fraction_is_not_before_one_of_the_same_second() {
        let is_before = |a: &str, b: &str| {
            let (a, b) = (Moment::read(a), Moment::read(b));
            a.zip(b).map(|(a, b)| a.is_before(b))
        };
        let early = "2026-03-01T12:00:00Z";
        assert_eq!(is_before(early, "2026-03-01T14:00:00.9+02:00"), Some(false));
        let (early, late) = ("2026-03-01T12:00:00.1Z", "2026-03-01T12:00:00.2Z");
        assert_eq!(is_before(early, late), Some(true));
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
