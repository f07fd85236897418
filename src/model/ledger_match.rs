//! What the ledger answers about one token: the issuance, whether it is alive, what it can do, where else it was seen.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::exposure::Exposure;
use crate::model::grade::Severity;
use crate::model::instant::Instant;
use crate::model::issuance::Issuance;
use crate::model::lifecycle::{LifecycleEvent, LifecycleKind, Target};
use crate::model::token_key::TokenKey;
use crate::model::verdict::Verdict;

/// Whether a token works.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Liveness {
    /// It has expired.
    Expired,
    /// It was revoked, alone or with its family, session or subject.
    Revoked,
    /// Neither its end nor its revocation is known.
    Unknown,
    /// It works.
    Live,
}

/// One token of ours.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct LedgerMatch {
    /// The name by which it was recognised.
    pub by: TokenKey,
    /// The issued-token record.
    pub issuance: Issuance,
    /// Whether it worked when it was exposed.
    pub liveness_then: Liveness,
    /// Whether it works now.
    pub liveness_now: Liveness,
    /// How many seconds it still works; absent for one without end, and for one that does not work.
    pub seconds_left: Option<i64>,
    /// Facts about it, its family, session, task and subjects, oldest first.
    pub events: Vec<LifecycleEvent>,
    /// The tokens that it was made from, the nearest first.
    pub parents: Vec<TokenKey>,
    /// Where it was seen, this place included.
    pub exposures: Vec<Exposure>,
}

/// What is known of a finding's token.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase", tag = "issued")]
pub enum Standing {
    /// Nobody was asked.
    #[default]
    Unasked,
    /// The ledger does not know it.
    No,
    /// A filter of the ledger says that it may be.
    Possibly,
    /// The ledger knows it.
    Yes(Box<Ours>),
}

/// A token of ours at a place.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Ours {
    /// How bad it is that it lies there.
    pub severity: Severity,
    /// What the ledger knows.
    #[serde(flatten)]
    pub matched: LedgerMatch,
    /// What it means, worst first.
    pub verdicts: Vec<Verdict>,
}

impl Issuance {
    /// What facts about this token may be about: its names, family, session, task and subjects.
    #[must_use]
    pub fn targets(&self) -> Vec<Target> {
        let to = &self.issued_to;
        let mut targets: Vec<Target> = self.keys().into_iter().map(Target::Key).collect();
        targets.extend(self.family_id.iter().cloned().map(Target::Family));
        targets.extend(to.session_id.iter().chain(&to.conversation_id).cloned().map(Target::Session));
        targets.extend(to.task_id.iter().chain(&to.run_id).cloned().map(Target::Task));
        targets.extend([&to.agent_id, &to.workload_id, &to.client_id, &to.user].into_iter().flatten().cloned().map(Target::Subject));
        targets
    }

    /// When it was revoked, by itself or by one of these facts.
    #[must_use]
    pub fn revoked(&self, events: &[LifecycleEvent]) -> Option<Instant> {
        let said = events.iter().filter(|event| event.event == LifecycleKind::Revoked && self.issued_before(event.at)).map(|event| event.at);
        self.revoked_at.into_iter().chain(said).min()
    }

    /// A fact about a family, session or subject concerns the tokens that had been issued by then.
    fn issued_before(&self, at: Instant) -> bool {
        self.issued_at.is_none_or(|issued| issued <= at)
    }

    /// Whether it worked at a time.
    #[must_use]
    pub fn liveness(&self, events: &[LifecycleEvent], at: Instant) -> Liveness {
        if self.revoked(events).is_some_and(|revoked| revoked <= at) {
            return Liveness::Revoked;
        }
        match self.expires_at {
            Some(end) if end <= at => Liveness::Expired,
            Some(_) => Liveness::Live,
            None if self.issued_at.is_some() => Liveness::Live,
            None => Liveness::Unknown,
        }
    }
}
