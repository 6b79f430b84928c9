//! Signing keys.

use async_trait::async_trait;
use jeton_jose::Timestamp;

use super::StoreError;
use crate::audit::Actor;
use crate::keys::{KeyAddition, KeyId, KeyWithdrawal, SealedThings, StoredKey};

/// What the authority remembers of keys. `by` is who does it, for the audit trail.
#[async_trait]
pub trait KeyStore {
    /// All keys, withdrawn ones too, in the order they were made.
    async fn list_keys(&self) -> Result<Vec<StoredKey>, StoreError>;

    /// What can be opened with one master key alone: the store must not get another one while there is anything.
    async fn sealed_things(&self) -> Result<SealedThings, StoreError>;

    /// Adds keys, all or none, if the newest key of their purposes is still `newest` (`None`: there is none yet).
    /// Audited.
    async fn add_keys(
        &self,
        keys: Vec<StoredKey>,
        newest: Option<KeyId>,
        by: Actor,
    ) -> Result<KeyAddition, StoreError>;

    /// Withdraws a key: it neither signs nor is published from `now` on. Audited.
    async fn withdraw_key(&self, key: &KeyId, by: Actor, now: Timestamp)
    -> Result<KeyWithdrawal, StoreError>;
}
