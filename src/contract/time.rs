//! Times as the contract has them: RFC 3339 date-times, a blank in place of the `T` let pass (HTTP-6).

use jiff::Timestamp;

/// Where the second's fraction, or the offset, begins.
const AFTER_SECONDS: usize = "2026-03-01T12:00:00".len();
/// The most digits of a second's fraction that the library reads; RFC 3339 sets no limit.
const FRACTION_DIGITS: usize = 9;

/// The instant that an RFC 3339 date-time names, or `None` for any other text.
#[must_use]
pub fn instant(text: &str) -> Option<Timestamp> {
    let digits = fraction_digits(text)?;
    if digits <= FRACTION_DIGITS && !text.contains(['t', 'z']) {
        return text.parse().ok();
    }
    let (kept, end) = match digits {
        0 => (AFTER_SECONDS, AFTER_SECONDS),
        digits => (
            AFTER_SECONDS + 1 + digits.min(FRACTION_DIGITS),
            AFTER_SECONDS + 1 + digits,
        ),
    };
    let normal = format!("{}{}", text.get(..kept)?, text.get(end..)?);
    normal.to_ascii_uppercase().parse().ok()
}

/// How many digits the fraction of a second has; `None` if the text does not have the form of a date-time.
/// The library alone is more lenient than RFC 3339.
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
}
