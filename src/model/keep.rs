//! Who wants to hold tokens that a scan meets, in memory: what has to be revoked by showing it.

use crate::model::fingerprint::Fingerprint;
use crate::model::secret::Secret;

/// Holds tokens in memory for a while.
pub trait Keep: Send + Sync {
    /// Whether the token with this fingerprint is wanted.
    fn wants(&self, fingerprint: &Fingerprint) -> bool;

    /// Holds it.
    fn keep(&self, fingerprint: &Fingerprint, secret: Secret);
}
