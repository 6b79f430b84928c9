//! Why an OAuth request is refused: the code that goes over the wire, and a fixed text for developers.

use std::time::Duration;

use jeton_jose::SignError;
use jeton_oauth::{ErrorCode, ErrorDescription};

use crate::client::TurnedAway;
use crate::store::StoreError;
use crate::throttle::Throttled;

/// A refusal in the words of the standards (RFC 6749 §5.2). It echoes nothing of the request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {description}")]
pub struct Refusal {
    /// The code.
    pub code: ErrorCode,
    /// What is wrong, for developers.
    pub description: ErrorDescription,
    /// What is behind it, for the log alone: whoever asks is not told.
    pub cause: Option<Box<str>>,
}

impl Refusal {
    /// A refusal with a text that is known when the program is compiled.
    pub const fn new(code: ErrorCode, description: &'static str) -> Self {
        Self { code, description: ErrorDescription::from_static(description), cause: None }
    }

    /// The same with what is behind it, which the log says and the answer does not. It must hold no secret.
    #[must_use]
    pub fn because(mut self, cause: impl Into<Box<str>>) -> Self {
        self.cause = Some(cause.into());
        self
    }
}

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
    #[error("too many requests of one network")]
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

impl From<Throttled> for OAuthError {
    fn from(throttled: Throttled) -> Self {
        Self::Throttled { retry_after: throttled.retry_after }
    }
}
