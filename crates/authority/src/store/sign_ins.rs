//! What signing in with a password asks for beside the user.

use async_trait::async_trait;
use jeton_jose::Timestamp;

use super::StoreError;
use crate::password::PasswordHash;
use crate::{Network, UserId};

/// What the authority remembers of sign-ins with passwords.
#[async_trait]
pub trait SignInStore {
    /// When a sign-in of this user from this network was noted last. There may be no such user.
    async fn find_known_network(
        &self,
        user: UserId,
        network: Network,
    ) -> Result<Option<Timestamp>, StoreError>;

    /// Notes a sign-in of this user from this network. Of the user's networks the `keep` that were noted last are kept.
    async fn note_known_network(
        &self,
        user: UserId,
        network: Network,
        keep: u32,
        now: Timestamp,
    ) -> Result<(), StoreError>;

    /// One stored hash of each kind ([`PasswordHash::kind`]) that users have, the default one aside, at most `limit`. It is
    /// quick, however many users there are.
    async fn sample_password_hashes(&self, limit: u32) -> Result<Vec<PasswordHash>, StoreError>;
}
