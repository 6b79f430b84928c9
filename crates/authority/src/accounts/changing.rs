//! Changing, disabling and removing a user.

use jeton_jose::Timestamp;

use super::{AccountError, Accounts};
use crate::ShownDigest;
use crate::audit::Actor;
use crate::password::Password;
use crate::random::sixteen;
use crate::store::UserChange;
use crate::user::{AttributeChange, Role, User, UserEdit, UserEdited, email_of};

/// What is to change of what is known of a user. The rest stays.
#[derive(Debug, Clone, Default)]
pub struct AccountEdit {
    /// Another email address, as somebody typed it; a blank one takes it away.
    pub email: Option<Box<str>>,
    /// Another role.
    pub role: Option<Role>,
    /// Other attributes.
    pub attributes: Vec<AttributeChange>,
    /// The version of the user that the change is made for ([`User::version`]), if it matters.
    pub expected: Option<ShownDigest>,
}

/// What came of a change.
#[derive(Debug, Clone)]
pub struct AccountChanged {
    /// The user from now on.
    pub user: User,
    /// How many grants that were alive ended.
    pub grants_ended: u64,
}

impl Accounts {
    /// Changes what is known of a user, all of it or nothing. No session ends.
    ///
    /// # Errors
    /// [`AccountError::Attributes`] where the attributes cannot be a user's, [`AccountError::Outdated`] where the user is not of the expected
    /// version, [`AccountError::NotAllowed`] and [`AccountError::LastOwner`]; nothing was changed then.
    pub async fn edit(
        &self,
        user: &User,
        edit: &AccountEdit,
        by: Actor,
        now: Timestamp,
    ) -> Result<User, AccountError> {
        let edit = UserEdit {
            email: edit.email.as_deref().map(email_of),
            role: edit.role,
            attributes: edit.attributes.clone(),
            expected: edit.expected,
        };
        match self.store.edit_user(user.id, edit, by, now).await? {
            UserEdited::Done(user) => Ok(*user),
            UserEdited::UnknownUser => Err(AccountError::Unknown { name: user.username.as_str().into() }),
            UserEdited::Outdated => Err(AccountError::Outdated),
            UserEdited::Refused(refusal) => Err(refusal.into()),
            UserEdited::Attributes(error) => Err(error.into()),
        }
    }

    /// Keeps a user from signing in: every grant and session of theirs ends.
    ///
    /// # Errors
    /// [`AccountError::Unknown`] where the user was removed meanwhile, [`AccountError::NotAllowed`] where a user does it who may not,
    /// [`AccountError::LastOwner`], or the store fails.
    pub async fn disable(
        &self,
        user: &User,
        by: Actor,
        now: Timestamp,
    ) -> Result<AccountChanged, AccountError> {
        self.changed(user, self.store.disable_user(user.id, by, now).await?).await
    }

    /// Lets a disabled user sign in again. What ended stays ended.
    ///
    /// # Errors
    /// As [`Accounts::disable`].
    pub async fn enable(
        &self,
        user: &User,
        by: Actor,
        now: Timestamp,
    ) -> Result<AccountChanged, AccountError> {
        self.changed(user, self.store.enable_user(user.id, by, now).await?).await
    }

    /// Gives a user another password: every grant and session of theirs ends.
    ///
    /// # Errors
    /// As [`Accounts::disable`]; [`AccountError::Busy`] where too many passwords wait to be hashed.
    pub async fn change_password(
        &self,
        user: &User,
        password: Password,
        by: Actor,
        now: Timestamp,
    ) -> Result<AccountChanged, AccountError> {
        let hash = self.hashing.hash(password, sixteen(&*self.random)).await?;
        self.changed(user, self.store.change_password(user.id, hash, None, by, now).await?).await
    }

    /// Removes a user: every grant and session of theirs ends, and their name and key are free for others. Answers how many grants
    /// that were alive ended.
    ///
    /// # Errors
    /// As [`Accounts::disable`].
    pub async fn remove(&self, user: &User, by: Actor, now: Timestamp) -> Result<u64, AccountError> {
        grants_ended(user, self.store.remove_user(user.id, by, now).await?)
    }

    async fn changed(&self, user: &User, change: UserChange) -> Result<AccountChanged, AccountError> {
        let grants_ended = grants_ended(user, change)?;
        Ok(AccountChanged { user: self.find(user.username.as_str()).await?, grants_ended })
    }
}

fn grants_ended(user: &User, change: UserChange) -> Result<u64, AccountError> {
    match change {
        UserChange::Done { grants_ended } => Ok(grants_ended),
        UserChange::UnknownUser => Err(AccountError::Unknown { name: user.username.as_str().into() }),
        UserChange::Refused(refusal) => Err(refusal.into()),
    }
}
