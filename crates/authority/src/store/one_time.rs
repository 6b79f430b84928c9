//! What may be used once: authorization codes, pushed requests, identifiers of assertions and proofs.

use async_trait::async_trait;
use jeton_jose::Timestamp;

use super::StoreError;
use crate::GrantId;
use crate::grant::NewGrant;
use crate::one_time::{NewAnswer, RequestAnswer};
use crate::one_time::{OneTime, OneTimeHash, OneTimeKind, Presentation};

/// The outcome of remembering something that may be used once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Placement {
    /// It is remembered.
    Placed,
    /// It was there already, and has not expired: a replay.
    Taken,
}

/// The outcome of using something that may be used once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Redemption {
    /// It is used with this call; this is what it stood for.
    Redeemed {
        /// What was remembered with it.
        content: Box<str>,
    },
    /// It had been used before.
    Replayed,
    /// Its time is over.
    Expired,
    /// There is no such thing.
    Unknown,
}

/// The outcome of exchanging a code for a grant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodeRedemption {
    /// The code is used, and the grant is open.
    Opened {
        /// [`Grant::sid`](crate::grant::Grant::sid), where it is another grant's identifier.
        sid: Option<GrantId>,
    },
    /// The code had been used a moment ago by the same owner, and nothing changed.
    Repeated {
        /// The grant that the code gave.
        grant: Option<GrantId>,
    },
    /// The code had been used before, and the grant that it gave ended with this call, if it had not before.
    Replayed {
        /// The grant that the code gave.
        grant: Option<GrantId>,
    },
    /// Its time is over.
    Expired,
    /// There is no such code for who presents it.
    Unknown,
    /// The user was disabled or deleted, their password changed, or their session ended, since the code was given.
    CredentialsChanged,
}

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
