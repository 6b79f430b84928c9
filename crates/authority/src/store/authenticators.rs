//! What users prove their identity with besides the password.

use async_trait::async_trait;
use jeton_jose::Timestamp;

use super::StoreError;
use crate::audit::Actor;
use crate::authenticators::{
    Attempt, AuthenticatorChange, Authenticators, AuthenticatorsChanged, CodeVerdict,
};
use crate::{Network, UserId};

/// The stored authenticators. What a user has set up is also part of the user
/// ([`User::enrolled`](crate::user::User::enrolled)), and changes in the same transaction.
#[async_trait]
pub trait AuthenticatorStore {
    /// The authenticators of a user; none for a user that does not exist.
    async fn find_authenticators(&self, user: UserId) -> Result<Authenticators, StoreError>;

    /// Changes the authenticators of a user, following [`crate::authenticators::change`]. Audited.
    async fn change_authenticators(
        &self,
        user: UserId,
        change: AuthenticatorChange,
        by: Actor,
        network: Option<Network>,
        now: Timestamp,
    ) -> Result<AuthenticatorsChanged, StoreError>;

    /// Presents a code or a passkey, following [`crate::authenticators::attempt`]. Of many callers with one code, one at most is
    /// told that it counts. Audited.
    async fn present_authenticator(
        &self,
        user: UserId,
        attempt: Attempt,
        now: Timestamp,
    ) -> Result<CodeVerdict, StoreError>;
}
