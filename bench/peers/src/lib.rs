//! JOSE libraries side by side, and the limit that their cryptography sets.
//!
//! The same keys, the same claims, the same token for every library; keys are prepared outside the loop wherever the
//! library allows it. Signing is serialising typed claims and signing them; verifying is the signature, parsing into a
//! typed struct, and checking `exp`, `nbf`, `iss` and `aud`. Encrypting begins with typed claims too, and decrypting ends with them.

pub mod claims;
pub mod keys;
pub mod library;
pub mod program;
pub mod timing;

use serde::Serialize;

/// What is done with a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Claims become a token.
    Sign,
    /// A token becomes claims.
    Verify,
    /// A token becomes claims, of which the registered ones stay where they are.
    VerifyInPlace,
    /// A token whose signature is wrong is refused.
    Refuse,
    /// What is no token, and as long as one, is refused.
    Garbage,
    /// Claims become an encrypted token.
    Encrypt,
    /// An encrypted token becomes claims.
    Decrypt,
    /// A token that was verified before is recognised.
    Remember,
}

/// What one process found about one step of one library, written as a line of JSON.
#[derive(Debug, Clone, Serialize)]
pub struct Finding {
    /// The library; `limit` for the cryptography alone.
    pub library: &'static str,
    /// The algorithm's registered name; for encryption those of both, with a plus between them.
    pub algorithm: &'static str,
    /// The step.
    pub step: Step,
    /// Nanoseconds of the fastest batch's average call, or allocations of one call.
    pub value: f64,
}
