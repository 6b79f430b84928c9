//! Assertions of issuers that the operator trusts (RFC 7523 §2.1).

use http::StatusCode;
use jeton_authority::audit::Actor;
use jeton_authority::client::{ClientPolicy, TrustedIssuer};
use jeton_jose::jwt::{Signer, Unverified};
use jeton_jose::{Algorithm, JwkSet, PrivateKey, SharedSecret, jws};
use serde_json::{Value, json};

use crate::app::{Answer, NOW, TestApp};

const GRANT: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const ISSUER: &str = "https://idp.example";

struct Issuer {
    key: PrivateKey,
}

impl Issuer {
    fn new() -> Self {
        Self { key: PrivateKey::generate(Algorithm::ES256).expect("a key").with_kid("first") }
    }

    fn jwks(&self) -> Value {
        serde_json::from_str(&JwkSet::new(vec![self.key.public_key().to_jwk()]).to_json()).expect("a set")
    }

    fn trusted(&self, claim: Option<&str>) -> TrustedIssuer {
        TrustedIssuer { issuer: ISSUER.to_owned(), jwks: self.jwks(), claim: claim.map(str::to_owned) }
    }

    /// An assertion about Ada with these claims in the place of the usual ones; null takes one away.
    fn assertion(&self, changes: Value) -> String {
        let mut claims = json!({
            "iss": ISSUER,
            "sub": "ada",
            "aud": "https://auth.example",
            "exp": NOW + 60,
            "iat": NOW,
            "jti": "one",
        });
        for (name, value) in changes.as_object().expect("an object") {
            claims[name] = value.clone();
        }
        claims.as_object_mut().expect("an object").retain(|_, value| !value.is_null());
        // Some of them no signer of JWTs would sign.
        jws::Signer::new(self.key.clone()).typ("JWT").sign(claims.to_string().as_bytes()).expect("a token")
    }
}

async fn app_trusting(trusted: Vec<TrustedIssuer>) -> TestApp {
    let app = TestApp::new().await;
    let metadata = json!({"grant_types": [GRANT], "scope": "openid orders:read orders:write"});
    let policy = ClientPolicy { trusted_issuers: trusted, ..ClientPolicy::default() };
    app.add_client_with("batch", metadata, policy).await;
    app
}

async fn present(app: &TestApp, assertion: &str) -> Answer {
    app.post_as("batch", "/token", &[("grant_type", GRANT), ("assertion", assertion)]).await
}

const REFUSED: &str = r#"{"error":"invalid_grant","error_description":"assertion is not valid"}"#;

#[tokio::test]
async fn a_client_asks_in_the_name_of_whom_a_trusted_issuer_names() {
    let issuer = Issuer::new();
    let app = app_trusting(vec![issuer.trusted(None)]).await;
    let answer = present(&app, &issuer.assertion(json!({}))).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    let tokens = answer.json();
    assert_eq!(tokens["scope"], "orders:read orders:write", "nothing that belongs to a sign-in");
    assert!(tokens.get("refresh_token").is_none() && tokens.get("id_token").is_none());
    let token = tokens["access_token"].as_str().expect("a token");
    let claims: Value =
        serde_json::from_str(Unverified::parse(token).expect("a JWT").claims_json()).expect("claims");
    assert_eq!((claims.get("username"), &claims["client_id"]), (None, &json!("batch")));

    let told = app.post_as("batch", "/introspect", &[("token", token)]).await.json();
    assert_eq!(told["active"], true);
    app.post_as("batch", "/revoke", &[("token", token)]).await;
    let told = app.post_as("batch", "/introspect", &[("token", token)]).await;
    assert_eq!(told.text(), r#"{"active":false}"#, "it is revoked like every other");
}

#[tokio::test]
async fn an_assertion_is_taken_once() {
    let issuer = Issuer::new();
    let app = app_trusting(vec![issuer.trusted(None)]).await;
    let assertion = issuer.assertion(json!({}));
    assert_eq!(present(&app, &assertion).await.status, StatusCode::OK);
    present(&app, &assertion).await.expect(400, REFUSED);
    let other = issuer.assertion(json!({"jti": "two"}));
    assert_eq!(present(&app, &other).await.status, StatusCode::OK);
}

#[tokio::test]
async fn many_at_once_with_one_assertion_get_one_token() {
    let issuer = Issuer::new();
    let app = app_trusting(vec![issuer.trusted(None)]).await;
    let assertion = issuer.assertion(json!({}));
    let (a, b, c, d) = tokio::join!(
        present(&app, &assertion),
        present(&app, &assertion),
        present(&app, &assertion),
        present(&app, &assertion)
    );
    let taken = [a, b, c, d].iter().filter(|answer| answer.status == StatusCode::OK).count();
    assert_eq!(taken, 1);
}

#[tokio::test]
async fn the_operator_says_which_claim_names_the_user() {
    let issuer = Issuer::new();
    let app = app_trusting(vec![issuer.trusted(Some("preferred_username"))]).await;
    present(&app, &issuer.assertion(json!({}))).await.expect(400, REFUSED);
    let named = issuer.assertion(json!({"sub": "4711", "preferred_username": "ada"}));
    assert_eq!(present(&app, &named).await.status, StatusCode::OK);
}

#[tokio::test]
async fn assertions_that_are_not_good_all_get_the_same_answer() {
    let issuer = Issuer::new();
    let app = app_trusting(vec![issuer.trusted(None)]).await;
    for changes in [
        json!({"iss": "https://other.example"}),
        json!({"iss": null}),
        json!({"aud": "https://other.example"}),
        json!({"aud": null}),
        json!({"sub": "nobody"}),
        json!({"sub": " ada"}),
        json!({"sub": null}),
        json!({"jti": null}),
        json!({"jti": ""}),
        json!({"jti": 7}),
        json!({"exp": null}),
        json!({"exp": NOW - 61}),
        json!({"exp": NOW + 3601}),
        json!({"nbf": NOW + 3600}),
    ] {
        let answer = present(&app, &issuer.assertion(changes.clone())).await;
        assert_eq!((answer.status.as_u16(), answer.text()), (400, REFUSED), "{changes}");
    }
    present(&app, &Issuer::new().assertion(json!({}))).await.expect(400, REFUSED);
    present(&app, "nonsense").await.expect(400, REFUSED);
    let ours = app.sign_in().await.access;
    present(&app, &ours).await.expect(400, REFUSED);
}

#[tokio::test]
async fn the_public_key_of_an_issuer_is_no_secret_to_sign_with() {
    let issuer = Issuer::new();
    let app = app_trusting(vec![issuer.trusted(None)]).await;
    // Whole public keys are no secrets for `jeton-jose` itself; others sign with whatever bytes they find in one.
    let public = issuer.jwks()["keys"][0]["x"].to_string();
    let secret = SharedSecret::new(Algorithm::HS256, public.as_bytes()).expect("a secret");
    let claims =
        json!({"iss": ISSUER, "sub": "ada", "aud": "https://auth.example", "exp": NOW + 60, "jti": "one"});
    let forged = Signer::new(secret).sign(&claims).expect("a token");
    present(&app, &forged).await.expect(400, REFUSED);
}

#[tokio::test]
async fn a_client_without_trusted_issuers_presents_nothing() {
    let issuer = Issuer::new();
    let app = app_trusting(vec![]).await;
    let answer = present(&app, &issuer.assertion(json!({}))).await;
    assert_eq!(answer.json()["error"], "unauthorized_client", "{}", answer.text());
}

#[tokio::test]
async fn a_disabled_user_is_nobody() {
    let issuer = Issuer::new();
    let app = app_trusting(vec![issuer.trusted(None)]).await;
    let ada = jeton_authority::user::Username::parse("ada").expect("a name");
    let ada = app.store.find_user(&ada).await.expect("a store").expect("a user");
    app.store.disable_user(ada.id, Actor::Operator, app.service.clock().now()).await.expect("a store");
    present(&app, &issuer.assertion(json!({}))).await.expect(400, REFUSED);
}

#[tokio::test]
async fn a_token_of_another_kind_is_no_assertion_either() {
    let issuer = Issuer::new();
    let app = app_trusting(vec![issuer.trusted(None)]).await;
    let typed = |typ: &'static str| {
        let claims = json!({
            "iss": ISSUER, "sub": "ada", "aud": "https://auth.example", "exp": NOW + 60, "iat": NOW, "jti": typ,
        });
        Signer::new(issuer.key.clone()).typ(typ).sign(&claims).expect("a token")
    };
    for typ in ["at+jwt", "dpop+jwt", "logout+jwt", "client-authentication+jwt"] {
        present(&app, &typed(typ)).await.expect(400, REFUSED);
    }
    for typ in ["JWT", "authorization-grant+jwt", "oauth-id-jag+jwt"] {
        assert_eq!(present(&app, &typed(typ)).await.status, StatusCode::OK, "{typ}");
    }
}
