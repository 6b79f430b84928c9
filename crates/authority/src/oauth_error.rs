//! Why an OAuth request got nothing: it is refused, or something failed here.

use std::time::Duration;

use jeton_jose::SignError;
use jeton_oauth::ErrorCode;

use crate::client::ClientError;
use crate::ports::TurnedAway;
use crate::refusal::Refusal;
use crate::store::StoreError;

/// Why an OAuth request got nothing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OAuthError {
    /// The request is at fault, or the answer is no.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// A spent refresh token or code was presented again, and its grant ended with this call.
    #[error("{refusal}; grant {grant} has ended")]
    Replayed {
        /// What the client is told.
        refusal: Refusal,
        /// The grant that ended.
        grant: crate::GrantId,
    },
    /// Its network asks for more than it may at once.
    #[error("too many requests from one network")]
    Throttled {
        /// When the next one is welcome.
        retry_after: Duration,
    },
    /// Something had to be fetched for a client, and too much is fetched already.
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

    /// What is behind it, which whoever asks is not told.
    pub fn cause(&self) -> Option<&str> {
        match self {
            Self::Refused(refusal) | Self::Replayed { refusal, .. } => refusal.cause.as_deref(),
            _ => None,
        }
    }

    /// The stable name of the error: the code on the wire, or what failed here.
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
