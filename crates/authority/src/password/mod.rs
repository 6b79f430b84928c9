//! Passwords and what is stored of them.

pub mod argon2id;
pub mod django;
mod hashing;
mod rule;

use std::fmt;

use zeroize::Zeroizing;

pub use argon2id::{Argon2Params, OutOfMemory, Scratch};
pub use hashing::{Hashing, HashingBusy, InlineHashing};
pub use rule::PasswordError;

/// The longest password that is hashed, in bytes.
pub const MAX_PASSWORD_BYTES: usize = 4096;

/// A password as it was typed. Wiped from memory when dropped, never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(Zeroizing<String>);

impl Password {
    /// Takes a password as it is. What somebody typed or sent goes through [`Password::parse`].
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// The password, for hashing.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The password without outer white space, if it has any.
    pub fn trimmed(&self) -> Option<Self> {
        let trimmed = self.expose().trim();
        (trimmed.len() < self.expose().len()).then(|| Self::new(trimmed))
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

/// What is stored of a password: a PHC string, or one of Django's encodings. Never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(Box<str>);

impl PasswordHash {
    /// Takes a stored hash as it is; whether it can be verified shows [`PasswordHash::is_supported`].
    pub fn from_stored(text: impl Into<Box<str>>) -> Self {
        Self(text.into())
    }

    /// A hash that no password matches, and that costs as much to verify as one with these parameters: so that a sign-in
    /// as nobody takes as long as any other.
    pub fn of_nobody(params: &Argon2Params) -> Self {
        argon2id::of_nobody(params)
    }

    /// The text to store.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether it can be verified: a known format, within the bounds.
    pub fn is_supported(&self) -> bool {
        argon2id::Phc::parse(&self.0).is_some() || django::Encoded::parse(&self.0).is_some()
    }

    /// Whether it is one that never matches, as Django marks users without a password (`!…`).
    pub fn is_unusable(&self) -> bool {
        self.0.starts_with('!')
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

/// The answer to whether a password matches a hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verification {
    /// It does.
    Matches {
        /// The hash is not one that would be made today.
        needs_rehash: bool,
    },
    /// It does not.
    Differs,
    /// The hash is of no known format, asks for too much work, or never matches. As much work was done as for a real one.
    Unusable,
}

/// Hashes a password with argon2id. The salt is random and used once.
pub fn hash(
    password: &Password,
    salt: [u8; 16],
    params: &Argon2Params,
    scratch: &mut Scratch,
) -> PasswordHash {
    argon2id::hash(password, salt, params, scratch)
}

/// Verifies a password against a stored hash, in constant time.
pub fn verify(
    hash: &PasswordHash,
    password: &Password,
    current: &Argon2Params,
    scratch: &mut Scratch,
) -> Verification {
    if let Some(phc) = argon2id::Phc::parse(&hash.0) {
        return phc.verify(password, current, scratch);
    }
    match django::Encoded::parse(&hash.0) {
        Some(django::Encoded::Argon2(phc)) => match phc.verify(password, current, scratch) {
            Verification::Matches { .. } => Verification::Matches { needs_rehash: true },
            other => other,
        },
        Some(encoded) => encoded.verification(password),
        None => {
            // A user without a usable password must not be told from others by the time that it takes.
            let _ = verify(&PasswordHash::of_nobody(current), password, current, scratch);
            Verification::Unusable
        }
    }
}
