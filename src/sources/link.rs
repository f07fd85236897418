//! What a symbolic link inside a tree means for the scan: nothing, where its target lies in the tree and is scanned anyway.

use std::io;
use std::path::{Path, PathBuf};

use crate::model::origin::Origin;
use crate::model::problem::{Problem, ProblemKind};

/// The problem of a link found in a tree, if it has one; `trees` are the resolved directories of this run.
pub fn judge(link: &Path, trees: &[PathBuf]) -> Option<Problem> {
    let message = match link.canonicalize() {
        Ok(target) if !trees.iter().any(|tree| target.starts_with(tree)) => "leads out of the tree, not followed\nhint: name its target to scan it",
        Ok(target) if is_around(&target, link) => "leads in a circle, not followed",
        Ok(_) => return None,
        Err(error) if error.kind() == io::ErrorKind::NotFound => "leads nowhere",
        Err(error) if is_loop(&error) => "leads in a circle, not followed",
        Err(error) => return Some(problem(link, &format!("cannot be resolved: {error}"))),
    };
    Some(problem(link, message))
}

/// Whether a directory holds the link that leads to it.
fn is_around(target: &Path, link: &Path) -> bool {
    link.parent().and_then(|parent| parent.canonicalize().ok()).is_some_and(|parent| parent.starts_with(target))
}

/// Whether links lead in a circle, or one was met that is not to be followed.
#[cfg(unix)]
pub fn is_loop(error: &io::Error) -> bool {
    error.raw_os_error() == Some(libc::ELOOP)
}

#[cfg(not(unix))]
pub fn is_loop(_error: &io::Error) -> bool {
    false
}

fn problem(link: &Path, message: &str) -> Problem {
    Problem { origin: Origin::File(link.to_owned()), kind: ProblemKind::Link, message: message.to_owned() }
}
