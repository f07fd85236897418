//! A baseline: the findings that were there when somebody decided to look at new ones only.
//!
//! **Invariant:** entries hold fingerprints, never secrets and never line numbers, so that a baseline does not change when text moves.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::model::finding::Finding;

/// The version that is written.
const VERSION: u32 = 1;

/// Why a baseline cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BaselineError {
    /// It cannot be read or written.
    #[error("{path}: {source}", path = path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// It is no baseline.
    #[error("{path}:{line}: this is not a baseline: {message}\nhint: write one with `--write-baseline {path}`", path = path.display())]
    NotABaseline {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// What is wrong.
        message: String,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct BaselineFile {
    beartrap_baseline: u32,
    entries: Vec<Entry>,
}

/// A finding that is known.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// The token's fingerprint; for one that is withheld, where it stands (see [`key_of`]).
    pub token: String,
    /// The rule that found it, for people.
    pub rule: String,
    /// Where it was seen when the baseline was written, for people.
    pub seen: String,
}

/// Known findings, and which of them have occurred in this run.
#[derive(Default, Debug)]
pub struct Baseline {
    entries: BTreeMap<String, (Entry, bool)>,
}

impl Baseline {
    /// Reads a baseline.
    ///
    /// # Errors
    ///
    /// A file that cannot be read or is none.
    pub fn read(path: &Path) -> Result<Self, BaselineError> {
        let text = std::fs::read_to_string(path).map_err(|source| BaselineError::Io { path: path.to_owned(), source })?;
        let error = |line, message| BaselineError::NotABaseline { path: path.to_owned(), line, message };
        let file: BaselineFile = serde_json::from_str(&text).map_err(|e| error(e.line(), reason(&e)))?;
        if file.beartrap_baseline != VERSION {
            return Err(error(1, format!("its version is {}, this program writes {VERSION}", file.beartrap_baseline)));
        }
        Ok(Self { entries: file.entries.into_iter().map(|entry| (entry.token.clone(), (entry, false))).collect() })
    }

    /// Whether the finding is known; notes that it occurred.
    pub fn has(&mut self, finding: &Finding) -> bool {
        self.entries.get_mut(&key_of(finding)).map(|(_, seen)| *seen = true).is_some()
    }

    /// Adds a finding.
    pub fn add(&mut self, finding: &Finding) {
        let token = key_of(finding);
        let entry = Entry { token: token.clone(), rule: finding.rule.id.to_string(), seen: finding.origin.to_string() };
        self.entries.entry(token).or_insert((entry, true));
    }

    /// Entries that did not occur in this run.
    pub fn gone(&self) -> impl Iterator<Item = &Entry> {
        self.entries.values().filter(|(_, seen)| !seen).map(|(entry, _)| entry)
    }

    /// Drops the entries that did not occur in this run.
    pub fn prune(&mut self) {
        self.entries.retain(|_, (_, seen)| *seen);
    }

    /// Writes the baseline: whole or not at all.
    ///
    /// # Errors
    ///
    /// A file that cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), BaselineError> {
        let error = |source| BaselineError::Io { path: path.to_owned(), source };
        let file = BaselineFile { beartrap_baseline: VERSION, entries: self.entries.values().map(|(entry, _)| entry.clone()).collect() };
        let mut text = serde_json::to_string_pretty(&file).expect("because entries are plain texts");
        text.push('\n');
        let mut draft = path.as_os_str().to_owned();
        draft.push(".draft");
        std::fs::write(&draft, text).map_err(error)?;
        std::fs::rename(&draft, path).map_err(error)
    }
}

/// What is wrong, never the text that was read.
fn reason(error: &serde_json::Error) -> String {
    let reason = match error.classify() {
        serde_json::error::Category::Syntax => "it is not JSON",
        serde_json::error::Category::Eof => "it ends too early",
        serde_json::error::Category::Data => "its fields are not those of a baseline",
        serde_json::error::Category::Io => "it cannot be read",
    };
    reason.to_owned()
}

/// How a finding is recognised: by its fingerprint, or, where that is withheld, by rule, place and name.
#[must_use]
pub fn key_of(finding: &Finding) -> String {
    match finding.fingerprint() {
        Some(fingerprint) => fingerprint.to_string(),
        None => format!("withheld:{}:{}:{}", finding.rule.id, finding.origin, finding.carrier.as_ref().map_or("", |carrier| &carrier.name)),
    }
}
