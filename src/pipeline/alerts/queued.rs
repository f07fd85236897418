//! An alert on its way into the outbox: with a delivery for everybody who is told of it; and the alerts that follow from how a request to revoke stands.

use crate::delivery::endpoint::{Endpoint, alert_id};
use crate::model::alert::{ActionKind, Alert, Event};
use crate::model::instant::Instant;
use crate::store::outbox::{Begins, NewAlert, NewDelivery};

/// An alert with its deliveries; none where nobody is told.
#[must_use]
pub fn queued<'a>(alert: &Alert, endpoints: impl Iterator<Item = &'a Endpoint>, begins: Begins, at: Instant) -> Option<NewAlert> {
    let delivery = |endpoint: &Endpoint| NewDelivery { id: endpoint.delivery_id(alert), endpoint: endpoint.name.clone(), begins };
    let deliveries: Vec<NewDelivery> = endpoints.map(delivery).collect();
    let new = |deliveries| NewAlert { id: alert_id(alert), event: alert.event, json: alert.to_json(), token: alert.token_index(), at, deliveries };
    (!deliveries.is_empty()).then(|| new(deliveries))
}

/// That the token of a request is dead.
#[must_use]
pub fn revoked(request: &Alert, at: Instant) -> Alert {
    let mut alert = request.clone();
    (alert.event, alert.timestamp, alert.data.action) = (Event::Revoked, at, None);
    "The token is revoked".clone_into(&mut alert.data.title);
    alert
}

/// That a request is not confirmed though it should be, so that a person looks after it.
#[must_use]
pub fn overdue(request: &Alert, at: Instant) -> Alert {
    let mut alert = request.clone();
    (alert.event, alert.timestamp) = (Event::Updated, at);
    "The token is not known to be dead, though it was to be revoked".clone_into(&mut alert.data.title);
    if let Some(action) = &mut alert.data.action {
        (action.kind, action.reason) = (ActionKind::Review, "revocation_not_confirmed".to_owned());
    }
    alert
}
