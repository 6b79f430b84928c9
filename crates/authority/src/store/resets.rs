//! Requests to set a new password by mail.

use async_trait::async_trait;
use jeton_jose::Timestamp;

use super::StoreError;
use crate::UserId;
use crate::mail::NewMail;
use crate::password::PasswordHash;
use crate::reset::{ResetId, ResetProof, ResetVerdict, StoredReset};
use crate::user::User;

/// The stored requests to set a new password by mail.
#[async_trait]
pub trait ResetStore {
    /// The users with this address, whatever its case, two at most.
    async fn find_users_by_email(&self, email: &str) -> Result<Vec<User>, StoreError>;

    /// Stores a request and queues its mail, in one transaction. It ends earlier requests for the user. If the mail is not queued,
    /// because the user has no address or got enough mails, the request is stored as one for nobody, and earlier ones go on.
    async fn begin_reset(&self, reset: StoredReset, mail: NewMail) -> Result<(), StoreError>;

    /// The request that goes by this.
    async fn find_reset(&self, id: ResetId) -> Result<Option<StoredReset>, StoreError>;

    /// Presents a link or a code, following [`crate::reset::prove`].
    async fn prove_reset(
        &self,
        id: ResetId,
        browser: &str,
        proof: ResetProof,
        now: Timestamp,
    ) -> Result<ResetVerdict, StoreError>;

    /// Sets the password, following [`crate::reset::completes`], and forgets the request. It ends all sessions and grants of the user.
    /// Audited. Answers whose password it was; of many callers with one request, one at most is told.
    async fn complete_reset(
        &self,
        id: ResetId,
        browser: &str,
        password: PasswordHash,
        now: Timestamp,
    ) -> Result<Option<UserId>, StoreError>;
}
