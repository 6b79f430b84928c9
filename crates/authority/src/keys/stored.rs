//! A stored key: encrypted, with the times that determine its state.

use std::fmt;

use jeton_jose::{Algorithm, Timestamp};

use super::binding::MasterKeyCheck;

/// The `kid` of a key: its thumbprint (RFC 7638), or a random text for a shared secret.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyId(Box<str>);

impl KeyId {
    /// A key identifier.
    pub fn new(kid: impl Into<Box<str>>) -> Self {
        Self(kid.into())
    }

    /// The identifier as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The purpose of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyPurpose {
    /// Signs access tokens; its public half is published.
    Access,
    /// Signs ID tokens, and other tokens that are only for clients, with an algorithm that some client requests and
    /// that access tokens do not use; its public half is published.
    IdToken,
    /// Signs refresh tokens; never published.
    Refresh,
    /// Recognises the authority's own texts: forms, nonces, pairwise subjects. Never published.
    Internal,
}

impl KeyPurpose {
    /// All purposes.
    pub const ALL: [Self; 4] = [Self::Access, Self::IdToken, Self::Refresh, Self::Internal];

    /// Its stable name, which is also what the store keeps.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Access => "access",
            Self::IdToken => "id_token",
            Self::Refresh => "refresh",
            Self::Internal => "internal",
        }
    }

    /// The purpose with this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|purpose| purpose.as_str() == name)
    }
}

/// A private key or secret as a JWK, encrypted with the master key (a compact JWE).
#[derive(Clone)]
pub struct SealedKey {
    jwe: Box<str>,
    check: Option<MasterKeyCheck>,
}

impl SealedKey {
    /// From encrypted text.
    pub fn new(jwe: impl Into<Box<str>>) -> Self {
        Self { jwe: jwe.into(), check: None }
    }

    /// The same, just encrypted by the key with this check value.
    pub(super) fn checked_by(self, check: MasterKeyCheck) -> Self {
        Self { check: Some(check), ..self }
    }

    /// The check value of the key that encrypted it; `None` for a value from the store. A backend compares it with the
    /// one that the store is bound to, in the transaction that writes this value.
    pub fn check(&self) -> Option<&MasterKeyCheck> {
        self.check.as_ref()
    }

    /// The compact JWE.
    pub fn as_str(&self) -> &str {
        &self.jwe
    }
}

/// Equality ignores whether a value was just encrypted or came from the store.
impl PartialEq for SealedKey {
    fn eq(&self, other: &Self) -> bool {
        self.jwe == other.jwe
    }
}

impl Eq for SealedKey {}

impl fmt::Debug for SealedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealedKey(…)")
    }
}

/// A key as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredKey {
    /// Its `kid`.
    pub id: KeyId,
    /// Its purpose.
    pub purpose: KeyPurpose,
    /// The algorithm that it is bound to.
    pub algorithm: Algorithm,
    /// The encrypted private key.
    pub sealed: SealedKey,
    /// When it was generated, and thereby published.
    pub created_at: Timestamp,
    /// From when it signs, unless a newer key does.
    pub signs_from: Timestamp,
    /// When the operator withdrew it, if so.
    pub withdrawn_at: Option<Timestamp>,
}
