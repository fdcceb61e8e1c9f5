//! The start of an exchange, as far as its recorder tells.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::Offset;

/// The kind of clock of a moment. Only moments of the same kind can be compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Clock {
    /// The time zone is known.
    #[default]
    Universal,
    /// The time zone is not known.
    Local,
}

/// A point in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Moment {
    /// Microseconds since 1970 by the moment's clock.
    pub us: i64,
    /// The resolution of the recorded time, in microseconds.
    pub resolution_us: i64,
    /// The kind of clock; only moments of the same kind can be compared.
    pub clock: Clock,
}

impl Moment {
    /// Creates a moment of a known time zone, with a resolution of one microsecond.
    #[must_use]
    pub fn universal(us: i64) -> Self {
        Self {
            us,
            resolution_us: 1,
            clock: Clock::Universal,
        }
    }

    /// Reads a date and time (RFC 3339), with or without a time zone.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let known = text
            .parse::<Timestamp>()
            .ok()
            .map(|time| (time, Clock::Universal));
        let (time, clock) = known.or_else(|| {
            let local = text.parse::<DateTime>().ok()?;
            Some((Offset::UTC.to_timestamp(local).ok()?, Clock::Local))
        })?;
        Some(Self {
            us: time.as_microsecond(),
            resolution_us: resolution(text),
            clock,
        })
    }

    /// Reads a number of seconds or milliseconds since 1970.
    pub(super) fn from_number(number: f64) -> Option<Self> {
        // As milliseconds, this limit is in the year 1973; as seconds, in the year 5138.
        let is_seconds = number.abs() < 1e11;
        let ms = if is_seconds { number * 1_000.0 } else { number };
        let us = format!("{:.0}", ms * 1_000.0).parse().ok()?;
        Some(Self {
            us,
            resolution_us: if is_seconds && number.fract() == 0.0 {
                1_000_000
            } else {
                1_000
            },
            clock: Clock::Universal,
        })
    }
}

/// Returns the resolution of a written time, in microseconds.
fn resolution(time: &str) -> i64 {
    let fraction = time
        .split_once(['.', ','])
        .map_or("", |(_, fraction)| fraction);
    let digits = fraction.bytes().take_while(u8::is_ascii_digit).count();
    10_i64.pow(6_u32.saturating_sub(u32::try_from(digits).unwrap_or(6)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use test_case::test_case;

    const BASE: i64 = 1_793_527_200_000_000;

    #[test_case("2026-11-01T10:00:00Z", BASE, 1_000_000, Clock::Universal; "in UTC")]
    #[test_case("2026-11-01T18:00:00.000+08:00", BASE, 1_000, Clock::Universal; "in another zone")]
    #[test_case("2026-11-01T18:00:00.000+0800", BASE, 1_000, Clock::Universal; "an offset without colon")]
    #[test_case("2026-11-01T10:00:00.000000", BASE, 1, Clock::Local; "without zone")]
    #[test_case("2026-11-01 10:00:00", BASE, 1_000_000, Clock::Local; "without T")]
    fn a_written_time_is_read(text: &str, us: i64, resolution_us: i64, clock: Clock) {
        let moment = Moment {
            us,
            resolution_us,
            clock,
        };
        assert_eq!(Moment::parse(text), Some(moment));
    }

    #[test_case(1_793_527_200.0, 1_000_000; "seconds")]
    #[test_case(1_793_527_200_000.0, 1_000; "milliseconds")]
    fn a_number_is_read(number: f64, resolution_us: i64) {
        let moment = Moment {
            us: BASE,
            resolution_us,
            clock: Clock::Universal,
        };
        assert_eq!(Moment::from_number(number), Some(moment));
    }

    #[test_case(""; "nothing")]
    #[test_case("yesterday"; "a word")]
    #[test_case("[startedDateTime redacted]"; "a mark of redaction")]
    fn what_is_not_a_time_is_none(text: &str) {
        assert_eq!(Moment::parse(text), None);
    }
}
