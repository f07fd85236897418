//! What a detection looks at: an exposure, what was found there, and what the ledger knows of the token.

use jiff::SignedDuration;
use serde_json::Value;

use crate::detect::detection::evidence;
use crate::detect::options::Options;
use crate::detect::place_kind;
use crate::model::carrier::CarrierKind;
use crate::model::exposure::{Exposure, Reach};
use crate::model::finding::Finding;
use crate::model::fingerprint::Fingerprint;
use crate::model::grade::{Confidence, Severity};
use crate::model::instant::Instant;
use crate::model::issuance::{Issuance, TokenType};
use crate::model::ledger_match::{LedgerMatch, Liveness};
use crate::model::rule_info::{RuleInfo, TokenKind};
use crate::model::token_facts::TokenFacts;
use crate::model::verdict::Evidence;

/// A token that lay at a place. Carrier and decoders are the exposure's.
#[derive(Clone, Copy, Debug)]
pub struct Exposed<'a> {
    /// What was found.
    pub finding: Facts<'a>,
    /// Where it lay.
    pub exposure: &'a Exposure,
    /// What the ledger says; `None` for a token that it does not know.
    pub matched: Option<&'a LedgerMatch>,
    /// Whether the same source masks tokens at other places, as `***` or `[MASKED]`.
    pub masked_elsewhere: bool,
    /// The time of judgement.
    pub now: Instant,
    /// Thresholds.
    pub options: &'a Options,
}

/// What a detection needs to know of a finding.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// The rule that was confirmed: its id, provider, kind and severity.
    pub rule: &'a RuleInfo,
    /// How sure we are that it is such a token.
    pub confidence: Confidence,
    /// The token's fingerprint, unless it is withheld.
    pub fingerprint: Option<&'a Fingerprint>,
    /// What the token says of itself.
    pub token: Option<&'a TokenFacts>,
    /// Whether the signature lay there too.
    pub signature: Signature,
}

/// Whether a token was exposed whole.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Signature {
    /// As it was issued.
    #[default]
    Whole,
    /// A JWT's header and payload only, as careful logs write it.
    Stripped,
}

impl<'a> From<&'a Finding> for Facts<'a> {
    fn from(finding: &'a Finding) -> Self {
        Self {
            rule: &finding.rule,
            confidence: finding.confidence,
            fingerprint: finding.fingerprint(),
            token: finding.facts.as_ref(),
            signature: Signature::Whole,
        }
    }
}

impl<'a> Exposed<'a> {
    /// The issued-token record.
    #[must_use]
    pub fn issuance(&self) -> Option<&'a Issuance> {
        self.matched.map(|matched| &matched.issuance)
    }

    /// Whether the token works now; what a token says of its own end counts too, but not that it works.
    #[must_use]
    pub fn liveness(&self) -> Liveness {
        self.described().liveness()
    }

    /// Whether the ledger says that the token works.
    #[must_use]
    pub fn is_live(&self) -> bool {
        self.liveness() == Liveness::Live
    }

    /// Whether its holder can do something with it: names of keys and one-time proofs are no credentials.
    #[must_use]
    pub fn is_credential(&self) -> bool {
        !matches!(self.finding.rule.kind, TokenKind::KeyId | TokenKind::Assertion | TokenKind::PasswordHash)
    }

    /// What the token is bound to (RFC 7800), by the record or by itself.
    #[must_use]
    pub fn binding(&self) -> Option<&'a Value> {
        self.described().binding()
    }

    /// The severity for this token: low when it is dead, and one step lower when it is bound or has lost its signature.
    #[must_use]
    pub fn adjusted(&self, severity: Severity) -> Severity {
        let severity = if self.liveness() < Liveness::Unknown { severity.min(Severity::Low) } else { severity };
        if self.binding().is_some() || self.finding.signature == Signature::Stripped { step_down(severity) } else { severity }
    }

    /// How sure we are of what concerns the token itself: a match with the ledger leaves no doubt.
    #[must_use]
    pub fn confidence(&self) -> Confidence {
        if self.matched.is_some() { Confidence::High } else { self.finding.confidence }
    }

    /// The record's token type; without a record, what the rule's kind says.
    #[must_use]
    pub fn token_type(&self) -> TokenType {
        let said = self.issuance().map(|issuance| issuance.token_type).filter(|said| *said != TokenType::Other);
        said.unwrap_or(match self.finding.rule.kind {
            TokenKind::Refresh => TokenType::RefreshToken,
            TokenKind::Session => TokenType::Session,
            TokenKind::Bearer if self.finding.token.is_some() => TokenType::AccessToken,
            _ => TokenType::Other,
        })
    }

    /// When the token ends, by the record or else by itself.
    #[must_use]
    pub fn end(&self) -> Option<Instant> {
        self.described().end()
    }

    /// Whether people outside can read it: the place is theirs, or a URL carried it there.
    #[must_use]
    pub fn is_external(&self) -> bool {
        self.exposure.reach == Reach::External || self.carried_by(CarrierKind::Query)
    }

    /// Whether this syntax carried it.
    #[must_use]
    pub fn carried_by(&self, kind: CarrierKind) -> bool {
        self.exposure.carrier.as_ref().is_some_and(|carrier| carrier.kind == kind)
    }

    /// The place in words.
    #[must_use]
    pub fn place(&self) -> String {
        format!("{} `{}`", place_kind::words(self.exposure.kind), self.exposure.location)
    }

    /// What was found and where, which every answer rests on.
    #[must_use]
    pub fn seen(&self) -> Vec<Evidence> {
        let mut seen = vec![
            evidence("location", format_args!("{}:{}", self.exposure.location, self.exposure.line)),
            evidence("kind", place_kind::word(self.exposure.kind)),
            evidence("rule", &self.finding.rule.id),
        ];
        seen.extend(self.finding.fingerprint.map(|fingerprint| evidence("fp", fingerprint)));
        seen
    }

    /// Whether the token works, and until when.
    #[must_use]
    pub fn life(&self) -> Vec<Evidence> {
        self.described().life()
    }
}

/// The time between two instants.
#[must_use]
pub fn between(start: Instant, end: Instant) -> SignedDuration {
    end.0.duration_since(start.0)
}

/// One step lower.
#[must_use]
pub fn step_down(severity: Severity) -> Severity {
    match severity {
        Severity::Critical => Severity::High,
        Severity::High => Severity::Medium,
        Severity::Medium => Severity::Low,
        Severity::Low | Severity::Info => Severity::Info,
    }
}

/// The word used in every output.
#[must_use]
pub fn liveness_word(liveness: Liveness) -> &'static str {
    match liveness {
        Liveness::Expired => "expired",
        Liveness::Revoked => "revoked",
        Liveness::Unknown => "unknown",
        Liveness::Live => "live",
    }
}
