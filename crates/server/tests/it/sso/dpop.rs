//! Tokens that are bound to a key (RFC 9449): of use to nobody who stole them.

use axum::body::Body;
use http::{Request, StatusCode, header};
use jeton_authority::settings::DpopNonces;
use jeton_jose::dpop::{Prover, Request as Proved};
use jeton_jose::{Algorithm, PrivateKey, Timestamp};
use serde_json::{Value, json};

use super::browser::{Browser, redirected};
use super::client::{CALLBACK, VERIFIER, authorize, with_form};
use crate::app::{Answer, TestApp};

const TOKEN: &str = "https://auth.example/token";
pub(super) const USERINFO: &str = "https://auth.example/userinfo";

/// A public client with a key.
pub(super) struct Phone<'a> {
    app: &'a TestApp,
    prover: Prover,
}

impl<'a> Phone<'a> {
    pub(super) fn new(app: &'a TestApp) -> Self {
        let key = PrivateKey::generate(Algorithm::ES256).expect("a key");
        Self { app, prover: Prover::new(&key).expect("a prover") }
    }

    pub(super) fn prove(&self, request: Proved<'_>) -> String {
        self.prover.prove(&request, self.app.service.clock().now()).expect("a proof")
    }

    async fn token(&self, proofs: &[&str], fields: &[(&str, &str)]) -> Answer {
        let mut request = Request::post("/token");
        for proof in proofs {
            request = request.header("DPoP", *proof);
        }
        let id = [("client_id", "phone")];
        self.app.send(with_form(request, &[&id[..], fields].concat())).await
    }

    async fn redeem(&self, proof: &str, code: &str) -> Answer {
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
        ];
        self.token(&[proof], &fields).await
    }

    async fn refresh(&self, proofs: &[&str], refresh_token: &str) -> Answer {
        self.token(proofs, &[("grant_type", "refresh_token"), ("refresh_token", refresh_token)]).await
    }

    pub(super) async fn userinfo(&self, scheme: &str, token: &str, proof: Option<&str>) -> Answer {
        let mut request =
            Request::get("/userinfo").header(header::AUTHORIZATION, format!("{scheme} {token}"));
        if let Some(proof) = proof {
            request = request.header("DPoP", proof);
        }
        self.app.send(request.body(Body::empty()).expect("a request")).await
    }

    /// Signs in and gets bound tokens.
    pub(super) async fn tokens(&self) -> Value {
        let answer = self.redeem(&self.prove(Proved::new("POST", TOKEN)), &code(self.app, &[]).await).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
        answer.json()
    }
}

async fn app() -> TestApp {
    let app = TestApp::new().await;
    app.add_client("phone", phone()).await;
    app
}

pub(super) fn phone() -> Value {
    json!({
        "redirect_uris": [CALLBACK],
        "token_endpoint_auth_method": "none",
        "grant_types": ["authorization_code", "refresh_token"],
    })
}

async fn code(app: &TestApp, changes: &[(&str, &str)]) -> String {
    let changes = [&[("client_id", "phone")], changes].concat();
    let back = redirected(&Browser::new(app).sign_in(&authorize(&changes)).await);
    back.get("code").expect("a code").to_owned()
}

fn text<'v>(tokens: &'v Value, name: &str) -> &'v str {
    tokens[name].as_str().expect("a text")
}

#[tokio::test]
async fn a_stolen_token_is_of_no_use_without_its_key() {
    let app = app().await;
    let (owner, thief) = (Phone::new(&app), Phone::new(&app));
    let tokens = owner.tokens().await;
    assert_eq!(tokens["token_type"], "DPoP");
    let access = text(&tokens, "access_token");
    let request = Proved::new("GET", USERINFO).access_token(access);

    let answer = owner.userinfo("DPoP", access, Some(&owner.prove(request))).await;
    assert_eq!((answer.status, &answer.json()["preferred_username"]), (StatusCode::OK, &json!("ada")));

    let as_bearer = thief.userinfo("Bearer", access, None).await;
    assert_eq!(as_bearer.status, StatusCode::UNAUTHORIZED);
    let challenge = as_bearer.header("www-authenticate").expect("a challenge");
    assert!(challenge.starts_with("DPoP ") && challenge.contains("algs=\"ES256 "), "{challenge}");
    let by_another_key = thief.userinfo("DPoP", access, Some(&thief.prove(request))).await;
    assert_eq!(by_another_key.json()["error"], "invalid_token");
    assert_eq!(thief.userinfo("DPoP", access, None).await.json()["error"], "invalid_dpop_proof");

    let refresh = text(&tokens, "refresh_token");
    let stolen = Proved::new("POST", TOKEN);
    for proofs in [&[][..], &[thief.prove(stolen).as_str()]] {
        assert_eq!(thief.refresh(proofs, refresh).await.json()["error"], "invalid_grant");
    }
    let refreshed = owner.refresh(&[&owner.prove(stolen)], refresh).await;
    assert_eq!(refreshed.json()["token_type"], "DPoP", "{}", refreshed.text());
}

#[tokio::test]
async fn whoever_proves_the_key_may_present_any_spent_refresh_token() {
    let excuse_nothing = |mut settings: jeton_authority::settings::Settings| {
        settings.refresh.policy.excuses = 0;
        settings
    };
    let app = TestApp::with(excuse_nothing, |service| service).await;
    app.add_client("phone", phone()).await;
    let (owner, thief) = (Phone::new(&app), Phone::new(&app));
    let request = Proved::new("POST", TOKEN);
    let first = text(&owner.tokens().await, "refresh_token").to_owned();
    let mut current = first.clone();
    for _ in 0..5 {
        let answer = owner.refresh(&[&owner.prove(request)], &current).await;
        current = text(&answer.json(), "refresh_token").to_owned();
        app.hand.step(300);
    }
    for step in 0..280 {
        let answer = owner.refresh(&[&owner.prove(request)], &first).await;
        assert_eq!(answer.status, StatusCode::OK, "step {step}: {}", answer.text());
        assert_eq!(text(&answer.json(), "refresh_token"), current, "step {step}");
        // Who has the token alone ends nothing.
        for proofs in [&[][..], &[thief.prove(request).as_str()]] {
            assert_eq!(thief.refresh(proofs, &first).await.json()["error"], "invalid_grant");
        }
        app.hand.step(300);
    }
}

#[tokio::test]
async fn a_proof_is_good_once_and_only_for_its_own_request() {
    let app = app().await;
    let phone = Phone::new(&app);
    let tokens = phone.tokens().await;
    let (access, refresh) = (text(&tokens, "access_token"), text(&tokens, "refresh_token"));

    let proof = phone.prove(Proved::new("GET", USERINFO).access_token(access));
    assert_eq!(phone.userinfo("DPoP", access, Some(&proof)).await.status, StatusCode::OK);
    assert_eq!(phone.userinfo("DPoP", access, Some(&proof)).await.json()["error"], "invalid_dpop_proof");

    let (other_method, other_url) =
        (phone.prove(Proved::new("GET", TOKEN)), phone.prove(Proved::new("POST", USERINFO)));
    let (one, two) = (phone.prove(Proved::new("POST", TOKEN)), phone.prove(Proved::new("POST", TOKEN)));
    for proofs in [&[other_method.as_str()][..], &[&other_url], &[&one, &two], &["garbage"], &[""]] {
        let refused = phone.refresh(proofs, refresh).await;
        assert_eq!(refused.json()["error"], "invalid_dpop_proof", "{proofs:?}");
    }
    let without_ath = phone.prove(Proved::new("GET", USERINFO));
    assert_eq!(phone.userinfo("DPoP", access, Some(&without_ath)).await.status, StatusCode::UNAUTHORIZED);

    app.hand.step(91);
    assert_eq!(phone.refresh(&[&one], refresh).await.json()["error"], "use_dpop_nonce", "too old");
}

#[tokio::test]
async fn a_proof_that_one_node_saw_is_refused_by_all_of_them() {
    let app = app().await;
    let phone = Phone::new(&app);
    let access = text(&phone.tokens().await, "access_token").to_owned();
    let proof = phone.prove(Proved::new("GET", USERINFO).access_token(&access));
    assert_eq!(phone.userinfo("DPoP", &access, Some(&proof)).await.status, StatusCode::OK);
    let second = app.second_node().await;
    let there = Phone { app: &second, prover: phone.prover.clone() };
    assert_eq!(there.userinfo("DPoP", &access, Some(&proof)).await.json()["error"], "invalid_dpop_proof");
}

#[tokio::test]
async fn a_bound_code_is_redeemed_with_its_key_alone() {
    let app = app().await;
    let (owner, thief) = (Phone::new(&app), Phone::new(&app));
    let code = code(&app, &[("dpop_jkt", owner.prover.thumbprint())]).await;
    let request = Proved::new("POST", TOKEN);
    assert_eq!(thief.redeem(&thief.prove(request), &code).await.json()["error"], "invalid_dpop_proof");
    assert_eq!(owner.redeem(&owner.prove(request), &code).await.status, StatusCode::OK);

    let malformed = Browser::new(&app).get(&authorize(&[("client_id", "phone"), ("dpop_jkt", "x")])).await;
    assert_eq!(redirected(&malformed).get("error"), Some("invalid_request"));
}

#[tokio::test]
async fn a_client_that_wants_bound_tokens_gets_no_others() {
    let app = TestApp::new().await;
    let mut metadata = super::client::web();
    metadata["dpop_bound_access_tokens"] = json!(true);
    app.add_client("web", metadata).await;
    let answer = app.post_as("web", "/token", &[("grant_type", "client_credentials")]).await;
    assert_eq!(answer.json()["error"], "invalid_dpop_proof");
}

#[tokio::test]
async fn introspection_says_what_a_token_is_bound_to() {
    let app = app().await;
    app.add_client_with("api", super::client::web(), super::introspection::all()).await;
    let phone = Phone::new(&app);
    let tokens = phone.tokens().await;
    let told = app.post_as("api", "/introspect", &[("token", text(&tokens, "access_token"))]).await.json();
    assert_eq!(told["token_type"], "DPoP");
    assert_eq!(told["cnf"], json!({"jkt": phone.prover.thumbprint()}));
}

#[tokio::test]
async fn where_nonces_are_demanded_a_proof_made_in_advance_is_refused() {
    let app = TestApp::with(
        |mut settings| {
            settings.dpop.nonces = DpopNonces::Demanded;
            settings
        },
        |service| service,
    )
    .await;
    app.add_client("phone", phone()).await;
    let phone = Phone::new(&app);
    let code = code(&app, &[]).await;
    let request = Proved::new("POST", TOKEN);

    let refused = phone.redeem(&phone.prove(request), &code).await;
    assert_eq!(refused.json()["error"], "use_dpop_nonce");
    let nonce = refused.header("dpop-nonce").expect("a nonce").to_owned();
    let invented = phone.redeem(&phone.prove(request.nonce("invented")), &code).await;
    assert_eq!(invented.json()["error"], "use_dpop_nonce");
    app.hand.step(30);
    let answer = phone.redeem(&phone.prove(request.nonce(&nonce)), &code).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());

    app.hand.step(180);
    let tokens = answer.json();
    let refresh = text(&tokens, "refresh_token");
    let outdated = phone.refresh(&[&phone.prove(request.nonce(&nonce))], refresh).await;
    assert_eq!(outdated.json()["error"], "use_dpop_nonce");

    let access = text(&tokens, "access_token");
    let request = Proved::new("GET", USERINFO).access_token(access);
    let asked = phone.userinfo("DPoP", access, Some(&phone.prove(request))).await;
    assert!(asked.header("www-authenticate").is_some_and(|text| text.contains("use_dpop_nonce")));
    let nonce = asked.header("dpop-nonce").expect("a nonce").to_owned();
    let answer = phone.userinfo("DPoP", access, Some(&phone.prove(request.nonce(&nonce)))).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
}

#[tokio::test]
async fn a_client_whose_clock_is_wrong_passes_with_the_nonce_that_it_is_sent() {
    for nonces in [DpopNonces::Unused, DpopNonces::Demanded] {
        let app = TestApp::with(
            |mut settings| {
                settings.dpop.nonces = nonces;
                settings
            },
            |service| service,
        )
        .await;
        app.add_client("phone", phone()).await;
        let phone = Phone::new(&app);
        for off in [-7200, -120, 60, 7200] {
            let wrong = Timestamp::from_unix(app.service.clock().now().unix() + off);
            let prove = |request: Proved<'_>| phone.prover.prove(&request, wrong).expect("a proof");
            let code = code(&app, &[]).await;
            let request = Proved::new("POST", TOKEN);
            let refused = phone.redeem(&prove(request), &code).await;
            assert_eq!(refused.json()["error"], "use_dpop_nonce", "{off}");
            let nonce = refused.header("dpop-nonce").expect("a nonce").to_owned();
            let answer = phone.redeem(&prove(request.nonce(&nonce)), &code).await;
            assert_eq!(answer.status, StatusCode::OK, "{off}: {}", answer.text());

            let tokens = answer.json();
            let access = text(&tokens, "access_token");
            let request = Proved::new("GET", USERINFO).access_token(access);
            let refused = phone.userinfo("DPoP", access, Some(&prove(request))).await;
            assert_eq!(refused.json()["error"], "use_dpop_nonce", "{off}");
            let nonce = refused.header("dpop-nonce").expect("a nonce").to_owned();
            let answer = phone.userinfo("DPoP", access, Some(&prove(request.nonce(&nonce)))).await;
            assert_eq!(answer.status, StatusCode::OK, "{off}: {}", answer.text());
        }
    }
}

#[tokio::test]
async fn a_client_whose_clock_is_right_is_sent_no_nonce_unless_one_is_demanded() {
    let app = app().await;
    let phone = Phone::new(&app);
    let code = code(&app, &[]).await;
    let answer = phone.redeem(&phone.prove(Proved::new("POST", TOKEN)), &code).await;
    assert_eq!((answer.status, answer.header("dpop-nonce")), (StatusCode::OK, None));
}
