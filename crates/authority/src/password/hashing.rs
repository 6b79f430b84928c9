//! The interface for hashing passwords. The implementation decides on which thread it happens.

use async_trait::async_trait;

use super::{Argon2Params, Padding, Password, PasswordHash, Scratch, Verification, hash, verify_padded};

/// Too many passwords are waiting to be hashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many passwords are waiting to be hashed")]
pub struct HashingBusy;

impl HashingBusy {
    /// The stable name of the error.
    pub const fn code(&self) -> &'static str {
        "hashing_busy"
    }
}

/// Hashes passwords.
#[async_trait]
pub trait Hashing: Send + Sync + 'static {
    /// Verifies a password against a stored hash, and does the work of other kinds of hashes as `padding` says.
    async fn verify(
        &self,
        hash: PasswordHash,
        candidate: Password,
        padding: Padding,
    ) -> Result<Verification, HashingBusy>;

    /// Hashes a password with the current parameters.
    async fn hash(&self, password: Password, salt: [u8; 16]) -> Result<PasswordHash, HashingBusy>;

    /// How many passwords can be hashed or waiting at once; `None` without a limit.
    fn places(&self) -> Option<usize> {
        None
    }
}

/// Hashes on the caller's thread: for commands and tests, not for a server.
#[derive(Debug, Clone, Copy, Default)]
pub struct InlineHashing(Argon2Params);

impl InlineHashing {
    /// Sets the parameters of new hashes.
    pub const fn new(params: Argon2Params) -> Self {
        Self(params)
    }
}

#[async_trait]
impl Hashing for InlineHashing {
    async fn verify(
        &self,
        hash: PasswordHash,
        candidate: Password,
        padding: Padding,
    ) -> Result<Verification, HashingBusy> {
        Ok(verify_padded(&hash, &candidate, &self.0, &padding, &mut Scratch::default()))
    }

    async fn hash(&self, password: Password, salt: [u8; 16]) -> Result<PasswordHash, HashingBusy> {
        Ok(hash(&password, salt, &self.0, &mut Scratch::default()))
    }
}
