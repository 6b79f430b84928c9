//! Signing keys.

use async_trait::async_trait;
use jeton_jose::Timestamp;

use super::StoreError;
use crate::keys::{KeyId, StoredKey};

/// The outcome of adding signing keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyAddition {
    /// They are stored.
    Added,
    /// The condition of the addition no longer held: somebody else added keys first. Nothing was changed.
    Superseded,
}

/// The outcome of withdrawing a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyWithdrawal {
    /// It is withdrawn.
    Withdrawn,
    /// It had been withdrawn before.
    AlreadyWithdrawn,
    /// There is no such key.
    Unknown,
}

/// What the authority remembers of keys.
#[async_trait]
pub trait KeyStore {
    /// All keys, withdrawn ones too, in the order they were made.
    async fn list_keys(&self) -> Result<Vec<StoredKey>, StoreError>;

    /// Adds keys, all or none, if the newest key of their purposes is still `newest` (`None`: there is none yet).
    /// Audited.
    async fn add_keys(&self, keys: Vec<StoredKey>, newest: Option<KeyId>) -> Result<KeyAddition, StoreError>;

    /// Withdraws a key: it neither signs nor is published from `now` on. Audited.
    async fn withdraw_key(&self, key: &KeyId, now: Timestamp) -> Result<KeyWithdrawal, StoreError>;
}
