//! Users and their passwords.

use async_trait::async_trait;
use jeton_jose::Timestamp;

use super::StoreError;
use crate::audit::Actor;
use crate::password::PasswordHash;
use crate::user::{
    ActRefusal, Attributes, NewUser, User, UserAddition, UserEdit, UserEdited, UserStanding, Username,
};
use crate::{SessionId, UserId};

/// The outcome of a change to one user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UserChange {
    /// It is done; so many grants ended with it.
    Done {
        /// How many grants that were alive ended.
        grants_ended: u64,
    },
    /// There is no such user.
    UnknownUser,
    /// Who asks for it may not do it, or no owner would be left; nothing was changed.
    Refused(ActRefusal),
}

/// What the authority remembers of users. `by` is who does it, for the audit trail. What one user does to another is permitted by
/// [`crate::user::permit`], within the transaction, and so is whatever may cost the last owner.
#[async_trait]
pub trait UserStore {
    /// Adds a user.
    async fn add_user(&self, user: NewUser, by: Actor) -> Result<UserAddition, StoreError>;

    /// The user of this identifier.
    async fn find_user_by_id(&self, user: UserId) -> Result<Option<User>, StoreError>;

    /// The user with this name.
    async fn find_user(&self, username: &Username) -> Result<Option<User>, StoreError>;

    /// The users whose [folded](Username::folded) names are that of this one, two at most: the one of exactly this name first.
    async fn find_users_alike(&self, username: &Username) -> Result<Vec<User>, StoreError>;

    /// The users in the order of their names, at most `limit` of them, from the first name after `after`.
    async fn list_users(&self, after: Option<&Username>, limit: u32) -> Result<Vec<User>, StoreError>;

    /// The users whose [folded](Username::folded) names begin with a text, in the order of the folded names and then of the names, at most
    /// `limit` of them, from the first one after `after`.
    async fn search_users(
        &self,
        prefix: &str,
        after: Option<&Username>,
        limit: u32,
    ) -> Result<Vec<User>, StoreError>;

    /// The users with any role but that of a member, in the order of their names, at most `limit` of them.
    async fn list_administrators(&self, limit: u32) -> Result<Vec<User>, StoreError>;

    /// Changes what is known of a user, as [`crate::user::edit`] decides. No grant ends. Audited.
    async fn edit_user(
        &self,
        user: UserId,
        edit: UserEdit,
        by: Actor,
        now: Timestamp,
    ) -> Result<UserEdited, StoreError>;

    /// Disables a user: every grant of theirs ends in the same transaction, and the epoch grows. Audited.
    async fn disable_user(&self, user: UserId, by: Actor, now: Timestamp) -> Result<UserChange, StoreError>;

    /// Lets a disabled user sign in again. Grants that ended stay ended. Audited.
    async fn enable_user(&self, user: UserId, by: Actor, now: Timestamp) -> Result<UserChange, StoreError>;

    /// Ends again what the store has forgotten to have ended ([`crate::user::end_again`]): `last` is how the user stood at last. Audited.
    async fn end_again(
        &self,
        last: UserStanding,
        by: Actor,
        now: Timestamp,
    ) -> Result<UserChange, StoreError>;

    /// Changes a password: every session and grant of the user ends in the same transaction, and the epoch grows. The session `keep` and
    /// the grants that came from it continue at the new epoch, if it belongs to the user and has not ended. Audited.
    async fn change_password(
        &self,
        user: UserId,
        password: PasswordHash,
        keep: Option<SessionId>,
        by: Actor,
        now: Timestamp,
    ) -> Result<UserChange, StoreError>;

    /// Puts other attributes in the place of a user's. Audited.
    async fn change_attributes(
        &self,
        user: UserId,
        attributes: Attributes,
        by: Actor,
        now: Timestamp,
    ) -> Result<UserChange, StoreError>;

    /// Stores the same password hashed anew, if `from` is still what is stored. Neither grants nor the epoch change.
    async fn rehash_password(
        &self,
        user: UserId,
        from: &PasswordHash,
        to: PasswordHash,
    ) -> Result<(), StoreError>;
}
