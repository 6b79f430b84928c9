//! Why a proof was refused.

use crate::error::VerifyError;
use crate::material::KeyError;

/// Why a DPoP proof was refused (RFC 9449 §4.3).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DpopError {
    /// The proof is malformed, of another type, badly signed, or not of this minute.
    #[error("proof refused: {0}")]
    Token(#[from] VerifyError),
    /// The key in the header is not a usable public key.
    #[error("the key of the proof was refused: {0}")]
    Key(#[from] KeyError),
    /// `htm` is another method.
    #[error("proof is for another method")]
    MethodMismatch,
    /// `htu` is another URI.
    #[error("proof is for another URI")]
    UriMismatch,
    /// `ath` is absent, or not the hash of the access token.
    #[error("proof is for another access token")]
    AccessTokenMismatch,
    /// The access token is bound to another key.
    #[error("proof has another key than the token is bound to")]
    KeyMismatch,
    /// `nonce` is absent, or not the one that the server gave (RFC 9449 §8).
    #[error("proof does not have the expected nonce")]
    NonceMismatch,
    /// `iat` is too old or in the future, so the proof needs a nonce of the server that shows when it was made (RFC 9449 §8).
    #[error("proof requires a nonce from the server: {0}")]
    NonceNeeded(VerifyError),
}

impl DpopError {
    /// The stable name of this error.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Token(error) => error.code(),
            Self::Key(error) => error.code(),
            Self::MethodMismatch => "dpop_method_mismatch",
            Self::UriMismatch => "dpop_uri_mismatch",
            Self::AccessTokenMismatch => "dpop_access_token_mismatch",
            Self::KeyMismatch => "dpop_key_mismatch",
            Self::NonceMismatch => "dpop_nonce_mismatch",
            Self::NonceNeeded(_) => "dpop_nonce_needed",
        }
    }

    /// Whether the proof may be good once it holds the nonce that the server sends with this refusal (`use_dpop_nonce`).
    #[must_use]
    pub const fn asks_for_nonce(&self) -> bool {
        matches!(self, Self::NonceMismatch | Self::NonceNeeded(_))
    }
}
