//! A rule is confirmed at a span: what was found, where, how sure we are, and never the secret.

use std::sync::Arc;

use crate::model::carrier::Carrier;
use crate::model::decoder::Decoder;
use crate::model::fingerprint::Fingerprint;
use crate::model::grade::{Confidence, Severity};
use crate::model::ledger_match::Standing;
use crate::model::origin::Origin;
use crate::model::place::{ByteSpan, Position};
use crate::model::rule_info::RuleInfo;
use crate::model::token_facts::TokenFacts;
use crate::model::token_key::TokenKey;
use crate::model::witness::Witness;

/// A token found in an origin.
#[derive(Clone, PartialEq, Debug)]
pub struct Finding {
    /// The rule that was confirmed.
    pub rule: Arc<RuleInfo>,
    /// Where the bytes came from.
    pub origin: Arc<Origin>,
    /// The token's bytes in the origin; of a decoded token, the encoded bytes.
    pub span: ByteSpan,
    /// Line and column of the first byte.
    pub position: Position,
    /// How sure we are.
    pub confidence: Confidence,
    /// Why we are that sure, in a few words.
    pub reason: String,
    /// The token's identity.
    pub identity: Identity,
    /// Its other names, none of them a secret: a public key id, keyed fingerprints.
    pub names: Vec<TokenKey>,
    /// The rule's public prefix and the length, such as `ghp_…(40)`.
    pub preview: String,
    /// What carried it, where something did.
    pub carrier: Option<Carrier>,
    /// The decoding steps between origin and token, from the outside in.
    pub decoders: Vec<Decoder>,
    /// What the token says of itself.
    pub facts: Option<TokenFacts>,
    /// Other parts of the same credential, such as the secret that belongs to a key id.
    pub parts: Vec<Part>,
    /// Whether secrets are masked near the place, as `***` or `[MASKED]`.
    pub masked_near: bool,
    /// Whether it was issued, as far as somebody was asked.
    pub standing: Standing,
    /// The other scanner that says so, of a finding from its report.
    pub witness: Option<Box<Witness>>,
}

/// How a token is named without showing it.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Identity {
    /// Its fingerprint, and those of other plausible ends (see `Alternate`).
    Fingerprint {
        /// SHA-256 of its octets, or the keyed form.
        fingerprint: Fingerprint,
        /// Other plausible readings of the same place, for the ledger to decide.
        alternates: Vec<Alternate>,
    },
    /// Withheld: so few possibilities that a plain hash would give the secret away; a key makes it printable.
    Withheld,
}

/// Another plausible reading of the same place.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Alternate {
    /// Fingerprint of that reading.
    pub fingerprint: Fingerprint,
    /// Its length in octets.
    pub length: usize,
    /// How it differs, in a few words.
    pub reason: &'static str,
}

/// A part of a credential that consists of several.
#[derive(Clone, PartialEq, Debug)]
pub struct Part {
    /// What the part is.
    pub rule: Arc<RuleInfo>,
    /// Its fingerprint.
    pub fingerprint: Fingerprint,
    /// Its other names, none of them a secret.
    pub names: Vec<TokenKey>,
    /// Its bytes in the origin.
    pub span: ByteSpan,
    /// Line and column of its first byte.
    pub position: Position,
    /// Masked preview.
    pub preview: String,
}

impl Finding {
    /// How bad it is: the ledger's word where it knows the token, the rule's elsewhere.
    #[must_use]
    pub fn severity(&self) -> Severity {
        if let Standing::Yes(ours) = &self.standing { ours.severity } else { self.rule.severity }
    }

    /// What its token is told apart by: the fingerprint, or the preview where that is withheld.
    #[must_use]
    pub fn token(&self) -> String {
        self.fingerprint().map_or_else(|| self.preview.clone(), Fingerprint::to_string)
    }

    /// The fingerprint, unless it is withheld.
    #[must_use]
    pub fn fingerprint(&self) -> Option<&Fingerprint> {
        match &self.identity {
            Identity::Fingerprint { fingerprint, .. } => Some(fingerprint),
            Identity::Withheld => None,
        }
    }
}
