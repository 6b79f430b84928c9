//! What APIs are told of: grants that ended, claims and clients that changed, tokens and keys that were revoked by themselves.

use async_trait::async_trait;
use jeton_jose::Timestamp;

use super::StoreError;
use crate::revocation::{Recent, RevocationEvent};

/// What the authority remembers for its revocation feed.
///
/// Events are written by the other traits' methods, in the transaction of what causes them: whatever ends a grant writes
/// [`Revoked::Grant`](crate::revocation::Revoked::Grant), whatever changes a user the grants that
/// [`ClaimsChange::concerns`](crate::revocation::ClaimsChange::concerns), a change of a client what [`outdated`](crate::client::outdated)
/// says, its removal [`removed`](crate::client::removed), the revocation of a single token
/// [`Revoked::Token`](crate::revocation::Revoked::Token), the withdrawal of a published key
/// [`Revoked::Key`](crate::revocation::Revoked::Key), the end of a browser's session
/// [`Revoked::Session`](crate::revocation::Revoked::Session), and what changes the standing of a user
/// [`Revoked::User`](crate::revocation::Revoked::User).
#[async_trait]
pub trait RevocationStore {
    /// The events of `since` and later, in the order of their times, and the history that they belong to. One that was written earlier than
    /// others may become visible later.
    async fn revocations_since(&self, since: Timestamp) -> Result<Recent, StoreError>;

    /// The events that this process has committed since the last call, and that the store may lose all the same: a database that is
    /// replicated asynchronously loses its last writes in a failover. Always none where nothing that was committed is lost.
    fn take_written_revocations(&self) -> Vec<RevocationEvent> {
        vec![]
    }

    /// Returns when the store happens to know that there may be new events, so that readers hear of them sooner than by looking again and
    /// again. It may never return.
    async fn revocation_written(&self) {
        std::future::pending().await
    }
}
