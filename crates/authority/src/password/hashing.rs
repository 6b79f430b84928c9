//! Where passwords are hashed: the authority asks, and whoever runs it decides on which thread.

use async_trait::async_trait;

use super::{Argon2Params, Password, PasswordHash, Scratch, Verification, hash, verify};

/// More passwords are waiting to be hashed than the pool takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many passwords are waiting to be hashed")]
pub struct HashingBusy;

impl HashingBusy {
    /// The stable name of the error.
    pub const fn code(&self) -> &'static str {
        "hashing_busy"
    }
}

/// Hashes passwords somewhere.
#[async_trait]
pub trait Hashing: Send + Sync + 'static {
    /// Verifies a candidate against a stored hash.
    async fn verify(&self, hash: PasswordHash, candidate: Password) -> Result<Verification, HashingBusy>;

    /// Hashes a password with the current parameters.
    async fn hash(&self, password: Password, salt: [u8; 16]) -> Result<PasswordHash, HashingBusy>;
}

/// Hashes on the caller's own thread: for commands and tests, not for a server.
#[derive(Debug, Clone, Copy, Default)]
pub struct InlineHashing(Argon2Params);

impl InlineHashing {
    /// Hashes with these parameters.
    pub const fn new(params: Argon2Params) -> Self {
        Self(params)
    }
}

#[async_trait]
impl Hashing for InlineHashing {
    async fn verify(&self, hash: PasswordHash, candidate: Password) -> Result<Verification, HashingBusy> {
        Ok(verify(&hash, &candidate, &self.0, &mut Scratch::default()))
    }

    async fn hash(&self, password: Password, salt: [u8; 16]) -> Result<PasswordHash, HashingBusy> {
        Ok(hash(&password, salt, &self.0, &mut Scratch::default()))
    }
}
