//! Why a token is refused.

use jeton_jose::{SignError, Timestamp, VerifyError};

use crate::GrantId;
use crate::store::StoreError;

/// Why a token is refused, by whichever operation it was presented to.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// It is not genuine, not ours, or not well-formed.
    #[error("token is not valid: {0}")]
    Invalid(VerifyError),
    /// Its `exp` has passed, or its grant has reached its absolute lifetime.
    #[error("token has expired, now is {now}")]
    Expired {
        /// The time that it was checked at.
        now: Timestamp,
    },
    /// It is a genuine access token where a refresh token is wanted.
    #[error("expected a refresh token, found an access token")]
    WrongType,
    /// It is spent, or its grant has been revoked.
    #[error("token is spent or revoked")]
    Revoked,
    /// It is spent, and presenting it ended its grant.
    #[error("a spent token of grant {grant} was replayed; the grant has ended")]
    Replayed {
        /// The grant that ended.
        grant: GrantId,
    },
    /// Its user is disabled or gone.
    #[error("the user of the token is disabled")]
    UserDisabled,
    /// A token could not be signed.
    #[error("no token could be signed: {0}")]
    Signing(SignError),
    /// The store failed; the token may well be valid.
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
