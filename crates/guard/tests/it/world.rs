//! An issuer, a clock and a router behind a guard.

use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use http::header::AUTHORIZATION;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt;
use jeton_guard::{AccessToken, Guard, GuardBuilder, GuardedClaims, ManualClock};
use jeton_jose::jwt::Signer;
use jeton_jose::{Algorithm, JwkSet, KeySet, PrivateKey, Timestamp};
use serde_json::{Value, json};
use tower::ServiceExt;

pub(crate) const ISSUER: &str = "https://auth.example";
pub(crate) const AUDIENCE: &str = "https://api.example";
pub(crate) const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);

/// An issuer with one key.
pub(crate) struct Issuer {
    pub(crate) key: PrivateKey,
}

impl Issuer {
    pub(crate) fn new(kid: &str) -> Self {
        Self::with_algorithm(Algorithm::ES256, kid)
    }

    pub(crate) fn with_algorithm(algorithm: Algorithm, kid: &str) -> Self {
        Self { key: PrivateKey::generate(algorithm).expect("a key").with_kid(kid) }
    }

    pub(crate) fn keys(&self) -> KeySet {
        KeySet::from_jwk_set(&jwk_set(&[self])).expect("a public key")
    }

    /// A token of these claims, whatever they are.
    pub(crate) fn sign(&self, claims: &Value) -> String {
        let signer = jeton_jose::jws::Signer::new(self.key.clone()).typ("at+jwt");
        signer.sign(claims.to_string().as_bytes()).expect("a token")
    }

    /// A good token.
    pub(crate) fn token(&self) -> String {
        self.sign(&claims())
    }

    /// A token of another `typ`.
    pub(crate) fn sign_as(&self, typ: Option<&str>, claims: &Value) -> String {
        let signer = Signer::new(self.key.clone());
        match typ {
            Some(typ) => signer.typ(typ),
            None => signer.without_typ(),
        }
        .sign(claims)
        .expect("a token")
    }
}

pub(crate) fn jwk_set(issuers: &[&Issuer]) -> JwkSet {
    JwkSet::new(issuers.iter().map(|issuer| issuer.key.public_key().to_jwk()).collect())
}

/// Good claims at [`NOW`], for five minutes.
pub(crate) fn claims() -> Value {
    json!({
        "iss": ISSUER, "aud": AUDIENCE, "sub": "user-1", "client_id": "web", "jti": "token-1",
        "iat": NOW.unix(), "exp": NOW.unix() + 300, "user_id": "1", "scope": "read",
    })
}

/// The same with one claim set, or taken out where the value is null.
pub(crate) fn with(name: &str, value: Value) -> Value {
    let mut claims = claims();
    if value.is_null() {
        claims.as_object_mut().expect("an object").remove(name);
    } else {
        claims[name] = value;
    }
    claims
}

/// A guard before it is built, its clock at [`NOW`], without leeway.
pub(crate) fn builder(issuer: &Issuer) -> (GuardBuilder, ManualClock) {
    let clock = ManualClock::new(NOW);
    let builder = Guard::builder(ISSUER, AUDIENCE, issuer.keys()).clock(clock.clone()).leeway(Duration::ZERO);
    (builder, clock)
}

pub(crate) fn app<C: GuardedClaims + HasSubject>(guard: &Guard<C>) -> Router {
    Router::new().route("/", get(hello::<C>)).layer(guard.layer())
}

async fn hello<C: GuardedClaims + HasSubject>(token: AccessToken<C>) -> String {
    format!("Hello, {}!", token.subject())
}

pub(crate) trait HasSubject {
    fn subject(&self) -> &str;
}

impl HasSubject for jeton_oauth::AccessTokenClaims {
    fn subject(&self) -> &str {
        &self.sub
    }
}

/// An answer, with what a refusal is made of.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn challenge(&self) -> &str {
        self.headers.get("www-authenticate").map_or("", |value| value.to_str().expect("ASCII"))
    }
}

pub(crate) async fn send(app: &Router, authorization: &[&str]) -> Answer {
    let mut request = Request::get("/");
    for value in authorization {
        request = request.header(AUTHORIZATION, *value);
    }
    send_request(app, request.body(Body::empty()).expect("a request")).await
}

pub(crate) async fn send_request(app: &Router, request: Request<Body>) -> Answer {
    let response = app.clone().oneshot(request).await.expect("a router does not fail");
    let (parts, body) = response.into_parts();
    let body = body.collect().await.expect("a body").to_bytes();
    Answer {
        status: parts.status,
        headers: parts.headers,
        body: String::from_utf8(body.into()).expect("text"),
    }
}

pub(crate) async fn send_token(app: &Router, token: &str) -> Answer {
    send(app, &[&format!("Bearer {token}")]).await
}
