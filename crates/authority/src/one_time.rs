//! Things that are used once. The client has a random text, and the store has its hash, so nobody who reads the store
//! can redeem anything.

#[cfg(test)]
pub(crate) mod example;
mod kept;
mod presenting;
mod settling;
mod using;

pub use kept::{NewAnswer, RequestAnswer, Standing, answer_request};
pub use presenting::{CodeState, CodeVerdict, Presentation, Presenter, present};
pub use settling::{CodeDecision, CodeRedemption, UsedCode, redeem_code, settle};
pub use using::{Placement, Redemption, place, prolong, redeem};

use std::fmt;

use jeton_jose::{Timestamp, base64url};
use sha2::{Digest, Sha256};

use crate::GrantId;
use crate::random::Random;

/// The kind of thing. The same text with two kinds is two things.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OneTimeKind {
    /// An authorization code (RFC 6749 §1.3.1).
    AuthorizationCode,
    /// A stored authorization request: pushed (RFC 9126 §2.2), signed, or too long for a URL.
    PushedRequest,
    /// A sign-out request that is too long for a URL.
    SignOutRequest,
    /// The `jti` of a client's assertion (RFC 7523 §3).
    AssertionId,
    /// The `jti` of a DPoP proof (RFC 9449 §11.1).
    DpopProofId,
    /// The `jti` of a request object (RFC 9101 §10.8).
    RequestObjectId,
    /// The `jti` of an access token that was revoked by its `jti` (RFC 7009 §2.1): it has no grant, or was issued by
    /// exchange.
    RevokedTokenId,
    /// One use of an initial access token (RFC 7591 §1.2).
    RegistrationTokenUse,
    /// An `Idempotency-Key` of the administration API, and what became of the request.
    IdempotencyKey,
}

impl OneTimeKind {
    /// All kinds, for parsing a stored name.
    pub const ALL: [Self; 9] = [
        Self::AuthorizationCode,
        Self::PushedRequest,
        Self::SignOutRequest,
        Self::AssertionId,
        Self::DpopProofId,
        Self::RequestObjectId,
        Self::RevokedTokenId,
        Self::RegistrationTokenUse,
        Self::IdempotencyKey,
    ];

    /// Its stable name, which is also what the store keeps.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AuthorizationCode => "authorization_code",
            Self::PushedRequest => "pushed_request",
            Self::SignOutRequest => "sign_out_request",
            Self::AssertionId => "assertion_id",
            Self::DpopProofId => "dpop_proof_id",
            Self::RequestObjectId => "request_object_id",
            Self::RevokedTokenId => "revoked_token_id",
            Self::RegistrationTokenUse => "registration_token_use",
            Self::IdempotencyKey => "idempotency_key",
        }
    }
}

/// A random text of 256 bits that its holder exchanges once. It is never stored and never shown.
#[derive(Clone)]
pub struct Handle(Box<str>);

impl Handle {
    /// Generates a text.
    pub fn draw(random: &dyn Random) -> Self {
        let mut bytes = [0; 32];
        random.fill(&mut bytes);
        Self(base64url::encode(bytes).into())
    }

    /// A text that only this authority can have made, always the same for the same input.
    pub(crate) fn from_seal(seal: [u8; 32]) -> Self {
        Self(base64url::encode(seal).into())
    }

    /// The text, for sending it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The hash that the store keeps.
    pub fn hash(&self) -> OneTimeHash {
        OneTimeHash::of(&self.0)
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Handle(…)")
    }
}

/// The SHA-256 of a text that is used once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct OneTimeHash([u8; 32]);

impl OneTimeHash {
    /// The hash of a presented text.
    pub fn of(text: &str) -> Self {
        Self(Sha256::digest(text.as_bytes()).into())
    }

    /// The hash of several texts that only together identify something, such as an issuer and an identifier.
    pub fn of_parts(parts: &[&str]) -> Self {
        let mut hasher = Sha256::new();
        for part in parts {
            hasher.update((part.len() as u64).to_be_bytes());
            hasher.update(part.as_bytes());
        }
        Self(hasher.finalize().into())
    }

    /// Its 32 bytes, as the store keeps them.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// A stored thing that is used once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OneTime {
    /// Its content.
    pub content: Box<str>,
    /// When it expires.
    pub expires_at: Timestamp,
    /// When it was used, if so.
    pub redeemed_at: Option<Timestamp>,
    /// The grant that it led to, if any.
    pub grant: Option<GrantId>,
}
