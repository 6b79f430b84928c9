//! Why an OAuth request failed: it was refused, or something went wrong.

use std::time::Duration;

use jeton_jose::SignError;
use jeton_oauth::ErrorCode;

use crate::client::ClientError;
use crate::ports::TurnedAway;
use crate::refusal::Refusal;
use crate::store::StoreError;

/// Why an OAuth request failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OAuthError {
    /// The request is wrong, or it was refused.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// A spent refresh token or code was presented again, and its grant has ended with this call.
    #[error("{refusal}; grant {grant} has ended")]
    Replayed {
        /// The error for the client.
        refusal: Refusal,
        /// The grant that has ended.
        grant: crate::GrantId,
    },
    /// Its network exceeded a limit.
    #[error("too many requests from one network")]
    Throttled {
        /// When the next request is allowed.
        retry_after: Duration,
    },
    /// Something must be fetched for a client, and too many fetches are in progress.
    #[error(transparent)]
    TurnedAway(#[from] TurnedAway),
    /// A token could not be signed.
    #[error("no token could be signed: {0}")]
    Signing(#[from] SignError),
    /// The keys could not be used.
    #[error("the keys cannot be used: {0}")]
    Keys(Box<str>),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl OAuthError {
    /// A refusal.
    pub const fn refused(code: ErrorCode, description: &'static str) -> Self {
        Self::Refused(Refusal::new(code, description))
    }

    /// The cause, which the client is not told.
    pub fn cause(&self) -> Option<&str> {
        match self {
            Self::Refused(refusal) | Self::Replayed { refusal, .. } => refusal.cause.as_deref(),
            _ => None,
        }
    }

    /// The stable name of the error: the code on the wire, or of an internal error.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Refused(refusal) => refusal.code.as_str(),
            Self::Replayed { .. } => "token_replayed",
            Self::Throttled { .. } => "request_throttled",
            Self::TurnedAway(_) => "fetch_turned_away",
            Self::Signing(_) => "signing_failed",
            Self::Keys(_) => "keys_unusable",
            Self::Store(_) => "store_failed",
        }
    }
}

impl From<ClientError> for OAuthError {
    fn from(error: ClientError) -> Self {
        Self::Store(StoreError::Failed(error.to_string()))
    }
}
