//! Nested tokens: signed, then encrypted (RFC 7519 §5.2). One call each way.
//!
//! What is only encrypted proves nothing about its sender, so a [`NestedVerifier`] demands a signature within.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{SignError, VerifyError};
use crate::jwe::{DecryptError, Decrypter, EncryptError, Encrypter};
use crate::jwt::{Signer, Verified, Verifier};
use crate::timestamp::Timestamp;

/// Signs claims, and encrypts the token for its recipient.
#[derive(Clone, Debug)]
pub struct NestedSigner {
    signer: Signer,
    encrypter: Encrypter,
}

impl NestedSigner {
    /// Signs with one, encrypts with the other, whose `cty` becomes `JWT`.
    #[must_use]
    pub fn new(signer: Signer, encrypter: Encrypter) -> Self {
        Self { signer, encrypter: encrypter.cty("JWT") }
    }

    /// A nested token in compact form.
    ///
    /// # Errors
    /// [`NestedError`] if either step fails.
    pub fn sign<C: Serialize + ?Sized>(&self, claims: &C) -> Result<String, NestedError> {
        let token = self.signer.sign(claims)?;
        Ok(self.encrypter.encrypt(token.as_bytes())?)
    }
}

/// Decrypts nested tokens, and verifies what is within.
#[derive(Debug)]
pub struct NestedVerifier {
    decrypter: Decrypter,
    verifier: Verifier,
}

impl NestedVerifier {
    /// Decrypts with one, verifies with the other.
    #[must_use]
    pub fn new(decrypter: Decrypter, verifier: Verifier) -> Self {
        Self { decrypter, verifier }
    }

    /// Verifies a nested token in compact form.
    ///
    /// # Errors
    /// [`NestedError::NotNested`] if `cty` does not say `JWT`; others if either step fails.
    pub fn verify<C: DeserializeOwned>(
        &self,
        token: &str,
        now: Timestamp,
    ) -> Result<Verified<C>, NestedError> {
        let decrypted = self.decrypter.decrypt(token)?;
        // RFC 7519 §5.2: it must be there, and upper case is recommended, not required.
        if !decrypted.cty().is_some_and(|cty| crate::expected::same_media_type(cty, "JWT")) {
            return Err(NestedError::NotNested);
        }
        let inner = std::str::from_utf8(decrypted.plaintext()).map_err(|_| VerifyError::Malformed)?;
        Ok(self.verifier.verify(inner, now)?)
    }
}

/// Why a nested token was refused, or could not be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NestedError {
    /// Signing failed.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// Encryption failed.
    #[error(transparent)]
    Encrypt(#[from] EncryptError),
    /// Decryption failed.
    #[error(transparent)]
    Decrypt(#[from] DecryptError),
    /// The token within was refused.
    #[error(transparent)]
    Verify(#[from] VerifyError),
    /// The encrypted text does not say that it is a token (`cty`).
    #[error("the encrypted content is not a signed token")]
    NotNested,
}

impl NestedError {
    /// The stable name of this error.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Sign(error) => error.code(),
            Self::Encrypt(error) => error.code(),
            Self::Decrypt(error) => error.code(),
            Self::Verify(error) => error.code(),
            Self::NotNested => "token_not_nested",
        }
    }
}
