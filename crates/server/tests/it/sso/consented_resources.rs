//! Whether a user is asked again depends on the resources (RFC 8707) that they allowed.

use http::StatusCode;
use jeton_authority::client::{ClientPolicy, ConsentPolicy};
use jeton_jose::jwt::Unverified;
use jeton_oauth::Parameters;
use serde_json::Value;

use super::browser::{Browser, form, redirected};
use super::client::{CALLBACK, CHALLENGE, authorize, web};
use crate::app::{PASSWORD, TestApp};

const A: &str = "https://a.example/api";
const B: &str = "https://b.example/api";

/// A client that may ask for tokens for both, by the name of `web`.
async fn app(consent: ConsentPolicy) -> TestApp {
    let app = TestApp::new().await;
    let policy =
        ClientPolicy { consent, resources: vec![A.to_owned(), B.to_owned()], ..ClientPolicy::default() };
    app.add_client_with("web", web(), policy).await;
    app
}

fn at(resources: &[&str], more: &[(&str, &str)]) -> String {
    let resources: Parameters = resources.iter().map(|&resource| ("resource", resource)).collect();
    format!("{}&{}", authorize(more), resources.to_query())
}

/// Signs in where that has to be, and allows what is asked for.
async fn allow(browser: &Browser<'_>, target: &str) -> Parameters {
    let mut page = browser.get(target).await;
    if page.text().contains("name=\"password\"") {
        page = browser.submit(&form(&page), &[("username", "ada"), ("password", PASSWORD)]).await;
    }
    assert!(page.text().contains("value=\"allow\""), "{}", page.text());
    redirected(&browser.submit(&form(&page), &[("action", "allow")]).await)
}

/// What a client hears that asks whether it may have this without a page.
async fn silently(
    browser: &Browser<'_>,
    resources: &[&str],
    more: &[(&str, &str)],
) -> Result<String, String> {
    let target = at(resources, &[&[("prompt", "none")], more].concat());
    let back = redirected(&browser.get(&target).await);
    match back.get("code") {
        Some(code) => Ok(code.to_owned()),
        None => Err(back.get("error").expect("a code or an error").to_owned()),
    }
}

fn asked_again() -> Result<String, String> {
    Err("consent_required".to_owned())
}

#[tokio::test]
async fn who_allowed_one_resource_is_asked_about_another() {
    let app = app(ConsentPolicy::Asked).await;
    let browser = Browser::new(&app);
    allow(&browser, &at(&[A], &[])).await;
    assert!(silently(&browser, &[A], &[]).await.is_ok());
    assert_eq!(silently(&browser, &[B], &[]).await, asked_again());
    assert_eq!(silently(&browser, &[A, B], &[]).await, asked_again());
    let page = browser.get(&at(&[B], &[])).await;
    assert!(page.text().contains(&format!("<code><bdi>{B}</bdi></code>")), "{}", page.text());
    // Less than what was allowed is allowed: the scope alone, or less of it at the same resource.
    assert!(silently(&browser, &[], &[]).await.is_ok());
    assert!(silently(&browser, &[A], &[("scope", "openid")]).await.is_ok());
    assert_eq!(silently(&browser, &[A], &[("scope", "openid email")]).await, asked_again());
}

#[tokio::test]
async fn a_resource_that_is_allowed_later_stands_beside_those_allowed_before() {
    let app = app(ConsentPolicy::Asked).await;
    let browser = Browser::new(&app);
    allow(&browser, &at(&[A], &[])).await;
    allow(&browser, &at(&[B], &[])).await;
    for both in [&[A][..], &[B], &[A, B], &[B, A, B]] {
        let code = silently(&browser, both, &[]).await.unwrap_or_else(|error| panic!("{both:?}: {error}"));
        assert_eq!(app.redeem(&code).await.status, StatusCode::OK);
    }
}

#[tokio::test]
async fn who_allowed_no_particular_resource_is_asked_about_the_first() {
    let app = app(ConsentPolicy::Asked).await;
    let browser = Browser::new(&app);
    allow(&browser, &at(&[], &[])).await;
    assert!(silently(&browser, &[], &[]).await.is_ok());
    assert_eq!(silently(&browser, &[A], &[]).await, asked_again());
    let page = browser.get(&at(&[A], &[])).await;
    redirected(&browser.submit(&form(&page), &[("action", "deny")]).await);
    assert_eq!(silently(&browser, &[A], &[]).await, asked_again(), "no is not remembered as yes");
    let back = allow(&browser, &at(&[A], &[])).await;
    let tokens = app.redeem(back.get("code").expect("a code")).await.json();
    let access = Unverified::parse(tokens["access_token"].as_str().expect("a token")).expect("a JWT");
    let claims: Value = serde_json::from_str(access.claims_json()).expect("claims");
    assert_eq!(claims["aud"], A);
}

#[tokio::test]
async fn what_one_client_may_at_a_resource_another_may_not() {
    let app = app(ConsentPolicy::Asked).await;
    app.add_client_with(
        "other",
        web(),
        ClientPolicy {
            consent: ConsentPolicy::Asked,
            resources: vec![A.to_owned()],
            ..ClientPolicy::default()
        },
    )
    .await;
    let browser = Browser::new(&app);
    allow(&browser, &at(&[A], &[])).await;
    assert_eq!(silently(&browser, &[A], &[("client_id", "other")]).await, asked_again());
}

#[tokio::test]
async fn a_pushed_request_for_another_resource_asks_again() {
    let app = app(ConsentPolicy::Asked).await;
    let browser = Browser::new(&app);
    allow(&browser, &at(&[A], &[])).await;
    let mut answers = Vec::new();
    for resource in [A, B] {
        let fields = [
            ("redirect_uri", CALLBACK),
            ("response_type", "code"),
            ("scope", "openid profile"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
            ("prompt", "none"),
            ("resource", resource),
        ];
        let pushed = app.post_as("web", "/par", &fields).await;
        assert_eq!(pushed.status, StatusCode::CREATED, "{}", pushed.text());
        let pushed = pushed.json();
        let query = [("client_id", "web"), ("request_uri", pushed["request_uri"].as_str().expect("a URI"))];
        let query: Parameters = query.into_iter().collect();
        let back = redirected(&browser.get(&format!("/authorize?{}", query.to_query())).await);
        answers.push(back.get("error").map(str::to_owned));
    }
    assert_eq!(answers, [None, Some("consent_required".to_owned())]);
}

#[tokio::test]
async fn users_are_not_asked_about_the_resources_of_their_own_applications() {
    let app = app(ConsentPolicy::Implied).await;
    let browser = Browser::new(&app);
    browser.sign_in(&at(&[A], &[])).await;
    for resources in [&[A][..], &[B], &[A, B], &[]] {
        assert!(silently(&browser, resources, &[]).await.is_ok(), "{resources:?}");
    }
}
