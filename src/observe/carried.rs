//! Lines of other logs inside a record: what is worth reading as one, and how terminals' marks are taken out.

use std::borrow::Cow;

use crate::model::exposure::PlaceKind;
use crate::model::token_use::{Record, TimeQuality};
use crate::observe::command;
use crate::observe::observation::Said;
use crate::observe::when;

/// Whether a text may be a record of a log, and not only a sentence.
#[must_use]
pub fn is_record(text: &str) -> bool {
    let start = text.trim_start();
    start.starts_with(['{', '[', '<']) || start.starts_with(|c: char| c.is_ascii_digit()) || text.contains(" HTTP/")
}

/// A record of a carrier: the time of its line, which somebody wrote later than what it tells of.
#[must_use]
pub fn at_time(text: &str, place: Option<PlaceKind>) -> Option<Record> {
    let (time, _) = when::read(text)?;
    Some(Record { time: Some(time), time_quality: TimeQuality::Log, place, ..Record::default() })
}

/// A text without escape sequences of terminals and without carriage returns.
#[must_use]
pub fn without_marks(text: &str) -> Cow<'_, str> {
    if !text.contains(['\u{1b}', '\r']) {
        return text.into();
    }
    let mut plain = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        match c {
            '\u{1b}' if characters.next_if_eq(&'[').is_some() => while characters.next().is_some_and(|c| !('\u{40}'..='\u{7e}').contains(&c)) {},
            '\u{1b}' | '\r' => {}
            c => plain.push(c),
        }
    }
    plain.into()
}

/// Says what a line of a CI job says: the requests of a command that it shows, or the line itself.
pub fn of_job<'a>(text: Cow<'a, str>, around: Record, say: &mut dyn FnMut(Said<'a>)) {
    let requests = shown(&text).map(command::in_script).unwrap_or_default();
    if requests.is_empty() {
        return say(Said::Line { text, partial: false, around: Box::new(around) });
    }
    for mut one in requests {
        one.record.surround(&around);
        say(Said::Record(Box::new(one)));
    }
}

/// The command that a line shows: after `+` of `set -x`, after a prompt, or after a runner's mark.
fn shown(text: &str) -> Option<&str> {
    let marks = ["$ ", "##[command]", "[command]"].iter().find_map(|mark| text.strip_prefix(mark));
    marks.or_else(|| text.trim_start_matches('+').strip_prefix(' ').filter(|_| text.starts_with('+')))
}

#[cfg(test)]
mod tests {
    use crate::observe::carried::{is_record, shown, without_marks};

    #[test]
    fn marks_are_taken_out() {
        for (text, expected) in [("plain", "plain"), ("\u{1b}[0Ka\r\u{1b}[32;1mb\u{1b}[0;m", "ab"), ("\u{1b}[", ""), ("\u{1b}", "")] {
            assert_eq!(without_marks(text), expected, "{text:?}");
        }
    }

    #[test]
    fn commands_are_told_from_other_lines() {
        for (text, expected) in
            [("+ curl x", Some("curl x")), ("++ id", Some("id")), ("$ ls", Some("ls")), ("+1", None), ("##[command]git", Some("git")), ("curl", None)]
        {
            assert_eq!(shown(text), expected, "{text}");
        }
    }

    #[test]
    fn sentences_are_no_records() {
        assert!(is_record("{\"a\":1}") && is_record("192.0.2.1 - - [x]") && !is_record("Example log record"));
    }
}
