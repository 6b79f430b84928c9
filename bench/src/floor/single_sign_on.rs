//! The floor of single sign-on: what clients ask of a provider.

use std::sync::{Arc, OnceLock};

use aws_lc_rs::digest;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{Form, Json, State};
use axum::http::HeaderMap;
use axum::http::header::{AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use base64_simd::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use super::Floor;
use super::access_token::{IdTokenKey, LIFETIME};
use super::endpoints::refused;
use super::session::{CodeChallenge, RefreshToken, SecretHash};
use crate::client::{CLIENT_ID, OWN_SCOPE, REDIRECT_URI, USER_SCOPE, basic_credentials};

type Shared = State<Arc<Floor>>;

/// What the floor publishes and knows of its one client.
pub(super) struct Provider {
    credentials: String,
    jwks: OnceLock<Bytes>,
    discovery: OnceLock<Bytes>,
}

impl Provider {
    /// One that publishes nothing yet.
    pub(super) fn new() -> Self {
        Self { credentials: basic_credentials(CLIENT_ID), jwks: OnceLock::new(), discovery: OnceLock::new() }
    }

    fn knows(&self, headers: &HeaderMap) -> bool {
        headers.get(AUTHORIZATION).is_some_and(|value| value == &self.credentials)
    }
}

/// The paths of single sign-on.
pub(super) fn routes() -> Router<Arc<Floor>> {
    Router::new()
        .route("/jwks", get(jwks).post(publish_jwks))
        .route("/discovery", get(discovery).post(publish_discovery))
        .route("/client-token", post(client_token))
        .route("/introspect", post(introspect))
        .route("/code", post(give_code))
        .route("/redeem", post(redeem))
        .route("/redeem-rs256", post(redeem_rs256))
}

/// A document that is always the same: the set of the floor's own key until it is given another.
async fn jwks(State(floor): Shared) -> Response {
    document(floor.provider.jwks.get_or_init(|| floor.signer.jwks().to_owned().into()))
}

async fn discovery(State(floor): Shared) -> Response {
    document(floor.provider.discovery.get_or_init(|| Bytes::from_static(b"{}")))
}

fn document(bytes: &Bytes) -> Response {
    let headers = [(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "public, max-age=300")];
    (headers, bytes.clone()).into_response()
}

/// Takes over the bytes that a contender publishes, so that both send the same.
async fn publish_jwks(State(floor): Shared, body: Bytes) {
    floor.provider.jwks.get_or_init(|| body);
}

async fn publish_discovery(State(floor): Shared, body: Bytes) {
    floor.provider.discovery.get_or_init(|| body);
}

#[derive(Deserialize)]
struct ClientCredentials {
    grant_type: String,
}

#[derive(Serialize)]
struct Tokens<'a> {
    access_token: &'a str,
    token_type: &'static str,
    expires_in: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id_token: Option<&'a str>,
    scope: &'static str,
}

/// A client authenticates with its secret and gets a signed token.
async fn client_token(
    State(floor): Shared,
    headers: HeaderMap,
    Form(request): Form<ClientCredentials>,
) -> Response {
    if !floor.provider.knows(&headers) || request.grant_type != "client_credentials" {
        return refused();
    }
    not_kept(&Tokens {
        access_token: &floor.signer.issue_to_client(),
        token_type: "Bearer",
        expires_in: LIFETIME,
        refresh_token: None,
        id_token: None,
        scope: OWN_SCOPE,
    })
}

#[derive(Deserialize)]
struct TokenForm {
    token: String,
}

#[derive(Serialize)]
struct Introspection<'a> {
    active: bool,
    client_id: &'a str,
    username: &'a str,
    token_type: &'a str,
    exp: u64,
    iat: u64,
    sub: &'a str,
    aud: [&'a str; 1],
    iss: &'a str,
    jti: &'a str,
    sid: &'a str,
}

/// Verifies a token and tells what it says.
async fn introspect(State(floor): Shared, headers: HeaderMap, Form(form): Form<TokenForm>) -> Response {
    let known = floor.provider.knows(&headers);
    let Some(claims) = floor.signer.verify(&form.token).filter(|_| known) else { return refused() };
    not_kept(&Introspection {
        active: true,
        client_id: CLIENT_ID,
        username: &claims.user_id,
        token_type: "Bearer",
        exp: claims.exp,
        iat: claims.iat,
        sub: &claims.sub,
        aud: [&claims.aud],
        iss: &claims.iss,
        jti: &claims.jti,
        sid: &claims.sid,
    })
}

#[derive(Deserialize)]
struct CodeRequest {
    username: String,
    code_challenge: String,
}

#[derive(Serialize)]
struct Code<'a> {
    code: &'a str,
}

/// Makes a code without asking anybody anything: how a benchmark gets many.
async fn give_code(State(floor): Shared, Json(request): Json<CodeRequest>) -> Response {
    let code = URL_SAFE_NO_PAD.encode_to_string(floor.signer.random::<32>());
    let challenge = URL_SAFE_NO_PAD.decode_to_vec(&request.code_challenge).ok();
    let challenge: Option<CodeChallenge> = challenge.and_then(|bytes| bytes.try_into().ok());
    let Some(challenge) = challenge else { return refused() };
    match floor.sessions.place_code(sha256(&code), challenge, request.username).await {
        Some(_) => not_kept(&Code { code: &code }),
        None => refused(),
    }
}

#[derive(Deserialize)]
struct Redemption {
    grant_type: String,
    code: String,
    redirect_uri: String,
    code_verifier: String,
}

/// Spends a code and opens its session durably, and signs an access token and an ID token.
async fn redeem(State(floor): Shared, headers: HeaderMap, Form(request): Form<Redemption>) -> Response {
    redeem_by(IdTokenKey::Es256, &floor, &headers, request).await
}

/// The same, with an ID token that is signed with RS256.
async fn redeem_rs256(State(floor): Shared, headers: HeaderMap, Form(request): Form<Redemption>) -> Response {
    redeem_by(IdTokenKey::Rs256, &floor, &headers, request).await
}

async fn redeem_by(key: IdTokenKey, floor: &Floor, headers: &HeaderMap, request: Redemption) -> Response {
    let Redemption { grant_type, code, redirect_uri, code_verifier } = &request;
    if !floor.provider.knows(headers) || grant_type != "authorization_code" || redirect_uri != REDIRECT_URI {
        return refused();
    }
    let id = floor.signer.random();
    let refresh_token = RefreshToken::new(id, floor.signer.random());
    let Some(user) = floor.sessions.redeem_code(sha256(code), sha256(code_verifier), &refresh_token).await
    else {
        return refused();
    };
    let [access_token, id_token] = floor.signer.issue_for_user(&user, &id, key);
    not_kept(&Tokens {
        access_token: &access_token,
        token_type: "Bearer",
        expires_in: LIFETIME,
        refresh_token: Some(&refresh_token.encode()),
        id_token: Some(&id_token),
        scope: USER_SCOPE,
    })
}

fn sha256(text: &str) -> SecretHash {
    digest::digest(&digest::SHA256, text.as_bytes()).as_ref().try_into().expect("SHA-256 has 32 bytes")
}

fn not_kept(body: &impl Serialize) -> Response {
    ([(CACHE_CONTROL, "no-store")], Json(body)).into_response()
}
