//! How the content encryption key reaches a recipient: `alg` (RFC 7518 §4.1).

use std::fmt;
use std::str::FromStr;

#[cfg(feature = "hpke")]
use super::HpkeSuite;
use crate::content_encryption::UnknownEncryption;
use crate::crypto::{OaepHash, PasswordHash};

/// How the content encryption key reaches a recipient: `alg`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeyManagement {
    /// `dir`: both sides have the content encryption key itself.
    Dir,
    /// `A128KW`: AES key wrap.
    A128Kw,
    /// `A192KW`.
    A192Kw,
    /// `A256KW`.
    A256Kw,
    /// `A128GCMKW`: key wrap by AES-GCM.
    A128GcmKw,
    /// `A192GCMKW`.
    A192GcmKw,
    /// `A256GCMKW`.
    A256GcmKw,
    /// `RSA-OAEP`, with SHA-1, which does not weaken it.
    RsaOaep,
    /// `RSA-OAEP-256`.
    RsaOaep256,
    /// `RSA-OAEP-384`.
    RsaOaep384,
    /// `RSA-OAEP-512`.
    RsaOaep512,
    /// `ECDH-ES`: an ephemeral agreement gives the content encryption key.
    EcdhEs,
    /// `ECDH-ES+A128KW`: an ephemeral agreement gives a key that wraps it.
    EcdhEsA128Kw,
    /// `ECDH-ES+A192KW`.
    EcdhEsA192Kw,
    /// `ECDH-ES+A256KW`.
    EcdhEsA256Kw,
    /// `PBES2-HS256+A128KW`: from a password.
    Pbes2Hs256A128Kw,
    /// `PBES2-HS384+A192KW`.
    Pbes2Hs384A192Kw,
    /// `PBES2-HS512+A256KW`.
    Pbes2Hs512A256Kw,
    /// `HPKE-0` and its like, integrated encryption: HPKE encrypts the content itself, and there is no `enc`.
    #[cfg(feature = "hpke")]
    Hpke(HpkeSuite),
    /// `HPKE-0-KE` and its like: HPKE encrypts the content encryption key.
    #[cfg(feature = "hpke")]
    HpkeKe(HpkeSuite),
}

/// What a [`KeyManagement`] does, without its sizes.
#[derive(Clone, Copy)]
pub(super) enum Method {
    Direct,
    AesWrap,
    GcmWrap,
    Oaep(OaepHash),
    Agreement {
        wraps: bool,
    },
    Password(PasswordHash),
    #[cfg(feature = "hpke")]
    Hpke(HpkeSuite),
}

impl KeyManagement {
    /// Every one of them.
    pub const ALL: &'static [Self] = &[
        Self::Dir,
        Self::A128Kw,
        Self::A192Kw,
        Self::A256Kw,
        Self::A128GcmKw,
        Self::A192GcmKw,
        Self::A256GcmKw,
        Self::RsaOaep,
        Self::RsaOaep256,
        Self::RsaOaep384,
        Self::RsaOaep512,
        Self::EcdhEs,
        Self::EcdhEsA128Kw,
        Self::EcdhEsA192Kw,
        Self::EcdhEsA256Kw,
        Self::Pbes2Hs256A128Kw,
        Self::Pbes2Hs384A192Kw,
        Self::Pbes2Hs512A256Kw,
        #[cfg(feature = "hpke")]
        Self::Hpke(HpkeSuite::P256Aes128),
        #[cfg(feature = "hpke")]
        Self::Hpke(HpkeSuite::P384Aes256),
        #[cfg(feature = "hpke")]
        Self::Hpke(HpkeSuite::P521Aes256),
        #[cfg(feature = "hpke")]
        Self::Hpke(HpkeSuite::X25519Aes128),
        #[cfg(feature = "hpke")]
        Self::Hpke(HpkeSuite::X25519ChaCha20),
        #[cfg(feature = "hpke")]
        Self::Hpke(HpkeSuite::P256Aes256),
        #[cfg(feature = "hpke")]
        Self::HpkeKe(HpkeSuite::P256Aes128),
        #[cfg(feature = "hpke")]
        Self::HpkeKe(HpkeSuite::P384Aes256),
        #[cfg(feature = "hpke")]
        Self::HpkeKe(HpkeSuite::P521Aes256),
        #[cfg(feature = "hpke")]
        Self::HpkeKe(HpkeSuite::X25519Aes128),
        #[cfg(feature = "hpke")]
        Self::HpkeKe(HpkeSuite::X25519ChaCha20),
        #[cfg(feature = "hpke")]
        Self::HpkeKe(HpkeSuite::P256Aes256),
    ];

    /// The registered name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Dir => "dir",
            Self::A128Kw => "A128KW",
            Self::A192Kw => "A192KW",
            Self::A256Kw => "A256KW",
            Self::A128GcmKw => "A128GCMKW",
            Self::A192GcmKw => "A192GCMKW",
            Self::A256GcmKw => "A256GCMKW",
            Self::RsaOaep => "RSA-OAEP",
            Self::RsaOaep256 => "RSA-OAEP-256",
            Self::RsaOaep384 => "RSA-OAEP-384",
            Self::RsaOaep512 => "RSA-OAEP-512",
            Self::EcdhEs => "ECDH-ES",
            Self::EcdhEsA128Kw => "ECDH-ES+A128KW",
            Self::EcdhEsA192Kw => "ECDH-ES+A192KW",
            Self::EcdhEsA256Kw => "ECDH-ES+A256KW",
            Self::Pbes2Hs256A128Kw => "PBES2-HS256+A128KW",
            Self::Pbes2Hs384A192Kw => "PBES2-HS384+A192KW",
            Self::Pbes2Hs512A256Kw => "PBES2-HS512+A256KW",
            #[cfg(feature = "hpke")]
            Self::Hpke(suite) => suite.integrated_name(),
            #[cfg(feature = "hpke")]
            Self::HpkeKe(suite) => suite.key_encryption_name(),
        }
    }

    pub(super) const fn method(self) -> Method {
        match self {
            Self::Dir => Method::Direct,
            Self::A128Kw | Self::A192Kw | Self::A256Kw => Method::AesWrap,
            Self::A128GcmKw | Self::A192GcmKw | Self::A256GcmKw => Method::GcmWrap,
            Self::RsaOaep => Method::Oaep(OaepHash::Sha1),
            Self::RsaOaep256 => Method::Oaep(OaepHash::Sha256),
            Self::RsaOaep384 => Method::Oaep(OaepHash::Sha384),
            Self::RsaOaep512 => Method::Oaep(OaepHash::Sha512),
            Self::EcdhEs => Method::Agreement { wraps: false },
            Self::EcdhEsA128Kw | Self::EcdhEsA192Kw | Self::EcdhEsA256Kw => Method::Agreement { wraps: true },
            Self::Pbes2Hs256A128Kw => Method::Password(PasswordHash::Sha256),
            Self::Pbes2Hs384A192Kw => Method::Password(PasswordHash::Sha384),
            Self::Pbes2Hs512A256Kw => Method::Password(PasswordHash::Sha512),
            #[cfg(feature = "hpke")]
            Self::Hpke(suite) | Self::HpkeKe(suite) => Method::Hpke(suite),
        }
    }

    /// How long the key is that wraps (bytes); zero where nothing is wrapped by AES.
    pub(super) const fn wrap_len(self) -> usize {
        match self {
            Self::A128Kw | Self::A128GcmKw | Self::EcdhEsA128Kw | Self::Pbes2Hs256A128Kw => 16,
            Self::A192Kw | Self::A192GcmKw | Self::EcdhEsA192Kw | Self::Pbes2Hs384A192Kw => 24,
            Self::A256Kw | Self::A256GcmKw | Self::EcdhEsA256Kw | Self::Pbes2Hs512A256Kw => 32,
            _ => 0,
        }
    }

    /// Whether the recipient's key itself gives the content encryption key, so that there can be one recipient only.
    pub(super) const fn fixes_content_key(self) -> bool {
        matches!(self, Self::Dir | Self::EcdhEs) || self.is_integrated()
    }

    /// Whether there is no content encryption key at all, and no `enc`.
    pub(super) const fn is_integrated(self) -> bool {
        #[cfg(feature = "hpke")]
        return matches!(self, Self::Hpke(_));
        #[cfg(not(feature = "hpke"))]
        return false;
    }

    pub(super) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|alg| alg.as_str() == name)
    }
}

impl fmt::Display for KeyManagement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for KeyManagement {
    type Err = UnknownEncryption;

    fn from_str(name: &str) -> Result<Self, UnknownEncryption> {
        Self::from_name(name).ok_or(UnknownEncryption)
    }
}
