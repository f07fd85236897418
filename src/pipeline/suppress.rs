//! Who hears of findings: the end of the street, with what the user has accepted taken out on the way.

use std::sync::Arc;

use crate::model::finding::Finding;
use crate::model::origin::Origin;
use crate::model::problem::Problem;
use crate::model::summary::Suppressed;
use crate::pipeline::baseline::Baseline;
use crate::pipeline::ignore_list::IgnoreList;
use crate::scan::engine::Filtered;

/// Hears of what a run finds, in order.
pub trait Report {
    /// A token was found.
    fn finding(&mut self, finding: Finding);
    /// So many findings were accepted by comments.
    fn allowed(&mut self, _count: u64) {}
    /// A filter silenced a candidate.
    fn filtered(&mut self, _origin: &Arc<Origin>, _filtered: &Filtered) {}
    /// Something was not read, or not read whole.
    fn problem(&mut self, problem: Problem);
}

/// What the user has accepted, by file.
#[derive(Default)]
pub struct Accepted {
    /// Entries of ignore files.
    pub ignored: IgnoreList,
    /// The baseline, if there is one.
    pub baseline: Option<Baseline>,
    /// How many findings each way has taken out.
    pub counts: Suppressed,
}

impl Accepted {
    /// Whether the finding is accepted; counts it.
    pub fn takes(&mut self, finding: &Finding) -> bool {
        if self.ignored.has(finding) {
            self.counts.ignored += 1;
            return true;
        }
        let known = self.baseline.as_mut().is_some_and(|baseline| baseline.has(finding));
        self.counts.baseline += u64::from(known);
        known
    }
}
