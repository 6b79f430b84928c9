//! What browsers load by themselves changes nothing: only somebody who goes to a page does.

use axum::body::Body;
use http::{Request, StatusCode};
use jeton_oauth::Parameters;
use serde_json::json;

use super::browser::{Browser, form, redirected};
use super::client::{CALLBACK, CHALLENGE, authorize, web};
use crate::app::{Answer, PASSWORD, TestApp};

const NO_NAVIGATIONS: [(&str, &[(&str, &str)]); 8] = [
    ("HEAD", &[]),
    ("GET", &[("sec-purpose", "prefetch"), ("sec-fetch-dest", "document")]),
    ("GET", &[("sec-purpose", "prefetch;prerender"), ("sec-fetch-dest", "document")]),
    ("GET", &[("purpose", "prefetch")]),
    ("GET", &[("sec-fetch-dest", "image"), ("sec-fetch-site", "cross-site")]),
    ("GET", &[("sec-fetch-dest", "script")]),
    ("GET", &[("sec-fetch-dest", "empty")]),
    ("GET", &[("sec-fetch-dest", "object")]),
];

async fn app() -> TestApp {
    let app = TestApp::new().await;
    app.add_client("web", web()).await;
    app
}

fn request(method: &str, target: &str, headers: &[(&str, &str)]) -> Request<Body> {
    let mut request = Request::builder().method(method).uri(target);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Body::empty()).expect("a request")
}

#[track_caller]
fn changes_nothing(answer: &Answer, why: &str) {
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{why}: {}", answer.text());
    assert_eq!(answer.header("location"), None, "{why}");
    assert_eq!(answer.header("set-cookie"), None, "{why}");
}

#[tokio::test]
async fn only_somebody_who_goes_there_gets_a_code() {
    let app = app().await;
    let browser = Browser::new(&app);
    browser.sign_in(&authorize(&[])).await;
    let fields = [
        ("redirect_uri", CALLBACK),
        ("response_type", "code"),
        ("scope", "openid"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    let pushed = app.post_as("web", "/par", &fields).await.json();
    let query = [("client_id", "web"), ("request_uri", pushed["request_uri"].as_str().expect("a URI"))];
    let query: Parameters = query.into_iter().collect();
    let pushed = format!("/authorize?{}", query.to_query());
    for target in [authorize(&[]), authorize(&[("prompt", "none")]), pushed.clone()] {
        for (method, headers) in NO_NAVIGATIONS {
            let answer = browser.send(request(method, &target, headers)).await;
            changes_nothing(&answer, &format!("{method} {headers:?}"));
        }
    }
    // The pushed request was not spent by any of them.
    for (target, dest) in [(&pushed, "document"), (&authorize(&[("prompt", "none")]), "iframe")] {
        let answer = browser.send(request("GET", target, &[("sec-fetch-dest", dest)])).await;
        assert!(redirected(&answer).get("code").is_some());
    }
}

#[tokio::test]
async fn only_somebody_who_presses_a_button_signs_in() {
    let app = app().await;
    let browser = Browser::new(&app);
    let page = form(&browser.get(&authorize(&[])).await);
    let token = &page.hidden.iter().find(|(name, _)| name == "form_token").expect("a token").1;
    let body: Parameters =
        [("form_token", token.as_str()), ("username", "ada"), ("password", PASSWORD)].into_iter().collect();
    for dest in ["empty", "image", "style"] {
        let request = Request::post(&page.action)
            .header("content-type", "application/x-www-form-urlencoded")
            .header("sec-fetch-dest", dest)
            .body(Body::from(body.to_query()))
            .expect("a request");
        changes_nothing(&browser.send(request).await, dest);
    }
    assert_eq!(
        redirected(&browser.get(&authorize(&[("prompt", "none")])).await).get("error"),
        Some("login_required")
    );
}

#[tokio::test]
async fn a_signed_request_is_not_used_up_ahead_of_its_user() {
    use jeton_jose::jwt::Signer;
    use jeton_jose::{Algorithm, JwkSet, PrivateKey};
    let app = TestApp::new().await;
    let key = PrivateKey::generate(Algorithm::ES256).expect("a key");
    let mut metadata = web();
    let jwks = JwkSet::new(vec![key.public_key().to_jwk()]).to_json();
    metadata["jwks"] = serde_json::from_str(&jwks).expect("JSON");
    app.add_client("web", metadata).await;
    let object = Signer::new(key).sign(&json!({
        "iss": "web", "aud": "https://auth.example", "exp": crate::app::NOW + 300, "jti": "once",
        "redirect_uri": CALLBACK, "response_type": "code", "scope": "openid",
        "code_challenge": CHALLENGE, "code_challenge_method": "S256",
    }));
    let object = object.expect("an object");
    let browser = Browser::new(&app);
    let target = format!("/authorize?client_id=web&request={object}");
    for (method, headers) in NO_NAVIGATIONS {
        changes_nothing(&browser.send(request(method, &target, headers)).await, method);
    }
    let opened = browser.get(&target).await;
    assert!(
        redirected(&browser.sign_in(opened.header("location").expect("a location")).await)
            .get("code")
            .is_some()
    );
}
