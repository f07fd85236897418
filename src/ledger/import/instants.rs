//! Times as logs write them, beyond RFC 3339 and numbers.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::model::instant::Instant;

/// How `CloudTrail` writes the end of a session; the comma came with a later release of its text library.
const TEXT_FORMS: [&str; 2] = ["%b %d, %Y, %I:%M:%S %p", "%b %d, %Y %I:%M:%S %p"];

/// A point in time from RFC 3339, a number of seconds or milliseconds, or the text of `CloudTrail`, which is UTC.
#[must_use]
pub fn read(text: &str) -> Option<Instant> {
    let text = text.trim();
    if let Some(instant) = Instant::from_text(text) {
        return Some(instant);
    }
    let plain = text.replace(['\u{202f}', '\u{a0}'], " ");
    let civil = TEXT_FORMS.iter().find_map(|form| DateTime::strptime(form, &plain).ok())?;
    civil.to_zoned(TimeZone::UTC).ok().map(|zoned| Instant(zoned.timestamp()))
}

#[cfg(test)]
mod tests {
    use crate::ledger::import::instants::read;

    #[test]
    fn both_texts_of_cloudtrail_are_read() {
        for (text, expected) in [
            ("Jul 10, 2023, 12:09:47 PM", "2023-07-10T12:09:47Z"),
            ("Jul 30, 2021 12:53:52 AM", "2021-07-30T00:53:52Z"),
            ("Aug 1, 2024, 1:45:22\u{202f}PM", "2024-08-01T13:45:22Z"),
            ("2024-08-01T11:30:22Z", "2024-08-01T11:30:22Z"),
            ("1722511822000", "2024-08-01T11:30:22Z"),
        ] {
            assert_eq!(read(text).map(|instant| instant.to_string()).as_deref(), Some(expected), "{text}");
        }
        assert_eq!(read("yesterday"), None);
        assert_eq!(read(""), None);
    }
}
