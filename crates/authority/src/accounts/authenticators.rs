//! What an operator does about second factors: see what a user has, and remove it if it is lost.

use jeton_jose::Timestamp;

use super::{AccountError, Accounts};
use crate::audit::Actor;
use crate::authenticators::{AuthenticatorChange, Authenticators, AuthenticatorsChanged};
use crate::user::User;

impl Accounts {
    /// The second factors of a user.
    ///
    /// # Errors
    /// The store fails.
    pub async fn authenticators(&self, user: &User) -> Result<Authenticators, AccountError> {
        Ok(self.store.find_authenticators(user.id).await?)
    }

    /// Removes all second factors of a user, recovery codes included, so that the password alone signs them in again. Sessions go
    /// on. Answers what was removed.
    ///
    /// # Errors
    /// [`AccountError::Unknown`] where the user was removed meanwhile, or the store fails.
    pub async fn remove_authenticators(
        &self,
        user: &User,
        by: Actor,
        now: Timestamp,
    ) -> Result<Authenticators, AccountError> {
        let before = self.authenticators(user).await?;
        match self.store.change_authenticators(user.id, AuthenticatorChange::Remove, by, None, now).await? {
            AuthenticatorsChanged::Done(_) | AuthenticatorsChanged::NotNow(_) => Ok(before),
            AuthenticatorsChanged::UnknownUser => {
                Err(AccountError::Unknown { name: user.username.as_str().into() })
            }
        }
    }
}
