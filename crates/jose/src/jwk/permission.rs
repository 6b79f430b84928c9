//! What a key may be used for: `use` and `key_ops` (RFC 7517 §4.2, §4.3).

use super::Jwk;
use crate::Algorithm;
use crate::material::KeyError;

/// The `use` of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyUse {
    /// `sig`: signatures and MACs.
    Sig,
    /// `enc`: encryption of content and keys.
    Enc,
    /// A use that this crate does not know; such a key is not used.
    Other(Box<str>),
}

impl KeyUse {
    pub(super) fn of(name: &str) -> Self {
        match name {
            "sig" => Self::Sig,
            "enc" => Self::Enc,
            other => Self::Other(other.into()),
        }
    }

    pub(super) fn as_str(&self) -> &str {
        match self {
            Self::Sig => "sig",
            Self::Enc => "enc",
            Self::Other(name) => name,
        }
    }
}

/// One of the `key_ops` of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyOperation {
    /// `sign`.
    Sign,
    /// `verify`.
    Verify,
    /// `encrypt`.
    Encrypt,
    /// `decrypt`.
    Decrypt,
    /// `wrapKey`.
    WrapKey,
    /// `unwrapKey`.
    UnwrapKey,
    /// `deriveKey`.
    DeriveKey,
    /// `deriveBits`.
    DeriveBits,
    /// An operation that this crate does not know.
    Other(Box<str>),
}

impl KeyOperation {
    pub(super) fn of(name: &str) -> Self {
        match name {
            "sign" => Self::Sign,
            "verify" => Self::Verify,
            "encrypt" => Self::Encrypt,
            "decrypt" => Self::Decrypt,
            "wrapKey" => Self::WrapKey,
            "unwrapKey" => Self::UnwrapKey,
            "deriveKey" => Self::DeriveKey,
            "deriveBits" => Self::DeriveBits,
            other => Self::Other(other.into()),
        }
    }

    pub(super) fn as_str(&self) -> &str {
        match self {
            Self::Sign => "sign",
            Self::Verify => "verify",
            Self::Encrypt => "encrypt",
            Self::Decrypt => "decrypt",
            Self::WrapKey => "wrapKey",
            Self::UnwrapKey => "unwrapKey",
            Self::DeriveKey => "deriveKey",
            Self::DeriveBits => "deriveBits",
            Self::Other(name) => name,
        }
    }

    const fn is_signature(&self) -> bool {
        matches!(self, Self::Sign | Self::Verify)
    }
}

/// Where a key says both, they must agree (RFC 7517 §4.3).
pub(super) fn check(key_use: Option<&KeyUse>, key_ops: Option<&[KeyOperation]>) -> Result<(), KeyError> {
    let Some(operations) = key_ops else { return Ok(()) };
    let repeated = operations
        .iter()
        .enumerate()
        .any(|(at, operation)| operations.iter().take(at).any(|o| o == operation));
    let contradicts = match key_use {
        Some(KeyUse::Sig) => operations.iter().any(|o| !o.is_signature()),
        Some(KeyUse::Enc) => operations.iter().any(KeyOperation::is_signature),
        _ => false,
    };
    if repeated || contradicts { Err(KeyError::Use) } else { Ok(()) }
}

/// What the public part of a key may do whose private part may do this.
pub(super) fn of_public_part(key_ops: Option<&[KeyOperation]>) -> Option<Vec<KeyOperation>> {
    let operations: Vec<_> = key_ops?
        .iter()
        .filter_map(|operation| match operation {
            KeyOperation::Sign | KeyOperation::Verify => Some(KeyOperation::Verify),
            KeyOperation::Decrypt | KeyOperation::Encrypt => Some(KeyOperation::Encrypt),
            KeyOperation::UnwrapKey | KeyOperation::WrapKey => Some(KeyOperation::WrapKey),
            _ => None,
        })
        .collect();
    let mut distinct = Vec::new();
    for operation in operations {
        if !distinct.contains(&operation) {
            distinct.push(operation);
        }
    }
    (!distinct.is_empty()).then_some(distinct)
}

impl Jwk {
    /// Whether `key_ops` allow this (they do where they are absent).
    #[must_use]
    pub fn allows(&self, operation: KeyOperation) -> bool {
        match &self.key_ops {
            None => true,
            // The public part of a key that may sign may verify.
            Some(operations)
                if operation == KeyOperation::Verify
                    && matches!(self.material, crate::material::Material::Private(_)) =>
            {
                operations.iter().any(KeyOperation::is_signature)
            }
            Some(operations) => operations.contains(&operation),
        }
    }

    /// Whether `use` leaves the key to signatures.
    pub(crate) fn is_for_signing(&self) -> bool {
        matches!(self.key_use, None | Some(KeyUse::Sig))
    }

    /// Whether the key may be used by this signature algorithm for one of these operations.
    pub(crate) fn permit(&self, algorithm: Algorithm, operations: &[KeyOperation]) -> Result<(), KeyError> {
        if self.alg.as_deref().is_some_and(|name| Algorithm::from_name(name) != Some(algorithm)) {
            return Err(KeyError::AlgorithmMismatch { wanted: algorithm });
        }
        if !self.is_for_signing() || !operations.iter().any(|operation| self.allows(operation.clone())) {
            return Err(KeyError::Use);
        }
        Ok(())
    }
}
