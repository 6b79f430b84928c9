//! Why there is no signature.

use std::error::Error;
use std::sync::Arc;

use crate::error::SignError;

/// Why a [`RemoteSigner`](super::RemoteSigner) gave no signature: whatever error the service, the driver or the connection had.
///
/// It is made from any error with `?`.
#[derive(Clone, Debug)]
pub struct RemoteError(Arc<dyn Error + Send + Sync>);

impl RemoteError {
    /// For this reason.
    #[must_use]
    pub fn new(reason: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(Arc::from(reason.into()))
    }

    /// The error itself.
    #[must_use]
    pub fn reason(&self) -> &(dyn Error + Send + Sync + 'static) {
        &*self.0
    }
}

// `RemoteError` is no `Error` itself, so that this covers every error there is.
impl<E: Error + Send + Sync + 'static> From<E> for RemoteError {
    fn from(reason: E) -> Self {
        Self(Arc::new(reason))
    }
}

/// Why a token could not be made with a key elsewhere.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RemoteSignError {
    /// What should be signed cannot be.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// The remote signer failed.
    #[error("the remote signer failed")]
    Remote(#[source] Arc<dyn Error + Send + Sync>),
    /// What the remote signer gave is no signature of this message under its public key: another key, another algorithm, or
    /// DER where the plain form is wanted.
    #[error("the remote signer's signature does not verify under its public key")]
    SignatureInvalid,
}

impl RemoteSignError {
    /// The stable name of this error.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Sign(error) => error.code(),
            Self::Remote(_) => "remote_signer_failed",
            Self::SignatureInvalid => "remote_signature_invalid",
        }
    }
}

impl From<RemoteError> for RemoteSignError {
    fn from(error: RemoteError) -> Self {
        Self::Remote(error.0)
    }
}
