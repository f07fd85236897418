//! `gitlab-trace`: the traces of GitLab CI's jobs.
//!
//! A line that the runner split is one piece of the stream, with the stamps of its parts inside.
//!
//! **Invariant:** lines belong to a trace once one of its marks was seen in the same file; the time of the last mark is theirs.

use std::borrow::Cow;

use crate::model::exposure::PlaceKind;
use crate::observe::carried::{at_time, of_job, without_marks};
use crate::observe::format::LineFormat;
use crate::observe::github_actions::after;
use crate::observe::gitlab_stamp::{joined, stamp};
use crate::observe::observation::{Said, Thread};

/// The format.
pub const FORMAT: LineFormat =
    LineFormat { name: "gitlab-trace", about: "traces of GitLab CI's jobs, with sections or with times on each line", read };

fn read<'a>(line: &'a str, thread: &mut Thread, say: &mut dyn FnMut(Said<'a>)) -> bool {
    let time = stamp(line.as_bytes()).and_then(|stamp| at_time(stamp.time, None));
    let text = joined(line);
    let mark = section(&text).map(|(seconds, _)| at_time(seconds, None));
    let is_first = text.contains("Running with gitlab-runner ");
    if time.is_none() && mark.is_none() && !is_first && thread.base.place != Some(PlaceKind::CiLog) {
        return false;
    }
    thread.base.place = Some(PlaceKind::CiLog);
    if thread.base.run_id.is_none() {
        thread.base.run_id = after(&thread.location, "jobs");
    }
    if let Some(said) = time.or(mark.flatten()) {
        (thread.base.time, thread.base.time_quality) = (said.time, said.time_quality);
    }
    of_job(shown(text), thread.base.clone(), say);
    true
}

/// What a terminal shows of a line.
fn shown(text: Cow<'_, str>) -> Cow<'_, str> {
    match text {
        Cow::Borrowed(text) => without_marks(section(text).map_or(text, |(_, rest)| rest)),
        Cow::Owned(text) => without_marks(section(&text).map_or(&text, |(_, rest)| rest)).into_owned().into(),
    }
}

/// The time of a section's mark and what follows: `section_start:<seconds>:<name>[<options>]`, a carriage return, the text.
fn section(text: &str) -> Option<(&str, &str)> {
    let at = ["section_start:", "section_end:"].iter().filter_map(|mark| Some(text.rfind(mark)? + mark.len())).max()?;
    let (seconds, rest) = text[at..].split_once(':')?;
    let is_number = !seconds.is_empty() && seconds.len() <= 10 && seconds.bytes().all(|b| b.is_ascii_digit());
    is_number.then(|| (seconds, rest.split_once('\r').map_or("", |(_, text)| text)))
}

#[cfg(test)]
mod tests {
    use crate::model::fingerprint::Fingerprint;
    use crate::model::token_key::TokenKey;
    use crate::observe::reader::{ReadRecord, Reader};

    #[test]
    fn a_split_line_is_one_with_the_exact_token() {
        let token = "Zq3-".repeat(8);
        let (start, end) = token.split_at(11);
        let at = |second: u32, flag: &str| format!("2026-03-02T10:00:0{second}.153183Z 00{flag}");
        let lines = [
            format!("{}$ curl -H 'Authorization: Bearer {start}", at(1, "O ")),
            format!("{}{end}' https://api.exa", at(2, "O+")),
            format!("{}mple/v1\r", at(3, "O+")),
            format!("{}another stream goes on", at(4, "E+")),
            format!("{}done", at(5, "O ")),
        ];
        for step in [1, 7, 1000] {
            let mut reader = Reader::new("jobs/7/trace.log".to_owned(), None);
            let mut told = Vec::new();
            let mut tell = |record: ReadRecord| told.push((record.start, record.line, record.said));
            lines.join("\n").as_bytes().chunks(step).for_each(|part| reader.push(part, &mut tell));
            reader.end(&mut tell);
            assert_eq!(told.iter().map(|(_, line, _)| *line).collect::<Vec<_>>(), [1, 4, 5], "in steps of {step}");
            let (_, _, said) = &told[0];
            assert_eq!(said.len(), 1);
            assert_eq!(said[0].presented[0].keys, [TokenKey::Fingerprint(Fingerprint::of(token.as_bytes()))]);
            assert_eq!((said[0].record.aud.as_deref(), said[0].record.run_id.as_deref()), (Some("api.example"), Some("7")));
            assert_eq!(said[0].record.time.map(|time| time.to_string()).as_deref(), Some("2026-03-02T10:00:01.153183Z"));
        }
    }
}
