//! Tokens that are to be revoked, in memory only, until that is done or too much time has gone by.
//!
//! **Invariant:** nothing here is ever written; what leaves is zeroed.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::delivery::schedule::later;
use crate::model::fingerprint::Fingerprint;
use crate::model::instant::Instant;
use crate::model::keep::Keep;
use crate::model::known::Known;
use crate::model::secret::Secret;
use crate::model::token_key::TokenKey;

/// How many tokens are held; one more, and the oldest goes.
const MOST: usize = 10_000;
/// How long one is held after it was last met.
const LONGEST: Duration = Duration::from_hours(1);

/// Tokens in memory.
pub struct Vault {
    wants: Wants,
    clock: fn() -> Instant,
    held: Mutex<HashMap<TokenKey, Held>>,
}

/// Which tokens are held.
pub enum Wants {
    /// None.
    Nothing,
    /// Those that somebody knows to be issued.
    Issued(Arc<dyn Known>),
    /// All that are found.
    Everything,
}

struct Held {
    secret: Arc<Secret>,
    until: Instant,
}

impl Vault {
    fn lock(&self) -> MutexGuard<'_, HashMap<TokenKey, Held>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Holds nothing yet.
    #[must_use]
    pub fn new(wants: Wants, clock: fn() -> Instant) -> Self {
        Self { wants, clock, held: Mutex::default() }
    }

    /// Whether it wants any token.
    #[must_use]
    pub fn wants_any(&self) -> bool {
        !matches!(self.wants, Wants::Nothing)
    }

    /// Holds a token under its name for a while.
    pub fn put(&self, name: TokenKey, secret: Secret, now: Instant) {
        let mut held = self.lock();
        held.retain(|_, one| one.until > now);
        if held.len() >= MOST
            && let Some(oldest) = held.iter().min_by_key(|(_, one)| one.until).map(|(name, _)| name.clone())
        {
            held.remove(&oldest);
        }
        held.insert(name, Held { secret: Arc::new(secret), until: later(now, LONGEST) });
    }

    /// The token of this name, where it is held.
    #[must_use]
    pub fn get(&self, name: &TokenKey) -> Option<Arc<Secret>> {
        let now = (self.clock)();
        self.lock().get(name).filter(|held| held.until > now).map(|held| Arc::clone(&held.secret))
    }

    /// Forgets tokens whose time is over.
    pub fn tidy(&self) {
        let now = (self.clock)();
        self.lock().retain(|_, one| one.until > now);
    }

    /// Forgets a token.
    pub fn remove(&self, name: &TokenKey) {
        self.lock().remove(name);
    }

    /// How many are held.
    #[must_use]
    pub fn len(&self) -> usize {
        self.lock().len()
    }

    /// Whether none is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Keep for Vault {
    fn wants(&self, fingerprint: &Fingerprint) -> bool {
        match &self.wants {
            Wants::Nothing => false,
            Wants::Issued(known) => known.view().may_hold(fingerprint.index()) && known.holds(fingerprint),
            Wants::Everything => true,
        }
    }

    fn keep(&self, fingerprint: &Fingerprint, secret: Secret) {
        self.put(TokenKey::Fingerprint(fingerprint.clone()), secret, (self.clock)());
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use crate::delivery::schedule::later;
    use crate::delivery::vault::{Vault, Wants};
    use crate::model::instant::Instant;
    use crate::model::secret::Secret;
    use crate::model::token_key::TokenKey;

    #[test]
    fn tokens_are_held_for_an_hour() {
        let name = |text: &str| text.parse::<TokenKey>().expect("because it is a name");
        let start = Instant::from_number(1_772_445_600).expect("because it is a time");
        let vault = Vault::new(Wants::Everything, || Instant::from_number(0).expect("because it is a time"));
        vault.put(name("token_id:a"), Secret::new(b"one".to_vec()), start);
        vault.put(name("token_id:b"), Secret::new(b"two".to_vec()), later(start, Duration::from_mins(30)));
        assert_eq!((vault.len(), vault.get(&name("token_id:a")).map(|secret| secret.len())), (2, Some(3)));
        vault.put(name("token_id:c"), Secret::new(b"three".to_vec()), later(start, Duration::from_secs(3601)));
        assert!(vault.get(&name("token_id:a")).is_none() && vault.get(&name("token_id:b")).is_some());
        vault.remove(&name("token_id:b"));
        assert_eq!((vault.len(), vault.is_empty()), (1, false));
    }
}
