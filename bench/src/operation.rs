//! The operations that are measured, and what each may cost.

use serde::Serialize;

/// What a client asks of a token authority, or of an API behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    /// The published JWK set.
    JwkSet,
    /// The document that describes the provider.
    Discovery,
    /// Verifying an access token at the token API.
    Verify,
    /// A protected API that verifies its bearer token.
    ProtectedApi,
    /// The same with a guard that remembers what it has verified.
    ProtectedApiRemembered,
    /// A refresh that advances its grant: one durable write, one signature.
    Refresh,
    /// The same on PostgreSQL.
    RefreshPostgres,
    /// A client that authenticates with its secret gets a token for itself: one signature.
    ClientCredentials,
    /// A resource server that authenticates with its secret asks what a user's token is.
    Introspect,
    /// The same where the authority remembers what it has verified.
    IntrospectRemembered,
    /// A client redeems an authorization code: two ES256 signatures, one durable write.
    AuthorizationCode,
    /// The same for a client as it is added by default: its ID token is signed with RS256.
    AuthorizationCodeRs256,
    /// A sign-in with a password.
    SignIn,
}

impl Operation {
    /// All of them, in the order they are measured: the one that takes memory last.
    pub const ALL: [Self; 13] = [
        Self::JwkSet,
        Self::Discovery,
        Self::Verify,
        Self::ProtectedApi,
        Self::ProtectedApiRemembered,
        Self::Refresh,
        Self::RefreshPostgres,
        Self::ClientCredentials,
        Self::Introspect,
        Self::IntrospectRemembered,
        Self::AuthorizationCode,
        Self::AuthorizationCodeRs256,
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
            Self::RefreshPostgres => "refresh-postgresql",
            Self::Discovery => "discovery",
            Self::ClientCredentials => "client_credentials",
            Self::Introspect => "introspect",
            Self::IntrospectRemembered => "introspect-remembered",
            Self::AuthorizationCode => "authorization_code",
            Self::AuthorizationCodeRs256 => "authorization_code-rs256",
            Self::SignIn => "sign-in",
        }
    }

    /// What its floor does.
    pub const fn floor(self) -> &'static str {
        match self {
            Self::JwkSet | Self::Discovery => "the same bytes, prepared",
            Self::Verify | Self::ProtectedApi | Self::ProtectedApiRemembered => {
                "ES256 verification, claims parsed"
            }
            Self::Refresh => "rotation committed in a group (synchronous=FULL), ES256 signature",
            Self::RefreshPostgres => {
                "rotations committed in a group by one statement on one connection, ES256 signature; PostgreSQL's own CPU \
                 included"
            }
            Self::ClientCredentials => "credentials compared as a text, ES256 signature",
            Self::Introspect | Self::IntrospectRemembered => {
                "credentials compared as a text, ES256 verification, claims parsed and written"
            }
            Self::AuthorizationCode => {
                "credentials compared as a text, code spent and session opened in one transaction committed in a group \
                 (synchronous=FULL), two ES256 signatures"
            }
            Self::AuthorizationCodeRs256 => {
                "the same with one ES256 signature and one by RS256 with a key of 2048 bits"
            }
            Self::SignIn => "bare argon2id hash, m=19456 t=2 p=1",
        }
    }

    /// The most that it may cost, as a multiple of the floor.
    pub const fn target(self) -> f64 {
        match self {
            Self::JwkSet | Self::Discovery => 1.1,
            Self::Verify | Self::ProtectedApi | Self::Introspect => 1.2,
            Self::ClientCredentials | Self::AuthorizationCodeRs256 => 1.5,
            Self::AuthorizationCode | Self::RefreshPostgres => 2.0,
            Self::ProtectedApiRemembered | Self::IntrospectRemembered => 0.6,
            Self::Refresh => 1.6,
            Self::SignIn => 1.03,
        }
    }

    /// Connections of the load.
    pub const fn connections(self) -> usize {
        match self {
            Self::Refresh
            | Self::RefreshPostgres
            | Self::AuthorizationCode
            | Self::AuthorizationCodeRs256 => 64,
            Self::SignIn => 8,
            _ => 32,
        }
    }
}
