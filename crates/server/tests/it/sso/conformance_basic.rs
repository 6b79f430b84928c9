//! OpenID Connect as its basic conformance profile wants it, where no other file here says it.

use axum::body::Body;
use http::{Request, StatusCode, header};
use jeton_authority::audit::Actor;
use jeton_authority::client::{ClientPolicy, PkcePolicy};
use jeton_authority::settings::{RegistrationPolicy, Settings};
use jeton_authority::store::UserChange;
use jeton_authority::user::{Attributes, Username};
use jeton_jose::jwt::{Unverified, Verifier};
use jeton_jose::{JwkSet, KeySet};
use jeton_oauth::Parameters;
use serde_json::{Value, json};

use super::attacks_browser::did_nothing;
use super::browser::{Browser, form, redirected};
use super::client::{CALLBACK, authorize, web, with_form};
use super::logout_delivery::claims;
use crate::app::{Answer, TestApp};

/// No PKCE: as libraries of ten years ago ask.
const PLAIN: [(&str, &str); 2] = [("code_challenge", ""), ("code_challenge_method", "")];

async fn app() -> TestApp {
    let app = TestApp::new().await;
    let mut metadata = web();
    metadata["scope"] = json!("openid profile email address phone offline_access");
    let lenient = ClientPolicy { pkce: PkcePolicy::Lenient, ..ClientPolicy::default() };
    app.add_client_with("web", metadata.clone(), lenient.clone()).await;
    app.add_client_with("other", metadata, lenient).await;
    app
}

fn plain(changes: &[(&str, &str)]) -> String {
    authorize(&[&PLAIN[..], changes].concat())
}

async fn redeem(app: &TestApp, client: &str, code: &str) -> Answer {
    let fields = [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", CALLBACK)];
    app.post_as(client, "/token", &fields).await
}

/// What a flow without PKCE gives the client `web`.
async fn tokens(app: &TestApp, back: &Parameters) -> Value {
    let answer = redeem(app, "web", back.get("code").unwrap_or_else(|| panic!("no code: {back:?}"))).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    answer.json()
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_else(|| panic!("no {name}: {value}"))
}

async fn know(app: &TestApp, attributes: Value) {
    let name = Username::parse("ada").expect("a name");
    let user = app.store.find_user(&name).await.expect("a store").expect("ada");
    let attributes = Attributes::from_json(&attributes.to_string()).expect("attributes");
    let changed =
        app.store.change_attributes(user.id, attributes, Actor::Operator, app.service.clock().now()).await;
    assert!(matches!(changed.expect("a store"), UserChange::Done { .. }));
}

#[tokio::test]
async fn every_scope_gives_its_claims_at_userinfo_and_none_of_them_in_the_id_token() {
    let app = app().await;
    let known = json!({
        "name": "Ada Lovelace", "given_name": "Ada", "family_name": "Lovelace", "middle_name": "King",
        "nickname": "Ada", "profile": "https://example.org/ada", "picture": "https://example.org/ada.png",
        "website": "https://example.org", "gender": "female", "birthdate": "1995-12-10",
        "zoneinfo": "Europe/London", "locale": "en-GB", "updated_at": 1_790_000_000,
        "email": "ada@example.org", "email_verified": true,
        "phone_number": "+44 20 7946 0000", "phone_number_verified": false,
        "address": {"street_address": "12 St James's Square", "locality": "London", "country": "GB"},
    });
    know(&app, known.clone()).await;
    let browser = Browser::new(&app);
    let back = redirected(&browser.sign_in(&plain(&[("scope", "phone openid email profile address")])).await);
    let tokens = tokens(&app, &back).await;
    let access = text(&tokens, "access_token");
    let by_post = |body: &'static str| {
        let request = Request::post("/userinfo").header(header::AUTHORIZATION, format!("Bearer {access}"));
        request.body(Body::from(body)).expect("a request")
    };
    let in_body = with_form(Request::post("/userinfo"), &[("access_token", access)]);
    for answer in [app.userinfo(access).await, app.send(by_post("")).await, app.send(in_body).await] {
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
        assert_eq!(answer.header("content-type"), Some("application/json"));
        let told = answer.json();
        for (name, value) in known.as_object().expect("an object") {
            assert_eq!(&told[name], value, "{name}");
        }
        assert_eq!(told["preferred_username"], "ada");
    }
    let id_token = claims(text(&tokens, "id_token"));
    let names: Vec<_> = id_token.as_object().expect("claims").keys().map(String::as_str).collect();
    let expected =
        ["acr", "amr", "at_hash", "aud", "auth_time", "azp", "exp", "iat", "iss", "nonce", "sid", "sub"];
    assert_eq!(names, expected);

    let one = json!({"userinfo": {"name": {"essential": true}}}).to_string();
    let back = redirected(&browser.get(&plain(&[("scope", "openid"), ("claims", &one)])).await);
    let tokens = self::tokens(&app, &back).await;
    let told = app.userinfo(text(&tokens, "access_token")).await.json();
    assert_eq!((&told["name"], told.get("email")), (&json!("Ada Lovelace"), None));
    assert!(claims(text(&tokens, "id_token")).get("name").is_none(), "it was asked for elsewhere");
}

#[tokio::test]
async fn a_request_without_a_response_type_is_told_so_in_the_way_that_it_asks_to_be_told() {
    let app = app().await;
    let browser = Browser::new(&app);
    let told = redirected(&browser.get(&plain(&[("response_type", "")])).await);
    assert_eq!((told.get("error"), told.get("state")), (Some("invalid_request"), Some("st")));
    assert_eq!(told.get("iss"), Some("https://auth.example"));
    let page = browser.get(&plain(&[("response_type", ""), ("response_mode", "form_post")])).await;
    let form = form(&page);
    assert_eq!(form.action, CALLBACK);
    assert!(form.hidden.contains(&("error".to_owned(), "invalid_request".to_owned())), "{form:?}");
    assert!(form.hidden.contains(&("state".to_owned(), "st".to_owned())), "{form:?}");
}

#[tokio::test]
async fn what_is_not_understood_or_only_a_hint_does_no_harm() {
    let app = app().await;
    let browser = Browser::new(&app);
    browser.sign_in(&plain(&[])).await;
    for (name, value) in [
        ("display", "page"),
        ("display", "popup"),
        ("ui_locales", "se de-CH"),
        ("claims_locales", "se"),
        ("login_hint", "buffy@example.org"),
        ("extra", "foobar"),
        ("acr_values", "1 2"),
        ("nonce", ""),
        ("prompt", "none"),
    ] {
        let back = redirected(&browser.get(&plain(&[(name, value)])).await);
        let id_token = claims(text(&tokens(&app, &back).await, "id_token"));
        assert_eq!(id_token["acr"], "1", "{name}");
        assert_eq!(id_token.get("nonce").is_some(), name != "nonce");
    }
    let posted: Vec<_> = [("client_id", "web"), ("redirect_uri", CALLBACK), ("response_type", "code")]
        .into_iter()
        .chain([("scope", "openid"), ("state", "by post")])
        .collect();
    let next = browser.post("/authorize", &posted).await;
    assert_eq!(next.status, StatusCode::SEE_OTHER, "never 307: it would carry a password along");
    let back = redirected(&browser.get(next.header("location").expect("a location")).await);
    assert_eq!(back.get("state"), Some("by post"));
    tokens(&app, &back).await;
}

#[tokio::test]
async fn whoever_has_to_sign_in_again_gets_a_later_auth_time_and_nobody_else_does() {
    let app = app().await;
    let browser = Browser::new(&app);
    let auth_time = async |back: Parameters| {
        claims(text(&tokens(&app, &back).await, "id_token"))["auth_time"].as_i64().expect("a time")
    };
    let first = auth_time(redirected(&browser.sign_in(&plain(&[("max_age", "15000")])).await)).await;
    app.hand.step(2);
    assert_eq!(
        auth_time(redirected(&browser.get(&plain(&[("max_age", "10000")])).await)).await,
        first,
        "it is recent enough"
    );
    for again in [("prompt", "login"), ("max_age", "1")] {
        app.hand.step(2);
        let page = browser.get(&plain(&[again])).await;
        assert!(page.text().contains("<h1>Sign in</h1>"), "{again:?}: {}", page.text());
        let later = auth_time(redirected(&browser.sign_in(&plain(&[again])).await)).await;
        assert_eq!(later, app.service.clock().now().unix(), "{again:?}");
    }
}

#[tokio::test]
async fn somebody_who_does_not_want_to_sign_in_goes_back_to_the_client() {
    let app = app().await;
    let browser = Browser::new(&app);
    let page = browser.get(&plain(&[])).await;
    assert!(page.text().contains(r#"value="cancel""#), "{}", page.text());
    let back = redirected(&browser.submit(&form(&page), &[("action", "cancel")]).await);
    assert_eq!((back.get("error"), back.get("state")), (Some("access_denied"), Some("st")));
    assert!(back.get("code").is_none());
    let forged = browser.post(&form(&page).action, &[("action", "cancel"), ("form_token", "x")]).await;
    did_nothing(&forged, "another site cannot cancel");
}

#[tokio::test]
async fn a_code_that_is_used_again_half_a_minute_later_ends_what_it_gave() {
    let app = app().await;
    let back = redirected(&Browser::new(&app).sign_in(&plain(&[])).await);
    let tokens = tokens(&app, &back).await;
    app.hand.step(30);
    let answer = redeem(&app, "web", back.get("code").expect("a code")).await;
    assert_eq!(
        (answer.status, answer.json()["error"].as_str()),
        (StatusCode::BAD_REQUEST, Some("invalid_grant"))
    );
    assert_eq!(app.userinfo(text(&tokens, "access_token")).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_refresh_token_is_its_clients_alone_and_the_id_token_stays_the_same_persons() {
    let app = app().await;
    let target = plain(&[("scope", "openid offline_access"), ("prompt", "consent")]);
    let browser = Browser::new(&app);
    let page = browser.sign_in(&target).await;
    let back = redirected(&browser.submit(&form(&page), &[("action", "allow")]).await);
    let tokens = tokens(&app, &back).await;
    let refresh = text(&tokens, "refresh_token");
    let fields = [("grant_type", "refresh_token"), ("refresh_token", refresh)];
    let others = app.post_as("other", "/token", &fields).await;
    assert_eq!(
        (others.status, others.json()["error"].as_str()),
        (StatusCode::BAD_REQUEST, Some("invalid_grant"))
    );
    app.hand.step(1);
    let with_scope = [&fields[..], &[("scope", "openid offline_access")]].concat();
    let next = app.post_as("web", "/token", &with_scope).await;
    assert_eq!(next.status, StatusCode::OK, "{}", next.text());
    let next = next.json();
    assert_ne!(text(&next, "access_token"), text(&tokens, "access_token"));
    let (before, after) = (claims(text(&tokens, "id_token")), claims(text(&next, "id_token")));
    for name in ["iss", "sub", "aud", "azp", "auth_time"] {
        assert_eq!(before[name], after[name], "{name}");
    }
    assert_ne!(before["iat"], after["iat"]);
    assert_eq!(app.userinfo(text(&next, "access_token")).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_request_of_openid_connect_names_its_redirect_uri() {
    let app = app().await;
    let page = Browser::new(&app).get(&plain(&[("redirect_uri", "")])).await;
    assert_eq!((page.status, page.header("location")), (StatusCode::BAD_REQUEST, None));
    assert!(page.text().contains("redirect_uri_missing"), "{}", page.text());
}

#[tokio::test]
async fn the_metadata_names_nothing_without_tls() {
    let app = app().await;
    let metadata = app.get("/.well-known/openid-configuration").await.json();
    for (name, value) in metadata.as_object().expect("an object") {
        let urls = value.as_str().into_iter().filter(|value| value.contains("://"));
        for url in urls {
            assert!(url.starts_with("https://auth.example"), "{name}: {url}");
        }
    }
    assert!(
        metadata["id_token_signing_alg_values_supported"]
            .as_array()
            .is_some_and(|algorithms| algorithms.contains(&json!("RS256")))
    );
    assert!(metadata["scopes_supported"].as_array().is_some_and(|scopes| scopes.contains(&json!("openid"))));
}

/// An app in which clients register themselves.
async fn open(pkce: PkcePolicy) -> TestApp {
    let settings = |mut settings: Settings| {
        settings.client.registration = RegistrationPolicy::Open;
        settings.client.registration_pkce = pkce;
        settings
    };
    TestApp::with(settings, |service| service).await
}

#[tokio::test]
async fn whether_clients_that_registered_themselves_need_pkce_is_the_operators_to_say() {
    for (pkce, public, works) in [
        (PkcePolicy::Required, false, false),
        (PkcePolicy::Lenient, false, true),
        (PkcePolicy::Lenient, true, false),
    ] {
        let app = open(pkce).await;
        let method = if public { "none" } else { "client_secret_basic" };
        let metadata = json!({"redirect_uris": [CALLBACK], "token_endpoint_auth_method": method});
        let client = app.post("/register", &metadata).await.json();
        let target = plain(&[("client_id", text(&client, "client_id"))]);
        let answer = Browser::new(&app).get(&target).await;
        assert_eq!(answer.status == StatusCode::OK, works, "{pkce:?} {public}: {}", answer.text());
        if !works {
            assert_eq!(redirected(&answer).get("error"), Some("invalid_request"));
        }
    }
}

#[tokio::test]
async fn the_key_of_a_registered_clients_id_tokens_is_published_before_the_first_of_them() {
    let app = open(PkcePolicy::Required).await;
    let client = app.post("/register", &json!({"redirect_uris": [CALLBACK]})).await.json();
    let published = app.get("/.well-known/jwks.json").await;
    assert_eq!(client["id_token_signed_response_alg"], "RS256", "the default of the standard");
    let id = text(&client, "client_id");
    let browser = Browser::new(&app);
    let page = browser.sign_in(&authorize(&[("client_id", id)])).await;
    let back = redirected(&browser.submit(&form(&page), &[("action", "allow")]).await);
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", back.get("code").expect("a code")),
        ("redirect_uri", CALLBACK),
        ("code_verifier", super::client::VERIFIER),
    ];
    let credentials: Parameters = [(id, text(&client, "client_secret"))].into_iter().collect();
    let credentials = base64_turbo::STANDARD.encode(credentials.to_query().replace('=', ":"));
    let request = Request::post("/token").header(header::AUTHORIZATION, format!("Basic {credentials}"));
    let tokens = app.send(with_form(request, &fields)).await.json();
    let token = text(&tokens, "id_token");
    assert_eq!(Unverified::parse(token).expect("a JWT").alg(), "RS256");
    let keys = KeySet::from_jwk_set(&JwkSet::parse(&published.body).expect("a set")).expect("keys");
    let verifier = Verifier::id_token("https://auth.example", id, keys);
    verifier.verify::<Value>(token, app.service.clock().now()).expect("good by the keys of before");
}

#[tokio::test]
async fn a_client_that_removes_itself_makes_room_for_another() {
    let app = open(PkcePolicy::Required).await;
    for _ in 0..50 {
        let client = app.post("/register", &json!({"redirect_uris": [CALLBACK]})).await;
        assert_eq!(client.status, StatusCode::CREATED, "{}", client.text());
        let client = client.json();
        let path = text(&client, "registration_client_uri").trim_start_matches("https://auth.example");
        let token = text(&client, "registration_access_token");
        let request = Request::delete(path).header(header::AUTHORIZATION, format!("Bearer {token}"));
        let removed = app.send(request.body(Body::empty()).expect("a request")).await;
        assert_eq!(removed.status, StatusCode::NO_CONTENT);
    }
}
