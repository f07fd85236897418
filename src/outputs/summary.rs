//! The end of a run in words: one line of numbers, and one message for each thing that was not read.

use crate::model::problem::Problem;
use crate::model::summary::{Summary, Suppressed};
use crate::outputs::escape::visible;
use crate::outputs::place::origin_text;

/// Whether everything that the user asked for was read.
#[must_use]
pub fn is_complete(summary: &Summary) -> bool {
    !summary.interrupted && summary.problems.iter().all(|problem| problem.kind.is_by_choice())
}

/// The numbers of a run in one line, such as `2 findings in 10 files (1.5 MB at 750.0 MB/s), 1 suppressed (1 inline), 1 problem`.
#[must_use]
pub fn summary_line(summary: &Summary) -> String {
    let skipped = count_where(&summary.problems, |problem| problem.kind.is_by_choice());
    let problems = count_where(&summary.problems, |problem| !problem.kind.is_by_choice());
    let mut parts = vec![format!("{} in {} ({})", counted(summary.findings, "finding"), counted(summary.files, "file"), volume(summary))];
    parts.extend(suppressed_text(summary.suppressed));
    parts.extend((problems > 0).then(|| counted(problems, "problem")));
    parts.extend((skipped > 0).then(|| format!("{skipped} skipped by choice")));
    parts.extend(summary.interrupted.then(|| "interrupted: not everything was read".to_owned()));
    parts.join(", ")
}

/// One problem for people: `warning: <origin>: <message> (<kind>)`, and its hint, if any, on a second line.
///
/// What was skipped by the user's choice is a `note`.
#[must_use]
pub fn problem_line(problem: &Problem) -> String {
    let word = if problem.kind.is_by_choice() { "note" } else { "warning" };
    let (message, hint) = problem.message.rsplit_once("\nhint: ").map_or((problem.message.as_str(), None), |(message, hint)| (message, Some(hint)));
    let hint = hint.map_or_else(String::new, |hint| format!("\nhint: {}", visible(hint)));
    format!("{word}: {}: {} ({}){hint}", origin_text(&problem.origin), visible(message), problem.kind.as_str())
}

/// Such as `1 file` or `2 files`.
#[must_use]
pub fn counted(number: u64, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{plural}")
}

fn count_where(problems: &[Problem], holds: impl Fn(&Problem) -> bool) -> u64 {
    problems.iter().map(|problem| u64::from(holds(problem))).sum()
}

fn suppressed_text(suppressed: Suppressed) -> Option<String> {
    let ways = [(suppressed.inline, "inline"), (suppressed.ignored, "ignored"), (suppressed.baseline, "baseline")];
    let total: u64 = ways.iter().map(|(number, _)| number).sum();
    let words: Vec<String> = ways.iter().filter(|(number, _)| *number > 0).map(|(number, way)| format!("{number} {way}")).collect();
    (total > 0).then(|| format!("{total} suppressed ({})", words.join(", ")))
}

#[expect(clippy::cast_precision_loss, reason = "one decimal is shown")]
fn volume(summary: &Summary) -> String {
    const UNITS: [&str; 5] = ["kB", "MB", "GB", "TB", "PB"];
    let size = if summary.bytes < 1000 {
        counted(summary.bytes, "byte")
    } else {
        let mut size = summary.bytes as f64 / 1e3;
        let mut unit = 0;
        while size >= 999.95 && unit + 1 < UNITS.len() {
            size /= 1e3;
            unit += 1;
        }
        format!("{size:.1} {}", UNITS[unit])
    };
    let seconds = summary.elapsed.as_secs_f64();
    if seconds > 0.0 { format!("{size} at {:.1} MB/s", summary.bytes as f64 / 1e6 / seconds) } else { size }
}
