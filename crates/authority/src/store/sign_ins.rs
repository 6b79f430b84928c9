//! Data about password sign-ins, besides the users.

use async_trait::async_trait;
use jeton_jose::Timestamp;

use super::StoreError;
use crate::password::PasswordHash;
use crate::{Network, UserId};

/// The stored data about password sign-ins.
#[async_trait]
pub trait SignInStore {
    /// When a sign-in of this user from this network was last recorded. The user may not exist.
    async fn find_known_network(
        &self,
        user: UserId,
        network: Network,
    ) -> Result<Option<Timestamp>, StoreError>;

    /// Records a sign-in of this user from this network. Only the `keep` most recently recorded networks of the user
    /// are kept.
    async fn note_known_network(
        &self,
        user: UserId,
        network: Network,
        keep: u32,
        now: Timestamp,
    ) -> Result<(), StoreError>;

    /// One stored hash of each kind ([`PasswordHash::kind`]) that users have, except the default one, at most `limit`.
    /// It is fast, however many users there are.
    async fn sample_password_hashes(&self, limit: u32) -> Result<Vec<PasswordHash>, StoreError>;
}
