//! What every format is asked to do, and what it is told about the run.

use std::io;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;

use crate::model::finding::Finding;
use crate::model::rule_info::RuleInfo;
use crate::model::summary::Summary;

/// One way of writing results down.
///
/// Called once with `begin`, then with each finding in the order in which they should appear, then once with `finish`.
pub trait Output {
    /// Takes note of the context and writes what stands before the first finding.
    ///
    /// # Errors
    ///
    /// What `out` says when it cannot be written.
    fn begin(&mut self, _out: &mut dyn Write, _context: &Context) -> io::Result<()> {
        Ok(())
    }

    /// Writes one finding, or keeps it for `finish` where the format needs all of them first.
    ///
    /// # Errors
    ///
    /// What `out` says when it cannot be written.
    fn finding(&mut self, out: &mut dyn Write, finding: &Finding) -> io::Result<()>;

    /// Writes the rest and flushes.
    ///
    /// # Errors
    ///
    /// What `out` says when it cannot be written.
    fn finish(&mut self, out: &mut dyn Write, summary: &Summary) -> io::Result<()>;
}

/// What an output is told about a run before its first finding.
#[derive(Clone, Debug)]
pub struct Context {
    /// Every rule that the run looks for.
    pub rules: Vec<Arc<RuleInfo>>,
    /// When the run began.
    pub started: Timestamp,
    /// Whether text may be coloured.
    pub style: Style,
    /// Whether findings must appear as they come.
    pub live: Live,
    /// Version of GitLab's report schema to claim, such as `gitlab::SCHEMA_VERSION`.
    pub gitlab_version: String,
    /// The directory that paths in reports are relative to, such as the checkout; `None` leaves paths as the user named them.
    pub root: Option<PathBuf>,
}

/// Whether text may hold colour.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Style {
    /// No escape sequences.
    Plain,
    /// ANSI colours, for a terminal that shows them.
    Colour,
}

/// Whether a person waits for each finding.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Live {
    /// A run with an end: findings may be kept and grouped.
    Run,
    /// A stream without one: each finding is written at once.
    Stream,
}
