//! Keeps the worst findings up to a limit, however many there are.
//!
//! **Invariant:** which findings are kept, and their order, depends on the findings only, not on the order of arrival.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use crate::model::finding::Finding;
use crate::outputs::group::rank;

/// The worst findings so far.
#[derive(Debug)]
pub struct Ranking {
    limit: usize,
    dropped: u64,
    kept: BinaryHeap<Ranked>,
}

impl Ranking {
    /// A ranking that keeps at most so many.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self { limit, dropped: 0, kept: BinaryHeap::new() }
    }

    /// Keeps a finding unless there are enough worse ones.
    pub fn offer(&mut self, finding: &Finding) {
        if self.kept.len() >= self.limit {
            self.dropped += 1;
            if self.kept.peek().is_none_or(|least| rank(&least.0) <= rank(finding)) {
                return;
            }
            self.kept.pop();
        }
        self.kept.push(Ranked(finding.clone()));
    }

    /// How many were left out.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// The findings, worst first.
    #[must_use]
    pub fn into_sorted(self) -> Vec<Finding> {
        self.kept.into_sorted_vec().into_iter().map(|ranked| ranked.0).collect()
    }
}

#[derive(Debug)]
struct Ranked(Finding);

impl Ord for Ranked {
    fn cmp(&self, other: &Self) -> Ordering {
        rank(&self.0).cmp(&rank(&other.0))
    }
}

impl PartialOrd for Ranked {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Ranked {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Ranked {}
