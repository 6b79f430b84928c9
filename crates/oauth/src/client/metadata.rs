//! What a client says of itself.

use std::net::IpAddr;

use jeton_jose::Algorithm;
use jeton_jose::jwe::{ContentEncryption, KeyManagement};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{ApplicationType, SubjectType, TokenEndpointAuthMethod, Written};
use crate::authorization::{GrantType, ResponseType};
use crate::redirect_uri::RedirectUri;
use crate::scope::Scope;

/// Client metadata (RFC 7591 §2; OpenID Connect Dynamic Client Registration §2, RP-Initiated Logout §3, Back-Channel
/// Logout §2.2; RFC 8705 §2.1.2; RFC 9101 §10.5; RFC 9126 §6; RFC 9449 §5.2; RFC 9701 §6; JARM §3).
///
/// This is the client's wish; what of it is granted is for the authorization server to say. Algorithms that are not known are
/// kept as they came. Members that are not known are ignored (RFC 7591 §2).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ClientMetadata {
    /// Where answers may go.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub redirect_uris: Vec<RedirectUri>,
    /// How it authenticates; `client_secret_basic` where it does not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_endpoint_auth_method: Option<TokenEndpointAuthMethod>,
    /// What it signs its assertions with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_endpoint_auth_signing_alg: Option<Written<Algorithm>>,
    /// What it exchanges for tokens; the authorization code where it does not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grant_types: Option<Vec<GrantType>>,
    /// What it asks the authorization endpoint for; the code where it does not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response_types: Option<Vec<ResponseType>>,
    /// What it is; web where it does not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub application_type: Option<ApplicationType>,
    /// What the user knows it by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_name: Option<String>,
    /// Its home page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_uri: Option<String>,
    /// Its logo.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logo_uri: Option<String>,
    /// Its terms of service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tos_uri: Option<String>,
    /// Its privacy policy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy_uri: Option<String>,
    /// Whom to write to about it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub contacts: Vec<String>,
    /// What it may ask for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<Scope>,
    /// Its public keys.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwks: Option<Value>,
    /// Where its public keys are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwks_uri: Option<String>,
    /// Names the software, whatever instance of it this is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub software_id: Option<String>,
    /// Its version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub software_version: Option<String>,
    /// Whether it sees the same subjects as other clients.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject_type: Option<SubjectType>,
    /// Lists the redirect URIs of its sector.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sector_identifier_uri: Option<String>,
    /// What its ID tokens are signed with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_token_signed_response_alg: Option<Written<Algorithm>>,
    /// What the keys of its ID tokens are encrypted with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_token_encrypted_response_alg: Option<Written<KeyManagement>>,
    /// What its ID tokens are encrypted with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_token_encrypted_response_enc: Option<Written<ContentEncryption>>,
    /// What its userinfo is signed with; plain JSON where it does not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub userinfo_signed_response_alg: Option<Written<Algorithm>>,
    /// What the keys of its userinfo are encrypted with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub userinfo_encrypted_response_alg: Option<Written<KeyManagement>>,
    /// What its userinfo is encrypted with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub userinfo_encrypted_response_enc: Option<Written<ContentEncryption>>,
    /// What its request objects are signed with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_object_signing_alg: Option<Written<Algorithm>>,
    /// What its answers are signed with (JARM).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authorization_signed_response_alg: Option<Written<Algorithm>>,
    /// What the keys of its answers are encrypted with (JARM); they are only signed where it does not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authorization_encrypted_response_alg: Option<Written<KeyManagement>>,
    /// What its answers are encrypted with (JARM).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authorization_encrypted_response_enc: Option<Written<ContentEncryption>>,
    /// What the answers of introspection are signed with; plain JSON where it does not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub introspection_signed_response_alg: Option<Written<Algorithm>>,
    /// How long ago a sign-in may be, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_max_age: Option<u64>,
    /// Whether ID tokens always say when the user signed in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub require_auth_time: Option<bool>,
    /// What kinds of authentication it asks for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub default_acr_values: Vec<String>,
    /// Where a third party may have it begin a sign-in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub initiate_login_uri: Option<String>,
    /// The addresses that it sends request objects by.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub request_uris: Vec<String>,
    /// Where users may go after signing out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub post_logout_redirect_uris: Vec<RedirectUri>,
    /// Where it hears of a sign-out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backchannel_logout_uri: Option<String>,
    /// Whether what it hears has to name the session.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backchannel_logout_session_required: Option<bool>,
    /// Whether it takes no authorization request that was not pushed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub require_pushed_authorization_requests: Option<bool>,
    /// Whether it takes no authorization request that is not signed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub require_signed_request_object: Option<bool>,
    /// Whether its access tokens are bound to a DPoP key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dpop_bound_access_tokens: Option<bool>,
    /// Whether its access tokens are bound to its certificate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_client_certificate_bound_access_tokens: Option<bool>,
    /// The subject of its certificate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_client_auth_subject_dn: Option<String>,
    /// A DNS name of its certificate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_client_auth_san_dns: Option<String>,
    /// A URI of its certificate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_client_auth_san_uri: Option<String>,
    /// An IP address of its certificate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_client_auth_san_ip: Option<Written<IpAddr>>,
    /// An e-mail address of its certificate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_client_auth_san_email: Option<String>,
    /// The types of authorization details that it uses (RFC 9396 §10).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub authorization_details_types: Vec<String>,
    /// Names in other languages: `client_name#de` and the like (RFC 7591 §2.2), and nothing else.
    #[serde(flatten, skip_serializing_if = "Map::is_empty")]
    pub translations: Map<String, Value>,
}

impl ClientMetadata {
    /// How it authenticates.
    #[must_use]
    pub fn auth_method(&self) -> TokenEndpointAuthMethod {
        self.token_endpoint_auth_method.unwrap_or(TokenEndpointAuthMethod::ClientSecretBasic)
    }

    /// Whether it uses a grant type.
    #[must_use]
    pub fn uses(&self, grant_type: GrantType) -> bool {
        match &self.grant_types {
            Some(types) => types.contains(&grant_type),
            None => grant_type == GrantType::AuthorizationCode,
        }
    }

    /// Drops the members that no standard here names, which a translation does.
    #[must_use]
    pub fn known_members_only(mut self) -> Self {
        self.translations.retain(|name, value| name.contains('#') && value.is_string());
        self
    }
}
