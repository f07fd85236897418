//! A token of ours that somebody else has found: told as if a scan had found it there.

use std::sync::Arc;

use crate::detect::options::Options;
use crate::ledger::ledger::Ledger;
use crate::model::exposure::Exposure;
use crate::model::finding::{Finding, Identity};
use crate::model::grade::Confidence;
use crate::model::instant::Instant;
use crate::model::ledger_match::Standing;
use crate::model::origin::Origin;
use crate::model::place::{ByteSpan, Position};
use crate::model::rule_info::RuleInfo;
use crate::model::secret::Secret;
use crate::model::token_key::TokenKey;
use crate::outputs::escape::visible;
use crate::pipeline::alerts::posting::Posting;
use crate::pipeline::ours::stand;
use crate::rules::rule::Rule;
use crate::store::error::StoreError;
use crate::store::store::Stored;

/// Tells of reported tokens.
pub struct Reports {
    /// Who is told.
    pub posting: Posting,
    options: Options,
    rule: Arc<RuleInfo>,
}

/// A report of a token of ours.
pub struct Reported<'a> {
    /// The token.
    pub token: &'a Secret,
    /// Its names, the surest first.
    pub names: &'a [TokenKey],
    /// By whom it was reported, and as what.
    pub reason: &'a str,
    /// Where it lay.
    pub exposure: &'a Exposure,
}

impl Reports {
    /// Nothing to tell yet.
    #[must_use]
    pub fn new(posting: Posting, options: Options) -> Self {
        Self { posting, options, rule: Rule::issued().info }
    }

    /// Judges a reported token as a scan would, and tells of it.
    ///
    /// # Errors
    ///
    /// [`StoreError`]: the ledger cannot be asked.
    pub fn tell(&mut self, reported: &Reported, (by, stored): (TokenKey, Stored), ledger: &Ledger, now: Instant) -> Result<(), StoreError> {
        let mut finding = self.finding(reported);
        let matched = ledger.answer(by, stored, now, now)?;
        stand(&mut finding, matched, (std::iter::empty(), reported.exposure), (now, &self.options));
        self.posting.found(&finding, ledger, now)
    }

    fn finding(&self, reported: &Reported) -> Finding {
        let (length, fingerprint) = (reported.token.len(), reported.token.fingerprint(None));
        let own = TokenKey::Fingerprint(fingerprint.clone());
        Finding {
            rule: Arc::clone(&self.rule),
            origin: Arc::new(Origin::Memory(reported.exposure.location.clone())),
            span: ByteSpan::new(0, length.max(1) as u64).expect("because it holds a byte"),
            position: Position { line: reported.exposure.line, column: 1 },
            confidence: Confidence::High,
            reason: visible(reported.reason),
            identity: Identity::Fingerprint { fingerprint, alternates: Vec::new() },
            names: reported.names.iter().filter(|name| **name != own).cloned().collect(),
            preview: format!("…({length})"),
            carrier: None,
            decoders: Vec::new(),
            facts: None,
            parts: Vec::new(),
            masked_near: false,
            standing: Standing::default(),
            witness: None,
        }
    }
}
