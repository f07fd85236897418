//! Which planted tokens a report names: exactly, by fingerprint, or at least by line.

use std::collections::{BTreeMap, HashSet};
use std::fs::File;
use std::io::{self, BufRead as _, BufReader};
use std::path::{Path, PathBuf};

use beartrap::model::fingerprint::Fingerprint;

use crate::corpus::plant::Label;

/// One finding of any tool, without its secret.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reported {
    /// The file, as the tool names it.
    pub path: PathBuf,
    /// The line, from 1.
    pub line: u64,
    /// SHA-256 of what it takes for the secret; none where it does not say.
    pub fingerprint: Option<Fingerprint>,
    /// Whether it does not say because a hash would give the secret away.
    pub withheld: bool,
}

/// How many planted tokens were found.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Score {
    /// Tokens planted.
    pub planted: usize,
    /// Tokens reported with exactly their octets, or withheld on their line.
    pub exact: usize,
    /// Tokens on a line for which anything was reported, the exact ones among them.
    pub near: usize,
    /// Findings in all.
    pub findings: usize,
    /// What was not found exactly, by rule and carrier.
    pub missed: BTreeMap<(String, String), usize>,
}

/// Reads labels.
///
/// # Errors
///
/// When the file cannot be read or is not ours.
pub fn labels(path: &Path) -> io::Result<Vec<Label>> {
    BufReader::new(File::open(path)?).lines().map(|line| Ok(serde_json::from_str(&line?)?)).collect()
}

/// Compares labels with a report on the corpus `name`.
pub fn score(labels: &[Label], reported: &[Reported], name: &str) -> Score {
    let exact: HashSet<&Fingerprint> = reported.iter().filter_map(|one| one.fingerprint.as_ref()).collect();
    let place = |one: &Reported| (one.path.strip_prefix(name).unwrap_or(&one.path).to_string_lossy().into_owned(), one.line);
    let lines: HashSet<(String, u64)> = reported.iter().map(place).collect();
    let withheld: HashSet<(String, u64)> = reported.iter().filter(|one| one.withheld).map(place).collect();
    let mut score = Score { planted: labels.len(), findings: reported.len(), ..Score::default() };
    for label in labels {
        let at = (label.path.clone(), label.line);
        let is_exact = exact.contains(&label.fingerprint) || withheld.contains(&at);
        score.exact += usize::from(is_exact);
        score.near += usize::from(is_exact || lines.contains(&at));
        if !is_exact {
            *score.missed.entry((label.rule.clone(), label.carrier.clone())).or_default() += 1;
        }
    }
    score
}
