//! What may be used once. The client holds a random text, the store its hash: who reads the store can redeem nothing.

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

/// What kind of thing it is. The same text of two kinds is two things.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OneTimeKind {
    /// An authorization code (RFC 6749 §1.3.1).
    AuthorizationCode,
    /// An authorization request that is kept: pushed (RFC 9126 §2.2), signed, or too long for an address.
    PushedRequest,
    /// A request to sign out that is too long for an address.
    SignOutRequest,
    /// The `jti` of a client's assertion (RFC 7523 §3).
    AssertionId,
    /// The `jti` of a DPoP proof (RFC 9449 §11.1).
    DpopProofId,
    /// The `jti` of a request object (RFC 9101 §10.8).
    RequestObjectId,
    /// The `jti` of an access token that was revoked by its name (RFC 7009 §2.1): it has no grant, or came of an exchange.
    RevokedTokenId,
    /// One use of a token that clients register themselves with (RFC 7591 §1.2).
    RegistrationTokenUse,
}

impl OneTimeKind {
    /// Every kind, so that a stored name can be read back.
    pub const ALL: [Self; 8] = [
        Self::AuthorizationCode,
        Self::PushedRequest,
        Self::SignOutRequest,
        Self::AssertionId,
        Self::DpopProofId,
        Self::RequestObjectId,
        Self::RevokedTokenId,
        Self::RegistrationTokenUse,
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
        }
    }
}

/// A random text of 256 bits that its holder exchanges for something, once. Never stored and never shown.
#[derive(Clone)]
pub struct Handle(Box<str>);

impl Handle {
    /// Draws one.
    pub fn draw(random: &dyn Random) -> Self {
        let mut bytes = [0; 32];
        random.fill(&mut bytes);
        Self(base64url::encode(bytes).into())
    }

    /// One that only this authority can have made, and always makes of the same things.
    pub(crate) fn from_seal(seal: [u8; 32]) -> Self {
        Self(base64url::encode(seal).into())
    }

    /// The text, where it leaves.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What the store keeps of it.
    pub fn hash(&self) -> OneTimeHash {
        OneTimeHash::of(&self.0)
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Handle(…)")
    }
}

/// The SHA-256 of a text that may be used once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct OneTimeHash([u8; 32]);

impl OneTimeHash {
    /// The hash of a text as it was presented.
    pub fn of(text: &str) -> Self {
        Self(Sha256::digest(text.as_bytes()).into())
    }

    /// The hash of several texts that only together name something, such as who issued an identifier and the identifier.
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

/// Something that may be used once, as the store keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OneTime {
    /// What it stands for.
    pub content: Box<str>,
    /// When its time is over.
    pub expires_at: Timestamp,
    /// When it was used, if it was.
    pub redeemed_at: Option<Timestamp>,
    /// The grant that it gave, if it gave one.
    pub grant: Option<GrantId>,
}
