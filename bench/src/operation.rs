//! The operations that are measured, and what each may cost.

use serde::Serialize;

/// What a client asks of a token authority, or of an API behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    /// The published JWK set.
    JwkSet,
    /// Verifying an access token at the token API.
    Verify,
    /// A protected API that verifies its bearer token.
    ProtectedApi,
    /// The same with a guard that remembers what it has verified.
    ProtectedApiRemembered,
    /// A refresh that advances its grant: one durable write, one signature.
    Refresh,
    /// A sign-in with a password.
    SignIn,
}

impl Operation {
    /// All of them, in the order they are measured: the one that takes memory last.
    pub const ALL: [Self; 6] = [
        Self::JwkSet,
        Self::Verify,
        Self::ProtectedApi,
        Self::ProtectedApiRemembered,
        Self::Refresh,
        Self::SignIn,
    ];

    /// What reports call it, and the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::JwkSet => "jwks",
            Self::Verify => "verify",
            Self::ProtectedApi => "hello",
            Self::ProtectedApiRemembered => "hello-remembered",
            Self::Refresh => "refresh",
            Self::SignIn => "sign-in",
        }
    }

    /// What its floor does.
    pub const fn floor(self) -> &'static str {
        match self {
            Self::JwkSet => "prepared answer",
            Self::Verify | Self::ProtectedApi | Self::ProtectedApiRemembered => {
                "ES256 verification, claims parsed"
            }
            Self::Refresh => "rotation committed in a group (synchronous=FULL), ES256 signature",
            Self::SignIn => "bare argon2id hash, m=19456 t=2 p=1",
        }
    }

    /// The most that it may cost, as a multiple of the floor.
    pub const fn target(self) -> f64 {
        match self {
            Self::JwkSet => 1.1,
            Self::Verify | Self::ProtectedApi => 1.2,
            Self::ProtectedApiRemembered => 0.6,
            Self::Refresh => 1.6,
            Self::SignIn => 1.03,
        }
    }

    /// Connections of the load.
    pub const fn connections(self) -> usize {
        match self {
            Self::Refresh => 64,
            Self::SignIn => 8,
            _ => 32,
        }
    }
}
