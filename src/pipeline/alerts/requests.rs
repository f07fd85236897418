//! How each request to revoke stands: asked for, delivered, confirmed dead; and how long that took.

use std::collections::{BTreeMap, HashSet};

use jiff::SignedDuration;
use serde::Serialize;

use crate::model::alert::{Action, ActionKind, Alert, Event};
use crate::model::instant::Instant;
use crate::model::token_key::TokenKey;
use crate::store::error::StoreError;
use crate::store::outbox::{Delivery, State, Which};
use crate::store::store::Store;

/// The most deliveries that one request has.
const MOST: u32 = 1000;

/// A request.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Request {
    /// The alert's id.
    pub id: String,
    /// The token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<TokenKey>,
    /// Its issuer, or whoever provides such tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// What was found, and by which rule or detection.
    pub rule: String,
    /// What is to be done.
    pub action: Action,
    /// When the token was first seen where it must not be.
    pub seen: Instant,
    /// When it was asked for.
    pub requested: Instant,
    /// When it was first tried.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tried: Option<Instant>,
    /// When somebody accepted it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accepted: Option<Instant>,
    /// When the token was known to be dead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confirmed: Option<Instant>,
    /// Seconds from when it was first seen to then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seconds: Option<f64>,
    /// How its deliveries stand.
    pub deliveries: Vec<Delivery>,
}

/// How long revocations took, of one issuer.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Times {
    /// How many were confirmed.
    pub confirmed: usize,
    /// How many were not.
    pub open: usize,
    /// Seconds within which half of them were.
    pub p50: Option<f64>,
    /// Seconds within which 95 % were.
    pub p95: Option<f64>,
    /// The longest.
    pub max: Option<f64>,
}

/// All requests, oldest first.
///
/// # Errors
///
/// [`StoreError`]
pub fn requests(store: &dyn Store) -> Result<Vec<Request>, StoreError> {
    let mut all = Vec::new();
    store.alerts(Event::RevocationRequested, &mut |id, at, json| {
        // One that this version cannot read is left out; `outbox list` has its deliveries.
        all.extend(serde_json::from_str::<Alert>(json).ok().map(|alert| (id.to_owned(), at, alert)));
    })?;
    let is_of = |alert: &Alert, kind| alert.data.action.as_ref().is_some_and(|action| action.kind == kind);
    let asked: HashSet<String> =
        all.iter().filter(|(.., alert)| is_of(alert, ActionKind::RevokeToken)).map(|(.., alert)| alert.data.finding_id.clone()).collect();
    // That a person is asked is the same request where it is there to be let go.
    let is_own = |alert: &Alert| is_of(alert, ActionKind::RevokeToken) || is_of(alert, ActionKind::Review) && !asked.contains(&alert.data.finding_id);
    all.into_iter().filter(|(.., alert)| is_own(alert)).map(|(id, at, alert)| request(store, id, at, alert)).collect()
}

/// How the request stands that this alert makes, which says what is to be done.
///
/// # Errors
///
/// [`StoreError`]
pub fn request(store: &dyn Store, id: String, requested: Instant, alert: Alert) -> Result<Request, StoreError> {
    let which = Which { alert: Some(id.clone()), ..Which::default() };
    let deliveries = store.deliveries(&which, 0, MOST)?;
    let data = alert.data;
    let seen = data.observed.time.unwrap_or(alert.timestamp).min(requested);
    let confirmed = data.token.fp.as_ref().map_or(Ok(None), |name| revoked(store, name))?;
    let accepted = deliveries.iter().filter(|delivery| delivery.state == State::Delivered).filter_map(|delivery| delivery.ended).min();
    Ok(Request {
        id,
        issuer: data.token.iss.or(data.token.provider),
        token: data.token.fp,
        rule: data.rule,
        action: data.action.expect("because it was asked for"),
        seen,
        requested,
        tried: deliveries.iter().filter_map(|delivery| delivery.tried).min(),
        accepted,
        confirmed,
        seconds: confirmed.map(|at| at.0.duration_since(seen.0).max(SignedDuration::ZERO).as_secs_f64()),
        deliveries,
    })
}

/// When the ledger heard that a token was revoked.
fn revoked(store: &dyn Store, name: &TokenKey) -> Result<Option<Instant>, StoreError> {
    let Some(stored) = store.find(name)?.into_iter().next() else { return Ok(None) };
    let events = store.events(&stored.issuance.targets())?;
    Ok(stored.issuance.revoked(&events))
}

impl Request {
    /// Whether the token is not known to be dead.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.confirmed.is_none()
    }

    /// How it stands, in a word.
    #[must_use]
    pub fn word(&self) -> &'static str {
        let is_held = self.deliveries.iter().any(|delivery| delivery.state == State::Held);
        match (self.confirmed, self.accepted, self.tried) {
            (Some(_), ..) => "dead",
            (_, Some(_), _) => "accepted",
            _ if is_held || self.action.kind == ActionKind::Review => "held",
            _ if self.deliveries.iter().any(|delivery| delivery.state == State::NeedsToken) => "needs_token",
            (.., Some(_)) => "tried",
            _ => "requested",
        }
    }

    /// Whether it is not confirmed though it should be.
    #[must_use]
    pub fn is_late(&self, deadline: SignedDuration, now: Instant) -> bool {
        self.is_open() && now.0.duration_since(self.requested.0) > deadline
    }
}

/// How long revocations took, by issuer.
#[must_use]
pub fn times(requests: &[Request]) -> BTreeMap<String, Times> {
    let mut by_issuer = BTreeMap::<String, Vec<&Request>>::new();
    for request in requests {
        by_issuer.entry(request.issuer.clone().unwrap_or_else(|| "unknown".to_owned())).or_default().push(request);
    }
    let of = |requests: Vec<&Request>| {
        let mut seconds: Vec<f64> = requests.iter().filter_map(|request| request.seconds).collect();
        seconds.sort_by(f64::total_cmp);
        // The nearest rank.
        let within = |share: usize| seconds.get((seconds.len() * share).div_ceil(100).saturating_sub(1)).copied();
        Times { confirmed: seconds.len(), open: requests.len() - seconds.len(), p50: within(50), p95: within(95), max: seconds.last().copied() }
    };
    by_issuer.into_iter().map(|(issuer, requests)| (issuer, of(requests))).collect()
}
