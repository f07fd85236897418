//! Tells a token at a place once, whoever reports it: our own scan first, then each report.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::model::finding::{Finding, Identity};
use crate::model::origin::Origin;
use crate::model::problem::Problem;
use crate::pipeline::suppress::Report;
use crate::scan::engine::Filtered;

/// Remembers what was told.
pub struct Once<'r> {
    report: &'r mut (dyn Report + Send),
    /// What relative paths of reports are relative to.
    root: PathBuf,
    /// Tokens by file, as our own scan has found them.
    own: HashSet<[u8; 32]>,
    /// Tokens by place, as reports have named them.
    named: HashSet<[u8; 32]>,
    /// The file that was asked about last, and what it is.
    last: (PathBuf, PathBuf),
}

impl<'r> Once<'r> {
    /// Tells this one.
    pub fn new(report: &'r mut (dyn Report + Send), root: &Path) -> Self {
        Self { report, root: root.to_owned(), own: HashSet::new(), named: HashSet::new(), last: Default::default() }
    }

    /// Tells a finding of a report, unless it was told before; a token that our own scan found in the same file counts, too,
    /// because commits of that file only say since when.
    pub fn tell(&mut self, finding: Finding) {
        let file = self.file(&finding.origin);
        let (by_file, by_place) = (by_file(&file, &finding), by_place(&file, &finding));
        if !self.own.contains(&by_file) && self.named.insert(by_place) {
            self.report.finding(finding);
        }
    }

    /// The file itself, whatever it is called.
    fn file(&mut self, origin: &Origin) -> PathBuf {
        let path = match origin {
            Origin::Elsewhere(place) => self.root.join(&place.path),
            _ => origin.path().map(Path::to_owned).unwrap_or_default(),
        };
        if self.last.0 != path {
            let resolved = path.canonicalize().unwrap_or_else(|_| path.clone());
            self.last = (path, resolved);
        }
        self.last.1.clone()
    }
}

impl Report for Once<'_> {
    fn finding(&mut self, finding: Finding) {
        let file = self.file(&finding.origin);
        self.own.insert(by_file(&file, &finding));
        self.report.finding(finding);
    }

    fn allowed(&mut self, count: u64) {
        self.report.allowed(count);
    }

    fn filtered(&mut self, origin: &Arc<Origin>, filtered: &Filtered) {
        self.report.filtered(origin, filtered);
    }

    fn problem(&mut self, problem: Problem) {
        self.report.problem(problem);
    }
}

fn by_file(file: &Path, finding: &Finding) -> [u8; 32] {
    // Without a fingerprint, only the line tells two tokens apart.
    let line = if finding.identity == Identity::Withheld { finding.position.line } else { 0 };
    digest(file, &[&finding.token(), &line.to_string()])
}

fn by_place(file: &Path, finding: &Finding) -> [u8; 32] {
    let place = match &*finding.origin {
        Origin::Elsewhere(place) => format!("{}:{}", place.within(), finding.position.line),
        _ => finding.span.start().to_string(),
    };
    digest(file, &[&finding.token(), &place])
}

fn digest(file: &Path, texts: &[&str]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    for part in [file.as_os_str().as_encoded_bytes()].into_iter().chain(texts.iter().map(|text| text.as_bytes())) {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part);
    }
    hasher.finalize().into()
}
