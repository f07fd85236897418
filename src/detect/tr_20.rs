//! A token left the place where it may run.
//!
//! # What it asks
//!
//! Does the record or the issuer's settings say from which networks the token is used, and did a use come from another one? Is
//! it an instance's credential, and did a use come from outside of the cloud?
//!
//! # Why it matters
//!
//! Credentials of CI jobs, instances, functions and agent runtimes are of no use elsewhere, except to whoever took them.
//!
//! # Evidence
//!
//! `bound_networks` and `bound_asn` of the record, `declared_egress` and `declared_systems` of the issuer, and the address. Without
//! them, of an instance's session: that its system is none of a cloud.
//!
//! # When it is wrong
//!
//! When a runtime got a new way out and nobody declared it. An instance that leaves through the network of the company looks like
//! theft; its egress should be declared. Calls that a cloud makes for the caller are left out.

use std::collections::BTreeSet;

use crate::detect::detection::{Basis, Detection, Judge, comment, evidence};
use crate::detect::used::{Answer, Source, Use, Used};
use crate::model::grade::{Confidence, Severity};
use crate::model::issuance::TokenType;

/// The question.
pub const DETECTION: Detection = Detection {
    id: "TR-20",
    name: "outside its declared runtime",
    severity: Severity::High,
    basis: Basis::ByConfidence,
    about: comment(include_str!("tr_20.rs")),
    judge: Judge::Used(judge),
};

fn judge(case: &Used) -> Vec<Answer> {
    let (mut told, mut answers) = (BTreeSet::new(), Vec::new());
    let placed = case.uses.iter().enumerate().filter(|(_, one)| !matches!(one.source, Source::Cloud | Source::Unknown));
    let expected = case.expected();
    for (at, one) in placed {
        let (confidence, how) = match expected.holds(one) {
            Some(false) => (Confidence::High, "outside of the networks that are declared for it"),
            None if has_left_the_cloud(case, one) => (Confidence::Medium, "outside of the cloud whose instance it belongs to"),
            _ => continue,
        };
        if told.insert(one.source) {
            let message = format!("the token was used from `{}`, {how}", one.source);
            let mut grounds = vec![evidence("network", one.source)];
            grounds.extend(one.what.record.asn.map(|asn| evidence("asn", asn)));
            answers.push(case.answer(DETECTION.verdict(DETECTION.severity, confidence, message, grounds), one.source.to_string(), vec![at]));
        }
    }
    answers
}

/// Whether an instance's credential was used from a system that is no cloud's; where the system is not known, nothing is said.
fn has_left_the_cloud(case: &Used, one: &Use) -> bool {
    let record = &one.what.record;
    let outside = record.asn.is_some_and(|asn| !case.options.networks.hosting_systems.contains(&asn));
    let session = record.principal.as_deref().and_then(|arn| arn.rsplit_once('/')).map(|(_, session)| session);
    let of_instance =
        session.and_then(|session| session.strip_prefix("i-")).is_some_and(|id| id.len() >= 8 && id.bytes().all(|b| b.is_ascii_hexdigit()));
    outside && of_instance && case.token_type() == TokenType::Sts
}
