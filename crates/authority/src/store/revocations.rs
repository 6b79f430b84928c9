//! What APIs are told of: grants that ended, claims that changed, keys that were withdrawn.

use async_trait::async_trait;
use jeton_jose::Timestamp;

use super::StoreError;
use crate::revocation::Recent;

/// What the authority remembers for its revocation feed.
///
/// Events are written by the other traits' methods, in the transaction of what causes them: whatever ends a grant writes
/// [`Revoked::Grant`](crate::revocation::Revoked::Grant), whatever changes a user the grants that
/// [`ClaimsChange::concerns`](crate::revocation::ClaimsChange::concerns), and the withdrawal of a published key
/// [`Revoked::Key`](crate::revocation::Revoked::Key).
#[async_trait]
pub trait RevocationStore {
    /// The events of `since` and later, in the order of their times, and the history that they belong to. One that was written earlier than
    /// others may become visible later.
    async fn revocations_since(&self, since: Timestamp) -> Result<Recent, StoreError>;

    /// Returns when the store happens to know that there may be new events, so that readers hear of them sooner than by looking again and
    /// again. It may never return.
    async fn revocation_written(&self) {
        std::future::pending().await
    }
}
