//! Why an SD-JWT was refused, or could not be made.

use crate::error::{SignError, VerifyError};
use crate::material::KeyError;

/// Why an SD-JWT was refused, or could not be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SdJwtError {
    /// The issuer's token was refused.
    #[error("token refused: {0}")]
    Token(#[from] VerifyError),
    /// Signing failed.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// The text does not consist of a token, disclosures and perhaps a proof, with tildes between them.
    #[error("the parts of the token are malformed")]
    Malformed,
    /// A disclosure is malformed, appears twice, or belongs nowhere.
    #[error("a disclosure is malformed, repeated or not referenced by the token")]
    Disclosure,
    /// A digest appears twice, or a name is reserved or already exists.
    #[error("the digests of the token are malformed")]
    Digests,
    /// `_sd_alg` is not `sha-256`.
    #[error("the hash algorithm of the digests is not supported")]
    HashUnknown,
    /// What should be hidden does not exist, or must always be shown.
    #[error("this claim cannot be hidden")]
    CannotHide,
    /// The holder has not proved that the token is theirs.
    #[error("the holder's proof is missing")]
    KeyBindingMissing,
    /// The holder's proof is for another verifier, another moment or another presentation.
    #[error("the holder's proof does not match")]
    KeyBindingMismatch,
    /// The key that the token is bound to is absent or refused.
    #[error("the token is not bound to a usable key: {0}")]
    Key(#[from] KeyError),
}

impl SdJwtError {
    /// The stable name of this error.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Token(error) => error.code(),
            Self::Sign(error) => error.code(),
            Self::Key(error) => error.code(),
            Self::Malformed => "sd_jwt_malformed",
            Self::Disclosure => "sd_jwt_disclosure",
            Self::Digests => "sd_jwt_digests",
            Self::HashUnknown => "sd_jwt_hash_unknown",
            Self::CannotHide => "sd_jwt_cannot_hide",
            Self::KeyBindingMissing => "sd_jwt_key_binding_missing",
            Self::KeyBindingMismatch => "sd_jwt_key_binding_mismatch",
        }
    }
}
