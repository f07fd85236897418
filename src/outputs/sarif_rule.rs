//! The rules that occur in a SARIF run, as reporting descriptors.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::model::finding::Finding;
use crate::model::grade::{Confidence, Severity};
use crate::model::rule_info::{RuleInfo, TokenKind};
use crate::outputs::escape::visible;
use crate::outputs::sarif_result::{level, sarif_text};

/// Rules by id, each with the highest confidence among its findings.
#[derive(Debug)]
pub struct OccurringRules(BTreeMap<String, Occurring>);

#[derive(Debug)]
struct Occurring {
    index: usize,
    rule: Arc<RuleInfo>,
    confidence: Confidence,
}

impl OccurringRules {
    /// The rules of these findings.
    #[must_use]
    pub fn of(findings: &[Finding]) -> Self {
        let mut rules: BTreeMap<String, Occurring> = BTreeMap::new();
        for finding in findings {
            let first = || Occurring { index: 0, rule: Arc::clone(&finding.rule), confidence: finding.confidence };
            let occurring = rules.entry(finding.rule.id.to_string()).or_insert_with(first);
            occurring.confidence = occurring.confidence.max(finding.confidence);
        }
        for (index, occurring) in rules.values_mut().enumerate() {
            occurring.index = index;
        }
        Self(rules)
    }

    /// The place of the finding's rule in the list of descriptors.
    ///
    /// # Panics
    ///
    /// When the finding is none of those that the list was made of.
    #[must_use]
    pub fn index(&self, finding: &Finding) -> usize {
        self.0.get(&*finding.rule.id).expect("because the list was made of the findings it is asked for").index
    }

    /// Reporting descriptors (SARIF 2.1.0, section 3.49), in the order of `index`.
    #[must_use]
    pub fn descriptors(&self) -> Vec<Value> {
        self.0.values().map(|occurring| descriptor(&occurring.rule, occurring.confidence)).collect()
    }
}

fn descriptor(rule: &RuleInfo, confidence: Confidence) -> Value {
    let name = visible(&rule.name);
    let remedy = visible(&rule.remedy);
    let full = format!("{name}, issued by {}: {}.", visible(&rule.provider), kind_text(rule.kind));
    let has_page = rule.revocation_url.starts_with("https://") || rule.revocation_url.starts_with("http://");
    let see = if has_page { format!("\n\n<{}>", visible(&rule.revocation_url)) } else { String::new() };
    let mut descriptor = json!({
        "id": rule.id,
        "name": rule.id,
        "shortDescription": { "text": sarif_text(&name) },
        "fullDescription": { "text": sarif_text(&full) },
        "help": { "text": sarif_text(&format!("{full} {remedy}")), "markdown": format!("{full}\n\n**What to do:** {remedy}{see}") },
        "defaultConfiguration": { "level": level(rule.severity) },
        "properties": {
            "security-severity": security_severity(rule.severity),
            "precision": confidence.as_str(),
            "tags": ["security", "secret", "external/cwe/cwe-798", rule.kind.as_str()],
        },
    });
    if has_page {
        descriptor["helpUri"] = json!(rule.revocation_url);
    }
    descriptor
}

/// GitHub's bands: critical from 9.0, high from 7.0, medium from 4.0, low from 0.1.
#[must_use]
pub fn security_severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "9.5",
        Severity::High => "8.0",
        Severity::Medium => "5.5",
        Severity::Low => "3.0",
        Severity::Info => "0.0",
    }
}

fn kind_text(kind: TokenKind) -> &'static str {
    match kind {
        TokenKind::Bearer => "accepted alone as a credential",
        TokenKind::Refresh => "exchanged for bearer tokens",
        TokenKind::Session => "continues somebody's session",
        TokenKind::Secret => "a secret that is used together with a partner, such as a key id",
        TokenKind::Password => "a password",
        TokenKind::PasswordHash => "a hash of a password, which lets guesses be tried",
        TokenKind::PrivateKey => "a private key",
        TokenKind::CapabilityUrl => "a URL that is itself the permission",
        TokenKind::KeyId => "names a key or a session, no secret by itself",
        TokenKind::Assertion => "says who somebody is or proves something once, no bearer credential",
    }
}
