//! A length of time as people set it: `60s`, `15min`, `24h`, `30d`.

use std::fmt;

use jiff::SignedDuration;
use serde::{Deserialize, Deserializer};

/// A length of time, zero or more.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Period(pub SignedDuration);

impl Period {
    /// So many seconds.
    #[must_use]
    pub const fn seconds(count: i64) -> Self {
        Self(SignedDuration::from_secs(count))
    }

    /// So many minutes.
    #[must_use]
    pub const fn minutes(count: i64) -> Self {
        Self(SignedDuration::from_mins(count))
    }

    /// So many hours.
    #[must_use]
    pub const fn hours(count: i64) -> Self {
        Self(SignedDuration::from_hours(count))
    }

    /// So many days of 24 hours.
    #[must_use]
    pub const fn days(count: i64) -> Self {
        Self(SignedDuration::from_hours(count * 24))
    }

    /// From a number and a unit, several of them in a row, or the ISO 8601 form; a day has 24 hours.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        let text = text.trim();
        let time = match text.strip_suffix("days").or_else(|| text.strip_suffix('d')) {
            Some(days) => SignedDuration::from_hours(days.trim().parse::<u32>().ok().map(i64::from)?.checked_mul(24)?),
            None => text.parse().ok()?,
        };
        (!time.is_negative()).then_some(Self(time))
    }
}

impl fmt::Display for Period {
    /// `15min`, `24h`, `30 days`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hours = self.0.as_hours();
        if hours >= 48 && self.0 == SignedDuration::from_hours(hours) && hours % 24 == 0 {
            return write!(f, "{} days", hours / 24);
        }
        write!(f, "{:#}", self.0)
    }
}

impl<'de> Deserialize<'de> for Period {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::from_text(&text).ok_or_else(|| {
            serde::de::Error::custom(format_args!(
                "`{text}` is no length of time\nhint: write a number and a unit, such as `60s`, `15min`, `24h` or `30d`"
            ))
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::detect::period::Period;

    #[test]
    fn lengths_are_read_and_told() {
        for (text, expected, told) in [
            ("60s", Period::seconds(60), "1m"),
            ("15min", Period::minutes(15), "15m"),
            ("15m", Period::minutes(15), "15m"),
            ("24h", Period::hours(24), "24h"),
            ("1h 30m", Period::minutes(90), "1h 30m"),
            ("30d", Period::days(30), "30 days"),
            ("PT5M", Period::minutes(5), "5m"),
        ] {
            assert_eq!(Period::from_text(text), Some(expected), "{text}");
            assert_eq!(expected.to_string(), told, "{text}");
        }
        for text in ["", "soon", "15", "-5s", "-1d", "99999999999999d"] {
            assert_eq!(Period::from_text(text), None, "{text}");
        }
    }
}
