//! A rule that has been checked: everything the scan needs of it, computed once.

use std::borrow::Cow;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::model::grade::{Confidence, Severity};
use crate::model::rule_info::{RuleInfo, TokenKind};
use crate::rules::anchor::Anchor;
use crate::rules::byte_set::ByteSet;
use crate::rules::shape::Shape;
use crate::rules::spec::{Check, Claims, Context, Partner};
use crate::rules::terms::Terms;

/// The shortest run of token characters that the scan looks into.
pub const MIN_RUN: usize = 16;
/// The longest match of any rule, in bytes; with it, every rule has a finite reach.
pub const MAX_REACH: usize = 16 * 1024;

/// Id of the rule that stands for tokens which only the ledger knows.
pub const ISSUED: &str = "issued-token";

/// A checked rule.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Rule {
    /// What it says to people.
    pub info: Arc<RuleInfo>,
    /// What the token gives its holder, and what is known of its format.
    #[serde(borrow)]
    pub description: Cow<'static, str>,
    /// How sure a match is before its check has spoken.
    pub confidence: Confidence,
    /// How long such a token is good for at most, in words; empty where only revocation ends it.
    #[serde(borrow)]
    pub lifetime: Cow<'static, str>,
    /// The pattern as written.
    #[serde(borrow)]
    pub pattern: Cow<'static, str>,
    /// The pattern's alternatives, most preferred first.
    pub alternatives: Vec<Alternative>,
    /// What must introduce the value; empty for anchored rules.
    pub context: Context,
    /// What belongs to it.
    pub partner: Partner,
    /// Checksum or structure.
    pub check: Option<Check>,
    /// Conditions on JWT claims.
    pub claims: Claims,
    /// What a match must fulfil besides; there for every rule of another tool, and for no other.
    #[serde(skip)]
    pub terms: Option<Arc<dyn Terms>>,
}

/// One alternative of a rule's pattern and how the scan comes upon it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Alternative {
    /// What it matches.
    pub shape: Shape,
    /// Bytes that may not follow a match: they would have been part of it.
    pub tail: ByteSet,
    /// What leads to it; nothing where a name or word before the value does.
    pub anchor: Option<Anchor>,
}

impl Rule {
    /// The rule that stands for tokens which only the ledger knows: it matches nothing by itself.
    #[must_use]
    pub fn issued() -> Self {
        Self {
            info: Arc::new(RuleInfo {
                id: ISSUED.into(),
                name: "Token that the ledger knows".into(),
                provider: "Your organisation".into(),
                kind: TokenKind::Bearer,
                severity: Severity::High,
                remedy: "Revoke the token where it was issued, issue a new one to whom it belongs, and look through the issuer's log for its use."
                    .into(),
                revocation_url: "".into(),
            }),
            description: "A token whose fingerprint stands in the ledger of issued tokens, whatever its format.".into(),
            confidence: Confidence::High,
            lifetime: "".into(),
            pattern: "".into(),
            alternatives: Vec::new(),
            context: Context::default(),
            partner: Partner::default(),
            check: None,
            claims: Claims::default(),
            terms: None,
        }
    }

    /// Whether names and words near the value lead to it, not a literal of its own.
    #[must_use]
    pub fn is_contextual(&self) -> bool {
        !self.context.is_empty()
    }

    /// The literal that every match starts with; shown in previews, since it is no secret.
    #[must_use]
    pub fn public_prefix(&self) -> String {
        let common = self.alternatives.iter().map(|alt| alt.shape.prefix()).reduce(|a, b| {
            let same = a.iter().zip(b).take_while(|(x, y)| x == y).count();
            &a[..same]
        });
        String::from_utf8_lossy(common.unwrap_or_default()).into_owned()
    }
}
