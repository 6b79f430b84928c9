//! Why a request is refused, and what that is called on the wire.

use jeton_jose::VerifyError;
use jeton_jose::dpop::DpopError;
use jeton_oauth::{BearerError, ErrorDescription, Scope};

use crate::credentials::NoToken;

/// Why a request was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// There are no credentials, or they are of another scheme than `Bearer`.
    #[error("no bearer token was sent")]
    NoCredentials,
    /// The header names the scheme, and no token.
    #[error("the Authorization header contains no token")]
    TokenAbsent,
    /// The header holds something else than one token after the scheme.
    #[error("the Authorization header is malformed")]
    HeaderMalformed,
    /// There are several `Authorization` headers.
    #[error("there is more than one Authorization header")]
    HeaderRepeated,
    /// The token is not good.
    #[error("the access token was refused: {0}")]
    Token(#[from] VerifyError),
    /// The token says that it is for something else than an API: a refresh token, an ID token.
    #[error("wrong token type: found {found:?}, expected {wanted}")]
    AnotherUse {
        /// What it says: its `typ`, or the use that its claims name.
        found: Box<str>,
        /// What is wanted.
        wanted: Box<str>,
    },
    /// The token is bound to a key (`cnf`), and came as a plain bearer token (RFC 9449 §7.2).
    #[error("the access token is bound to a key, and the proof of possession is missing")]
    ProofAbsent,
    /// The token is bound to a certificate (`cnf`), and came on a connection whose client did not show that one (RFC 8705 §3).
    #[error("the access token is bound to a certificate, which was not presented")]
    CertificateAbsent,
    /// The proof that came with the token is not good (RFC 9449 §4.3).
    #[error("the DPoP proof was refused: {0}")]
    Proof(#[from] DpopError),
    /// There are several proofs, or what is there is no text.
    #[error("the request must have exactly one DPoP proof")]
    ProofRepeated,
    /// The proof was used before.
    #[error("the DPoP proof was already used")]
    ProofReplayed,
    /// More proofs are in use than can be remembered.
    #[error("DPoP proofs cannot be recorded at the moment")]
    ProofsNotRemembered,
    /// The token came by the scheme DPoP, and is bound to no key.
    #[error("the access token was sent with the DPoP scheme but is not bound to a key")]
    NotBound,
    /// The token has no user, and the resource is for users.
    #[error("the access token names no user")]
    UserAbsent,
    /// The token is good, and does not permit this.
    #[error("the access token has the scope \"{found}\", but the scope \"{wanted}\" is required")]
    ScopeInsufficient {
        /// What the token permits.
        found: Scope,
        /// What would permit it.
        wanted: Scope,
    },
    /// The session of the token ended.
    #[error("the access token was revoked: its session ended")]
    Revoked,
    /// What the token says of its user has changed since it was issued. A refresh gives one that is up to date.
    #[error("the access token is stale: what it says has changed since")]
    Stale,
    /// The key that signed the token was withdrawn.
    #[error("the key that signed the access token was withdrawn")]
    KeyWithdrawn,
    /// Nobody knows what was revoked, and the guard was told to refuse then.
    #[error("the issuer's revocation feed is not heard")]
    RevocationsUnknown,
    /// The issuer's keys cannot be fetched, and the cached ones are too old to use.
    #[error("the issuer's keys are unavailable")]
    KeysUnavailable,
}

impl Refusal {
    /// The stable name of this refusal.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NoCredentials => "credentials_absent",
            Self::TokenAbsent => "bearer_token_absent",
            Self::HeaderMalformed => "authorization_header_malformed",
            Self::HeaderRepeated => "authorization_header_repeated",
            Self::Token(error) => error.code(),
            Self::AnotherUse { .. } => "token_for_another_use",
            Self::ProofAbsent => "proof_of_possession_absent",
            Self::CertificateAbsent => "certificate_not_shown",
            Self::Proof(error) => error.code(),
            Self::ProofRepeated => "dpop_proof_repeated",
            Self::ProofReplayed => "dpop_proof_replayed",
            Self::ProofsNotRemembered => "dpop_proofs_not_remembered",
            Self::NotBound => "token_not_bound",
            Self::UserAbsent => "user_absent",
            Self::ScopeInsufficient { .. } => "scope_insufficient",
            Self::Revoked => "token_revoked",
            Self::Stale => "token_stale",
            Self::KeyWithdrawn => "token_key_withdrawn",
            Self::RevocationsUnknown => "revocations_unknown",
            Self::KeysUnavailable => "keys_unavailable",
        }
    }

    /// The row of the table of answers that this refusal gets.
    pub(crate) const fn reason(&self) -> Reason {
        match self {
            Self::NoCredentials => Reason::NoCredentials,
            Self::TokenAbsent => Reason::TokenAbsent,
            Self::HeaderMalformed => Reason::HeaderMalformed,
            Self::HeaderRepeated => Reason::HeaderRepeated,
            Self::Token(error) => reason_of(error),
            Self::AnotherUse { .. } => Reason::AnotherUse,
            Self::ProofAbsent => Reason::ProofAbsent,
            Self::CertificateAbsent => Reason::CertificateAbsent,
            Self::Proof(error) if error.asks_for_nonce() => Reason::NonceNeeded,
            Self::Proof(_) | Self::ProofRepeated | Self::ProofReplayed => Reason::ProofRefused,
            Self::ProofsNotRemembered => Reason::ProofsNotRemembered,
            Self::NotBound => Reason::NotBound,
            Self::UserAbsent => Reason::UserAbsent,
            Self::ScopeInsufficient { .. } => Reason::ScopeInsufficient,
            Self::Revoked => Reason::Revoked,
            Self::Stale => Reason::Stale,
            Self::KeyWithdrawn => Reason::KeyWithdrawn,
            Self::RevocationsUnknown => Reason::RevocationsUnknown,
            Self::KeysUnavailable => Reason::KeysUnavailable,
        }
    }
}

impl From<NoToken> for Refusal {
    fn from(no_token: NoToken) -> Self {
        match no_token {
            NoToken::Absent => Self::NoCredentials,
            NoToken::Empty => Self::TokenAbsent,
            NoToken::Malformed => Self::HeaderMalformed,
            NoToken::Several => Self::HeaderRepeated,
        }
    }
}

/// What the wire tells apart: fewer cases than [`Refusal`], and nothing of what was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    NoCredentials,
    TokenAbsent,
    HeaderMalformed,
    HeaderRepeated,
    Malformed,
    TooLong,
    Extension,
    Algorithm,
    Key,
    Signature,
    Type,
    Claims,
    Expired,
    NotYetValid,
    IssuedInTheFuture,
    TooOld,
    Issuer,
    Audience,
    Invalid,
    AnotherUse,
    ProofAbsent,
    CertificateAbsent,
    ProofRefused,
    NotBound,
    UserAbsent,
    ScopeInsufficient,
    Revoked,
    Stale,
    KeyWithdrawn,
    RevocationsUnknown,
    KeysUnavailable,
    ProofsNotRemembered,
    NonceNeeded,
}

impl Reason {
    pub(crate) const ALL: [Self; 33] = [
        Self::NoCredentials,
        Self::TokenAbsent,
        Self::HeaderMalformed,
        Self::HeaderRepeated,
        Self::Malformed,
        Self::TooLong,
        Self::Extension,
        Self::Algorithm,
        Self::Key,
        Self::Signature,
        Self::Type,
        Self::Claims,
        Self::Expired,
        Self::NotYetValid,
        Self::IssuedInTheFuture,
        Self::TooOld,
        Self::Issuer,
        Self::Audience,
        Self::Invalid,
        Self::AnotherUse,
        Self::ProofAbsent,
        Self::CertificateAbsent,
        Self::ProofRefused,
        Self::NotBound,
        Self::UserAbsent,
        Self::ScopeInsufficient,
        Self::Revoked,
        Self::Stale,
        Self::KeyWithdrawn,
        Self::RevocationsUnknown,
        Self::KeysUnavailable,
        Self::ProofsNotRemembered,
        Self::NonceNeeded,
    ];

    /// The code of RFC 6750 §3.1. A request without credentials gets none, and an outage of ours is not the client's error.
    pub(crate) const fn error(self) -> Option<BearerError> {
        match self {
            Self::NoCredentials
            | Self::RevocationsUnknown
            | Self::KeysUnavailable
            | Self::ProofsNotRemembered => None,
            Self::TokenAbsent | Self::HeaderMalformed | Self::HeaderRepeated => {
                Some(BearerError::InvalidRequest)
            }
            Self::ScopeInsufficient => Some(BearerError::InsufficientScope),
            Self::ProofRefused => Some(BearerError::InvalidDpopProof),
            Self::NonceNeeded => Some(BearerError::UseDpopNonce),
            _ => Some(BearerError::InvalidToken),
        }
    }

    /// Whether a token that is bound by DPoP, or a proof, would have been right.
    pub(crate) const fn is_about_proofs(self) -> bool {
        matches!(self, Self::ProofAbsent | Self::ProofRefused | Self::NonceNeeded)
    }

    /// Whether it is not the client's error, and may pass.
    pub(crate) const fn is_outage(self) -> bool {
        matches!(self, Self::RevocationsUnknown | Self::KeysUnavailable | Self::ProofsNotRemembered)
    }

    /// The reason in words, fixed, so that nothing of the request comes back in it.
    pub(crate) const fn description(self) -> ErrorDescription {
        ErrorDescription::from_static(match self {
            Self::NoCredentials => "an access token is required",
            Self::TokenAbsent => "the Authorization header contains no token",
            Self::HeaderMalformed => "the Authorization header does not contain a single bearer token",
            Self::HeaderRepeated => "there is more than one Authorization header",
            Self::Malformed => "the access token is malformed",
            Self::TooLong => "the access token is too long",
            Self::Extension => "the access token depends on an extension that is not supported",
            Self::Algorithm => "the access token is signed by an algorithm that is not allowed",
            Self::Key => "the access token is signed with an unknown key",
            Self::Signature => "the signature of the access token is not valid",
            Self::Type | Self::AnotherUse => "the token is not an access token",
            Self::Claims => "a claim of the access token is missing or malformed",
            Self::Expired => "the access token has expired",
            Self::NotYetValid => "the access token is not valid yet",
            Self::IssuedInTheFuture => "the access token was issued in the future",
            Self::TooOld => "the access token was issued too long ago",
            Self::Issuer => "the access token is from another issuer",
            Self::Audience => "the access token is for another audience",
            Self::Invalid => "the access token is not valid",
            Self::ProofAbsent => "the access token is bound to a key, and the proof of possession is missing",
            Self::CertificateAbsent => "the access token is bound to a certificate, which was not presented",
            Self::ProofRefused => "the DPoP proof is not valid for this request",
            Self::NonceNeeded => "the DPoP proof must contain the nonce of this response",
            Self::NotBound => "the access token is not bound to a key",
            Self::UserAbsent => "the access token names no user",
            Self::ScopeInsufficient => "the access token does not permit this",
            Self::ProofsNotRemembered => "DPoP proofs cannot be checked at the moment",
            Self::Revoked => "the access token was revoked",
            Self::Stale => "the access token is out of date, refresh it",
            Self::KeyWithdrawn => "the key of the access token was withdrawn",
            Self::RevocationsUnknown | Self::KeysUnavailable => {
                "access tokens cannot be verified at the moment"
            }
        })
    }
}

const fn reason_of(error: &VerifyError) -> Reason {
    match error {
        VerifyError::TooLarge { .. } => Reason::TooLong,
        VerifyError::Malformed
        | VerifyError::HeaderJson(_)
        | VerifyError::Header { .. }
        | VerifyError::CriticalHeaderMalformed
        | VerifyError::ClaimsJson(_) => Reason::Malformed,
        VerifyError::CriticalHeaderUnknown { .. } => Reason::Extension,
        VerifyError::AlgorithmNotAllowed { .. } => Reason::Algorithm,
        VerifyError::KeyNotFound { .. } | VerifyError::KeyAmbiguous { .. } => Reason::Key,
        VerifyError::SignatureInvalid => Reason::Signature,
        VerifyError::TypeMismatch { .. } => Reason::Type,
        VerifyError::ClaimsMismatch { .. }
        | VerifyError::ClaimMissing { .. }
        | VerifyError::ClaimMalformed { .. } => Reason::Claims,
        VerifyError::Expired { .. } => Reason::Expired,
        VerifyError::NotYetValid { .. } => Reason::NotYetValid,
        VerifyError::IssuedInTheFuture { .. } => Reason::IssuedInTheFuture,
        VerifyError::TooOld { .. } => Reason::TooOld,
        VerifyError::IssuerMismatch { .. } => Reason::Issuer,
        VerifyError::AudienceMismatch { .. } | VerifyError::AuthorizedPartyMismatch { .. } => {
            Reason::Audience
        }
        _ => Reason::Invalid,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reason_stands_at_its_own_place_in_the_table_and_can_be_described() {
        for (place, reason) in Reason::ALL.into_iter().enumerate() {
            assert_eq!(reason as usize, place, "{reason:?}");
            assert!(!reason.description().as_str().is_empty());
        }
    }
}
