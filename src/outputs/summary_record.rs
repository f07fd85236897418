//! The JSON of a run's summary: documented in `docs/formats.md`, versioned together with the finding's.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::problem::{Problem, ProblemKind};
use crate::model::summary::Summary;
use crate::outputs::record::{OriginRecord, VERSION};
use crate::outputs::summary::is_complete;

/// The account of one run.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct SummaryRecord {
    /// Always `summary`.
    #[serde(rename = "type")]
    pub tag: SummaryTag,
    /// Version of this record; raised only when a field changes its meaning or goes away.
    #[schemars(extend("const" = 1))]
    pub v: u32,
    /// When the run began, RFC 3339 in UTC.
    pub started: String,
    /// How long it took, in seconds.
    pub elapsed_seconds: f64,
    /// Files and streams that were read, archives and their members each counted once.
    pub files: u64,
    /// Bytes that were scanned, after decompression.
    pub bytes: u64,
    /// Findings that were reported.
    pub findings: u64,
    /// Findings that the user has accepted.
    pub suppressed: SuppressedRecord,
    /// What was not read, or not read whole.
    pub problems: Vec<ProblemRecord>,
    /// Whether the run was interrupted before its end.
    pub interrupted: bool,
    /// Whether everything that the user asked for was read: not interrupted, and no problem but those by the user's choice.
    pub complete: bool,
}

/// The word that tells a summary from a finding.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SummaryTag {
    /// This object is a summary.
    Summary,
}

/// Findings that the user has accepted, by the way in which it was said.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct SuppressedRecord {
    /// By a comment on the line.
    pub inline: u64,
    /// By an entry of an ignore file.
    pub ignored: u64,
    /// By the baseline.
    pub baseline: u64,
}

/// One thing that was not read.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ProblemRecord {
    /// What it is about.
    pub origin: OriginRecord,
    /// The class it falls in.
    pub kind: ProblemKind,
    /// What happened and, where there is a remedy, a `hint:` line.
    pub message: String,
}

impl From<&Summary> for SummaryRecord {
    fn from(summary: &Summary) -> Self {
        let suppressed = summary.suppressed;
        Self {
            tag: SummaryTag::Summary,
            v: VERSION,
            started: summary.started.to_string(),
            elapsed_seconds: summary.elapsed.as_secs_f64(),
            files: summary.files,
            bytes: summary.bytes,
            findings: summary.findings,
            suppressed: SuppressedRecord { inline: suppressed.inline, ignored: suppressed.ignored, baseline: suppressed.baseline },
            problems: summary.problems.iter().map(ProblemRecord::from).collect(),
            interrupted: summary.interrupted,
            complete: is_complete(summary),
        }
    }
}

impl From<&Problem> for ProblemRecord {
    fn from(problem: &Problem) -> Self {
        Self { origin: OriginRecord::from(&problem.origin), kind: problem.kind, message: problem.message.clone() }
    }
}
