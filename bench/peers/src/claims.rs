//! The claims of the tokens, typed: about 260 bytes of JSON.

use serde::{Deserialize, Serialize};

/// Who issues the tokens.
pub const ISSUER: &str = "https://auth.example.com";
/// Whom they are for.
pub const AUDIENCE: &str = "https://api.example.com";
/// The name of the key.
pub const KID: &str = "2026-11-a";

/// The claims that this crate's own type has beside the registered ones.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrivateClaims {
    /// RFC 9068 §2.2.3.
    pub scope: String,
    /// The session.
    pub sid: String,
}

/// All claims.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// RFC 7519 §4.1.1.
    pub iss: String,
    /// RFC 7519 §4.1.2.
    pub sub: String,
    /// RFC 7519 §4.1.3.
    pub aud: String,
    /// RFC 7519 §4.1.4.
    pub exp: u64,
    /// RFC 7519 §4.1.5.
    pub nbf: u64,
    /// RFC 7519 §4.1.6.
    pub iat: u64,
    /// RFC 7519 §4.1.7.
    pub jti: String,
    /// RFC 9068 §2.2.3.
    pub scope: String,
    /// The session.
    pub sid: String,
}

impl Claims {
    /// Claims that are good for an hour.
    pub fn new(now: u64) -> Self {
        Self {
            iss: ISSUER.to_owned(),
            sub: "5f0c3a1e9b7d4c2f8e6a0b1c2d3e4f50".to_owned(),
            aud: AUDIENCE.to_owned(),
            exp: now + 3600,
            // A second ago: oxitoken refuses a token in its first one.
            nbf: now - 1,
            iat: now - 1,
            jti: "0b9d5a7c3e1f42688d6c4e2a1f0b9c8d".to_owned(),
            scope: "openid profile".to_owned(),
            sid: "a1b2c3d4e5f60718293a4b5c6d7e8f90".to_owned(),
        }
    }
}
