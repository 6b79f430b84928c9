//! What the authority remembers: the [`Store`] trait.
//!
//! Each method is one step of the protocol, one transaction, and an answer that names every outcome. An answer is given
//! only after what it promises is on disk. Every backend passes the conformance suite of `jeton-store`.

mod accounts;
mod clients;
mod devices;
mod logouts;
mod one_time;
mod sessions;
mod sign_ins;
mod sweep;

use async_trait::async_trait;
use jeton_jose::Timestamp;

pub use accounts::{AccountChange, AccountStore, AccountsUpdated};
pub use clients::{ClientChange, ClientRemoval, ClientStore};
pub use devices::{DeviceDecided, DevicePoll, DeviceStore};
pub use logouts::{LogoutDelivery, LogoutStore};
pub use one_time::{CodeRedemption, OneTimeStore, Placement, Redemption};
pub use sessions::{GrantsEnded, SessionEnding, SessionOpening, SessionStore};
pub use sign_ins::SignInStore;
pub use sweep::{ExpiredSession, Needless, SweepStep, SweepStore};

use crate::audit::{AuditFilter, AuditNumber, AuditRecord};
use crate::grant::{Grant, GrantStanding, GrantSummary, LiveGrant, NewGrant};
use crate::keys::{KeyId, StoredKey};
use crate::password::PasswordHash;
use crate::refresh_token::{Presented, RefreshPolicy, RefreshRefusal};
use crate::user::{Attributes, Role, User, UserStatus, Username};
use crate::{GrantId, UserId};

/// The store could not do what was asked. Never the fault of the request.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// It cannot write for the moment: the disk is full, the folder is read-only, the queue is full. Trying again later
    /// may succeed; nothing was changed.
    #[error("the store cannot write at the moment: {0}")]
    Unavailable(String),
    /// Something was sealed under another master key than the one that the store is bound to; nothing was changed.
    #[error("the master key does not fit the database: another key sealed what is in it")]
    OtherMasterKey,
    /// Anything else: it is corrupt, or it answered what it never should.
    #[error("the store failed: {0}")]
    Failed(String),
}

impl StoreError {
    /// The stable name of this error.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Unavailable(_) | Self::Failed(_) => "store_failed",
            Self::OtherMasterKey => "master_key_mismatch",
        }
    }
}

/// A user to be added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewUser {
    /// Its identifier, drawn at random by the caller.
    pub id: UserId,
    /// The key that it had in the system it comes from.
    pub imported_key: Option<Box<str>>,
    /// What the user signs in with.
    pub username: Username,
    /// An address to reach the user.
    pub email: Option<Box<str>>,
    /// What passwords will be verified against.
    pub password: PasswordHash,
    /// What the user may do at the authority.
    pub role: Role,
    /// Whether the user may sign in.
    pub status: UserStatus,
    /// When the account is made.
    pub created_at: Timestamp,
    /// What else is known of them.
    pub attributes: Attributes,
}

/// The outcome of adding a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UserAddition {
    /// The user exists from now on.
    Added,
    /// Another user has that name; nothing was changed.
    NameTaken,
    /// The name of another user differs in nothing but case or composition; nothing was changed.
    SimilarNameTaken,
    /// Another user has that imported key; nothing was changed.
    ImportedKeyTaken,
}

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
}

/// The outcome of opening a grant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GrantOpening {
    /// The grant is open.
    Opened,
    /// The user was disabled or deleted, their password changed, or their session ended, since it was verified.
    CredentialsChanged,
}

/// The outcome of a refresh.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refresh {
    /// Hand out the token of the grant's state as it is here: it advanced, was excused, or did not change.
    Granted(Box<LiveGrant>),
    /// A spent token was replayed and the grant ended with this call.
    Replayed(Box<Grant>),
    /// Nothing was handed out and nothing changed.
    Refused(RefreshRefusal),
    /// There is no such grant (or no such user any more).
    Unknown,
}

/// The outcome of revoking a grant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Revocation {
    /// It ended with this call.
    Revoked,
    /// It had ended before.
    AlreadyRevoked,
    /// There is no such grant.
    Unknown,
}

/// Which grants a list shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GrantFilter {
    /// Those of everybody.
    All,
    /// Those of one user.
    OfUser(UserId),
}

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

/// What the authority remembers.
#[async_trait]
pub trait Store:
    AccountStore
    + ClientStore
    + SessionStore
    + SignInStore
    + OneTimeStore
    + DeviceStore
    + LogoutStore
    + SweepStore
    + Send
    + Sync
    + 'static
{
    /// Adds a user.
    async fn add_user(&self, user: NewUser) -> Result<UserAddition, StoreError>;

    /// The user of this identifier.
    async fn find_user_by_id(&self, user: UserId) -> Result<Option<User>, StoreError>;

    /// The user with this name.
    async fn find_user(&self, username: &Username) -> Result<Option<User>, StoreError>;

    /// The users whose [folded](Username::folded) names are that of this one, two at most: the one of exactly this name first.
    async fn find_users_alike(&self, username: &Username) -> Result<Vec<User>, StoreError>;

    /// The users in the order of their names, at most `limit` of them, from the first name after `after`.
    async fn list_users(&self, after: Option<&Username>, limit: u32) -> Result<Vec<User>, StoreError>;

    /// Disables a user: every grant of theirs ends in the same transaction, and the epoch grows. Audited.
    async fn disable_user(&self, user: UserId, now: Timestamp) -> Result<UserChange, StoreError>;

    /// Lets a disabled user sign in again. Grants that ended stay ended. Audited.
    async fn enable_user(&self, user: UserId, now: Timestamp) -> Result<UserChange, StoreError>;

    /// Changes a password: every grant of the user but `keep` ends in the same transaction, and the epoch grows. Audited.
    async fn change_password(
        &self,
        user: UserId,
        password: PasswordHash,
        keep: Option<GrantId>,
        now: Timestamp,
    ) -> Result<UserChange, StoreError>;

    /// Puts other attributes in the place of a user's. Audited.
    async fn change_attributes(
        &self,
        user: UserId,
        attributes: Attributes,
        now: Timestamp,
    ) -> Result<UserChange, StoreError>;

    /// Stores the same password hashed anew, if `from` is still what is stored. Neither grants nor the epoch change.
    async fn rehash_password(
        &self,
        user: UserId,
        from: &PasswordHash,
        to: PasswordHash,
    ) -> Result<(), StoreError>;

    /// Opens a grant for somebody who signed in just now, if they are active, their epoch is still the one that the password
    /// was verified at, and the session that it comes from holds. Audited.
    async fn open_grant(&self, grant: NewGrant) -> Result<GrantOpening, StoreError>;

    /// Applies the refresh rules to a grant ([`crate::refresh_token::decide`]) and writes what they change and the record
    /// that they make, in one transaction.
    async fn refresh_grant(
        &self,
        grant: GrantId,
        presented: Presented,
        policy: RefreshPolicy,
        now: Timestamp,
    ) -> Result<Refresh, StoreError>;

    /// A grant with what its tokens say of its user, or `None` if there is no such grant. Revoked and expired ones too.
    async fn find_grant(&self, grant: GrantId) -> Result<Option<(LiveGrant, UserStatus)>, StoreError>;

    /// How a grant stands, or `None` if there is no such grant.
    ///
    /// Not async: a look-up by key in the reader's page cache, cheaper than handing it to another thread.
    fn grant_standing(&self, grant: GrantId) -> Result<Option<GrantStanding>, StoreError>;

    /// Ends a grant at the wish of its client, which knows of it then: sign-out. Audited.
    async fn revoke_grant(&self, grant: GrantId, now: Timestamp) -> Result<Revocation, StoreError>;

    /// Ends a grant at somebody else's wish: as [`Store::revoke_grant`], and a client that wants to hear of sign-outs is noted
    /// for [`LogoutStore`]. Audited.
    async fn end_grant(&self, grant: GrantId, now: Timestamp) -> Result<Revocation, StoreError>;

    /// Ends all live grants of a user, and their browsers' sessions. Audited. `None` if there is no such user.
    async fn revoke_user_grants(
        &self,
        user: UserId,
        now: Timestamp,
    ) -> Result<Option<GrantsEnded>, StoreError>;

    /// Grants that are neither revoked nor expired at `now`, in the order of their identifiers, at most `limit`, from
    /// the first after `after`.
    ///
    /// A grant expires at its `expires_at`, or `idle_lifetime` after its token was minted.
    async fn list_grants(
        &self,
        filter: GrantFilter,
        after: Option<GrantId>,
        limit: u32,
        idle_lifetime: std::time::Duration,
        now: Timestamp,
    ) -> Result<Vec<GrantSummary>, StoreError>;

    /// Appends a record to the audit trail: of what no transaction of the store tells of.
    async fn record_audit(&self, record: AuditRecord) -> Result<(), StoreError>;

    /// Audit records, newest first, at most `limit`.
    async fn list_audit(&self, limit: u32) -> Result<Vec<AuditRecord>, StoreError>;

    /// The audit records that a filter lets through, in the order in which they were written, at most `limit`.
    async fn read_audit(
        &self,
        filter: AuditFilter,
        limit: u32,
    ) -> Result<Vec<(AuditNumber, AuditRecord)>, StoreError>;

    /// All keys, withdrawn ones too, in the order they were made.
    async fn list_keys(&self) -> Result<Vec<StoredKey>, StoreError>;

    /// Adds keys, all or none, if the newest key of their purposes is still `newest` (`None`: there is none yet).
    /// Audited.
    async fn add_keys(&self, keys: Vec<StoredKey>, newest: Option<KeyId>) -> Result<KeyAddition, StoreError>;

    /// Withdraws a key: it neither signs nor is published from `now` on. Audited.
    async fn withdraw_key(&self, key: &KeyId, now: Timestamp) -> Result<KeyWithdrawal, StoreError>;

    /// A number that changes whenever another process changed the store; cheap enough to ask ten times a second.
    fn external_changes(&self) -> Result<u64, StoreError>;

    /// Whether the store is where it was opened, if that can change: a database whose folder was moved away, or that another took the
    /// place of, is not written to.
    fn in_place(&self) -> Result<(), StoreError> {
        Ok(())
    }

    /// Whether the store can read and write right now, for the readiness check.
    async fn probe(&self) -> Result<(), StoreError>;
}
