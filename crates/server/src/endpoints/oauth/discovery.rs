//! `GET /.well-known/openid-configuration` and `/.well-known/oauth-authorization-server`: the metadata of the
//! authority (OpenID Connect Discovery §4, RFC 8414 §3).
//!
//! The document depends only on the settings, so it is built once.

use bytes::Bytes;
use http::HeaderValue;
use jeton_authority::Authority;
use jeton_authority::client::{
    ASSERTION_ALGORITHMS, CONTENT_ENCRYPTION_ALGORITHMS, KEY_ENCRYPTION_ALGORITHMS,
    REQUEST_OBJECT_ALGORITHMS, SIGNING_ALGORITHMS,
};
use jeton_authority::dpop_algorithms;
use jeton_authority::factor::ACR_VALUES;
use jeton_authority::issue::scopes_of_claims;
use jeton_authority::settings::{RegistrationPolicy, Settings};
use jeton_jose::{Algorithm, base64url};
use jeton_oauth::authorization::{GrantType, Prompt, ResponseMode};
use jeton_oauth::client::{SubjectType, TokenEndpointAuthMethod};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::respond::Document;
use crate::urls::path;

/// The metadata of an authority. Clients with certificates use `mtls_url`, if it differs from the issuer.
pub(crate) fn metadata(authority: &Authority, mtls_url: Option<&str>) -> Document {
    const AN_HOUR: HeaderValue = HeaderValue::from_static("public, max-age=3600");
    let mut document = document(authority.settings());
    let methods = authority.client_auth().certificates_seen().methods();
    if !methods.is_empty() {
        add_certificates(&mut document, methods);
        if let Some(url) = mtls_url {
            add_aliases(&mut document, &authority.settings().issuer, url);
        }
    }
    let body = Bytes::from(document.to_string());
    let digest: [u8; 32] = Sha256::digest(&body).into();
    let etag = format!("\"{}\"", base64url::encode(&digest[..16]));
    let etag = HeaderValue::try_from(etag).expect("base64url in quotes is a header's value");
    Document { body, etag, cache_control: AN_HOUR }
}

fn document(settings: &Settings) -> Value {
    let issuer = settings.issuer.as_str();
    let at = |path: &str| format!("{issuer}{path}");
    let scopes: Vec<_> =
        ["openid", "offline_access"].into_iter().chain(scopes_of_claims().map(|(scope, _)| scope)).collect();
    let claims: Vec<_> =
        ["sub", "iss", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "azp", "sid"]
            .into_iter()
            .chain(scopes_of_claims().flat_map(|(_, claims)| claims.iter().copied()))
            .collect();
    let grant_types = [
        GrantType::AuthorizationCode,
        GrantType::RefreshToken,
        GrantType::ClientCredentials,
        GrantType::DeviceCode,
        GrantType::TokenExchange,
        GrantType::JwtBearer,
    ];
    let methods = [
        TokenEndpointAuthMethod::ClientSecretBasic,
        TokenEndpointAuthMethod::ClientSecretPost,
        TokenEndpointAuthMethod::ClientSecretJwt,
        TokenEndpointAuthMethod::PrivateKeyJwt,
        TokenEndpointAuthMethod::None,
    ];
    let methods_with_secrets: Vec<_> =
        methods.into_iter().filter(|method| *method != TokenEndpointAuthMethod::None).collect();
    let mut document = json!({
        "issuer": issuer,
        "authorization_endpoint": at(path::AUTHORIZE),
        "token_endpoint": at(path::TOKEN),
        "userinfo_endpoint": at(path::USERINFO),
        "jwks_uri": at(path::JWKS),
        "device_authorization_endpoint": at(path::DEVICE_AUTHORIZATION),
        "introspection_endpoint": at(path::INTROSPECT),
        "revocation_endpoint": at(path::REVOKE),
        "revocation_feed_endpoint": at(path::REVOCATIONS),
        "status_list_aggregation_endpoint": at(path::STATUS_LISTS),
        "end_session_endpoint": at(path::END_SESSION),
        "scopes_supported": scopes,
        "response_types_supported": ["code"],
        "pushed_authorization_request_endpoint": at(path::PAR),
        "response_modes_supported": [
            ResponseMode::Query,
            ResponseMode::Fragment,
            ResponseMode::FormPost,
            ResponseMode::QueryJwt,
            ResponseMode::FragmentJwt,
            ResponseMode::FormPostJwt,
            ResponseMode::Jwt,
        ],
        "grant_types_supported": grant_types,
        "prompt_values_supported": [Prompt::None, Prompt::Login, Prompt::Consent, Prompt::SelectAccount],
        "acr_values_supported": ACR_VALUES,
        "subject_types_supported": [SubjectType::Public, SubjectType::Pairwise],
        "token_endpoint_auth_methods_supported": methods,
        "token_endpoint_auth_signing_alg_values_supported": ASSERTION_ALGORITHMS,
        "introspection_endpoint_auth_methods_supported": methods_with_secrets,
        "introspection_endpoint_auth_signing_alg_values_supported": ASSERTION_ALGORITHMS,
        "revocation_endpoint_auth_methods_supported": methods,
        "revocation_endpoint_auth_signing_alg_values_supported": ASSERTION_ALGORITHMS,
        "claim_types_supported": ["normal"],
        "claims_supported": claims,
        "claims_parameter_supported": true,
        "request_parameter_supported": true,
        "request_uri_parameter_supported": false,
        "code_challenge_methods_supported": [jeton_oauth::pkce::S256],
        "authorization_response_iss_parameter_supported": true,
        "backchannel_logout_supported": true,
        "backchannel_logout_session_supported": true,
    });
    if settings.client.registration != RegistrationPolicy::Closed {
        document["registration_endpoint"] = at(path::REGISTER).into();
    }
    if let (Some(document), Value::Object(algorithms)) = (document.as_object_mut(), algorithms()) {
        document.extend(algorithms);
    }
    if !settings.authorization.details_types.is_empty() {
        document["authorization_details_types_supported"] =
            settings.authorization.details_types.as_slice().into();
    }
    if settings.client.metadata_documents == RegistrationPolicy::Open {
        document["client_id_metadata_document_supported"] = true.into();
    }
    document
}

/// The metadata about certificates (RFC 8705 §3.3).
fn add_certificates(document: &mut Value, methods: &[TokenEndpointAuthMethod]) {
    document["tls_client_certificate_bound_access_tokens"] = true.into();
    for endpoint in ["token", "introspection", "revocation"] {
        let supported = &mut document[format!("{endpoint}_endpoint_auth_methods_supported")];
        if let Some(supported) = supported.as_array_mut() {
            supported.extend(methods.iter().map(|method| method.as_str().into()));
        }
    }
}

/// The endpoints that clients call without a browser, for clients with certificates (RFC 8705 §5).
fn add_aliases(document: &mut Value, issuer: &str, url: &str) {
    const ENDPOINTS: [&str; 6] = [
        "token_endpoint",
        "revocation_endpoint",
        "introspection_endpoint",
        "device_authorization_endpoint",
        "pushed_authorization_request_endpoint",
        "userinfo_endpoint",
    ];
    let alias = |name: &str| {
        let path = document[name].as_str()?.strip_prefix(issuer)?;
        Some((name.to_owned(), Value::from(format!("{url}{path}"))))
    };
    let aliases: Map<String, Value> = ENDPOINTS.into_iter().filter_map(alias).collect();
    document["mtls_endpoint_aliases"] = aliases.into();
}

/// The algorithms that sign and encrypt tokens, responses and requests.
fn algorithms() -> Value {
    let dpop: Vec<_> = dpop_algorithms().into_iter().map(Algorithm::as_str).collect();
    json!({
        "authorization_signing_alg_values_supported": SIGNING_ALGORITHMS,
        "authorization_encryption_alg_values_supported": KEY_ENCRYPTION_ALGORITHMS,
        "authorization_encryption_enc_values_supported": CONTENT_ENCRYPTION_ALGORITHMS,
        "id_token_signing_alg_values_supported": SIGNING_ALGORITHMS,
        "id_token_encryption_alg_values_supported": KEY_ENCRYPTION_ALGORITHMS,
        "id_token_encryption_enc_values_supported": CONTENT_ENCRYPTION_ALGORITHMS,
        "userinfo_signing_alg_values_supported": SIGNING_ALGORITHMS,
        "userinfo_encryption_alg_values_supported": KEY_ENCRYPTION_ALGORITHMS,
        "userinfo_encryption_enc_values_supported": CONTENT_ENCRYPTION_ALGORITHMS,
        "introspection_signing_alg_values_supported": SIGNING_ALGORITHMS,
        "request_object_signing_alg_values_supported": REQUEST_OBJECT_ALGORITHMS,
        "dpop_signing_alg_values_supported": dpop,
    })
}
