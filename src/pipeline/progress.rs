//! How far a run has come: counters that a display may read at any time, and the flag that stops the run.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Counters of a run; shared by its threads.
#[derive(Default, Debug)]
pub struct Progress {
    bytes: AtomicU64,
    files: AtomicU64,
    findings: AtomicU64,
    cancelled: AtomicBool,
}

impl Progress {
    /// Adds scanned bytes.
    pub fn add_bytes(&self, bytes: u64) {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Adds one file, member or stream.
    pub fn add_file(&self) {
        self.files.fetch_add(1, Ordering::Relaxed);
    }

    /// Adds findings.
    pub fn add_findings(&self, findings: u64) {
        self.findings.fetch_add(findings, Ordering::Relaxed);
    }

    /// Bytes scanned so far.
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Files, members and streams begun so far.
    pub fn files(&self) -> u64 {
        self.files.load(Ordering::Relaxed)
    }

    /// Findings so far.
    pub fn findings(&self) -> u64 {
        self.findings.load(Ordering::Relaxed)
    }

    /// Asks the run to stop at the next opportunity.
    pub fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }

    /// Whether the run was asked to stop.
    pub fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }
}
