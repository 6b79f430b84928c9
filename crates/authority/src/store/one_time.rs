//! Things that are used once: authorization codes, pushed requests, identifiers of assertions and proofs.

use async_trait::async_trait;
use jeton_jose::Timestamp;

use super::StoreError;
use crate::grant::NewGrant;
use crate::one_time::{
    CodeRedemption, NewAnswer, OneTime, OneTimeHash, OneTimeKind, Placement, Presentation, Redemption,
    RequestAnswer,
};

/// The stored things that are used once.
#[async_trait]
pub trait OneTimeStore {
    /// Stores something until `expires_at`. With empty content, this detects replays: the second caller gets
    /// [`Placement::Taken`].
    async fn place(
        &self,
        kind: OneTimeKind,
        hash: OneTimeHash,
        content: Box<str>,
        expires_at: Timestamp,
        now: Timestamp,
    ) -> Result<Placement, StoreError>;

    /// Revokes an access token by its `jti`, until `expires_at`, when it has expired. [`Placement::Taken`] if it was revoked before;
    /// otherwise [`Revoked::Token`](crate::revocation::Revoked::Token) is written, too.
    async fn revoke_token(
        &self,
        jti: &str,
        expires_at: Timestamp,
        now: Timestamp,
    ) -> Result<Placement, StoreError>;

    /// Reads something without using it, even if it is used or expired.
    async fn peek(&self, kind: OneTimeKind, hash: OneTimeHash) -> Result<Option<OneTime>, StoreError>;

    /// Uses something, which succeeds at most once.
    async fn redeem(
        &self,
        kind: OneTimeKind,
        hash: OneTimeHash,
        now: Timestamp,
    ) -> Result<Redemption, StoreError>;

    /// Extends a stored request that was not answered to `until`, unless it lives longer.
    async fn prolong_request(&self, request: OneTimeHash, until: Timestamp) -> Result<(), StoreError>;

    /// Answers a stored request with a code in one transaction, which succeeds at most once, following
    /// [`answer_request`](crate::one_time::answer_request).
    async fn answer_request(&self, answer: NewAnswer, now: Timestamp) -> Result<RequestAnswer, StoreError>;

    /// Exchanges an authorization code for a grant in one transaction, which succeeds at most once (RFC 6749 §4.1.2).
    /// [`crate::one_time::present`] decides about further attempts: a replay ends the grant of the first one. Audited.
    async fn redeem_code(
        &self,
        code: OneTimeHash,
        grant: NewGrant,
        presentation: Presentation,
    ) -> Result<CodeRedemption, StoreError>;
}
