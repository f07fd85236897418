//! One token's life as a list in time order: what is known of it, from when, and from whom.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::grade::Severity;
use crate::model::instant::Instant;
use crate::model::token_key::TokenKey;
use crate::model::verdict::Evidence;

/// The version of the record.
pub const VERSION: u32 = 1;

/// One token's life; one JSON object.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Timeline {
    /// Version of the record, 1.
    pub v: u32,
    /// The token, by the best of its names.
    pub token: TokenKey,
    /// Its other names.
    pub names: Vec<TokenKey>,
    /// When it was told; entries that come later are planned.
    pub now: Instant,
    /// What happened, oldest first.
    pub entries: Vec<Entry>,
}

/// What sort of thing happened. Entries of one time are in this order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum EntryKind {
    /// A token that it was made from was issued.
    Parent,
    /// It was issued.
    Issued,
    /// A token was made from it.
    Child,
    /// A fact about it, its family, session, task or holder.
    Fact,
    /// It lay somewhere.
    Exposed,
    /// Somebody presented it.
    Used,
    /// A detection spoke.
    Judged,
    /// It was revoked.
    Revoked,
    /// It ends by itself.
    Ends,
}

/// How an entry came to its place.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Placed {
    /// A record says when.
    Told,
    /// No record says when: it stands where such a thing belongs.
    NotTold,
    /// It has not happened yet.
    Ahead,
}

/// One thing that happened.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Entry {
    /// When; absent where no record says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Instant>,
    /// How it came to its place.
    pub placed: Placed,
    /// For how many seconds nothing was known to happen before it, where that is long.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quiet_seconds: Option<i64>,
    /// What sort of thing.
    pub kind: EntryKind,
    /// Of a judgement, how bad it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<Severity>,
    /// What happened, in one line for people; never a secret.
    pub text: String,
    /// What records say of it: names and values.
    pub details: Vec<Evidence>,
}

impl EntryKind {
    /// The word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Parent => "parent",
            Self::Issued => "issued",
            Self::Child => "child",
            Self::Fact => "fact",
            Self::Exposed => "exposed",
            Self::Used => "used",
            Self::Judged => "judged",
            Self::Revoked => "revoked",
            Self::Ends => "ends",
        }
    }
}
