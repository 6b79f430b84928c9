//! Why something could not be decrypted.

use crate::json::JsonError;

/// Why a JWE was refused. Whatever goes wrong with key, tag or padding is one and the same error, so that it tells an
/// attacker nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecryptError {
    /// The text is longer than allowed.
    #[error("JWE is longer than {limit} bytes")]
    TooLarge {
        /// What is allowed.
        limit: usize,
    },
    /// The text does not consist of five canonical base64url parts.
    #[error("JWE is malformed")]
    Malformed,
    /// The protected header is not a strict JSON object.
    #[error("protected header is malformed: {0}")]
    HeaderJson(JsonError),
    /// A member of the header has the wrong type, or must not be there.
    #[error("header member `{name}` is malformed or forbidden")]
    Header {
        /// Its name.
        name: &'static str,
    },
    /// `crit` names something that is not understood, or is malformed (RFC 7516 §4.1.13).
    #[error("the JWE depends on a header member that is not understood")]
    CriticalHeader,
    /// `alg` or `enc` is not the one that the key is for.
    #[error("the algorithm is not allowed")]
    AlgorithmNotAllowed,
    /// `kid` is not the key's.
    #[error("no key matches the JWE")]
    KeyNotFound,
    /// Decryption failed: the key is wrong, or the text has been tampered with.
    #[error("decryption failed")]
    Failed,
}

impl DecryptError {
    /// The stable name of this error.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "token_too_large",
            Self::Malformed => "token_malformed",
            Self::HeaderJson(_) | Self::Header { .. } => "header_malformed",
            Self::CriticalHeader => "critical_header_unknown",
            Self::AlgorithmNotAllowed => "algorithm_not_allowed",
            Self::KeyNotFound => "key_not_found",
            Self::Failed => "decrypt_failed",
        }
    }
}

/// Why something could not be encrypted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EncryptError {
    /// The recipient's key is for another `enc`, of a length that does not fit it, or wants none (integrated encryption).
    #[error("the recipient's key does not match the content encryption")]
    ContentEncryption,
    /// The form has no room for this: several recipients or additional data in the compact form, a second recipient beside
    /// `dir`, `ECDH-ES` or integrated encryption, more than 16 recipients.
    #[error("the serialization does not support this")]
    Form,
    /// The name of a header member is reserved, or already set.
    #[error("this header member cannot be set")]
    HeaderName,
    /// The cryptographic library failed.
    #[error("encryption failed")]
    Failed,
}

impl EncryptError {
    /// The stable name of this error.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::ContentEncryption => "encryption_key_mismatch",
            Self::Form => "encryption_form",
            Self::HeaderName => "header_name_reserved",
            Self::Failed => "encryption_failed",
        }
    }
}
