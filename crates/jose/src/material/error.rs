//! Why a key was refused.

#[cfg(feature = "x509")]
use super::CertificateError;
use super::SkippedKey;
use crate::Algorithm;
use crate::der;
use crate::json::JsonError;

/// Why a key was refused. No part of the key is in the text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The text is not the JSON of a key.
    #[error("the key is not valid JSON: {0}")]
    Json(#[from] JsonError),
    /// A member that this type of key needs is absent (RFC 7518 §6).
    #[error("member `{name}` of the key is missing")]
    MemberMissing {
        /// Its name.
        name: &'static str,
    },
    /// A member has the wrong type, the wrong length, or does not belong to this type of key.
    #[error("member `{name}` of the key is malformed")]
    MemberMalformed {
        /// Its name.
        name: &'static str,
    },
    /// Keys of this kind are not supported.
    #[error("{what} is not supported")]
    Unsupported {
        /// What is not.
        what: &'static str,
    },
    /// The key does not say its algorithm, and more than one could be meant.
    #[error("the key names no algorithm, and its type allows several")]
    AlgorithmMissing,
    /// The key names an algorithm that this crate does not have, or not for what the key is wanted for.
    #[error("the algorithm of the key is not supported here")]
    AlgorithmUnknown,
    /// The key is of another type, or for another algorithm, than the one asked for.
    #[error("the key cannot be used for {wanted}")]
    AlgorithmMismatch {
        /// The algorithm that was asked for.
        wanted: Algorithm,
    },
    /// The key cannot be used for this way of encrypting.
    #[error("the key cannot be used for this encryption algorithm")]
    EncryptionMismatch,
    /// Another kind of key was wanted: private, public or secret.
    #[error("found {found}, expected {wanted}")]
    Kind {
        /// What the key is.
        found: &'static str,
        /// What it should be.
        wanted: &'static str,
    },
    /// `use` or `key_ops` forbid what the key is wanted for, or contradict each other (RFC 7517 §4.2, §4.3).
    #[error("`use` or `key_ops` of the key forbid this")]
    Use,
    /// The secret is shorter than the hash (RFC 7518 §3.2).
    #[error("the secret has {bytes} bytes, {algorithm} needs at least {wanted}")]
    SecretTooShort {
        /// How many it has.
        bytes: usize,
        /// How many are wanted.
        wanted: usize,
        /// The algorithm it is for.
        algorithm: Algorithm,
    },
    /// The secret is a published example.
    #[error("the secret is a published example")]
    SecretKnown,
    /// The secret is the text of a public key, which everybody may know.
    #[error("the secret is a public key or certificate")]
    SecretIsPublicKey,
    /// The RSA modulus is too small or too large.
    #[error("the RSA key has {bits} bits, expected 2048 to 8192")]
    RsaSize {
        /// How many bits it has.
        bits: usize,
    },
    /// The RSA key has an even modulus, or an exponent that is even, 1, or above 2^33.
    #[error("the RSA key has a forbidden modulus or exponent")]
    RsaNumbers,
    /// The RSA key was made by a faulty generator, and can be factored (CVE-2017-15361).
    #[error("the RSA key has the ROCA flaw")]
    RsaRoca,
    /// The parts of the key do not belong together, or lie outside their group.
    #[error("the parts of the key do not match, or a point is not on the curve")]
    Inconsistent,
    /// The `kid` is longer than 256 bytes.
    #[error("the `kid` is longer than 256 bytes")]
    KidTooLong,
    /// Two keys of one's own set have the same `kid` and the same algorithm, so that nothing decides between them.
    #[error("two keys of the set have the same `kid` and the same algorithm")]
    KidCollision,
    /// A set of public keys holds a private or symmetric key.
    #[error("the set contains a private or symmetric key")]
    SecretInSet,
    /// A key of one's own set cannot be used.
    #[error("{0}")]
    InSet(Box<SkippedKey>),
    /// A set holds symmetric and public keys.
    #[error("the set mixes symmetric and public keys")]
    MixedSet,
    /// A set has more than 100 keys, or its text is longer than 64 KiB.
    #[error("the set is too large")]
    SetTooLarge,
    /// The text is not PEM (RFC 7468).
    #[error("not PEM")]
    Pem,
    /// The bytes are not the DER of a key.
    #[error("not a key in DER")]
    Der,
    /// The certificate of a key was refused.
    #[cfg(feature = "x509")]
    #[error("{0}")]
    Certificate(#[from] CertificateError),
    /// The key is encrypted with a passphrase.
    #[error("the key is encrypted with a passphrase")]
    Encrypted,
    /// The cryptographic library could not make a key.
    #[error("no key could be generated")]
    Generation,
}

impl KeyError {
    pub(crate) const ED448: Self = Self::Unsupported { what: "Ed448 (AWS-LC does not have it)" };
    pub(crate) const X448: Self = Self::Unsupported { what: "X448 (AWS-LC does not have it)" };

    /// The stable name of this error.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Json(error) => error.code(),
            Self::MemberMissing { .. } => "key_member_missing",
            Self::MemberMalformed { .. } => "key_member_malformed",
            Self::Unsupported { .. } => "key_unsupported",
            Self::AlgorithmMissing => "key_algorithm_missing",
            Self::AlgorithmUnknown => "key_algorithm_unknown",
            Self::AlgorithmMismatch { .. } => "key_algorithm_mismatch",
            Self::EncryptionMismatch => "key_algorithm_mismatch",
            Self::Kind { .. } => "key_kind",
            Self::Use => "key_use",
            Self::SecretTooShort { .. } => "key_secret_too_short",
            Self::SecretKnown => "key_secret_known",
            Self::SecretIsPublicKey => "key_secret_is_public_key",
            Self::RsaSize { .. } => "key_rsa_size",
            Self::RsaNumbers => "key_rsa_numbers",
            Self::RsaRoca => "key_rsa_roca",
            Self::Inconsistent => "key_inconsistent",
            Self::KidTooLong => "key_kid_too_long",
            Self::KidCollision => "key_kid_collision",
            Self::SecretInSet => "key_secret_in_set",
            Self::InSet(key) => key.reason().code(),
            Self::MixedSet => "key_set_mixed",
            Self::SetTooLarge => "key_set_too_large",
            Self::Pem => "key_pem",
            Self::Der => "key_der",
            #[cfg(feature = "x509")]
            Self::Certificate(error) => error.code(),
            Self::Encrypted => "key_encrypted",
            Self::Generation => "key_generation",
        }
    }
}

impl From<der::Malformed> for KeyError {
    fn from(_: der::Malformed) -> Self {
        Self::Der
    }
}
