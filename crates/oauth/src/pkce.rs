//! Proof Key for Code Exchange (RFC 7636): binds an authorization code to the client that requested it.

use std::fmt;

use jeton_jose::base64url;
use sha2::{Digest, Sha256};

/// A code challenge with the method S256 (RFC 7636 §4.2): the SHA-256 of the verifier. `plain` is not supported,
/// because a leaked challenge would be the verifier.
#[derive(Clone, PartialEq, Eq)]
pub struct CodeChallenge(Box<str>);

/// A code verifier (RFC 7636 §4.1): the secret of the client that requested the code.
#[derive(Clone)]
pub struct CodeVerifier(Box<str>);

/// Why a text is not a challenge or verifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PkceError {
    /// An S256 challenge must be 43 characters of base64url.
    #[error("an S256 code challenge must be 43 characters of base64url")]
    Challenge,
    /// A verifier must be 43 to 128 unreserved characters.
    #[error("a code verifier must be 43 to 128 unreserved characters")]
    Verifier,
}

impl PkceError {
    /// The stable name of this error.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Challenge => "code_challenge_malformed",
            Self::Verifier => "code_verifier_malformed",
        }
    }
}

/// The name of the only supported method.
pub const S256: &str = "S256";

impl CodeChallenge {
    /// Parses a challenge.
    ///
    /// # Errors
    /// [`PkceError::Challenge`] if it is not 32 bytes of base64url.
    pub fn parse(text: &str) -> Result<Self, PkceError> {
        match base64url::decode(text) {
            Ok(bytes) if bytes.len() == 32 => Ok(Self(text.into())),
            _ => Err(PkceError::Challenge),
        }
    }

    /// The text.
    #[must_use]
    pub const fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this challenge was made from `verifier` (RFC 7636 §4.6). Both sides are hashes, so the time of the
    /// comparison reveals nothing about the verifier.
    #[must_use]
    pub fn is_met_by(&self, verifier: &CodeVerifier) -> bool {
        *self == verifier.challenge()
    }
}

impl CodeVerifier {
    /// Parses a verifier.
    ///
    /// # Errors
    /// [`PkceError::Verifier`] if its length or a character is not allowed.
    pub fn parse(text: &str) -> Result<Self, PkceError> {
        let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        if (43..=128).contains(&text.len()) && text.bytes().all(unreserved) {
            Ok(Self(text.into()))
        } else {
            Err(PkceError::Verifier)
        }
    }

    /// The S256 challenge.
    #[must_use]
    pub fn challenge(&self) -> CodeChallenge {
        CodeChallenge(base64url::encode(Sha256::digest(self.0.as_bytes())).into())
    }
}

impl fmt::Debug for CodeChallenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CodeChallenge({})", self.0)
    }
}

impl fmt::Debug for CodeVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CodeVerifier(…)")
    }
}
