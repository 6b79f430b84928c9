//! Clients that register themselves (RFC 7591) and manage what they said (RFC 7592).

use axum::body::Body;
use http::{Method, Request, StatusCode, header};
use jeton_authority::settings::RegistrationPolicy;
use jeton_authority::{SystemRandom, add_registration_token};
use jeton_oauth::Parameters;
use jeton_oauth::authorization::GrantType;
use jeton_server::{Fetcher, Reach};
use serde_json::{Value, json};

use super::browser::{Browser, form, redirected};
use super::client::{CALLBACK, VERIFIER, authorize};
use super::listener::document;
use crate::app::{Answer, TestApp};
use crate::tls::certificates::Authority;
use crate::tls::site::https_host;

pub(super) async fn app() -> TestApp {
    let open = |mut settings: jeton_authority::settings::Settings| {
        settings.client.registration = RegistrationPolicy::Open;
        settings
    };
    TestApp::with(open, |service| service).await
}

/// Registers with the operator's token, or none.
async fn register_with(app: &TestApp, token: &str) -> Answer {
    let metadata = json!({"redirect_uris": [CALLBACK]});
    manage(app, Method::POST, "/register", token, Some(&metadata)).await
}

#[tokio::test]
async fn where_the_operator_wants_a_token_it_brings_so_many_clients_and_no_more() {
    let with_token = |mut settings: jeton_authority::settings::Settings| {
        settings.client.registration = RegistrationPolicy::WithToken;
        settings
    };
    let app = TestApp::with(with_token, |service| service).await;
    let discovery = app.get("/.well-known/openid-configuration").await.json();
    assert_eq!(discovery["registration_endpoint"], "https://auth.example/register");
    let now = app.service.clock().now();
    let until = now.saturating_add(std::time::Duration::from_secs(100));
    let make = async |uses| {
        let token = add_registration_token(&*app.store, &SystemRandom, uses, until, now).await;
        token.expect("a store").expose().to_owned()
    };
    let (token, other) = (make(2).await, make(1).await);
    for none in ["", "x", &token[1..]] {
        let refused = register_with(&app, none).await;
        assert_eq!(refused.status, StatusCode::UNAUTHORIZED, "{none:?}: {}", refused.text());
        assert!(refused.header("www-authenticate").is_some_and(|challenge| challenge.starts_with("Bearer ")));
    }
    // A description that will not do uses nothing up.
    let bad = json!({"redirect_uris": ["http://evil.example/"]});
    assert_eq!(manage(&app, Method::POST, "/register", &token, Some(&bad)).await.status, 400);
    let at_once =
        tokio::join!(register_with(&app, &token), register_with(&app, &token), register_with(&app, &token));
    let mut statuses = [at_once.0, at_once.1, at_once.2].map(|answer| answer.status.as_u16());
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 201, 401]);
    app.hand.step(100);
    assert_eq!(register_with(&app, &other).await.status, StatusCode::UNAUTHORIZED, "it has expired");
}

pub(super) async fn manage(
    app: &TestApp,
    method: Method,
    path: &str,
    token: &str,
    body: Option<&Value>,
) -> Answer {
    let path = path.strip_prefix("https://auth.example").unwrap_or(path);
    let mut request = Request::builder().method(method).uri(path);
    if !token.is_empty() {
        request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
    }
    let body = match body {
        Some(body) => {
            request = request.header(header::CONTENT_TYPE, "application/json");
            Body::from(body.to_string())
        }
        None => Body::empty(),
    };
    app.send(request.body(body).expect("a request")).await
}

pub(super) async fn register(app: &TestApp, metadata: &Value) -> Value {
    let answer = app.post("/register", metadata).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    answer.json()
}

pub(super) async fn refused(app: &TestApp, metadata: &Value) -> String {
    let answer = app.post("/register", metadata).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{metadata}: {}", answer.text());
    answer.json()["error"].as_str().expect("an error").to_owned()
}

pub(super) fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_else(|| panic!("no {name}: {value}"))
}

#[tokio::test]
async fn a_client_registers_and_signs_somebody_in_who_is_asked_first() {
    let app = app().await;
    let client = register(&app, &json!({"redirect_uris": [CALLBACK], "client_name": "A newcomer"})).await;
    assert_eq!(client["client_secret_expires_at"], 0);
    assert_eq!(client["grant_types"], json!(["authorization_code"]));
    assert_eq!(client["response_types"], json!(["code"]));
    assert_eq!(client["token_endpoint_auth_method"], "client_secret_basic");
    assert_eq!(client["application_type"], "web");
    assert_eq!(client["scope"], "openid profile email offline_access");
    let (id, secret) = (text(&client, "client_id"), text(&client, "client_secret"));

    let browser = Browser::new(&app);
    let page = browser.sign_in(&authorize(&[("client_id", id)])).await;
    assert!(page.text().contains("Allow <bdi>A newcomer</bdi>?"), "{}", page.text());
    let back = redirected(&browser.submit(&form(&page), &[("action", "allow")]).await);
    let fields = [
        ("grant_type", "authorization_code"),
        ("client_id", id),
        ("client_secret", secret),
        ("code", back.get("code").expect("a code")),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ];
    let tokens = app.post_form("/token", &fields).await;
    assert_eq!(tokens.status, StatusCode::OK, "{}", tokens.text());
    assert!(tokens.json().get("refresh_token").is_none(), "it did not register for them");
}

#[tokio::test]
async fn nobody_registers_where_the_operator_did_not_open_it() {
    let app = TestApp::new().await;
    let answer = app.post("/register", &json!({"redirect_uris": [CALLBACK]})).await;
    answer.expect(403, r#"{"error":"access_denied","error_description":"client registration is disabled"}"#);
    let metadata = app.get("/.well-known/oauth-authorization-server").await.json();
    assert!(metadata.get("registration_endpoint").is_none());
}

#[tokio::test]
async fn discovery_says_where_to_register() {
    let metadata = app().await.get("/.well-known/oauth-authorization-server").await.json();
    assert_eq!(metadata["registration_endpoint"], "https://auth.example/register");
}

#[tokio::test]
async fn a_client_reads_changes_and_removes_what_it_registered() {
    let app = app().await;
    let client = register(&app, &json!({"redirect_uris": [CALLBACK], "client_name": "Before"})).await;
    let (id, token) = (text(&client, "client_id"), text(&client, "registration_access_token"));
    let uri = text(&client, "registration_client_uri");
    assert_eq!(uri, format!("https://auth.example/register/{id}"));

    let read = manage(&app, Method::GET, uri, token, None).await;
    assert_eq!(read.status, StatusCode::OK, "{}", read.text());
    assert_eq!(read.json()["client_name"], "Before");
    assert_eq!(read.json()["registration_access_token"], token);
    assert!(read.json().get("client_secret").is_none(), "the secret was told once");

    let change =
        json!({"client_id": id, "redirect_uris": ["https://app.example/other"], "client_name": null});
    let changed = manage(&app, Method::PUT, uri, token, Some(&change)).await;
    assert_eq!(changed.status, StatusCode::OK, "{}", changed.text());
    assert_eq!(changed.json()["redirect_uris"], json!(["https://app.example/other"]));
    assert!(changed.json().get("client_name").is_none(), "what is null is left out");
    assert!(changed.json().get("client_secret").is_none(), "it keeps the one that it has");

    let removed = manage(&app, Method::DELETE, uri, token, None).await;
    assert_eq!((removed.status, removed.text()), (StatusCode::NO_CONTENT, ""));
    assert_eq!(manage(&app, Method::GET, uri, token, None).await.status, StatusCode::UNAUTHORIZED);
    let secret = text(&client, "client_secret");
    let fields = [("grant_type", "refresh_token"), ("client_id", id), ("client_secret", secret)];
    assert_eq!(app.post_form("/token", &fields).await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn nobody_manages_the_registration_of_another() {
    let app = app().await;
    let mine = register(&app, &json!({"redirect_uris": [CALLBACK]})).await;
    let theirs = register(&app, &json!({"redirect_uris": [CALLBACK]})).await;
    app.add_client("web", super::client::web()).await;
    let token = text(&mine, "registration_access_token");
    let uri = text(&theirs, "registration_client_uri");
    for method in [Method::GET, Method::DELETE] {
        for (uri, token) in [(uri, token), (uri, ""), ("/register/web", token), ("/register/nobody", token)] {
            let answer = manage(&app, method.clone(), uri, token, None).await;
            answer.expect(
                401,
                r#"{"error":"invalid_token","error_description":"the registration access token is not valid"}"#,
            );
            assert!(answer.header("www-authenticate").is_some_and(|value| value.contains("invalid_token")));
        }
    }
    let change = json!({"client_id": text(&theirs, "client_id"), "redirect_uris": ["https://evil.example/"]});
    assert_eq!(manage(&app, Method::PUT, uri, token, Some(&change)).await.status, StatusCode::UNAUTHORIZED);
    let own = text(&mine, "registration_client_uri");
    let answer = manage(&app, Method::PUT, own, token, Some(&change)).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "a change names its own client: {}", answer.text());
}

#[tokio::test]
async fn a_client_that_begins_to_need_a_secret_gets_one_and_chooses_none() {
    let app = app().await;
    let public = json!({"redirect_uris": [CALLBACK], "token_endpoint_auth_method": "none"});
    let client = register(&app, &public).await;
    assert!(client.get("client_secret").is_none() && client.get("client_secret_expires_at").is_none());
    let (id, token) = (text(&client, "client_id"), text(&client, "registration_access_token"));
    let uri = text(&client, "registration_client_uri");
    let change = |method: &str, secret: Value| json!({"client_id": id, "client_secret": secret, "redirect_uris": [CALLBACK], "token_endpoint_auth_method": method});
    let chosen = change("client_secret_basic", json!("123456"));
    assert_eq!(manage(&app, Method::PUT, uri, token, Some(&chosen)).await.status, StatusCode::BAD_REQUEST);
    let answer =
        manage(&app, Method::PUT, uri, token, Some(&change("client_secret_post", Value::Null))).await;
    let secret = text(&answer.json(), "client_secret").to_owned();
    assert_eq!(answer.json()["client_secret_expires_at"], 0);
    let same =
        manage(&app, Method::PUT, uri, token, Some(&change("client_secret_post", json!(secret)))).await;
    assert_eq!(same.status, StatusCode::OK, "{}", same.text());
    let back = manage(&app, Method::PUT, uri, token, Some(&change("none", Value::Null))).await;
    assert!(back.json().get("client_secret").is_none());
}

#[tokio::test]
async fn redirect_uris_that_lead_astray_are_refused_by_their_own_code() {
    let app = app().await;
    for uri in [
        "javascript:alert(1)",
        "data:text/html,x",
        "http://app.example/callback",
        "https://app.example/callback#fragment",
        "https://user@app.example/callback",
        "https://app.example;script-src/callback",
        "/callback",
        "myapp:/callback",
    ] {
        assert_eq!(refused(&app, &json!({"redirect_uris": [uri]})).await, "invalid_redirect_uri", "{uri}");
    }
    for metadata in [
        json!({}),
        json!({"redirect_uris": []}),
        json!({"redirect_uris": CALLBACK}),
        json!({"redirect_uris": [7]}),
        json!({"redirect_uris": vec![CALLBACK; 33]}),
        json!({"redirect_uris": ["org.example.app:/callback"], "application_type": "web"}),
    ] {
        assert_eq!(refused(&app, &metadata).await, "invalid_redirect_uri", "{metadata}");
    }
}

#[tokio::test]
async fn an_application_on_the_users_machine_registers_its_loopback_address() {
    let app = app().await;
    let client = register(
        &app,
        &json!({"redirect_uris": ["http://127.0.0.1/callback"], "token_endpoint_auth_method": "none"}),
    )
    .await;
    assert_eq!(client["application_type"], "native");
}

#[tokio::test]
async fn a_web_application_that_is_made_on_this_machine_registers_its_loopback_address() {
    let app = app().await;
    for uri in ["http://localhost:8080/callback", "http://127.0.0.1/callback"] {
        let client = register(&app, &json!({"redirect_uris": [uri], "application_type": "web"})).await;
        assert_eq!((&client["application_type"], &client["redirect_uris"]), (&json!("web"), &json!([uri])));
    }
}

#[tokio::test]
async fn a_client_that_registers_is_told_which_address_will_not_do() {
    let app = app().await;
    for name in [
        "client_uri",
        "logo_uri",
        "jwks_uri",
        "sector_identifier_uri",
        "backchannel_logout_uri",
        "request_uris",
    ] {
        let bad = if name == "request_uris" {
            json!(["http://app.example/"])
        } else {
            json!("http://app.example/")
        };
        let metadata = json!({"redirect_uris": [CALLBACK], name: bad});
        let refused = manage(&app, Method::POST, "/register", "", Some(&metadata)).await;
        let description = text(&refused.json(), "error_description").to_owned();
        assert!(description.contains(name), "{name}: {description}");
    }
}

#[tokio::test]
async fn metadata_that_will_not_do_is_refused() {
    let app = app().await;
    let long = "x".repeat(101);
    for (name, value) in [
        ("token_endpoint_auth_method", json!("tls_client_auth")),
        ("token_endpoint_auth_method", json!("magic")),
        ("token_endpoint_auth_method", json!("private_key_jwt")),
        ("grant_types", json!(["client_credentials"])),
        ("grant_types", json!(["password", "implicit"])),
        ("scope", json!("orders:write admin")),
        ("scope", json!(["openid"])),
        ("id_token_signed_response_alg", json!("none")),
        ("id_token_signed_response_alg", json!("HS256")),
        ("userinfo_signed_response_alg", json!("none")),
        ("request_object_signing_alg", json!("none")),
        ("token_endpoint_auth_signing_alg", json!("RS1")),
        ("id_token_encrypted_response_alg", json!("RSA1_5")),
        ("authorization_encrypted_response_alg", json!("RSA1_5")),
        ("authorization_encrypted_response_enc", json!("A256GCM")),
        ("jwks", json!({"keys": [{"kty": "oct", "k": "AAAA"}]})),
        ("jwks", json!("none")),
        ("jwks_uri", json!("http://127.0.0.1/keys")),
        ("sector_identifier_uri", json!("http://127.0.0.1/sector.json")),
        ("backchannel_logout_uri", json!("file:///etc/passwd")),
        ("logo_uri", json!("javascript:alert(1)")),
        ("policy_uri", json!("data:text/html,x")),
        ("post_logout_redirect_uris", json!(["javascript:alert(1)"])),
        ("request_uris", json!(["http://169.254.169.254/latest"])),
        ("client_name", json!(long)),
        ("client_name", json!("Bank\u{202e}elpmaxe")),
        ("client_name", json!("two\nlines")),
        ("client_name#de", json!(" ")),
        ("contacts", json!(vec!["a@app.example"; 33])),
        ("client_uri", json!(format!("https://app.example/{}", "x".repeat(2048)))),
    ] {
        let mut metadata = json!({"redirect_uris": [CALLBACK]});
        metadata[name] = value;
        assert_eq!(refused(&app, &metadata).await, "invalid_client_metadata", "{metadata}");
    }
    let both =
        json!({"redirect_uris": [CALLBACK], "jwks": {"keys": []}, "jwks_uri": "https://app.example/keys"});
    assert_eq!(refused(&app, &both).await, "invalid_client_metadata");
    let pairwise = json!({"redirect_uris": [CALLBACK, "https://b.example/"], "subject_type": "pairwise"});
    assert_eq!(refused(&app, &pairwise).await, "invalid_client_metadata");
}

#[tokio::test]
async fn software_statements_are_told_from_texts_that_are_none() {
    let app = app().await;
    let statement = |text: &str| json!({"redirect_uris": [CALLBACK], "software_statement": text});
    assert_eq!(refused(&app, &statement("not a token")).await, "invalid_software_statement");
    let token = app.sign_in().await.access;
    assert_eq!(refused(&app, &statement(&token)).await, "unapproved_software_statement");
}

#[tokio::test]
async fn what_is_not_known_is_ignored_and_what_is_not_to_be_had_is_left_out() {
    let app = app().await;
    let metadata = json!({
        "redirect_uris": [CALLBACK],
        "grant_types": ["authorization_code", "refresh_token", "implicit", "client_credentials"],
        "response_types": ["code", "id_token"],
        "scope": "openid email admin",
        "client_name": "App",
        "client_name#de": "Anwendung",
        "client_id": "web",
        "policy": {"consent": "implied"},
        "something": {"deeply": ["unknown"]},
    });
    let client = register(&app, &metadata).await;
    assert_eq!(client["grant_types"], json!(["authorization_code", "refresh_token"]));
    assert_eq!(client["response_types"], json!(["code"]));
    assert_eq!(client["scope"], "openid email");
    assert_eq!(client["client_name#de"], "Anwendung");
    assert_ne!(client["client_id"], "web");
    assert!(client.get("something").is_none() && client.get("policy").is_none());
}

#[tokio::test]
async fn client_credentials_are_registered_only_where_the_operator_says_so() {
    let settings = |mut settings: jeton_authority::settings::Settings| {
        settings.client.registration = RegistrationPolicy::Open;
        settings.client.registration_grant_types.push(GrantType::ClientCredentials);
        settings
    };
    let app = TestApp::with(settings, |service| service).await;
    let client = register(&app, &json!({"grant_types": ["client_credentials"], "scope": "openid"})).await;
    assert_eq!(client["response_types"], json!([]));
    let (id, secret) = (text(&client, "client_id"), text(&client, "client_secret"));
    let fields = [("grant_type", "client_credentials"), ("client_id", id), ("client_secret", secret)];
    assert_eq!(app.post_form("/token", &fields).await.status, StatusCode::OK);
}

#[tokio::test]
async fn oversized_and_malformed_bodies_register_nothing() {
    let app = app().await;
    let post = |content_type: &str, body: String| {
        Request::post("/register")
            .header(header::CONTENT_TYPE, content_type)
            .body(Body::from(body))
            .expect("a request")
    };
    let large = json!({"redirect_uris": [CALLBACK], "software_id": "x".repeat(17 * 1024)});
    assert_eq!(refused(&app, &large).await, "invalid_client_metadata");
    let larger = app.send(post("application/json", "x".repeat(70 * 1024))).await;
    assert_eq!(larger.status, StatusCode::PAYLOAD_TOO_LARGE);
    let twice = r#"{"redirect_uris":["https://app.example/"],"redirect_uris":["https://evil.example/"]}"#;
    let nested = format!("{}1{}", "[".repeat(200), "]".repeat(200));
    let form: Parameters = [("redirect_uris", CALLBACK)].into_iter().collect();
    for (content_type, body) in [
        ("application/json", twice.to_owned()),
        ("application/json", nested),
        ("application/json", "[]".to_owned()),
        ("application/json", String::new()),
        ("application/json", "{".to_owned()),
        ("application/x-www-form-urlencoded", form.to_query()),
    ] {
        let answer = app.send(post(content_type, body.clone())).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{body}: {}", answer.text());
        assert_eq!(answer.json()["error"], "invalid_client_metadata");
    }
}

#[tokio::test]
async fn one_network_does_not_register_clients_without_end() {
    let app = app().await;
    let metadata = json!({"redirect_uris": [CALLBACK]});
    for _ in 0..20 {
        register(&app, &metadata).await;
    }
    let answer = app.post("/register", &metadata).await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS, "{}", answer.text());
    assert_eq!(answer.header("retry-after"), Some("300"));
    let elsewhere = app.post_from(crate::app::ELSEWHERE, "/register", &metadata).await;
    assert_eq!(elsewhere.status, StatusCode::CREATED);
    app.hand.step(300);
    register(&app, &metadata).await;
}

/// An app whose clients register themselves, and whose sectors are at hosts with certificates of this authority.
pub(super) async fn app_trusting(root: &Authority) -> TestApp {
    let pem = root.pem();
    let fetcher = Fetcher::new().allow(Reach::Loopback).trust_also(pem.as_bytes()).expect("a root");
    let fetcher = fetcher.resolve_with(|_| vec![[127, 0, 0, 1].into()]);
    let open = |mut settings: jeton_authority::settings::Settings| {
        settings.client.registration = RegistrationPolicy::Open;
        settings
    };
    TestApp::with(open, |service| service.fetcher(fetcher)).await
}

#[tokio::test]
async fn a_client_may_name_a_sector_that_lists_it_and_no_other() {
    let root = Authority::new("A company");
    let app = app_trusting(&root).await;
    let (one, two) = ("https://one.example/cb", "https://two.example/cb");
    let list = document(&json!([one, two]).to_string());
    let host = https_host(&root.server("sector.example"), list.clone()).await;
    let sector = format!("https://sector.example:{}/list", host.port());
    let metadata = |uris: &[&str]| json!({"redirect_uris": uris, "subject_type": "pairwise", "sector_identifier_uri": sector});
    let client = register(&app, &metadata(&[one, two])).await;
    assert_eq!(text(&client, "sector_identifier_uri"), sector);
    let stranger = metadata(&[one, "https://evil.example/cb"]);
    assert_eq!(refused(&app, &stranger).await, "invalid_client_metadata");

    // A change is looked at as well.
    let (path, token) =
        (text(&client, "registration_client_uri"), text(&client, "registration_access_token"));
    let mut change = stranger.clone();
    change["client_id"] = client["client_id"].clone();
    let answer = manage(&app, Method::PUT, path, token, Some(&change)).await;
    assert_eq!(answer.json()["error"], "invalid_client_metadata");
    change["redirect_uris"] = json!([two]);
    assert_eq!(manage(&app, Method::PUT, path, token, Some(&change)).await.status, StatusCode::OK);

    // The same list at a host whose certificate nobody here trusts.
    let strangers = Authority::new("Another company");
    let host = https_host(&strangers.server("sector.example"), list).await;
    let mut elsewhere = metadata(&[one]);
    elsewhere["sector_identifier_uri"] = json!(format!("https://sector.example:{}/list", host.port()));
    assert_eq!(refused(&app, &elsewhere).await, "invalid_client_metadata");
}

#[tokio::test]
async fn a_sector_on_this_machine_is_not_asked_when_a_client_registers() {
    let root = Authority::new("A company");
    let host = https_host(&root.server("sector.example"), document("[]")).await;
    let pem = root.pem();
    let fetcher = Fetcher::new().trust_also(pem.as_bytes()).expect("a root");
    let fetcher = fetcher.resolve_with(|_| vec![[127, 0, 0, 1].into()]);
    let open = |mut settings: jeton_authority::settings::Settings| {
        settings.client.registration = RegistrationPolicy::Open;
        settings
    };
    let app = TestApp::with(open, |service| service.fetcher(fetcher)).await;
    let sector = format!("https://sector.example:{}/list", host.port());
    let metadata = json!({"redirect_uris": [CALLBACK], "sector_identifier_uri": sector});
    assert_eq!(refused(&app, &metadata).await, "invalid_client_metadata");
}

#[tokio::test]
async fn clients_register_for_certificates_only_where_the_authority_asks_for_them() {
    let metadata = |members: Value| {
        let mut metadata = json!({
            "redirect_uris": [CALLBACK],
            "token_endpoint_auth_method": "tls_client_auth",
            "tls_client_certificate_bound_access_tokens": true,
        });
        for (name, value) in members.as_object().expect("members") {
            metadata[name] = value.clone();
        }
        metadata
    };
    let dns = json!({"tls_client_auth_san_dns": "app.example"});
    assert_eq!(refused(&app().await, &metadata(dns.clone())).await, "invalid_client_metadata");

    let open = |mut settings: jeton_authority::settings::Settings| {
        settings.client.registration = RegistrationPolicy::Open;
        settings
    };
    let roots = crate::tls::site::roots_of(&Authority::new("Our clients"));
    let app = TestApp::with(open, |service| service.client_certificates(Some(roots))).await;
    for good in [
        dns,
        json!({"tls_client_auth_subject_dn": "CN=app,O=Example"}),
        json!({"tls_client_auth_san_uri": "https://app.example/"}),
        json!({"tls_client_auth_san_ip": "192.0.2.7"}),
        json!({"tls_client_auth_san_email": "app@app.example"}),
    ] {
        let client = register(&app, &metadata(good.clone())).await;
        for (name, value) in good.as_object().expect("members") {
            assert_eq!(&client[name], value);
        }
    }
    for bad in [
        json!({}),
        json!({"tls_client_auth_san_dns": "a.example", "tls_client_auth_san_ip": "192.0.2.7"}),
        json!({"tls_client_auth_subject_dn": "app"}),
        json!({"tls_client_auth_san_ip": "everywhere"}),
        json!({"tls_client_auth_san_dns": ["a.example"]}),
    ] {
        assert_eq!(refused(&app, &metadata(bad.clone())).await, "invalid_client_metadata", "{bad}");
    }
    let self_signed = json!({
        "redirect_uris": [CALLBACK], "token_endpoint_auth_method": "self_signed_tls_client_auth",
    });
    assert_eq!(refused(&app, &self_signed).await, "invalid_client_metadata", "it has no keys");
}
