//! What may be used once: authorization codes, pushed requests, identifiers of assertions and proofs.

use async_trait::async_trait;
use jeton_jose::Timestamp;

use super::StoreError;
use crate::grant::NewGrant;
use crate::one_time::{
    CodeRedemption, NewAnswer, OneTime, OneTimeHash, OneTimeKind, Placement, Presentation, Redemption,
    RequestAnswer,
};

/// What the authority remembers of what may be used once.
#[async_trait]
pub trait OneTimeStore {
    /// Remembers something until `expires_at`. With an empty content it is how a replay is noticed: the second caller is
    /// told [`Placement::Taken`].
    async fn place(
        &self,
        kind: OneTimeKind,
        hash: OneTimeHash,
        content: Box<str>,
        expires_at: Timestamp,
        now: Timestamp,
    ) -> Result<Placement, StoreError>;

    /// Looks at something without using it, used or expired as it may be.
    async fn peek(&self, kind: OneTimeKind, hash: OneTimeHash) -> Result<Option<OneTime>, StoreError>;

    /// Uses something, which succeeds at most once.
    async fn redeem(
        &self,
        kind: OneTimeKind,
        hash: OneTimeHash,
        now: Timestamp,
    ) -> Result<Redemption, StoreError>;

    /// Lets a kept request that was not answered live until `until`, unless it lives longer.
    async fn prolong_request(&self, request: OneTimeHash, until: Timestamp) -> Result<(), StoreError>;

    /// Answers a kept request with a code, in one transaction, which succeeds at most once. The rule is
    /// [`answer_request`](crate::one_time::answer_request).
    async fn answer_request(&self, answer: NewAnswer, now: Timestamp) -> Result<RequestAnswer, StoreError>;

    /// Exchanges an authorization code for a grant, in one transaction, which succeeds at most once (RFC 6749 §4.1.2). What
    /// another attempt does is decided by [`crate::one_time::present`]; where it is a replay, the grant that the first attempt
    /// gave ends. Audited.
    async fn redeem_code(
        &self,
        code: OneTimeHash,
        grant: NewGrant,
        presentation: Presentation,
    ) -> Result<CodeRedemption, StoreError>;
}
