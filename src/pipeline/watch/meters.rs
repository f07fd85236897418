//! What a running watch counts, in one place, for whoever shows it.
//!
//! **Invariant:** nothing in it is a token or a fingerprint; paths stand only in the list of files and in what was told last, never in what is counted.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::model::grade::Severity;
use crate::model::instant::Instant;
use crate::model::problem::ProblemKind;
use crate::pipeline::watch::file_state::{Condition, FileState};
use crate::pipeline::watch::histogram::Histogram;

/// How much of what was told last is remembered.
const LAST: usize = 100;

/// Counters of a run, shared with whoever shows them.
#[derive(Default, Debug)]
pub struct Meters(Mutex<Snapshot>);

/// What was counted up to a moment.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// Bytes that were read.
    pub bytes: u64,
    /// Records that were read in them.
    pub records: u64,
    /// Uses that records told of.
    pub uses: u64,
    /// Findings that were told.
    pub findings: BTreeMap<Severity, u64>,
    /// Judgements that were told, by the ids of their detections.
    pub judgements: BTreeMap<String, u64>,
    /// What was not read.
    pub problems: BTreeMap<ProblemKind, u64>,
    /// Steps that were committed.
    pub steps: u64,
    /// Steps that failed and were done again.
    pub failed_steps: u64,
    /// How many of them since one went well.
    pub failing: u64,
    /// How often it was looked which files there are.
    pub sweeps: u64,
    /// How often settings were read again.
    pub reloads: u64,
    /// How often they could not be.
    pub failed_reloads: u64,
    /// Seconds from a write to when what it means was told and committed.
    pub told_after: Histogram,
    /// Attempts to deliver alerts, by endpoint and by what came of them.
    pub deliveries: BTreeMap<(String, &'static str), u64>,
    /// What stood in the outbox a moment ago, by endpoint and by how it stands.
    pub outbox: BTreeMap<(String, &'static str), u64>,
    /// Seconds from when an alert was queued to when it had arrived.
    pub delivered_after: Histogram,
    /// When the run last turned to its files, by its clock.
    pub turned_at: Duration,
    /// How often it did.
    pub turns: u64,
    /// All files, as they were a moment ago.
    pub files: Arc<Vec<FileState>>,
    /// Findings that were told last, the latest first.
    pub last_findings: VecDeque<Brief>,
    /// Judgements that were told last, the latest first.
    pub last_judgements: VecDeque<Brief>,
    /// What the run said of itself last, the latest first.
    pub last_messages: VecDeque<String>,
}

/// Something that was told, in a line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Brief {
    /// When it was told.
    pub at: Instant,
    /// How bad it is.
    pub severity: Severity,
    /// The rule or the detection.
    pub id: String,
    /// What it is, without a secret.
    pub text: String,
    /// Where it stands.
    pub place: String,
}

/// How far reading is behind.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Lag {
    /// Files that are followed.
    pub followed: u64,
    /// Files of which not everything was read.
    pub files: u64,
    /// Bytes that were not read.
    pub bytes: u64,
    /// The most of them in one file.
    pub largest: u64,
}

impl Meters {
    /// Counts.
    pub fn update(&self, change: impl FnOnce(&mut Snapshot)) {
        change(&mut self.lock());
    }

    /// What was counted until now.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Snapshot> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Snapshot {
    /// A finding was told.
    pub fn add_finding(&mut self, brief: Brief) {
        *self.findings.entry(brief.severity).or_default() += 1;
        keep(&mut self.last_findings, brief);
    }

    /// A judgement was told.
    pub fn add_judgement(&mut self, brief: Brief) {
        *self.judgements.entry(brief.id.clone()).or_default() += 1;
        keep(&mut self.last_judgements, brief);
    }

    /// The run said something of itself.
    pub fn add_message(&mut self, message: String) {
        keep(&mut self.last_messages, message);
    }

    /// How far reading is behind.
    #[must_use]
    pub fn lag(&self) -> Lag {
        let followed = self.files.iter().filter(|file| file.condition.is_followed());
        followed.fold(Lag::default(), |lag, file| Lag {
            followed: lag.followed + 1,
            files: lag.files + u64::from(file.behind > 0),
            bytes: lag.bytes + file.behind,
            largest: lag.largest.max(file.behind),
        })
    }

    /// How many files are in which condition.
    #[must_use]
    pub fn conditions(&self) -> BTreeMap<Condition, u64> {
        let mut conditions = BTreeMap::new();
        self.files.iter().for_each(|file| *conditions.entry(file.condition).or_default() += 1);
        conditions
    }

    /// Files, those that are farthest behind first.
    #[must_use]
    pub fn files_by_lag(&self) -> Vec<&FileState> {
        let mut files: Vec<&FileState> = self.files.iter().collect();
        files.sort_by(|a, b| b.behind.cmp(&a.behind).then(b.read_at.cmp(&a.read_at)).then_with(|| a.path.cmp(&b.path)));
        files
    }
}

/// How much there is of all kinds.
#[must_use]
pub fn total<K>(counts: &BTreeMap<K, u64>) -> u64 {
    counts.values().sum()
}

fn keep<T>(last: &mut VecDeque<T>, new: T) {
    last.truncate(LAST - 1);
    last.push_front(new);
}
