//! Clients that hold to FAPI 2.0, and everything that its conformance profiles want to see refused.

use axum::body::Body;
use http::{HeaderName, Request, StatusCode, header};
use jeton_authority::SystemRandom;
use jeton_authority::client::{Client, ClientPolicy, ClientSecret, NewClient, PkcePolicy, SecurityProfile};
use jeton_jose::dpop::{Prover, Request as Proved};
use jeton_jose::jwt::{Signer, Unverified};
use jeton_jose::{Algorithm, JwkSet, PrivateKey, base64url};
use jeton_oauth::Parameters;
use jeton_oauth::client::{ClientId, ClientMetadata};
use jeton_server::{ForwardingHeader, TrustedProxies};
use serde_json::{Map, Value, json};

use super::browser::{Browser, redirected};
use super::certificates::{HEADER, PROXY, certificate, header_of};
use super::client::{CALLBACK, CHALLENGE, VERIFIER, with_form};
use super::forged;
use super::logout_delivery::claims;
use crate::app::{Answer, TestApp};

const ISSUER: &str = "https://auth.example";
const ASSERTION: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// A client that holds to FAPI 2.0, with keys for its assertions and its proofs.
struct Bank<'a> {
    app: &'a TestApp,
    id: &'static str,
    key: PrivateKey,
    prover: Prover,
}

fn policy(profile: SecurityProfile) -> ClientPolicy {
    ClientPolicy { profile: Some(profile), ..ClientPolicy::default() }
}

fn metadata(key: &PrivateKey, profile: SecurityProfile) -> Value {
    let jwks = JwkSet::new(vec![key.public_key().to_jwk()]).to_json();
    json!({
        "redirect_uris": [CALLBACK],
        "grant_types": ["authorization_code", "refresh_token"],
        "token_endpoint_auth_method": "private_key_jwt",
        "jwks": serde_json::from_str::<Value>(&jwks).expect("JSON"),
        "require_pushed_authorization_requests": true,
        "require_signed_request_object": profile.signs_requests(),
        "dpop_bound_access_tokens": true,
    })
}

/// With changes; null takes a member away.
fn changed(mut members: Value, changes: &[(&str, Value)]) -> Value {
    for (name, value) in changes {
        if value.is_null() {
            members.as_object_mut().expect("an object").remove(*name);
        } else {
            members[*name] = value.clone();
        }
    }
    members
}

/// The parameters of a good request, with changes; an empty value takes one away.
fn request<'a>(changes: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let usual = [
        ("redirect_uri", CALLBACK),
        ("response_type", "code"),
        ("scope", "openid offline_access"),
        ("state", "st"),
        ("nonce", "no"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    let kept = usual.into_iter().filter(|(name, _)| changes.iter().all(|(changed, _)| changed != name));
    kept.chain(changes.iter().copied().filter(|(_, value)| !value.is_empty())).collect()
}

impl<'a> Bank<'a> {
    async fn new(app: &'a TestApp, id: &'static str, profile: SecurityProfile) -> Self {
        Self::with_key(app, id, profile, PrivateKey::generate(Algorithm::ES256).expect("a key")).await
    }

    async fn with_key(app: &'a TestApp, id: &'static str, profile: SecurityProfile, key: PrivateKey) -> Self {
        app.add_client_with(id, metadata(&key, profile), policy(profile)).await;
        let proving = PrivateKey::generate(Algorithm::ES256).expect("a key");
        Self { app, id, key, prover: Prover::new(&proving).expect("a prover") }
    }

    fn now(&self) -> i64 {
        self.app.service.clock().now().unix()
    }

    fn unique() -> String {
        base64url::encode(jeton_jose::random::bytes::<16>())
    }

    fn assertion(&self, changes: &[(&str, Value)]) -> String {
        let (now, jti) = (self.now(), Self::unique());
        let claims = json!({
            "iss": self.id, "sub": self.id, "aud": ISSUER, "jti": jti, "nbf": now, "iat": now, "exp": now + 60,
        });
        Signer::new(self.key.clone()).sign(&changed(claims, changes)).expect("an assertion")
    }

    async fn post(
        &self,
        path: &str,
        assertion: Option<&str>,
        proof: Option<&str>,
        fields: &[(&str, &str)],
    ) -> Answer {
        let mut all = fields.to_vec();
        if let Some(assertion) = assertion {
            all.extend([("client_assertion_type", ASSERTION), ("client_assertion", assertion)]);
        }
        let mut request = Request::post(path);
        if let Some(proof) = proof {
            request = request.header("DPoP", proof);
        }
        self.app.send(with_form(request, &all)).await
    }

    async fn push(&self, fields: &[(&str, &str)]) -> Answer {
        self.post("/par", Some(&self.assertion(&[])), None, fields).await
    }

    fn proof(&self, method: &str, path: &str, token: Option<&str>) -> String {
        let uri = format!("{ISSUER}{path}");
        let request = Proved::new(method, &uri);
        let request = token.map_or(request, |token| request.access_token(token));
        self.prover.prove(&request, self.app.service.clock().now()).expect("a proof")
    }

    async fn token(&self, fields: &[(&str, &str)]) -> Answer {
        let proof = self.proof("POST", "/token", None);
        self.post("/token", Some(&self.assertion(&[])), Some(&proof), fields).await
    }

    async fn redeem(&self, code: &str) -> Answer {
        self.token(&code_fields(code)).await
    }

    fn target(&self, pushed: &Answer, beside: &[(&str, &str)]) -> String {
        assert_eq!(pushed.status, StatusCode::CREATED, "{}", pushed.text());
        let pushed = pushed.json();
        let uri = pushed["request_uri"].as_str().expect("a request_uri");
        let query: Parameters =
            [("client_id", self.id), ("request_uri", uri)].iter().chain(beside).copied().collect();
        format!("/authorize?{}", query.to_query())
    }

    async fn code(&self, changes: &[(&str, &str)]) -> String {
        let target = self.target(&self.push(&request(changes)).await, &[]);
        let back = redirected(&Browser::new(self.app).sign_in(&target).await);
        back.get("code").unwrap_or_else(|| panic!("no code: {:?}", back.get("error"))).to_owned()
    }

    async fn userinfo(&self, scheme: &str, token: &str, proof: Option<&str>) -> Answer {
        let mut request =
            Request::get("/userinfo").header(header::AUTHORIZATION, format!("{scheme} {token}"));
        if let Some(proof) = proof {
            request = request.header("DPoP", proof);
        }
        self.app.send(request.body(Body::empty()).expect("a request")).await
    }
}

fn code_fields(code: &str) -> [(&str, &str); 4] {
    [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ]
}

#[track_caller]
fn is_refused(answer: &Answer, status: u16, error: &str) {
    assert_eq!((answer.status.as_u16(), answer.json()["error"].as_str()), (status, Some(error)));
}

#[tokio::test]
async fn a_bank_gets_tokens_that_are_bound_to_its_key_and_its_pushed_request_is_all_that_counts() {
    let app = TestApp::new().await;
    let bank = Bank::new(&app, "bank", SecurityProfile::Fapi2).await;
    let pushed = bank.push(&request(&[])).await;
    assert!(pushed.json()["expires_in"].as_u64().is_some_and(|seconds| seconds < 600), "{}", pushed.text());
    let beside = [("state", "changed"), ("nonce", "changed"), ("scope", "profile"), ("redirect_uri", "x")];
    let target = bank.target(&pushed, &beside);
    let browser = Browser::new(&app);
    browser.get(&target).await;
    let back = redirected(&browser.sign_in(&target).await);
    assert_eq!((back.get("state"), back.get("iss")), (Some("st"), Some(ISSUER)));
    let code = back.get("code").expect("a code");
    let answer = bank.redeem(code).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    let tokens = answer.json();
    assert_eq!(tokens["token_type"], "DPoP");
    let id_token = tokens["id_token"].as_str().expect("an ID token");
    assert_eq!(
        (&claims(id_token)["nonce"], Unverified::parse(id_token).expect("a JWT").alg()),
        (&json!("no"), "ES256")
    );
    let access = tokens["access_token"].as_str().expect("a token");
    for scheme in ["DPoP", "dpOP"] {
        let proof = bank.proof("GET", "/userinfo", Some(access));
        assert_eq!(bank.userinfo(scheme, access, Some(&proof)).await.status, StatusCode::OK);
    }
    for scheme in ["DPoP", "Bearer"] {
        assert_eq!(bank.userinfo(scheme, access, None).await.status, StatusCode::UNAUTHORIZED);
    }
    // Both are good once, and a replay of the code after the grace ends what it gave.
    is_refused(&bank.redeem(code).await, 400, "invalid_grant");
    app.hand.step(30);
    is_refused(&bank.redeem(code).await, 400, "invalid_grant");
    let proof = bank.proof("GET", "/userinfo", Some(access));
    assert_eq!(bank.userinfo("DPoP", access, Some(&proof)).await.status, StatusCode::UNAUTHORIZED);
    let again = redirected(&browser.get(&target).await);
    assert_eq!((again.get("error"), again.get("state")), (Some("invalid_request_uri"), Some("st")));
}

#[tokio::test]
async fn an_assertion_of_a_bank_is_for_the_issuer_alone_and_of_this_minute() {
    let app = TestApp::new().await;
    let bank = Bank::new(&app, "bank", SecurityProfile::Fapi2).await;
    let now = bank.now();
    for (what, changes, status) in [
        ("the issuer", vec![], 201),
        ("the endpoint", vec![("aud", json!("https://auth.example/par"))], 400),
        ("the token endpoint", vec![("aud", json!("https://auth.example/token"))], 400),
        ("a list", vec![("aud", json!([ISSUER, "https://other.example"]))], 400),
        ("a list of one", vec![("aud", json!([ISSUER]))], 400),
        ("somebody else", vec![("aud", json!("https://other.example"))], 400),
        ("no subject", vec![("sub", json!(null))], 400),
        ("expired", vec![("exp", json!(now - 300))], 400),
        ("a fast clock", vec![("iat", json!(now + 8)), ("nbf", json!(now + 8))], 201),
        (
            "too fast a clock",
            vec![("iat", json!(now + 62)), ("nbf", json!(now + 62)), ("exp", json!(now + 122))],
            400,
        ),
    ] {
        let answer = bank.post("/par", Some(&bank.assertion(&changes)), None, &request(&[])).await;
        assert_eq!(answer.status.as_u16(), status, "{what}: {}", answer.text());
    }
    is_refused(
        &bank.post("/par", None, None, &request(&[("client_id", "bank")])).await,
        400,
        "invalid_client",
    );
}

#[tokio::test]
async fn an_rsa_key_of_a_bank_signs_with_pss_alone() {
    let app = TestApp::new().await;
    let pss = PrivateKey::generate(Algorithm::PS256).expect("a key");
    // The same key, which says nothing of what it is for.
    let mut jwk: Value = serde_json::from_str(&pss.to_jwk().to_json()).expect("JSON");
    for name in ["alg", "kid"] {
        jwk.as_object_mut().expect("an object").remove(name);
    }
    let parsed = jeton_jose::Jwk::parse(jwk.to_string().as_bytes()).expect("a key");
    let of = |algorithm| PrivateKey::from_jwk_for(algorithm, &parsed).expect("a key");
    let public: Map<String, Value> =
        ["kty", "n", "e"].map(|name| (name.to_owned(), jwk[name].clone())).into_iter().collect();
    let profile = SecurityProfile::Fapi2;
    let described = changed(metadata(&pss, profile), &[("jwks", json!({"keys": [public]}))]);
    app.add_client_with("bank", described, policy(profile)).await;
    let proving = Prover::new(&PrivateKey::generate(Algorithm::ES256).expect("a key")).expect("a prover");
    let mut bank = Bank { app: &app, id: "bank", key: of(Algorithm::PS256), prover: proving };
    assert_eq!(bank.push(&request(&[])).await.status, StatusCode::CREATED);
    bank.key = of(Algorithm::RS256);
    is_refused(&bank.push(&request(&[])).await, 400, "invalid_client");
}

#[tokio::test]
async fn what_a_bank_pushes_is_whole() {
    let app = TestApp::new().await;
    let bank = Bank::new(&app, "bank", SecurityProfile::Fapi2).await;
    for (changes, error) in [
        (vec![("redirect_uri", "")], "invalid_request"),
        (vec![("redirect_uri", ""), ("scope", "profile")], "invalid_request"),
        (vec![("redirect_uri", "https://app.example/callback/other")], "invalid_request"),
        (vec![("code_challenge", ""), ("code_challenge_method", "")], "invalid_request"),
        (vec![("code_challenge", VERIFIER), ("code_challenge_method", "plain")], "invalid_request"),
        (vec![("response_type", "code id_token")], "unsupported_response_type"),
        (vec![("response_type", "token")], "unsupported_response_type"),
        (vec![("request_uri", "urn:ietf:params:oauth:request_uri:x")], "invalid_request"),
    ] {
        is_refused(&bank.push(&request(&changes)).await, 400, error);
    }
    for long in [("nonce", "n".repeat(384)), ("state", "s".repeat(1000)), ("nonce", "n".repeat(43))] {
        let answer = bank.push(&request(&[(long.0, &long.1)])).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());
    }
    let put = Request::put("/par").body(Body::empty()).expect("a request");
    assert_eq!(app.send(put).await.status, StatusCode::METHOD_NOT_ALLOWED);

    let plain: Parameters = request(&[("client_id", "bank")]).into_iter().collect();
    let back = redirected(&Browser::new(&app).get(&format!("/authorize?{}", plain.to_query())).await);
    assert_eq!((back.get("error"), back.get("state")), (Some("invalid_request"), Some("st")));

    let other = Bank::new(&app, "other", SecurityProfile::Fapi2).await;
    let stolen = other.target(&bank.push(&request(&[])).await, &[]);
    assert!(Browser::new(&app).get(&stolen).await.text().contains("request_uri_invalid"));
    let late = bank.target(&bank.push(&request(&[])).await, &[]);
    app.hand.step(541);
    let late = redirected(&Browser::new(&app).get(&late).await);
    assert_eq!((late.get("error"), late.get("state")), (Some("invalid_request_uri"), Some("st")));
}

#[tokio::test]
async fn a_code_of_a_bank_is_for_its_client_its_key_its_verifier_and_a_minute() {
    let app = TestApp::new().await;
    let bank = Bank::new(&app, "bank", SecurityProfile::Fapi2).await;
    let other = Bank::new(&app, "other", SecurityProfile::Fapi2).await;
    let code = bank.code(&[]).await;
    is_refused(&other.redeem(&code).await, 400, "invalid_grant");
    let without_proof = bank.post("/token", Some(&bank.assertion(&[])), None, &code_fields(&code)).await;
    is_refused(&without_proof, 400, "invalid_dpop_proof");
    is_refused(&bank.token(&code_fields(&code)[..3]).await, 400, "invalid_grant");
    let mut fields = code_fields(&code);
    fields[3].1 = "another-verifier-another-verifier-another-verifier";
    is_refused(&bank.token(&fields).await, 400, "invalid_grant");
    let unproved = [&code_fields(&code)[..], &[("client_id", "bank")]].concat();
    let proof = bank.proof("POST", "/token", None);
    is_refused(&bank.post("/token", None, Some(&proof), &unproved).await, 400, "invalid_client");
    let forged = Bank { app: &app, id: "other", key: bank.key.clone(), prover: bank.prover.clone() };
    is_refused(&forged.redeem(&code).await, 400, "invalid_client");
    assert_eq!(bank.redeem(&code).await.status, StatusCode::OK, "all that used nothing up");

    let bound = bank.code(&[("dpop_jkt", other.prover.thumbprint())]).await;
    is_refused(&bank.redeem(&bound).await, 400, "invalid_dpop_proof");
    let mismatched = bank
        .post(
            "/par",
            Some(&bank.assertion(&[])),
            Some(&bank.proof("POST", "/par", None)),
            &request(&[("dpop_jkt", other.prover.thumbprint())]),
        )
        .await;
    is_refused(&mismatched, 400, "invalid_dpop_proof");
    let late = bank.code(&[]).await;
    app.hand.step(62);
    is_refused(&bank.redeem(&late).await, 400, "invalid_grant");
}

#[tokio::test]
async fn a_refresh_token_whose_successor_was_lost_works_again_half_a_minute_later() {
    let app = TestApp::new().await;
    let mut bank = Bank::new(&app, "bank", SecurityProfile::Fapi2).await;
    let other = Bank::new(&app, "other", SecurityProfile::Fapi2).await;
    let tokens = bank.redeem(&bank.code(&[]).await).await.json();
    let refresh = tokens["refresh_token"].as_str().expect("a token").to_owned();
    let fields = [("grant_type", "refresh_token"), ("refresh_token", refresh.as_str())];
    is_refused(&other.token(&fields).await, 400, "invalid_grant");
    // A client that authenticates may come with another key.
    let next = PrivateKey::generate(Algorithm::ES256).expect("a key");
    bank.prover = Prover::new(&next).expect("a prover");
    app.hand.step(1);
    assert_eq!(bank.token(&fields).await.status, StatusCode::OK);
    app.hand.step(31);
    let again = bank.token(&fields).await;
    assert_eq!(again.status, StatusCode::OK, "{}", again.text());
    let without_proof = bank.post("/token", Some(&bank.assertion(&[])), None, &fields).await;
    is_refused(&without_proof, 400, "invalid_dpop_proof");
    let unproved = [&fields[..], &[("client_id", "bank")]].concat();
    is_refused(&bank.post("/token", None, None, &unproved).await, 400, "invalid_client");
    let again = again.json();
    let access = again["access_token"].as_str().expect("a token");
    let others = other.proof("GET", "/userinfo", Some(access));
    assert_eq!(bank.userinfo("DPoP", access, Some(&others)).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn requests_of_message_signing_are_signed_by_the_bank_for_this_hour() {
    let app = TestApp::new().await;
    let bank = Bank::new(&app, "bank", SecurityProfile::Fapi2MessageSigning).await;
    let other = Bank::new(&app, "other", SecurityProfile::Fapi2MessageSigning).await;
    let now = bank.now();
    let parameters: Map<String, Value> =
        request(&[]).into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
    let object = |key: &PrivateKey, changes: &[(&str, Value)]| {
        let about = json!({"iss": "bank", "client_id": "bank", "aud": ISSUER, "nbf": now, "exp": now + 300});
        let mut all = about.as_object().expect("an object").clone();
        all.extend(parameters.clone());
        Signer::new(key.clone()).sign(&changed(Value::Object(all), changes)).expect("an object")
    };
    let push = async |object: &str| bank.push(&[("client_id", "bank"), ("request", object)]).await;
    for (what, changes, wanted) in [
        ("a good one", vec![], None),
        ("for others too", vec![("aud", json!([ISSUER, "https://other.example"]))], None),
        ("a fast clock", vec![("nbf", json!(now + 8))], None),
        ("for somebody else", vec![("aud", json!("https://other.example"))], Some("invalid_request_object")),
        ("without an end", vec![("exp", json!(null))], Some("invalid_request_object")),
        ("without a beginning", vec![("nbf", json!(null))], Some("invalid_request_object")),
        ("ended", vec![("exp", json!(now - 3600))], Some("invalid_request_object")),
        ("too long", vec![("exp", json!(now + 70 * 60))], Some("invalid_request_object")),
        ("too old", vec![("nbf", json!(now - 70 * 60))], Some("invalid_request_object")),
        ("another inside", vec![("request_uri", json!("urn:x"))], Some("invalid_request_object")),
        ("no redirect URI", vec![("redirect_uri", json!(null))], Some("invalid_request")),
    ] {
        let answer = push(&object(&bank.key, &changes)).await;
        match wanted {
            None => assert_eq!(answer.status, StatusCode::CREATED, "{what}: {}", answer.text()),
            Some(error) => assert_eq!(answer.json()["error"], error, "{what}: {}", answer.text()),
        }
    }
    is_refused(&push(&object(&other.key, &[])).await, 400, "invalid_request_object");
    let unsigned = forged::unsigned(r#"{"alg":"none"}"#, &claims(&object(&bank.key, &[])));
    is_refused(&push(&unsigned).await, 400, "invalid_request_object");
    is_refused(&bank.push(&request(&[])).await, 400, "invalid_request");
}

#[tokio::test]
async fn a_signed_answer_is_all_that_a_bank_gets_where_it_asks_for_one() {
    let app = TestApp::new().await;
    let bank = Bank::new(&app, "bank", SecurityProfile::Fapi2).await;
    let target = bank.target(&bank.push(&request(&[("response_mode", "jwt")])).await, &[]);
    let browser = Browser::new(&app);
    let back = redirected(&browser.sign_in(&target).await);
    assert_eq!(back.iter().map(|(name, _)| name).collect::<Vec<_>>(), ["response"]);
    let response = back.get("response").expect("a response");
    let said = claims(response);
    assert_eq!((&said["iss"], &said["aud"], &said["state"]), (&json!(ISSUER), &json!("bank"), &json!("st")));
    assert!(said["exp"].as_i64().is_some_and(|exp| (10..=600).contains(&(exp - bank.now()))), "{said}");
    assert_eq!(Unverified::parse(response).expect("a JWT").alg(), "ES256");
    assert_eq!(bank.redeem(said["code"].as_str().expect("a code")).await.status, StatusCode::OK);
}

#[test]
fn a_profile_is_given_to_no_client_that_is_less() {
    let key = PrivateKey::generate(Algorithm::ES256).expect("a key");
    let profile = SecurityProfile::Fapi2MessageSigning;
    let refused = |changes: &[(&str, Value)], policy: ClientPolicy| {
        let metadata = changed(metadata(&key, profile), changes);
        let metadata: ClientMetadata = serde_json::from_value(metadata).expect("metadata");
        let new = NewClient {
            id: ClientId::parse("bank").expect("an identifier"),
            metadata,
            policy,
            secret: Some(ClientSecret::draw(&SystemRandom)),
            registration_token: None,
            created_at: jeton_jose::Timestamp::from_unix(0),
        };
        Client::new(new).err().map(|error| error.to_string())
    };
    assert_eq!(refused(&[], policy(profile)), None);
    for (name, value) in [
        ("token_endpoint_auth_method", json!("client_secret_basic")),
        ("token_endpoint_auth_method", json!("client_secret_jwt")),
        ("dpop_bound_access_tokens", json!(false)),
        ("require_pushed_authorization_requests", json!(false)),
        ("require_signed_request_object", json!(null)),
        ("id_token_signed_response_alg", json!("RS256")),
        ("token_endpoint_auth_signing_alg", json!("ES384")),
    ] {
        let error = refused(&[(name, value)], policy(profile)).expect(name);
        assert!(error.starts_with(name), "{error}");
    }
    let lenient = ClientPolicy { pkce: PkcePolicy::Lenient, ..policy(profile) };
    assert!(refused(&[], lenient).is_some_and(|error| error.starts_with("pkce")));
}

/// A client that holds to FAPI 2.0 by a certificate, behind a proxy that passes it on.
async fn behind_a_proxy(
    app: &TestApp,
    path: &str,
    certificate: Option<&str>,
    fields: &[(&str, &str)],
) -> Answer {
    let mut request = Request::post(path);
    if let Some(certificate) = certificate {
        request = request.header(HEADER, certificate);
    }
    app.send_from(PROXY, with_form(request, fields)).await
}

#[tokio::test]
async fn tokens_that_are_bound_to_a_certificate_are_of_no_use_without_it() {
    let proxies =
        TrustedProxies::new(["10.0.0.0/8".parse().expect("a network")], ForwardingHeader::default());
    let app = TestApp::with(
        |settings| settings,
        |service| service.trusted_proxies(proxies).client_certificate_header(HeaderName::from_static(HEADER)),
    )
    .await;
    let discovery = app.get("/.well-known/openid-configuration").await.json();
    assert_eq!(discovery["tls_client_certificate_bound_access_tokens"], true);
    let (own, others) = (certificate("bank"), certificate("other"));
    let (own, others) = (header_of(&own), header_of(&others));
    let key = PrivateKey::generate(Algorithm::ES256).expect("a key");
    let profile = SecurityProfile::Fapi2;
    let members = [
        ("dpop_bound_access_tokens", json!(null)),
        ("tls_client_certificate_bound_access_tokens", json!(true)),
    ];
    app.add_client_with("bank", changed(metadata(&key, profile), &members), policy(profile)).await;
    let prover = Prover::new(&PrivateKey::generate(Algorithm::ES256).expect("a key")).expect("a prover");
    let bank = Bank { app: &app, id: "bank", key, prover };
    // Nothing is bound to the certificate where a request is pushed, so none is needed there.
    let code = bank.code(&[]).await;
    let fields = |assertion: &str| {
        let mut fields: Vec<_> = code_fields(&code).map(|(name, value)| (name, value.to_owned())).to_vec();
        fields.extend([
            ("client_assertion_type", ASSERTION.to_owned()),
            ("client_assertion", assertion.to_owned()),
        ]);
        fields
    };
    let post = async |certificate: Option<&str>| {
        let fields = fields(&bank.assertion(&[]));
        let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        behind_a_proxy(&app, "/token", certificate, &fields).await
    };
    is_refused(&post(None).await, 400, "invalid_request");
    let answer = post(Some(&own)).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    let tokens = answer.json();
    assert_eq!(tokens["token_type"], "Bearer");
    let access = tokens["access_token"].as_str().expect("a token");
    for (certificate, status) in [(Some(&own), 200), (Some(&others), 401), (None, 401)] {
        let mut request = Request::get("/userinfo").header(header::AUTHORIZATION, format!("bEaRer {access}"));
        if let Some(certificate) = certificate {
            request = request.header(HEADER, certificate);
        }
        let answer = app.send_from(PROXY, request.body(Body::empty()).expect("a request")).await;
        assert_eq!(answer.status.as_u16(), status, "{certificate:?}");
    }
}

#[tokio::test]
async fn a_bank_proves_its_key_by_no_other_algorithm_than_the_profiles() {
    let app = TestApp::new().await;
    let mut bank = Bank::new(&app, "bank", SecurityProfile::Fapi2).await;
    for algorithm in [Algorithm::ES384, Algorithm::ES512] {
        let key = PrivateKey::generate(algorithm).expect("a key");
        bank.prover = Prover::new(&key).expect("a prover");
        let proof = bank.proof("POST", "/par", None);
        let pushed = bank.post("/par", Some(&bank.assertion(&[])), Some(&proof), &request(&[])).await;
        is_refused(&pushed, 400, "invalid_dpop_proof");
        let code = bank.code(&[]).await;
        is_refused(&bank.redeem(&code).await, 400, "invalid_dpop_proof");
    }
    for algorithm in [Algorithm::ES256, Algorithm::PS256, Algorithm::Ed25519] {
        bank.prover = Prover::new(&PrivateKey::generate(algorithm).expect("a key")).expect("a prover");
        let code = bank.code(&[]).await;
        assert_eq!(bank.redeem(&code).await.status, StatusCode::OK, "{algorithm}");
    }
}

#[tokio::test]
async fn a_code_of_a_bank_is_good_for_a_minute_whatever_others_have() {
    let long = |mut settings: jeton_authority::settings::Settings| {
        settings.authorization.code_lifetime = std::time::Duration::from_secs(600);
        settings
    };
    let app = TestApp::with(long, |service| service).await;
    let bank = Bank::new(&app, "bank", SecurityProfile::Fapi2).await;
    let (early, late) = (bank.code(&[]).await, bank.code(&[]).await);
    app.hand.step(59);
    assert_eq!(bank.redeem(&early).await.status, StatusCode::OK);
    app.hand.step(1);
    is_refused(&bank.redeem(&late).await, 400, "invalid_grant");
}
