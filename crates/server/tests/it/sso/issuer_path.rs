//! An issuer with a path, which shares its host with other applications: everything is below that path, whether requests bring it
//! along or a proxy takes it away.

use axum::body::Body;
use http::{Request, StatusCode, header};
use jeton_authority::settings::Settings;
use jeton_oauth::Parameters;
use serde_json::{Value, json};

use super::browser::{Browser, Form, form, redirected};
use super::client::{CALLBACK, VERIFIER, authorize, web};
use super::logout_delivery::claims;
use crate::app::{Answer, PASSWORD, TestApp};

const ISSUER: &str = "https://host.example/auth";
const BASE: &str = "/auth";

async fn app_at(issuer: &str) -> TestApp {
    let issuer = issuer.to_owned();
    let app = TestApp::with(
        |settings| {
            let mut own = Settings::new(issuer);
            own.password.argon2 = settings.password.argon2;
            own.client.registration = jeton_authority::settings::RegistrationPolicy::Open;
            own
        },
        |service| service,
    )
    .await;
    let mut metadata = web();
    metadata["grant_types"] = json!([
        "authorization_code",
        "refresh_token",
        "client_credentials",
        "urn:ietf:params:oauth:grant-type:device_code"
    ]);
    app.add_client("web", metadata).await;
    app
}

/// What is between browsers and the authority.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Between {
    Nothing,
    /// A proxy that takes the path of the issuer away.
    Stripping,
}

const BOTH: [Between; 2] = [Between::Nothing, Between::Stripping];

impl Between {
    /// The target as it arrives, of one that browsers and clients know. What is not below the path belongs to a neighbour.
    #[track_caller]
    fn passes(self, target: &str) -> &str {
        let target = target.strip_prefix("https://host.example").unwrap_or(target);
        let rest = target.strip_prefix(BASE).filter(|rest| rest.is_empty() || rest.starts_with(['/', '?']));
        let rest = rest.unwrap_or_else(|| panic!("{target} leads to a neighbour"));
        if self == Self::Stripping { rest } else { target }
    }
}

struct Visitor<'a> {
    browser: Browser<'a>,
    between: Between,
}

impl<'a> Visitor<'a> {
    fn new(app: &'a TestApp, between: Between) -> Self {
        Self { browser: Browser::new(app), between }
    }

    /// Each cookie is for the path alone.
    #[track_caller]
    fn keeps(answer: Answer) -> Answer {
        for cookie in answer.headers.get_all(header::SET_COOKIE) {
            let cookie = cookie.to_str().expect("text");
            assert!(cookie.starts_with("__Secure-jeton-") && cookie.contains("; Path=/auth;"), "{cookie}");
            assert!(cookie.contains("; Secure") && !cookie.contains("Domain"), "{cookie}");
        }
        answer
    }

    async fn get(&self, target: &str) -> Answer {
        self.follow(Self::keeps(self.browser.get(self.between.passes(target)).await)).await
    }

    async fn press(&self, form: &Form, fields: &[(&str, &str)]) -> Answer {
        let arrives = Form { action: self.between.passes(&form.action).to_owned(), ..form.clone() };
        self.follow(Self::keeps(self.browser.press(&arrives, fields).await)).await
    }

    async fn follow(&self, mut answer: Answer) -> Answer {
        let within = |answer: &Answer| {
            let location = answer.header("location")?;
            let path = location.strip_prefix("https://host.example").unwrap_or(location);
            path.starts_with('/').then(|| path.to_owned())
        };
        while let Some(target) = within(&answer) {
            answer = Self::keeps(self.browser.get(self.between.passes(&target)).await);
        }
        answer
    }
}

fn metadata(answer: &Answer) -> Value {
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    answer.json()
}

#[tokio::test]
async fn the_metadata_stand_at_each_place_where_clients_look_and_name_what_works() {
    let app = app_at(ISSUER).await;
    for path in [
        "/auth/.well-known/openid-configuration",
        "/auth/.well-known/oauth-authorization-server",
        "/.well-known/openid-configuration/auth",
        "/.well-known/oauth-authorization-server/auth",
        "/.well-known/openid-configuration",
        "/.well-known/oauth-authorization-server",
    ] {
        assert_eq!(metadata(&app.get(path).await)["issuer"], ISSUER, "{path}");
    }
    assert_eq!(app.get("/.well-known/openid-configuration/other").await.status, StatusCode::NOT_FOUND);
    let document = metadata(&app.get("/auth/.well-known/openid-configuration").await);
    let endpoints: Vec<_> = document
        .as_object()
        .expect("an object")
        .iter()
        .filter(|(name, _)| name.ends_with("_endpoint") || *name == "jwks_uri")
        .map(|(_, url)| url.as_str().expect("a URL"))
        .collect();
    assert!(endpoints.len() > 9, "{endpoints:?}");
    for between in BOTH {
        for url in &endpoints {
            // The revocation feed has no end, so nothing is read but heads.
            let request = Request::head(between.passes(url)).body(Body::empty()).expect("a request");
            let answer = app.send(request).await;
            assert_ne!(answer.status, StatusCode::NOT_FOUND, "{url} {between:?}");
        }
        for path in
            ["/auth/healthz", "/auth/readyz", "/auth/assets/page.css", "/auth", "/auth/", "/auth/device"]
        {
            let answer = app.get(match between.passes(path) {
                "" => "/",
                path => path,
            });
            assert_eq!(answer.await.status, StatusCode::OK, "{path} {between:?}");
        }
    }
    // A neighbour's paths are not the authority's, though they begin alike.
    for path in ["/authority/authorize", "/auth2/authorize", "/other/authorize"] {
        assert_eq!(app.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn people_sign_in_consent_and_sign_out_below_the_path() {
    for between in BOTH {
        let app = app_at(ISSUER).await;
        let visitor = Visitor::new(&app, between);
        let target = format!("{BASE}{}", authorize(&[("prompt", "consent")]));
        let page = visitor.get(&target).await;
        assert!(page.text().contains(r#"href="/auth/assets/page.css""#), "{}", page.text());
        let wrong = visitor.press(&form(&page), &[("username", "ada"), ("password", "wrong")]).await;
        assert!(wrong.text().contains("Incorrect username or password."), "{}", wrong.text());
        assert!(wrong.text().contains(r#"value="ada""#), "the name is kept: {}", wrong.text());
        let fields = [("username", "ada"), ("password", PASSWORD), ("action", "sign_in")];
        let consent = visitor.press(&form(&wrong), &fields).await;
        assert!(consent.text().contains("asking for permission to:"), "{}", consent.text());
        let back = redirected(&visitor.press(&form(&consent), &[("action", "allow")]).await);
        assert_eq!(back.get("iss"), Some(ISSUER));
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", back.get("code").expect("a code")),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
        ];
        let tokens = app.post_as("web", between.passes("/auth/token"), &fields).await.json();
        let hint = tokens["id_token"].as_str().expect("an ID token");
        assert_eq!(claims(hint)["iss"], ISSUER);
        let access = tokens["access_token"].as_str().expect("a token");
        let request = Request::get(between.passes("/auth/userinfo"))
            .header(header::AUTHORIZATION, format!("Bearer {access}"));
        let info = app.send(request.body(Body::empty()).expect("a request")).await;
        assert_eq!(info.status, StatusCode::OK, "{}", info.text());

        // Everything that a browser is sent to by itself, too.
        for address in ["/auth/authorize/sign-in", "/auth/end_session/confirm", "/auth/device/decide"] {
            let page = visitor.get(address).await;
            assert!(page.text().contains("/auth/assets/page.css"), "{address}: {}", page.text());
        }
        let sign_out = visitor.get("/auth/end_session?client_id=web").await;
        let stay = visitor.press(&form(&sign_out), &[("action", "stay")]).await;
        assert!(stay.text().contains("You are still signed in"), "{}", stay.text());
        let out = visitor.press(&form(&sign_out), &[("action", "sign_out")]).await;
        assert!(out.text().contains("You are signed out"), "{}", out.text());
        let refused = visitor.get("/auth/end_session?id_token_hint=undefined").await;
        assert!(refused.text().contains(r#"href="/auth/end_session""#), "{}", refused.text());
        let silent = format!("{BASE}{}", authorize(&[("prompt", "none")]));
        assert_eq!(redirected(&visitor.get(&silent).await).get("error"), Some("login_required"));
    }
}

#[tokio::test]
async fn requests_that_are_posted_or_long_or_pushed_stay_below_the_path() {
    for between in BOTH {
        let app = app_at(ISSUER).await;
        let visitor = Visitor::new(&app, between);
        let state = "s".repeat(9_000);
        for changes in [&[("response_mode", "form_post")][..], &[("state", &state)]] {
            let target = authorize(changes);
            let query = target.split_once('?').expect("a query").1;
            let parameters = Parameters::parse(query.as_bytes()).expect("parameters");
            let fields: Vec<_> = parameters.iter().collect();
            let posted = visitor.browser.post(between.passes("/auth/authorize"), &fields).await;
            let page = visitor.follow(posted).await;
            assert_eq!(form(&page).action.split('?').next(), Some("/auth/authorize/sign-in"));
            let pushed = app.post_as("web", between.passes("/auth/par"), &fields).await.json();
            let uri = pushed["request_uri"].as_str().expect("a URI");
            let pushed = format!("{BASE}/authorize?client_id=web&request_uri={uri}");
            let page = visitor.get(&pushed).await;
            assert_eq!(form(&page).action.split('?').next(), Some("/auth/authorize/sign-in"));
        }
    }
}

#[tokio::test]
async fn devices_and_registered_clients_are_led_below_the_path() {
    for between in BOTH {
        let app = app_at(ISSUER).await;
        let begun =
            app.post_as("web", between.passes("/auth/device_authorization"), &[("scope", "openid")]).await;
        let begun = begun.json();
        let complete = begun["verification_uri_complete"].as_str().expect("a URI");
        assert!(complete.starts_with("https://host.example/auth/device?"), "{complete}");
        let visitor = Visitor::new(&app, between);
        let code = visitor.get(complete).await;
        let typed = begun["user_code"].as_str().expect("a code");
        let sign_in = visitor.press(&form(&code), &[("user_code", typed)]).await;
        let fields = [("username", "ada"), ("password", PASSWORD), ("action", "sign_in")];
        let question = visitor.press(&form(&sign_in), &fields).await;
        let done = visitor.press(&form(&question), &[("action", "allow")]).await;
        assert!(done.text().contains("You allowed") && done.text().contains(r#"href="/auth/device""#));

        let body = json!({"redirect_uris": ["https://app.example/cb"]});
        let registered = app.post(between.passes("/auth/register"), &body).await.json();
        let uri = registered["registration_client_uri"].as_str().expect("a URI");
        assert!(uri.starts_with("https://host.example/auth/register/"), "{uri}");
        let token = registered["registration_access_token"].as_str().expect("a token");
        let read = Request::get(between.passes(uri)).header(header::AUTHORIZATION, format!("Bearer {token}"));
        let read = app.send(read.body(Body::empty()).expect("a request")).await;
        assert_eq!(read.status, StatusCode::OK, "{}", read.text());
    }
}

#[tokio::test]
async fn the_token_api_and_the_keys_are_there_with_the_path_and_without() {
    let app = app_at(ISSUER).await;
    for base in ["", BASE] {
        let body = json!({"username": "ada", "password": PASSWORD});
        let pair = app.post(&format!("{base}/api/token/"), &body).await.pair();
        let body = json!({"refresh": pair.refresh});
        app.post(&format!("{base}/api/token/refresh/"), &body).await.pair();
        let keys = app.get(&format!("{base}/.well-known/jwks.json")).await;
        assert!(keys.json()["keys"].is_array(), "{}", keys.text());
        assert_eq!(keys.header("access-control-allow-origin"), Some("*"));
    }
}

#[tokio::test]
async fn errors_are_shown_in_the_style_of_the_authority_below_the_path() {
    let app = app_at(ISSUER).await;
    for (path, status) in [("/auth/nowhere", 404), ("/nowhere", 404), ("/auth/authorize", 400)] {
        let request = Request::get(path).header(header::ACCEPT, "text/html").body(Body::empty());
        let page = app.send(request.expect("a request")).await;
        assert_eq!(page.status.as_u16(), status, "{path}");
        assert!(page.text().contains(r#"href="/auth/assets/page.css""#), "{path}: {}", page.text());
    }
}

#[tokio::test]
async fn cookies_are_for_the_host_where_the_issuer_has_no_path() {
    for (issuer, prefix, path) in [
        ("https://host.example", "__Host-jeton-", "/"),
        ("https://host.example/a/b", "__Secure-jeton-", "/a/b"),
        ("http://localhost:8000", "jeton-", "/"),
        ("http://localhost:8000/auth", "jeton-", "/auth"),
    ] {
        let app = app_at(issuer).await;
        let browser = Browser::new(&app);
        let base = if path == "/" { "" } else { path };
        let page = browser.get(&format!("{base}{}", authorize(&[]))).await;
        let fields = [("username", "ada"), ("password", PASSWORD), ("action", "sign_in")];
        let answer = browser.press(&form(&page), &fields).await;
        let mut count = 0;
        for answer in [&page, &answer] {
            for cookie in answer.headers.get_all(header::SET_COOKIE) {
                let cookie = cookie.to_str().expect("text");
                assert!(cookie.starts_with(prefix), "{issuer}: {cookie}");
                assert!(cookie.contains(&format!("; Path={path};")), "{issuer}: {cookie}");
                assert_eq!(cookie.contains("; Secure"), issuer.starts_with("https:"), "{cookie}");
                count += 1;
            }
        }
        assert_eq!(count, 3, "the browser, the session, and who is known");
    }
}

#[tokio::test]
async fn a_path_that_no_cookie_can_name_ends_nothing() {
    for issuer in ["https://host.example/a;b", "https://host.example/{id}", "https://host.example/a%20b/*"] {
        let app = app_at(issuer).await;
        let base = issuer.strip_prefix("https://host.example").expect("the host");
        let base = base.replace('{', "%7B").replace('}', "%7D");
        let page = Browser::new(&app).get(&authorize(&[])).await;
        assert_eq!(page.status, StatusCode::OK, "{issuer}");
        let found = app.get(&format!("{base}/.well-known/openid-configuration")).await;
        assert!(found.status == StatusCode::OK || issuer.contains('{'), "{issuer}: {}", found.status);
    }
}
