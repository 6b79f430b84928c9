//! Clients as they describe themselves (RFC 7591 §2, OpenID Connect Dynamic Client Registration §2).

mod id;
mod metadata;
mod written;

pub use id::{ClientId, ClientIdError};
pub use metadata::ClientMetadata;
pub use written::Written;

use crate::words::words;

words! {
    /// How a client proves who it is at the token endpoint (`token_endpoint_auth_method`).
    TokenEndpointAuthMethod {
        /// Not at all: a public client, which PKCE or DPoP protects.
        None = "none",
        /// A secret in the Authorization header (RFC 6749 §2.3.1).
        ClientSecretBasic = "client_secret_basic",
        /// A secret in the body (RFC 6749 §2.3.1).
        ClientSecretPost = "client_secret_post",
        /// An assertion signed with the secret (RFC 7523 §2.2).
        ClientSecretJwt = "client_secret_jwt",
        /// An assertion signed with a private key (RFC 7523 §2.2).
        PrivateKeyJwt = "private_key_jwt",
        /// A certificate of a certificate authority (RFC 8705 §2.1).
        TlsClientAuth = "tls_client_auth",
        /// A certificate that the client registered (RFC 8705 §2.2).
        SelfSignedTlsClientAuth = "self_signed_tls_client_auth",
    }
}

impl TokenEndpointAuthMethod {
    /// Whether the client shares a secret with the authorization server.
    #[must_use]
    pub const fn needs_secret(self) -> bool {
        matches!(self, Self::ClientSecretBasic | Self::ClientSecretPost | Self::ClientSecretJwt)
    }
}

words! {
    /// What a client is (`application_type`, OpenID Connect Dynamic Client Registration §2).
    ApplicationType {
        /// It runs on a server or in a browser.
        Web = "web",
        /// It is installed on the user's machine.
        Native = "native",
    }
}

words! {
    /// Whether clients see the same subject for a user (OpenID Connect Core §8).
    SubjectType {
        /// All see the same one.
        Public = "public",
        /// Each sector sees its own.
        Pairwise = "pairwise",
    }
}
