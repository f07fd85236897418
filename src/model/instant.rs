//! Times as people and systems write them, read into one form.

use std::io;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A point in time; written as RFC 3339 in UTC, read from RFC 3339 or from seconds or milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, JsonSchema)]
#[schemars(with = "String")]
pub struct Instant(pub Timestamp);

/// From this number on, a number counts milliseconds: as seconds it would be after the year 5000.
const MILLISECONDS_FROM: i64 = 100_000_000_000;

impl Instant {
    /// From seconds or milliseconds since the epoch.
    #[must_use]
    pub fn from_number(number: i64) -> Option<Self> {
        let time = if number.abs() >= MILLISECONDS_FROM { Timestamp::from_millisecond(number) } else { Timestamp::from_second(number) };
        time.ok().map(Self)
    }

    /// From RFC 3339, or a number as text.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        text.parse().ok().map(Self).or_else(|| Self::from_number(text.parse().ok()?))
    }

    /// Whole seconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub fn seconds(self) -> i64 {
        self.0.as_second()
    }
}

impl std::fmt::Display for Instant {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl borsh::BorshSerialize for Instant {
    /// Seconds, and nanoseconds of the same sign.
    fn serialize<W: io::Write>(&self, writer: &mut W) -> io::Result<()> {
        borsh::to_writer(writer, &(self.0.as_second(), self.0.subsec_nanosecond()))
    }
}

impl borsh::BorshDeserialize for Instant {
    fn deserialize_reader<R: io::Read>(reader: &mut R) -> io::Result<Self> {
        let (seconds, nanoseconds) = borsh::BorshDeserialize::deserialize_reader(reader)?;
        Timestamp::new(seconds, nanoseconds).map(Self).map_err(io::Error::other)
    }
}

impl Serialize for Instant {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Instant {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl serde::de::Visitor<'_> for Reader {
            type Value = Instant;

            fn expecting(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
                f.write_str("a time: RFC 3339, or seconds or milliseconds since 1970")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Instant, E> {
                Instant::from_text(text).ok_or_else(|| E::invalid_value(serde::de::Unexpected::Str(text), &self))
            }

            fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<Instant, E> {
                Instant::from_number(number).ok_or_else(|| E::invalid_value(serde::de::Unexpected::Signed(number), &self))
            }

            fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<Instant, E> {
                self.visit_i64(i64::try_from(number).unwrap_or(i64::MAX))
            }

            #[expect(clippy::cast_possible_truncation, reason = "parts of a second are kept by multiplication")]
            fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<Instant, E> {
                Instant::from_number((number * 1000.0) as i64).ok_or_else(|| E::invalid_value(serde::de::Unexpected::Float(number), &self))
            }
        }
        deserializer.deserialize_any(Reader)
    }
}

#[cfg(test)]
mod tests {
    use crate::model::instant::Instant;

    #[test]
    fn times_are_read_in_every_form() {
        for text in ["\"2026-03-02T10:00:00Z\"", "\"2026-03-02T11:00:00+01:00\"", "1772445600", "1772445600000", "\"1772445600\"", "1772445600.0"] {
            let time: Instant = serde_json::from_str(text).expect("because it is a time");
            assert_eq!(serde_json::to_string(&time).ok().as_deref(), Some("\"2026-03-02T10:00:00Z\""), "{text}");
        }
        assert!(serde_json::from_str::<Instant>("\"yesterday\"").is_err());
    }
}
