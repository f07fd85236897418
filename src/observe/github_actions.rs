//! `github-actions`: the logs of GitHub Actions' jobs.

use crate::model::exposure::PlaceKind;
use crate::model::text::Text;
use crate::observe::carried::{at_time, of_job, without_marks};
use crate::observe::format::LineFormat;
use crate::observe::observation::{Said, Thread};

/// The format.
pub const FORMAT: LineFormat = LineFormat {
    name: "github-actions",
    about: "logs of GitHub Actions: each line begins with a time of seven digits after the point; the run and the job by the path",
    read,
};

/// `2024-05-23T09:04:45.1531830Z`.
const TIME_LENGTH: usize = 28;

fn read<'a>(line: &'a str, thread: &mut Thread, say: &mut dyn FnMut(Said<'a>)) -> bool {
    let line = line.trim_start_matches('\u{feff}');
    let Some((time, text)) = line.split_at_checked(TIME_LENGTH) else { return false };
    let has_shape = time.as_bytes()[19] == b'.' && time.ends_with('Z') && time[20..27].bytes().all(|b| b.is_ascii_digit());
    let Some(mut around) = has_shape.then(|| at_time(time, Some(PlaceKind::CiLog))).flatten() else { return false };
    let Some(text) = text.strip_prefix(' ').or_else(|| text.is_empty().then_some("")) else { return false };
    around.run_id = after(&thread.location, "runs");
    around.task_id = job(&thread.location);
    of_job(without_marks(text), around, say);
    true
}

/// The part of a path that follows a directory.
pub fn after(location: &str, directory: &str) -> Option<Text> {
    let mut parts = location.split(['/', '\\', '!']).skip_while(|part| *part != directory);
    parts.nth(1).filter(|id| !id.is_empty() && id.bytes().all(|b| b.is_ascii_digit())).map(Text::from)
}

/// The job by the name of its file, `<number>_<job>.txt`.
fn job(location: &str) -> Option<Text> {
    let name = location.rsplit(['/', '\\', '!']).next()?.strip_suffix(".txt")?;
    let (number, job) = name.split_once('_')?;
    (!job.is_empty() && !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit())).then(|| job.into())
}

#[cfg(test)]
mod tests {
    use crate::observe::github_actions::{after, job};

    #[test]
    fn paths_tell_the_run_and_the_job() {
        for (path, run, name) in [
            ("actions/runs/9/3_build (18).txt", Some("9"), Some("build (18)")),
            ("logs.zip!3_build.txt", None, Some("build")),
            ("runs/x/y.txt", None, None),
            ("", None, None),
        ] {
            assert_eq!((after(path, "runs").as_deref(), job(path).as_deref()), (run, name), "{path}");
        }
    }
}
