//! Which record of the ledger a token that was logged belongs to.

use crate::ledger::ledger::Ledger;
use crate::model::token_key::TokenKey;
use crate::store::error::StoreError;
use crate::store::store::Stored;

/// The token's record, and the name by which it was found. A JWT that only claims another token's id is not that token.
///
/// # Errors
///
/// The store cannot be asked.
pub fn recognize(ledger: &Ledger, names: &[TokenKey]) -> Result<Option<(TokenKey, Stored)>, StoreError> {
    let found = ledger.find(names)?;
    Ok(found.filter(|(by, stored)| {
        let by_claim = matches!(by, TokenKey::JwtId { .. }) && names.iter().any(TokenKey::is_fingerprint);
        !by_claim || !stored.issuance.keys().iter().any(TokenKey::is_fingerprint)
    }))
}
