//! `gitlab-trace`: the traces of GitLab CI's jobs.
//!
//! **Invariant:** lines belong to a trace once one of its marks was seen in the same file; the time of the last mark is theirs.

use crate::model::exposure::PlaceKind;
use crate::model::token_use::Record;
use crate::observe::carried::{at_time, of_job, without_marks};
use crate::observe::format::LineFormat;
use crate::observe::github_actions::after;
use crate::observe::observation::{Said, Thread};

/// The format.
pub const FORMAT: LineFormat =
    LineFormat { name: "gitlab-trace", about: "traces of GitLab CI's jobs, with sections or with times on each line", read };

/// `2024-05-23T09:04:45.153183Z`.
const TIME_LENGTH: usize = 27;

fn read<'a>(line: &'a str, thread: &mut Thread, say: &mut dyn FnMut(Said<'a>)) -> bool {
    let (time, text) = stamped(line).map_or((None, line), |(time, text)| (Some(time), text));
    let marks = section(text);
    let is_first = text.contains("Running with gitlab-runner ");
    if time.is_none() && marks.is_none() && !is_first && thread.base.place != Some(PlaceKind::CiLog) {
        return false;
    }
    thread.base.place = Some(PlaceKind::CiLog);
    if thread.base.run_id.is_none() {
        thread.base.run_id = after(&thread.location, "jobs");
    }
    if let Some(said) = time.or_else(|| at_time(marks?.0, None)) {
        (thread.base.time, thread.base.time_quality) = (said.time, said.time_quality);
    }
    of_job(without_marks(marks.map_or(text, |(_, rest)| rest)), thread.base.clone(), say);
    true
}

/// The time of a line and its text: `<time> <stream><O or E><+ or a space><text>`.
fn stamped(line: &str) -> Option<(Record, &str)> {
    let (time, rest) = line.split_at_checked(TIME_LENGTH)?;
    let bytes = rest.as_bytes();
    let has_shape = bytes.len() >= 5 && bytes[0] == b' ' && bytes[1..3].iter().all(u8::is_ascii_hexdigit) && matches!(bytes[3], b'O' | b'E');
    let marked = has_shape && time.ends_with('Z') && matches!(bytes[4], b' ' | b'+');
    Some((at_time(time, None).filter(|_| marked)?, &rest[5..]))
}

/// The time of a section's mark and what follows: `section_start:<seconds>:<name>[<options>]`, a carriage return, the text.
fn section(text: &str) -> Option<(&str, &str)> {
    let at = ["section_start:", "section_end:"].iter().filter_map(|mark| Some(text.rfind(mark)? + mark.len())).max()?;
    let (seconds, rest) = text[at..].split_once(':')?;
    let is_number = !seconds.is_empty() && seconds.len() <= 10 && seconds.bytes().all(|b| b.is_ascii_digit());
    is_number.then(|| (seconds, rest.split_once('\r').map_or("", |(_, text)| text)))
}
