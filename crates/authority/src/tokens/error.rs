//! Why a token is refused.

use jeton_jose::{SignError, Timestamp, VerifyError};

use crate::GrantId;
use crate::store::StoreError;

/// Why a token is refused, in any operation.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// It is forged, not ours, or malformed.
    #[error("token is not valid: {0}")]
    Invalid(VerifyError),
    /// It has expired, or its grant has reached its absolute lifetime.
    #[error("token has expired, now is {now}")]
    Expired {
        /// The time of the check.
        now: Timestamp,
    },
    /// It is a genuine access token, but a refresh token is required.
    #[error("expected a refresh token, found an access token")]
    WrongType,
    /// It is spent, or its grant has been revoked.
    #[error("token is spent or revoked")]
    Revoked,
    /// It is spent, and presenting it has ended its grant.
    #[error("a spent token of grant {grant} was replayed; the grant has ended")]
    Replayed {
        /// The grant that has ended.
        grant: GrantId,
    },
    /// Its user is disabled or removed.
    #[error("the user of the token is disabled")]
    UserDisabled,
    /// A token could not be signed.
    #[error("no token could be signed: {0}")]
    Signing(SignError),
    /// The store failed; the token may be valid.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl TokenError {
    /// The stable name of the error.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Invalid(_) => "token_invalid",
            Self::Expired { .. } => "token_expired",
            Self::WrongType => "token_type_mismatch",
            Self::Revoked => "token_revoked",
            Self::Replayed { .. } => "token_replayed",
            Self::UserDisabled => "user_disabled",
            Self::Signing(_) => "signing_failed",
            Self::Store(_) => "store_failed",
        }
    }
}
