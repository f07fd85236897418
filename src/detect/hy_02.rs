//! Several agents hold one token.
//!
//! # What it asks
//!
//! Were three or more agents or workloads seen with this token, or with its service account, within 24 hours?
//!
//! # Why it matters
//!
//! When something is done with the token, nobody can say by whom, and it cannot be revoked without stopping all of them.
//!
//! # Evidence
//!
//! The distinct identities and the time within which they were seen. Identities come from records of uses; until there are
//! any, nothing is known and this stays silent.
//!
//! # When it is wrong
//!
//! Replicas of one workload may carry ids of their own: the stable part (SPIFFE path, service account) should be logged, not
//! the pod's name. `shared_ok` with `exception_until` accepts sharing. It rests on behaviour, so its confidence is medium.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;

use crate::detect::case::{Exposed, Holder, between};
use crate::detect::detection::{Detection, Judge, comment, evidence};
use crate::model::grade::{Confidence, Severity};
use crate::model::verdict::Verdict;

/// The question.
pub const DETECTION: Detection = Detection {
    id: "HY-02",
    name: "shared identity",
    severity: Severity::Medium,
    about: comment(include_str!("hy_02.rs")),
    judge: Judge::Exposed(judge),
};

fn judge(case: &Exposed) -> Option<Verdict> {
    if case.is_excepted(|issuance| issuance.shared_ok) {
        return None;
    }
    let group = largest_group(case.holders, case.options.shared_window);
    if group.len() < case.options.shared_identities.max(2) {
        return None;
    }
    let message = format!("{} agents or workloads held one token within {} hours", group.len(), case.options.shared_window.as_hours());
    let mut grounds = vec![evidence("identities", group.into_iter().collect::<Vec<_>>().join(", "))];
    grounds.extend(case.issuance().and_then(|issuance| issuance.issued_to.workload_id.as_ref()).map(|id| evidence("workload_id", id)));
    Some(DETECTION.verdict(DETECTION.severity, Confidence::Medium, message, grounds))
}

/// The most identities that were seen within such a time; of equal groups the earliest.
fn largest_group<'a>(holders: &[Holder<'a>], window: SignedDuration) -> BTreeSet<&'a str> {
    let mut holders = holders.to_vec();
    holders.sort_unstable();
    let (mut largest, mut inside, mut first) = (BTreeSet::new(), BTreeMap::new(), 0);
    for holder in &holders {
        *inside.entry(holder.identity).or_insert(0_usize) += 1;
        while between(holders[first].at, holder.at) > window {
            let count = inside.get_mut(holders[first].identity).expect("because it was counted when it came");
            *count -= 1;
            if *count == 0 {
                inside.remove(holders[first].identity);
            }
            first += 1;
        }
        if inside.len() > largest.len() {
            largest = inside.keys().copied().collect();
        }
    }
    largest
}
