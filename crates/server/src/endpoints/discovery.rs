//! `GET /.well-known/openid-configuration` and `/.well-known/oauth-authorization-server`: what the authority is and can do
//! (OpenID Connect Discovery §4, RFC 8414 §3).
//!
//! The document follows from the settings alone, so it is written once and sent as it is.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use jeton_authority::client::{ASSERTION_ALGORITHMS, SIGNING_ALGORITHMS};
use jeton_authority::dpop_algorithms;
use jeton_authority::issue::scopes_of_claims;
use jeton_authority::settings::{RegistrationPolicy, Settings};
use jeton_jose::Algorithm;
use jeton_oauth::authorization::{GrantType, Prompt, ResponseMode};
use jeton_oauth::client::{SubjectType, TokenEndpointAuthMethod};
use serde_json::{Value, json};

use crate::app::App;
use crate::cors::allow_every_origin;
use crate::respond::{APPLICATION_JSON, NOSNIFF};

/// Where it is (OpenID Connect Discovery §4).
pub(crate) const OPENID: &str = "/.well-known/openid-configuration";
/// Where it is as well (RFC 8414 §3).
pub(crate) const OAUTH: &str = "/.well-known/oauth-authorization-server";

/// What clients may sign request objects with: never a shared secret.
const REQUEST_OBJECTS: [&str; 11] =
    ["ES256", "RS256", "PS256", "EdDSA", "Ed25519", "ES384", "ES512", "RS384", "RS512", "PS384", "PS512"];
/// By which algorithms what is for clients is encrypted to their keys.
const ENCRYPTION_KEYS: [&str; 6] =
    ["ECDH-ES", "ECDH-ES+A128KW", "ECDH-ES+A256KW", "RSA-OAEP-256", "RSA-OAEP", "ECDH-ES+A192KW"];
/// And what with.
const ENCRYPTION: [&str; 6] =
    ["A128GCM", "A192GCM", "A256GCM", "A128CBC-HS256", "A192CBC-HS384", "A256CBC-HS512"];

/// The document, ready to be sent.
pub(crate) struct Metadata(Bytes);

impl Metadata {
    /// The document of an authority, whose clients may show certificates where there is a header that they come in.
    pub(crate) fn of(settings: &Settings, certificate_header: Option<&HeaderName>) -> Self {
        let mut document = document(settings);
        if certificate_header.is_some() {
            add_certificates(&mut document);
        }
        Self(document.to_string().into())
    }
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
        "authorization_endpoint": at("/authorize"),
        "token_endpoint": at("/token"),
        "userinfo_endpoint": at("/userinfo"),
        "jwks_uri": at(super::jwks::PATH),
        "device_authorization_endpoint": at(super::device_authorization::PATH),
        "introspection_endpoint": at("/introspect"),
        "revocation_endpoint": at("/revoke"),
        "end_session_endpoint": at("/end_session"),
        "scopes_supported": scopes,
        "response_types_supported": ["code"],
        "pushed_authorization_request_endpoint": at(super::par::PATH),
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
        "acr_values_supported": ["1"],
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
    if settings.registration == RegistrationPolicy::Open {
        document["registration_endpoint"] = at(super::register::PATH).into();
    }
    if let (Some(document), Value::Object(algorithms)) = (document.as_object_mut(), algorithms()) {
        document.extend(algorithms);
    }
    document
}

/// What can be done with certificates (RFC 8705 §3.3).
fn add_certificates(document: &mut Value) {
    document["tls_client_certificate_bound_access_tokens"] = true.into();
    let methods = [TokenEndpointAuthMethod::TlsClientAuth, TokenEndpointAuthMethod::SelfSignedTlsClientAuth];
    for endpoint in ["token", "introspection", "revocation"] {
        let supported = &mut document[format!("{endpoint}_endpoint_auth_methods_supported")];
        if let Some(supported) = supported.as_array_mut() {
            supported.extend(methods.map(|method| method.as_str().into()));
        }
    }
}

/// By which algorithms tokens, answers and requests are signed and encrypted.
fn algorithms() -> Value {
    let dpop: Vec<_> = dpop_algorithms().into_iter().map(Algorithm::as_str).collect();
    json!({
        "authorization_signing_alg_values_supported": SIGNING_ALGORITHMS,
        "id_token_signing_alg_values_supported": SIGNING_ALGORITHMS,
        "id_token_encryption_alg_values_supported": ENCRYPTION_KEYS,
        "id_token_encryption_enc_values_supported": ENCRYPTION,
        "userinfo_signing_alg_values_supported": SIGNING_ALGORITHMS,
        "userinfo_encryption_alg_values_supported": ENCRYPTION_KEYS,
        "userinfo_encryption_enc_values_supported": ENCRYPTION,
        "introspection_signing_alg_values_supported": SIGNING_ALGORITHMS,
        "request_object_signing_alg_values_supported": REQUEST_OBJECTS,
        "dpop_signing_alg_values_supported": dpop,
    })
}

pub(crate) async fn get(State(app): State<Arc<App>>, method: Method) -> Response {
    answer(&app, &method)
}

/// The answer to `GET` or `HEAD`.
pub(crate) fn answer(app: &App, method: &Method) -> Response {
    const AN_HOUR: HeaderValue = HeaderValue::from_static("public, max-age=3600");
    let document = app.metadata.0.clone();
    let mut headers = HeaderMap::with_capacity(8);
    headers.insert(header::CONTENT_TYPE, APPLICATION_JSON);
    headers.insert(header::CACHE_CONTROL, AN_HOUR);
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, NOSNIFF);
    let mut response = if *method == Method::HEAD {
        headers.insert(header::CONTENT_LENGTH, document.len().into());
        Response::new(Body::empty())
    } else {
        Response::new(Body::from(document))
    };
    allow_every_origin(&mut headers);
    *response.headers_mut() = headers;
    response
}
