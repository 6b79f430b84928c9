//! The master key, which encrypts the private keys in the store.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use jeton_jose::base64url;
use jeton_jose::jwe::{self, EncryptionKey};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::binding::MasterKeyCheck;
use super::stored::{KeyId, SealedKey};

/// Length of a master key, in bytes.
pub const MASTER_KEY_BYTES: usize = 32;

/// The input of a key's check value. A key has 256 random bits, so the value reveals only whether it is the same key.
const CHECKED: &[u8] = b"jeton master key check";

/// The key that encrypts the private keys in the store. It is kept outside the store, in a file or in the environment,
/// and never shown.
pub struct MasterKey {
    key: EncryptionKey,
    check: MasterKeyCheck,
}

/// A key could not be decrypted with this master key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("key {kid} cannot be decrypted with this master key")]
pub struct WrongMasterKey {
    /// The key that could not be decrypted.
    pub kid: KeyId,
}

impl MasterKey {
    /// Takes 32 random bytes.
    pub fn from_bytes(bytes: [u8; MASTER_KEY_BYTES]) -> Self {
        let mut mac = Hmac::<Sha256>::new_from_slice(&bytes).expect("HMAC takes keys of any length");
        mac.update(CHECKED);
        let check = MasterKeyCheck::from_stored(base64url::encode(mac.finalize().into_bytes()));
        Self { key: EncryptionKey::new(&bytes).expect("the length is right"), check }
    }

    /// The check value of the key.
    pub fn check(&self) -> &MasterKeyCheck {
        &self.check
    }

    /// Encrypts a private key, given as the JSON of its JWK. It can only be decrypted with the same `kid`.
    pub(crate) fn seal(&self, kid: &KeyId, jwk: &[u8]) -> SealedKey {
        self.seal_named(kid.as_str(), jwk)
    }

    /// Decrypts the output of [`MasterKey::seal`].
    pub(crate) fn open(&self, kid: &KeyId, sealed: &SealedKey) -> Result<Zeroizing<Vec<u8>>, WrongMasterKey> {
        self.open_named(kid.as_str(), sealed).ok_or_else(|| WrongMasterKey { kid: kid.clone() })
    }

    /// Encrypts a secret. It can only be decrypted with the same name.
    pub(crate) fn seal_named(&self, name: &str, secret: &[u8]) -> SealedKey {
        SealedKey::new(jwe::seal(&self.bound_to(name), secret)).checked_by(self.check.clone())
    }

    /// Decrypts the output of [`MasterKey::seal_named`]; `None` with another master key.
    pub(crate) fn open_named(&self, name: &str, sealed: &SealedKey) -> Option<Zeroizing<Vec<u8>>> {
        jwe::open(&self.bound_to(name), sealed.as_str()).ok()
    }

    /// The same key, which writes this name as `kid` when it encrypts and requires it when it decrypts.
    fn bound_to(&self, name: &str) -> EncryptionKey {
        self.key.clone().with_kid(name)
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKey(…)")
    }
}
