//! What GitLab's runner writes before each line of a job where `FF_TIMESTAMPS` is on: a time, a stream, and whether the line goes on.
//!
//! Source: GitLab documentation, "Job logs", section on timestamps: `<time> <stream, two digits><O or E><+ or a space><text>`.

use std::borrow::Cow;

/// `2024-05-23T09:04:45.153183Z`.
const TIME: usize = 27;
/// The time and `00O `, with the space between them.
pub const LENGTH: usize = TIME + 5;

/// The beginning of a line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Stamp<'a> {
    /// When it was written.
    pub time: &'a str,
    /// The stream: its number and `O` or `E`.
    pub stream: &'a [u8],
    /// Whether it goes on where the last line of its stream ended.
    pub goes_on: bool,
}

/// The stamp that a line begins with.
#[must_use]
pub fn stamp(line: &[u8]) -> Option<Stamp<'_>> {
    let (time, rest) = line.split_at_checked(TIME)?;
    let has_time = time[4] == b'-' && time[10] == b'T' && time[TIME - 1] == b'Z';
    let [b' ', stream @ .., flag @ (b' ' | b'+')] = rest.get(..5)? else { return None };
    let has_stream = stream[..2].iter().all(u8::is_ascii_hexdigit) && matches!(stream[2], b'O' | b'E');
    (has_time && has_stream).then_some(Stamp { time: std::str::from_utf8(time).ok()?, stream, goes_on: *flag == b'+' })
}

/// Whether `next` continues a line; `None` where too little of it is there to say.
#[must_use]
pub fn continues(line: &[u8], next: &[u8]) -> Option<bool> {
    let Some(first) = stamp(line) else { return Some(false) };
    if next.len() < LENGTH && !next.contains(&b'\n') {
        return None;
    }
    Some(stamp(next).is_some_and(|next| next.goes_on && next.stream == first.stream))
}

/// The text of a line and of those that continue it, without stamps and the breaks between them.
#[must_use]
pub fn joined(lines: &str) -> Cow<'_, str> {
    let text = |line: &str| if stamp(line.as_bytes()).is_some() { LENGTH } else { 0 };
    if !lines.contains('\n') {
        return lines[text(lines)..].into();
    }
    lines.split('\n').map(|line| line[text(line)..].trim_end_matches('\r')).collect::<String>().into()
}

#[cfg(test)]
mod tests {
    use crate::observe::gitlab_stamp::{continues, joined, stamp};

    #[test]
    fn stamps_are_told_from_other_lines() {
        for (line, expected) in [
            ("2024-05-23T09:04:45.153183Z 00O text", Some(("00O", false))),
            ("2024-05-23T09:04:45.153183Z a1E+text", Some(("a1E", true))),
            ("2024-05-23T09:04:45.153183Z 00O ", Some(("00O", false))),
            ("2024-05-23T09:04:45.153183Z stdout F text", None),
            ("2024-05-23T09:04:45.1531834Z 00O text", None),
            ("2024-05-23T09:04:45.153183Z 00X text", None),
            ("2024-05-23T09:04:45.153183Z 00O", None),
        ] {
            let found = stamp(line.as_bytes()).map(|stamp| (std::str::from_utf8(stamp.stream).unwrap_or_default(), stamp.goes_on));
            assert_eq!(found, expected, "{line}");
        }
    }

    #[test]
    fn continued_lines_are_one() {
        let (first, other) = ("2024-05-23T09:04:45.153183Z 00O one", "2024-05-23T09:04:45.153184Z 01O+x");
        let next = "2024-05-23T09:04:45.153184Z 00O+two";
        let asked = |next: &str| continues(first.as_bytes(), next.as_bytes());
        assert_eq!([asked(next), asked(other), asked("x\n"), asked("2024-05")], [Some(true), Some(false), Some(false), None]);
        assert_eq!(joined(&format!("{first}\n{next}")), "onetwo");
        assert_eq!((joined(first), joined("plain")), ("one".into(), "plain".into()));
    }
}
