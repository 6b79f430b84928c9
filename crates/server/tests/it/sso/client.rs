//! A client: it asks for codes and exchanges them.

use axum::body::Body;
use http::{Request, header};
use jeton_authority::audit::Actor;
use jeton_authority::client::{Client, ClientPolicy, ClientSecret, NewClient};
use jeton_authority::store::ClientChange;
use jeton_oauth::Parameters;
use jeton_oauth::client::{ClientId, ClientMetadata};
use serde_json::{Value, json};

use crate::app::{Answer, TestApp};

pub(crate) const SECRET: &str = "a client secret that nobody guesses";
pub(crate) const CALLBACK: &str = "https://app.example/callback";
/// RFC 7636 appendix B.
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub(crate) const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// What a confidential client says of itself, unless told otherwise.
pub(crate) fn web() -> Value {
    json!({
        "client_name": "The web application",
        "redirect_uris": [CALLBACK],
        "grant_types": ["authorization_code", "refresh_token", "client_credentials"],
        "post_logout_redirect_uris": ["https://app.example/bye"],
        "scope": "openid profile email roles offline_access orders:read orders:write",
    })
}

impl TestApp {
    /// Adds a client of this identifier. It has [`SECRET`] unless it says that it is public.
    pub(crate) async fn add_client(&self, id: &str, metadata: Value) {
        self.add_client_with(id, metadata, ClientPolicy::default()).await;
    }

    pub(crate) async fn add_client_with(&self, id: &str, metadata: Value, policy: ClientPolicy) {
        let metadata: ClientMetadata = serde_json::from_value(metadata).expect("metadata");
        let secret = metadata.auth_method().needs_secret().then(|| ClientSecret::new(SECRET));
        let client = Client::new(NewClient {
            id: ClientId::parse(id).expect("an identifier"),
            metadata,
            policy,
            secret,
            registration_token: None,
            created_at: self.service.clock().now(),
        });
        let client = client.expect("a client");
        let added = self.service.authority().clients().add_client(&client, Actor::Operator).await;
        assert_eq!(added.expect("a store"), ClientChange::Done);
    }

    /// Posts a form to one of the endpoints for clients, authenticated as `id` with the secret in the header.
    pub(crate) async fn post_as(&self, id: &str, path: &str, fields: &[(&str, &str)]) -> Answer {
        use base64_turbo::STANDARD;
        let pair: Parameters = [(id, SECRET)].into_iter().collect();
        let credentials = STANDARD.encode(pair.to_query().replace('=', ":"));
        let request = Request::post(path).header(header::AUTHORIZATION, format!("Basic {credentials}"));
        self.send(with_form(request, fields)).await
    }

    /// Posts a form without credentials.
    pub(crate) async fn post_form(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.send(with_form(Request::post(path), fields)).await
    }

    pub(crate) async fn userinfo(&self, access_token: &str) -> Answer {
        let request =
            Request::get("/userinfo").header(header::AUTHORIZATION, format!("Bearer {access_token}"));
        self.send(request.body(Body::empty()).expect("a request")).await
    }

    /// Exchanges a code as the client `web` does.
    pub(crate) async fn redeem(&self, code: &str) -> Answer {
        self.post_as(
            "web",
            "/token",
            &[
                ("grant_type", "authorization_code"),
                ("code", code),
                ("redirect_uri", CALLBACK),
                ("code_verifier", VERIFIER),
            ],
        )
        .await
    }
}

pub(crate) fn with_form(request: http::request::Builder, fields: &[(&str, &str)]) -> Request<Body> {
    let body: Parameters = fields.iter().copied().collect();
    request
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from(body.to_query()))
        .expect("a request")
}

/// An authorization request of the client `web`, with these parameters in the place of or beside the usual ones; an empty
/// value takes one away.
pub(crate) fn authorize(changes: &[(&str, &str)]) -> String {
    let mut parameters = vec![
        ("client_id", "web"),
        ("redirect_uri", CALLBACK),
        ("response_type", "code"),
        ("scope", "openid profile"),
        ("state", "st"),
        ("nonce", "no"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    for (name, value) in changes {
        parameters.retain(|(known, _)| known != name);
        if !value.is_empty() {
            parameters.push((name, value));
        }
    }
    let parameters: Parameters = parameters.into_iter().collect();
    format!("/authorize?{}", parameters.to_query())
}
