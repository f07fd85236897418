//! What the walking library reports, told as problems.

use std::io;
use std::path::{Path, PathBuf};

use ignore::Error;

use crate::model::origin::Origin;
use crate::model::problem::{Problem, ProblemKind};
use crate::sources::open::listed_problem;

/// Lines of an ignore file that name findings, not paths; they are another room's business.
const FINGERPRINTS: [&str; 2] = ["sha256:", "hmac-sha256:"];

/// The problems of a directory or file that could not be listed.
pub fn tree_problems(error: &Error) -> Vec<Problem> {
    match flatten(error, Path::new("")).into_iter().next() {
        Some(Flaw::System(path, error)) => vec![listed_problem(&path, error)],
        Some(flaw) => entry_problem(flaw).into_iter().collect(),
        None => Vec::new(),
    }
}

/// The problems of the ignore files of a directory.
pub fn entry_problems(error: &Error) -> Vec<Problem> {
    flatten(error, Path::new("")).into_iter().filter_map(entry_problem).collect()
}

/// One thing that went wrong, with the file it is about and its line, if any.
enum Flaw<'e> {
    System(PathBuf, &'e io::Error),
    Pattern(PathBuf, Option<u64>, Option<&'e str>, String),
}

fn flatten<'e>(error: &'e Error, path: &Path) -> Vec<Flaw<'e>> {
    match error {
        Error::Partial(errors) => errors.iter().flat_map(|error| flatten(error, path)).collect(),
        Error::WithPath { path, err } => flatten(err, path),
        Error::WithDepth { err, .. } => flatten(err, path),
        Error::WithLineNumber { line, err } => flatten(err, path).into_iter().map(|flaw| at_line(flaw, *line)).collect(),
        Error::Io(error) => vec![Flaw::System(path.to_owned(), error)],
        Error::Glob { glob, err } => vec![Flaw::Pattern(path.to_owned(), None, glob.as_deref(), err.clone())],
        other => vec![Flaw::Pattern(path.to_owned(), None, None, other.to_string())],
    }
}

fn at_line(flaw: Flaw<'_>, line: u64) -> Flaw<'_> {
    match flaw {
        Flaw::Pattern(path, _, glob, what) => Flaw::Pattern(path, Some(line), glob, what),
        flaw @ Flaw::System(..) => flaw,
    }
}

fn entry_problem(flaw: Flaw<'_>) -> Option<Problem> {
    let (path, message) = match flaw {
        Flaw::Pattern(_, _, Some(glob), _) if FINGERPRINTS.iter().any(|prefix| glob.starts_with(prefix)) => return None,
        Flaw::Pattern(path, line, glob, what) => {
            let line = line.map_or_else(String::new, |line| format!("line {line}: "));
            let glob = glob.map_or_else(String::new, |glob| format!("`{glob}`: "));
            (path, format!("{line}{glob}{what}\nhint: write it as in `.gitignore`; the line excludes nothing"))
        }
        Flaw::System(path, error) => (path, format!("this ignore file cannot be read: {error}")),
    };
    Some(Problem { origin: Origin::File(path), kind: ProblemKind::Entry, message })
}
