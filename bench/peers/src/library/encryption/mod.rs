//! Encrypted tokens, of the libraries that have them. All encrypt the claims by A256GCM.

mod jeton;
mod josekit;
mod jwt_simple;
mod limit;

use ::jeton_jose::jwe::KeyManagement;
use ::jeton_jose::{Algorithm, Jwk};

use super::{Case, Failure};
use crate::claims::Claims;
use crate::keys::Key;

/// What a library is to encrypt and decrypt.
pub struct EncryptionTask {
    /// How the content encryption key travels.
    pub algorithm: KeyManagement,
    /// The recipient's key.
    pub key: Key,
    /// The claims to encrypt.
    pub claims: Claims,
}

impl EncryptionTask {
    /// A task with a key of its own.
    ///
    /// # Errors
    /// When the key cannot be made.
    pub fn new(algorithm: KeyManagement, now: u64) -> Result<Self, Failure> {
        let key = Key::generate(match algorithm {
            KeyManagement::Dir => Algorithm::HS256,
            KeyManagement::RsaOaep256 => Algorithm::RS256,
            _ => Algorithm::ES256,
        })?;
        Ok(Self { algorithm, key, claims: Claims::new(now) })
    }

    /// The steps of all libraries.
    ///
    /// # Errors
    /// When one does not take the key.
    pub fn cases(&self) -> Result<Vec<Case>, Failure> {
        let libraries = [limit::cases, jeton::cases, jwt_simple::cases, josekit::cases];
        let cases: Vec<_> = libraries.iter().map(|library| library(self)).collect::<Result<_, _>>()?;
        Ok(cases.into_iter().flatten().collect())
    }

    /// The key as its owner has it, and as the others have it.
    fn jwks(&self) -> Result<[Jwk; 2], Failure> {
        Ok(match &self.key {
            Key::Shared(secret) => [Jwk::from_secret(secret), Jwk::from_secret(secret)],
            Key::Pair(pair) => [Jwk::from_der(&pair.private_der)?, Jwk::from_der(&pair.public_der)?],
        })
    }
}
