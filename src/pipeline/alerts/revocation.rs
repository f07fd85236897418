//! Whether a token is to be revoked without asking anybody: off unless settings say otherwise, and then only what is surely meant.
//!
//! **Invariant:** only tokens that the ledger knows by an exact name, of issuers that are named, and no more in a minute than was said.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde::{Deserialize, Serialize};

use crate::detect::period::Period;
use crate::model::alert::{Action, ActionKind, ActionScope, Alert, Event};
use crate::model::grade::Severity;
use crate::model::instant::Instant;
use crate::model::issuance::Issuance;
use crate::model::ledger_match::Liveness;
use crate::model::lifecycle::Target;
use crate::model::token_key::{KeyKind, TokenKey};
use crate::store::error::StoreError;
use crate::store::step::NewValue;
use crate::store::store::Store;

/// `[revocation]` in `beartrap.toml`.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RevocationSettings {
    /// Whether it is done.
    pub mode: Mode,
    /// Of which issuers, by `iss`, or by provider where a token has none.
    pub issuers: BTreeSet<String>,
    /// Who is asked to revoke: names of endpoints.
    pub endpoints: Vec<String>,
    /// From which severity on.
    pub min_severity: Severity,
    /// How much is revoked: the token, or all tokens of its grant.
    pub scope: ActionScope,
    /// For which rules and detections; for all where none is named.
    pub only: BTreeSet<String>,
    /// How many requests there may be in a minute, for each issuer; one more, and a person is asked.
    pub per_minute: usize,
    /// What is never revoked: names of tokens, or families, sessions, tasks and subjects they were issued to (canaries, break-glass accounts).
    pub never: BTreeSet<String>,
    /// Within what time a revocation must be confirmed.
    pub deadline: Period,
}

/// Whether tokens are revoked.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// They are not.
    #[default]
    Off,
    /// It is told what would be sent, and nothing is sent.
    DryRun,
    /// They are.
    On,
}

impl Default for RevocationSettings {
    fn default() -> Self {
        Self {
            mode: Mode::Off,
            issuers: BTreeSet::new(),
            endpoints: Vec::new(),
            min_severity: Severity::High,
            scope: ActionScope::Token,
            only: BTreeSet::new(),
            per_minute: 10,
            never: BTreeSet::new(),
            deadline: Period::minutes(15),
        }
    }
}

/// A token that may be revoked.
#[derive(Clone, Copy)]
pub struct Suspect<'a> {
    /// What was found.
    pub alert: &'a Alert,
    /// The name by which the ledger knows it.
    pub by: &'a TokenKey,
    /// Its record.
    pub issuance: &'a Issuance,
    /// Whether it is alive.
    pub liveness: Liveness,
}

impl RevocationSettings {
    /// Whether a token is to be revoked, by everything but the number of requests.
    #[must_use]
    pub fn asks_for(&self, suspect: &Suspect) -> bool {
        let data = &suspect.alert.data;
        let is_exact = match suspect.by {
            TokenKey::Fingerprint(_) | TokenKey::JwtId { .. } => true,
            TokenKey::Named(kind, _) => *kind == KeyKind::TokenId,
            TokenKey::Unsigned(_) => false,
        };
        let is_theirs = issuer(suspect.issuance).is_some_and(|issuer| self.issuers.contains(issuer));
        let is_wanted = self.only.is_empty() || self.only.contains(&data.rule);
        let is_alive = matches!(suspect.liveness, Liveness::Live | Liveness::Unknown);
        let is_never = suspect.issuance.targets().iter().any(|target| self.never.contains(&name(target)));
        self.mode != Mode::Off && is_exact && is_theirs && is_wanted && is_alive && !is_never && data.severity >= self.min_severity
    }

    /// The request: the same alert with what is to be done.
    #[must_use]
    pub fn request(&self, suspect: &Suspect, may: May) -> Alert {
        let family = suspect.issuance.family_id.is_some() && self.scope == ActionScope::Family;
        let mut alert = suspect.alert.clone();
        alert.event = Event::RevocationRequested;
        alert.data.action = Some(Action {
            kind: if may == May::Send { ActionKind::RevokeToken } else { ActionKind::Review },
            scope: if family { ActionScope::Family } else { ActionScope::Token },
            not_before: Some(alert.timestamp),
            dry_run: self.mode == Mode::DryRun,
            reason: alert.data.rule.to_ascii_lowercase().replace('-', "_"),
        });
        alert
    }
}

/// Who issued a token, as settings name him.
#[must_use]
pub fn issuer(issuance: &Issuance) -> Option<&str> {
    issuance.iss.as_deref().or(issuance.provider.as_deref())
}

fn name(target: &Target) -> String {
    match target {
        Target::Key(key) => key.to_string(),
        Target::Family(id) => format!("family:{id}"),
        Target::Session(id) => format!("session:{id}"),
        Target::Task(id) => format!("task:{id}"),
        Target::Subject(id) => format!("subject:{id}"),
    }
}

/// Whether a request may be sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum May {
    /// It may.
    Send,
    /// A person is asked: there were too many.
    Ask,
}

/// How many requests were made lately, by issuer; kept in the state, so that restarts and other programs share it.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Budget {
    /// When requests were made in the last minute, in seconds since 1970-01-01T00:00:00Z.
    recent: BTreeMap<String, VecDeque<i64>>,
    /// Issuers of whose tokens none is revoked until a person says so, and since when.
    pub stopped: BTreeMap<String, i64>,
}

impl Budget {
    /// The name under which it is kept.
    const NAME: &str = "revocation/budget";

    /// Reads what is kept.
    ///
    /// # Errors
    ///
    /// [`StoreError`]
    pub fn read(store: &dyn Store) -> Result<Self, StoreError> {
        Ok(store.value(Self::NAME)?.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default())
    }

    /// As it is kept.
    #[must_use]
    pub fn to_value(&self) -> NewValue {
        NewValue { name: Self::NAME.to_owned(), bytes: Some(serde_json::to_vec(self).expect("because it can be written")) }
    }

    /// Counts a request.
    pub fn take(&mut self, issuer: &str, per_minute: usize, now: Instant) -> May {
        let second = now.seconds();
        if self.stopped.contains_key(issuer) {
            return May::Ask;
        }
        let recent = self.recent.entry(issuer.to_owned()).or_default();
        recent.retain(|at| *at > second - 60);
        if recent.len() >= per_minute {
            self.stopped.insert(issuer.to_owned(), second);
            return May::Ask;
        }
        recent.push_back(second);
        May::Send
    }

    /// Lets an issuer's tokens be revoked again; all issuers' where none is named. Which ones were stopped.
    pub fn resume(&mut self, issuer: Option<&str>) -> Vec<String> {
        let named: Vec<String> = self.stopped.keys().filter(|one| issuer.is_none_or(|issuer| issuer == *one)).cloned().collect();
        for one in &named {
            self.stopped.remove(one);
            self.recent.remove(one);
        }
        named
    }
}
