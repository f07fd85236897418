//! Times as logs write them, and how far each can be trusted.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::model::instant::Instant;
use crate::model::token_use::TimeQuality;
use crate::observe::json::{Json, at};

/// A time and its quality.
pub type When = (Instant, TimeQuality);

/// How the common log format writes a time: `10/Oct/2000:13:55:36 -0700`.
const COMMON: &str = "%d/%b/%Y:%H:%M:%S %z";

/// A time from the common log format, from RFC 3339 (with a zone: exact; without: taken as UTC, and only as good as a log line's), or from a number since 1970 in seconds,
/// milliseconds, microseconds or nanoseconds, by its size.
#[must_use]
pub fn read(text: &str) -> Option<When> {
    let text = text.trim();
    if let Ok(time) = text.parse::<Timestamp>() {
        return Some((Instant(time), TimeQuality::Exact));
    }
    if text.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
        return from_epoch(text);
    }
    if text.as_bytes().get(1..3).is_some_and(|bytes| bytes.contains(&b'/')) {
        return Some((Instant(Timestamp::strptime(COMMON, text).ok()?), TimeQuality::Exact));
    }
    let civil: DateTime = text.parse().ok()?;
    Some((Instant(civil.to_zoned(TimeZone::UTC).ok()?.timestamp()), TimeQuality::Log))
}

/// The time under a path: a text or a number.
#[must_use]
pub fn at_path(value: &Json<'_>, path: &[&str]) -> Option<When> {
    match at(value, path)? {
        Json::Number(number) => from_epoch(&number.to_string()),
        other => read(other.as_str()?),
    }
}

/// Seconds with or without a fraction; milli-, micro- or nanoseconds by the number of digits before the point. Years 2001 to 2286 have
/// ten digits of seconds.
fn from_epoch(text: &str) -> Option<When> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let number: i64 = whole.parse().ok()?;
    let time = match whole.len() {
        0..=10 => {
            let nanoseconds: String = fraction.chars().chain("000000000".chars()).take(9).collect();
            Timestamp::new(number, nanoseconds.parse().ok()?)
        }
        11..=13 => Timestamp::from_millisecond(number),
        14..=16 => Timestamp::from_microsecond(number),
        _ => Timestamp::from_nanosecond(i128::from(number)),
    };
    Some((Instant(time.ok()?), TimeQuality::Exact))
}

#[cfg(test)]
mod tests {
    use crate::model::token_use::TimeQuality::{Exact, Log};
    use crate::observe::when::read;

    #[test]
    fn every_unit_and_zone_is_read() {
        for (text, expected, quality) in [
            ("2026-03-02T10:00:00Z", "2026-03-02T10:00:00Z", Exact),
            ("2026-03-02T11:00:00.5+01:00", "2026-03-02T10:00:00.5Z", Exact),
            ("2026-03-02T10:00:00", "2026-03-02T10:00:00Z", Log),
            ("2026-03-02 10:00:00", "2026-03-02T10:00:00Z", Log),
            ("02/Mar/2026:03:00:00 -0700", "2026-03-02T10:00:00Z", Exact),
            ("1772445600", "2026-03-02T10:00:00Z", Exact),
            ("1772445600.25", "2026-03-02T10:00:00.25Z", Exact),
            ("1772445600000", "2026-03-02T10:00:00Z", Exact),
            ("1772445600000000", "2026-03-02T10:00:00Z", Exact),
            ("1772445600000000000", "2026-03-02T10:00:00Z", Exact),
        ] {
            let (time, found) = read(text).expect("because it is a time");
            assert_eq!((time.to_string().as_str(), found), (expected, quality), "{text}");
        }
        for text in ["", "soon", "99999999999999999999999", "1/2", "99/Mar/2026:03:00:00 -0700", "02/Mar/2026", "2026-13-40T00:00:00Z"] {
            assert!(read(text).is_none(), "{text}");
        }
    }
}
