//! Findings accepted by files in the tree: fingerprints in `.beartrapignore`, places in `.gitleaksignore`.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use crate::model::finding::Finding;
use crate::model::fingerprint::Fingerprint;
use crate::model::origin::Origin;
use crate::model::problem::{Problem, ProblemKind};

/// The file with our entries; its other lines are path patterns, which the walk reads.
const OWN: &str = ".beartrapignore";
/// gitleaks' file: `file:rule:line`, or with a commit before it.
const GITLEAKS: &str = ".gitleaksignore";

/// Accepted findings.
#[derive(Default, Debug)]
pub struct IgnoreList {
    fingerprints: HashSet<String>,
    places: HashSet<(PathBuf, u64)>,
}

impl IgnoreList {
    /// Reads the files in these directories; what cannot be read or understood is a problem, not an end.
    #[must_use]
    pub fn read(directories: &[PathBuf]) -> (Self, Vec<Problem>) {
        let mut list = Self::default();
        let mut problems = Vec::new();
        for directory in directories {
            for (name, add) in [(OWN, Self::add_own as fn(&mut Self, &Path, &str) -> bool), (GITLEAKS, Self::add_place)] {
                let path = directory.join(name);
                match std::fs::read_to_string(&path) {
                    Ok(text) => list.add_lines(&path, &text, add, &mut problems),
                    Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                    Err(error) => problems.push(problem(&path, format!("cannot be read: {error}"))),
                }
            }
        }
        (list, problems)
    }

    /// Whether the finding is accepted.
    #[must_use]
    pub fn has(&self, finding: &Finding) -> bool {
        let known = finding.fingerprint().is_some_and(|fingerprint| self.fingerprints.contains(&fingerprint.to_string()));
        let placed = || finding.origin.path().is_some_and(|path| self.places.contains(&(plain(path), finding.position.line)));
        known || (!self.places.is_empty() && placed())
    }

    fn add_lines(&mut self, path: &Path, text: &str, add: fn(&mut Self, &Path, &str) -> bool, problems: &mut Vec<Problem>) {
        let directory = path.parent().unwrap_or(Path::new(""));
        for (number, line) in text.lines().enumerate() {
            let line = line.trim();
            if !line.is_empty() && !line.starts_with('#') && !add(self, directory, line) {
                let message = format!("line {} is not understood and has no effect\nhint: a fingerprint, or `file:rule:line`", number + 1);
                problems.push(problem(path, message));
            }
        }
    }

    fn add_own(&mut self, _directory: &Path, line: &str) -> bool {
        let looks_like_one = line.starts_with("sha256:") || line.starts_with("hmac-sha256:");
        match line.split_whitespace().next().map(str::parse::<Fingerprint>) {
            Some(Ok(fingerprint)) => self.fingerprints.insert(fingerprint.to_string()) || looks_like_one,
            _ => !looks_like_one,
        }
    }

    /// Their rule ids are not ours, so file and line decide; entries of a commit say nothing about the files at hand.
    fn add_place(&mut self, directory: &Path, line: &str) -> bool {
        let parts: Vec<&str> = line.rsplitn(3, ':').collect();
        let [number, _rule, file] = parts[..] else { return false };
        let Ok(number) = number.parse::<u64>() else { return false };
        let commit = file.split_once(':').is_some_and(|(head, _)| head.len() >= 7 && head.bytes().all(|b| b.is_ascii_hexdigit()));
        if !commit {
            self.places.insert((plain(&directory.join(file)), number));
        }
        true
    }
}

/// The path without `.` components.
fn plain(path: &Path) -> PathBuf {
    path.components().filter(|part| !matches!(part, std::path::Component::CurDir)).collect()
}

fn problem(path: &Path, message: String) -> Problem {
    Problem { origin: Origin::File(path.to_owned()), kind: ProblemKind::Entry, message }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::pipeline::ignore_list::IgnoreList;

    #[test]
    fn entries_are_told_from_patterns_and_nonsense() {
        let mut list = IgnoreList::default();
        let digits = "ab".repeat(32);
        let root = Path::new(".");
        assert!(list.add_own(root, &format!("sha256:{digits}  # known")));
        assert!(list.add_own(root, "target/*.log"));
        assert!(!list.add_own(root, "sha256:123"));
        assert_eq!(list.fingerprints.len(), 1);
        assert!(list.add_place(root, "src/a.py:generic-api-key:12"));
        assert!(list.add_place(root, "0123456789abcdef:src/b.py:generic-api-key:12"));
        assert!(!list.add_place(root, "src/a.py"));
        assert!(list.places.contains(&("src/a.py".into(), 12)) && list.places.len() == 1);
    }
}
