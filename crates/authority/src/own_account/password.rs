//! Changing one's own password.

use jeton_jose::Timestamp;

use super::OwnAccount;
use crate::audit::Actor;
use crate::password::{HashingBusy, Password, WeakPassword, judge};
use crate::random::sixteen;
use crate::sign_in::SignedIn;
use crate::store::{StoreError, UserChange};

/// Why a password was not changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NewPasswordError {
    /// The new password is too easy to guess.
    #[error(transparent)]
    Weak(#[from] WeakPassword),
    /// There is no such user any more.
    #[error("the user was removed")]
    UnknownUser,
    /// Too many passwords wait to be hashed.
    #[error(transparent)]
    Busy(#[from] HashingBusy),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl NewPasswordError {
    /// The stable name of the error.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Weak(weak) => weak.code(),
            Self::UnknownUser => "user_unknown",
            Self::Busy(busy) => busy.code(),
            Self::Store(error) => error.code(),
        }
    }
}

impl OwnAccount {
    /// Gives the user another password. They stay signed in here, with the applications of this browser; everything else ends.
    ///
    /// # Errors
    /// [`NewPasswordError`] says why not; nothing was changed then.
    pub async fn change_password(
        &self,
        signed_in: &SignedIn,
        password: Password,
        now: Timestamp,
    ) -> Result<(), NewPasswordError> {
        let user = &signed_in.user;
        let related = user.related_texts(&self.settings.issuer);
        judge(&password, user.enrolled.is_two_step, &related, self.settings.password.min_length)?;
        let hash = self.hashing.hash(password, sixteen(&*self.random)).await?;
        let (keep, by) = (Some(signed_in.session.id), Actor::User(user.id));
        match self.store.change_password(user.id, hash, keep, by, now).await? {
            UserChange::Done { .. } => Ok(()),
            // Nobody else decides about one's own password.
            UserChange::UnknownUser | UserChange::Refused(_) => Err(NewPasswordError::UnknownUser),
        }
    }
}
