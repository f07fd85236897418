//! What is known of a token itself, wherever it was met: what questions of hygiene look at, for tokens that lay somewhere and for used ones.

use serde_json::Value;

use crate::detect::case::{Exposed, liveness_word};
use crate::detect::detection::evidence;
use crate::detect::options::Options;
use crate::detect::used::Used;
use crate::model::exposure::Exposure;
use crate::model::grade::Confidence;
use crate::model::instant::Instant;
use crate::model::issuance::{Issuance, TokenType};
use crate::model::ledger_match::{LedgerMatch, Liveness};
use crate::model::token_facts::TokenFacts;
use crate::model::verdict::Evidence;

/// A token, by its issued-token record, or else by its own claims.
#[derive(Clone, Copy, Debug)]
pub struct Described<'a> {
    /// What the ledger says; `None` for a token that it does not know.
    pub matched: Option<&'a LedgerMatch>,
    /// What the token says of itself.
    pub claims: Option<&'a TokenFacts>,
    /// What sort of token it is.
    pub token_type: TokenType,
    /// When it was met: it lay there, or was used first.
    pub seen: Instant,
    /// Where it lay.
    pub exposures: &'a [Exposure],
    /// How sure we are that it is such a token.
    pub confidence: Confidence,
    /// The time of judgement.
    pub now: Instant,
    /// Thresholds.
    pub options: &'a Options,
}

impl<'a> Exposed<'a> {
    /// The token itself.
    #[must_use]
    pub fn described(&self) -> Described<'a> {
        Described {
            matched: self.matched,
            claims: self.finding.token,
            token_type: self.token_type(),
            seen: self.exposure.first_seen,
            exposures: self.matched.map(|matched| &matched.exposures[..]).unwrap_or_default(),
            confidence: self.confidence(),
            now: self.now,
            options: self.options,
        }
    }
}

impl<'a> Used<'a> {
    /// The token itself.
    #[must_use]
    pub fn described(&self) -> Described<'a> {
        Described {
            matched: self.matched,
            claims: self.claims(),
            token_type: self.token_type(),
            seen: self.dated().next().map_or(self.now, |moment| moment.time),
            exposures: self.exposures,
            // Nobody verified what a token says of itself.
            confidence: if self.matched.is_some() { Confidence::High } else { Confidence::Medium },
            now: self.now,
            options: self.options,
        }
    }
}

impl<'a> Described<'a> {
    /// The issued-token record.
    #[must_use]
    pub fn issuance(&self) -> Option<&'a Issuance> {
        self.matched.map(|matched| &matched.issuance)
    }

    /// Whether the token works now; what a token says of its own end counts too, but not that it works.
    #[must_use]
    pub fn liveness(&self) -> Liveness {
        let known = self.matched.map_or(Liveness::Unknown, |matched| matched.liveness_now);
        let over = self.claims.and_then(|token| token.exp).is_some_and(|exp| exp <= self.now.seconds());
        if over && known > Liveness::Revoked { Liveness::Expired } else { known }
    }

    /// What the token is bound to (RFC 7800), by the record or by itself.
    #[must_use]
    pub fn binding(&self) -> Option<&'a Value> {
        let said = self.issuance().and_then(|issuance| issuance.cnf.as_ref()).into_iter();
        let says = self.claims.and_then(|token| token.cnf.as_ref());
        said.chain(says).find(|cnf| cnf.as_object().map_or(!cnf.is_null(), |members| !members.is_empty()))
    }

    /// The task or run that the token was issued for.
    #[must_use]
    pub fn task(&self) -> Option<&'a str> {
        let to = &self.issuance()?.issued_to;
        to.task_id.as_deref().or(to.run_id.as_deref())
    }

    /// Granted scopes.
    #[must_use]
    pub fn scopes(&self) -> &'a [String] {
        scopes(self.issuance(), || self.claims)
    }

    /// Audiences.
    #[must_use]
    pub fn audiences(&self) -> &'a [String] {
        audiences(self.issuance(), || self.claims)
    }

    /// The issuer.
    #[must_use]
    pub fn issuer(&self) -> Option<&'a str> {
        let said = self.issuance().and_then(|issuance| issuance.iss.as_deref());
        said.or(self.claims.and_then(|token| token.iss.as_deref()))
    }

    /// When the token was issued, or the earliest time at which it is known to have existed.
    #[must_use]
    pub fn existed(&self) -> Instant {
        let said = self.issuance().and_then(|issuance| issuance.issued_at);
        said.or_else(|| Instant::from_number(self.claims?.iat?))
            .unwrap_or_else(|| self.exposures.iter().map(|exposure| exposure.first_seen).fold(self.seen, Instant::min))
    }

    /// When the token ends.
    #[must_use]
    pub fn end(&self) -> Option<Instant> {
        end(self.issuance(), || self.claims)
    }

    /// Whether an exception of the record still holds.
    #[must_use]
    pub fn is_excepted(&self, exception: fn(&Issuance) -> bool) -> bool {
        self.issuance().is_some_and(|issuance| exception(issuance) && issuance.exception_until.is_none_or(|until| self.now < until))
    }

    /// Whether the token works, and until when.
    #[must_use]
    pub fn life(&self) -> Vec<Evidence> {
        let mut life = vec![evidence("liveness", liveness_word(self.liveness()))];
        life.extend(self.end().map(|end| evidence("expires_at", end)));
        life
    }
}

/// When a token ends, by its record, or else by its own claims.
pub fn end<'a>(issuance: Option<&Issuance>, claims: impl FnOnce() -> Option<&'a TokenFacts>) -> Option<Instant> {
    let said = issuance.and_then(|issuance| issuance.expires_at);
    said.or_else(|| Instant::from_number(claims()?.exp?))
}

/// What a token allows, by its record, or else by its own claims; none where nobody says.
pub fn scopes<'a>(issuance: Option<&'a Issuance>, claims: impl FnOnce() -> Option<&'a TokenFacts>) -> &'a [String] {
    let said = issuance.map(|issuance| &issuance.scope[..]).filter(|said| !said.is_empty());
    said.or_else(|| claims().map(|token| &token.scope[..])).unwrap_or_default()
}

/// For whom a token is, by its record, or else by its own claims; none where nobody says.
pub fn audiences<'a>(issuance: Option<&'a Issuance>, claims: impl FnOnce() -> Option<&'a TokenFacts>) -> &'a [String] {
    let said = issuance.map(|issuance| &issuance.aud[..]).filter(|said| !said.is_empty());
    said.or_else(|| claims().map(|token| &token.aud[..])).unwrap_or_default()
}
