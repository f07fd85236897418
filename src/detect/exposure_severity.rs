//! How bad an exposure is: whether the token works, who can read the place, and what the token is.

use crate::detect::case::Exposed;
use crate::detect::placeholder::is_placeholder;
use crate::model::grade::Severity;
use crate::model::ledger_match::Liveness;
use crate::model::rule_info::RuleInfo;

/// Providers of rules that know a format or a name, but no issuer.
const NO_VENDOR: [&str; 2] = ["Any issuer", "Unknown issuer"];

/// The severity of the exposure alone; `None` for a placeholder out of documentation.
///
/// | the token | severity |
/// |---|---|
/// | works, others can read it | critical |
/// | works, read inside only | high |
/// | unknown whether it works, a vendor's format | high |
/// | unknown whether it works | medium |
/// | expired or revoked | low |
///
/// One step lower when it is bound to a key or its signature is gone; never above the rule's severity unless the ledger
/// says that the token works, and not even then for what is no credential.
#[must_use]
pub fn exposure_severity(case: &Exposed) -> Option<Severity> {
    if is_placeholder(case) {
        return None;
    }
    let rule = case.finding.rule;
    let severity = match case.liveness() {
        Liveness::Live if case.is_external() => Severity::Critical,
        Liveness::Live => Severity::High,
        Liveness::Unknown if is_vendor(rule) => Severity::High,
        Liveness::Unknown => Severity::Medium,
        Liveness::Expired | Liveness::Revoked => Severity::Low,
    };
    let harmless = !case.is_credential() || rule.severity == Severity::Info;
    Some(case.adjusted(if case.is_live() && !harmless { severity } else { severity.min(rule.severity) }))
}

fn is_vendor(rule: &RuleInfo) -> bool {
    !NO_VENDOR.contains(&&*rule.provider)
}
