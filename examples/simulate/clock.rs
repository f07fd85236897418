//! The simulated day: when it begins and ends, and times within it, in milliseconds since 1970-01-01T00:00:00Z.

use beartrap::model::instant::Instant;
use jiff::Timestamp;

/// Milliseconds since 1970, or between two times.
pub type Millis = i64;

/// One second.
pub const SECOND: Millis = 1000;
/// One minute.
pub const MINUTE: Millis = 60 * SECOND;
/// One hour.
pub const HOUR: Millis = 60 * MINUTE;
/// One day.
pub const DAY: Millis = 24 * HOUR;
/// When the day begins: 2026-03-02T00:00:00Z.
pub const START: Millis = 1_772_409_600 * SECOND;
/// When it ends, which is also the time of judgement.
pub const END: Millis = START + DAY;

/// The point in time.
pub fn instant(time: Millis) -> Instant {
    Instant(Timestamp::from_millisecond(time).expect("because it lies in this century"))
}

/// As `CloudTrail` and transcripts write it.
pub fn text(time: Millis) -> String {
    instant(time).to_string()
}
