//! Accounts: users who come from elsewhere, change or go.

use async_trait::async_trait;
use jeton_jose::Timestamp;

use super::{StoreError, UserChange};
use crate::audit::Actor;
use crate::user::{ImportedUser, LastImport, Leaving, LeavingChange, NewUser, UserAddition, Username};
use crate::{Network, UserId};

/// The outcome of bringing accounts up to date.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AccountsUpdated {
    /// All are up to date; what came of each, in the order in which they were named.
    Done(Vec<AccountChange>),
    /// A name is another user's; nothing was changed.
    NameTaken(Username),
    /// There is no such user any more, or its attributes would be too many; nothing was changed.
    Refused(UserId),
}

/// What came of one account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccountChange {
    /// Whether anything about the user changed.
    pub changed: bool,
    /// How many grants that were alive ended.
    pub grants_ended: u64,
    /// Whether the password may have changed there since an import that kept no note of it, so that it was left as it is.
    pub password_unknown: bool,
}

/// What the authority remembers of accounts. `by` is who does it, for the audit trail.
#[async_trait]
pub trait AccountStore {
    /// Adds users who come from another system, each with what that system says now, in one transaction; answers what became of each.
    /// Audited.
    async fn add_imported_users(
        &self,
        users: Vec<(NewUser, LastImport)>,
        by: Actor,
    ) -> Result<Vec<UserAddition>, StoreError>;

    /// Brings accounts up to date with the system that they came from, as [`crate::user::update`] decides, in one transaction, so
    /// that users may swap their names. A changed password and a disabling end every grant of the user, as
    /// [`super::UserStore::change_password`] and [`super::UserStore::disable_user`] do. Audited.
    async fn update_imported_users(
        &self,
        users: Vec<(UserId, ImportedUser)>,
        by: Actor,
        now: Timestamp,
    ) -> Result<AccountsUpdated, StoreError>;

    /// Changes the address of a user, or takes it away. Audited.
    async fn change_email(
        &self,
        user: UserId,
        email: Option<Box<str>>,
        by: Actor,
        now: Timestamp,
    ) -> Result<UserChange, StoreError>;

    /// Removes a user: every grant and session of theirs ends in the same transaction, and their name and imported key are free for
    /// others. Clients that want to hear of it are noted for [`super::LogoutStore`]. Nobody finds the user any more. Audited.
    async fn remove_user(&self, user: UserId, by: Actor, now: Timestamp) -> Result<UserChange, StoreError>;

    /// When a user is to be removed because they asked for it; none if they did not, or there is no such user.
    async fn find_removal(&self, user: UserId) -> Result<Option<Timestamp>, StoreError>;

    /// Notes that a user wants to be removed, or no longer does, as [`crate::user::leave`] decides. Audited.
    async fn change_removal(
        &self,
        user: UserId,
        wish: Leaving,
        network: Option<Network>,
        now: Timestamp,
    ) -> Result<LeavingChange, StoreError>;
}
