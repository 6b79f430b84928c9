//! Security profiles: what a client that holds to one has to be, and what its requests have to be like.

use std::time::Duration;

use jeton_jose::Algorithm;
use jeton_oauth::authorization::GrantType;
use jeton_oauth::client::{ClientMetadata, TokenEndpointAuthMethod, Written};
use serde::{Deserialize, Serialize};

use super::{ClientError, ClientPolicy, PkcePolicy};

/// A profile that a client is held to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SecurityProfile {
    /// FAPI 2.0 Security Profile: requests are pushed, clients prove a key, tokens are bound to one.
    Fapi2,
    /// The same with FAPI 2.0 Message Signing: requests are signed as well (§5.3).
    Fapi2MessageSigning,
}

/// How long a code is good at most (FAPI 2.0 Security Profile §5.3.2.2).
const LONGEST_CODE: Duration = Duration::from_secs(60);

/// What may sign, on either side (FAPI 2.0 Security Profile §5.4.1).
const ALGORITHMS: [Algorithm; 3] = [Algorithm::ES256, Algorithm::PS256, Algorithm::Ed25519];

impl SecurityProfile {
    /// Its stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Fapi2 => "fapi2",
            Self::Fapi2MessageSigning => "fapi2_message_signing",
        }
    }

    /// Whether clients have to sign their requests.
    pub const fn signs_requests(self) -> bool {
        matches!(self, Self::Fapi2MessageSigning)
    }

    /// How long a code of its clients is good at most, whatever the operator lets others have.
    pub const fn longest_code(self) -> Duration {
        LONGEST_CODE
    }

    /// Whether this may sign assertions, requests, proofs and tokens.
    pub fn permits(self, algorithm: Algorithm) -> bool {
        ALGORITHMS.contains(&algorithm)
    }

    /// Checks that a client is what the profile wants.
    pub(super) fn check(self, metadata: &ClientMetadata, policy: &ClientPolicy) -> Result<(), ClientError> {
        use TokenEndpointAuthMethod as Method;
        let wants = |name, reason| Err(ClientError::Member { name, reason });
        if !matches!(
            metadata.auth_method(),
            Method::PrivateKeyJwt | Method::TlsClientAuth | Method::SelfSignedTlsClientAuth
        ) {
            return wants("token_endpoint_auth_method", "must use a key: FAPI 2.0 allows no secrets");
        }
        let bound = [metadata.dpop_bound_access_tokens, metadata.tls_client_certificate_bound_access_tokens];
        if !bound.contains(&Some(true)) {
            return wants("dpop_bound_access_tokens", "or certificate-bound ones are required by FAPI 2.0");
        }
        if metadata.uses(GrantType::AuthorizationCode) {
            if metadata.require_pushed_authorization_requests != Some(true) {
                return wants("require_pushed_authorization_requests", "is required by FAPI 2.0");
            }
            if self.signs_requests() && metadata.require_signed_request_object != Some(true) {
                return wants("require_signed_request_object", "is required by FAPI 2.0 Message Signing");
            }
            if policy.pkce != PkcePolicy::Required {
                return wants("pkce", "is required by FAPI 2.0");
            }
        }
        for (name, algorithm) in [
            ("token_endpoint_auth_signing_alg", &metadata.token_endpoint_auth_signing_alg),
            ("request_object_signing_alg", &metadata.request_object_signing_alg),
            ("id_token_signed_response_alg", &metadata.id_token_signed_response_alg),
            ("userinfo_signed_response_alg", &metadata.userinfo_signed_response_alg),
            ("authorization_signed_response_alg", &metadata.authorization_signed_response_alg),
            ("introspection_signed_response_alg", &metadata.introspection_signed_response_alg),
        ] {
            let permitted = |said: &Written<Algorithm>| said.value().is_some_and(|said| self.permits(*said));
            if !algorithm.as_ref().is_none_or(permitted) {
                return wants(name, "must be ES256, PS256 or EdDSA in FAPI 2.0");
            }
        }
        Ok(())
    }
}
