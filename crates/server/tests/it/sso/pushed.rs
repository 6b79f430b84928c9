//! Requests that are pushed before their user comes by (RFC 9126).

use http::{Request, StatusCode, header};
use jeton_jose::dpop::{Prover, Request as Proved};
use jeton_jose::{Algorithm, PrivateKey};
use jeton_oauth::Parameters;
use serde_json::json;

use super::browser::{Browser, form, redirected};
use super::client::{CALLBACK, SECRET, authorize, web, with_form};
use crate::app::{Answer, TestApp};

/// What the client `web` pushes, with changes as in [`authorize`].
fn pushed(changes: &[(&str, &str)]) -> Vec<(String, String)> {
    let target = authorize(changes);
    let query = target.split_once('?').expect("a query").1;
    let parameters = Parameters::parse(query.as_bytes()).expect("parameters");
    parameters.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

async fn push(app: &TestApp, changes: &[(&str, &str)]) -> Answer {
    let fields = pushed(changes);
    let fields: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    app.post_as("web", "/par", &fields).await
}

fn uri(answer: &Answer) -> String {
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());
    answer.json()["request_uri"].as_str().expect("a request_uri").to_owned()
}

fn target(client: &str, request_uri: &str) -> String {
    let query: Parameters = [("client_id", client), ("request_uri", request_uri)].into_iter().collect();
    format!("/authorize?{}", query.to_query())
}

async fn app() -> TestApp {
    let app = TestApp::new().await;
    let mut metadata = web();
    metadata["require_pushed_authorization_requests"] = json!(true);
    app.add_client("web", metadata).await;
    app.add_client("other", web()).await;
    app
}

#[tokio::test]
async fn a_pushed_request_is_good_for_one_code() {
    let app = app().await;
    let answer = push(&app, &[]).await;
    let request_uri = uri(&answer);
    assert!(request_uri.starts_with("urn:ietf:params:oauth:request_uri:"));
    assert!(answer.json()["expires_in"].as_u64().is_some_and(|seconds| seconds < 600));
    assert_eq!(answer.header("cache-control"), Some("no-store"));

    let browser = Browser::new(&app);
    let back = redirected(&browser.sign_in(&target("web", &request_uri)).await);
    assert_eq!(back.get("state"), Some("st"));
    assert_eq!(app.redeem(back.get("code").expect("a code")).await.status, StatusCode::OK);
    let again = redirected(&browser.get(&target("web", &request_uri)).await);
    assert_eq!((again.get("code"), again.get("state")), (None, Some("st")), "used up");
    assert_eq!(again.get("error"), Some("invalid_request_uri"));
}

/// The form of the sign-in page, filled in.
const ADA: [(&str, &str); 3] =
    [("username", "ada"), ("password", crate::app::PASSWORD), ("action", "sign_in")];

#[tokio::test]
async fn a_pushed_request_waits_for_a_user_who_takes_their_time() {
    let app = app().await;
    let browser = Browser::new(&app);
    let target = target("web", &uri(&push(&app, &[]).await));
    app.hand.step(500);
    let page = browser.get(&target).await;
    // Long past `authorization.request_lifetime`, but within the time of the page.
    app.hand.step(3500);
    assert_eq!(browser.get(&target).await.status, StatusCode::OK, "a reload");
    let wrong = browser.submit(&form(&page), &[("username", "ada"), ("password", "wrong")]).await;
    assert!(wrong.text().contains("Incorrect username or password"), "{}", wrong.text());
    app.hand.step(3000);
    let back = redirected(&browser.submit(&form(&wrong), &ADA).await);
    assert_eq!(app.redeem(back.get("code").expect("a code")).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_pushed_request_does_not_live_for_ever_though_its_page_is_shown_again_and_again() {
    let app = app().await;
    let browser = Browser::new(&app);
    let target = target("web", &uri(&push(&app, &[]).await));
    let mut hours = 0;
    let last = loop {
        let answer = browser.get(&target).await;
        if answer.status != StatusCode::OK {
            break answer;
        }
        hours += 1;
        assert!(hours < 10);
        app.hand.step(3000);
    };
    let back = redirected(&last);
    assert_eq!((back.get("error"), back.get("state")), (Some("invalid_request_uri"), Some("st")));
}

#[tokio::test]
async fn a_pushed_request_that_was_answered_leads_where_the_first_answer_led_or_back() {
    let app = app().await;
    app.add_user("bob").await;
    let browser = Browser::new(&app);
    let target = target("web", &uri(&push(&app, &[]).await));
    let page = form(&browser.get(&target).await);
    let back = redirected(&browser.submit(&page, &ADA).await);
    let code = back.get("code").expect("a code").to_owned();
    // A second press of the button, Back, and a reload.
    for again in [browser.submit(&page, &ADA).await, browser.get(&target).await, browser.get(&target).await] {
        assert_eq!(redirected(&again).get("code"), Some(&*code));
    }
    // Another browser gets nothing.
    let other = Browser::new(&app);
    let elsewhere = redirected(&other.get(&target).await);
    assert_eq!((elsewhere.get("code"), elsewhere.get("state")), (None, Some("st")));
    other.sign_in(&authorize(&[("client_id", "other")])).await;
    assert_eq!(redirected(&other.get(&target).await).get("error"), Some("invalid_request_uri"));
    // Nor does whoever is signed in at the same browser afterwards.
    let others = authorize(&[("client_id", "other"), ("prompt", "login")]);
    let bobs = [("username", "bob"), ("password", crate::app::PASSWORD), ("action", "sign_in")];
    browser.submit(&form(&browser.get(&others).await), &bobs).await;
    assert_eq!(redirected(&browser.get(&target).await).get("error"), Some("invalid_request_uri"));
    assert_eq!(redirected(&browser.submit(&page, &ADA).await).get("state"), Some("st"));
}

#[tokio::test]
async fn a_pushed_request_whose_code_was_redeemed_leads_back_and_ends_nothing() {
    let app = app().await;
    let browser = Browser::new(&app);
    let target = target("web", &uri(&push(&app, &[]).await));
    let page = form(&browser.get(&target).await);
    let back = redirected(&browser.submit(&page, &ADA).await);
    let tokens = app.redeem(back.get("code").expect("a code")).await.json();
    app.hand.step(120);
    for again in [browser.submit(&page, &ADA).await, browser.get(&target).await] {
        let again = redirected(&again);
        assert_eq!((again.get("error"), again.get("state")), (Some("invalid_request_uri"), Some("st")));
    }
    let access = tokens["access_token"].as_str().expect("a token");
    assert_eq!(app.userinfo(access).await.status, StatusCode::OK, "the first sign-in goes on");
}

#[tokio::test]
async fn of_many_browsers_with_one_pushed_request_one_gets_a_code() {
    let app = app().await;
    let target = target("web", &uri(&push(&app, &[]).await));
    let [a, b, c, d] = std::array::from_fn(|_| Browser::new(&app));
    for browser in [&a, &b, &c, &d] {
        browser.sign_in(&authorize(&[("client_id", "other")])).await;
    }
    let answers = tokio::join!(a.get(&target), b.get(&target), c.get(&target), d.get(&target));
    let answers = [answers.0, answers.1, answers.2, answers.3];
    let backs: Vec<_> = answers.iter().map(redirected).collect();
    assert_eq!(backs.iter().filter(|back| back.get("code").is_some()).count(), 1);
    assert!(backs.iter().all(|back| back.get("state") == Some("st")));
}

#[tokio::test]
async fn a_pushed_request_that_nobody_knows_any_more_blames_nobody_and_names_a_way_on() {
    let app = app().await;
    let page = Browser::new(&app).get(&target("web", "urn:ietf:params:oauth:request_uri:gone")).await;
    assert_eq!(page.status, StatusCode::BAD_REQUEST);
    assert!(!page.text().contains("mistake"), "{}", page.text());
    assert!(page.text().contains(r#"<a href="https://app.example""#), "{}", page.text());
    assert!(page.text().contains("<title>Error: "), "{}", page.text());
}

#[tokio::test]
async fn a_request_uri_is_of_no_use_to_others_or_too_late() {
    let app = app().await;
    let request_uri = uri(&push(&app, &[]).await);
    let browser = Browser::new(&app);
    for (client, request_uri) in
        [("other", request_uri.as_str()), ("web", "urn:ietf:params:oauth:request_uri:x")]
    {
        let answer = browser.get(&target(client, request_uri)).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{client} {request_uri}");
    }
    app.hand.step(600);
    let late = redirected(&browser.get(&target("web", &request_uri)).await);
    assert_eq!((late.get("error"), late.get("state")), (Some("invalid_request_uri"), Some("st")));
}

#[tokio::test]
async fn what_would_be_refused_later_is_refused_when_it_is_pushed() {
    let app = app().await;
    for (change, error) in [
        (("redirect_uri", "https://evil.example/"), "invalid_request"),
        (("response_type", "token"), "unsupported_response_type"),
        (("code_challenge", ""), "invalid_request"),
        (("scope", "nothing:known"), "invalid_scope"),
        (("request_uri", "urn:ietf:params:oauth:request_uri:x"), "invalid_request"),
        (("client_id", "other"), "invalid_client"),
    ] {
        let refused = push(&app, &[change]).await;
        assert_eq!(refused.json()["error"], error, "{change:?} {}", refused.text());
    }
    let nobody = app.post_form("/par", &[("client_id", "web"), ("response_type", "code")]).await;
    assert_eq!(nobody.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_client_that_has_to_push_is_told_so_when_it_does_not() {
    let app = app().await;
    let back = redirected(&Browser::new(&app).get(&authorize(&[])).await);
    assert_eq!(back.get("error"), Some("invalid_request"));
}

#[tokio::test]
async fn the_key_that_is_proved_at_the_push_is_the_one_that_the_code_needs() {
    let app = app().await;
    let prover = || Prover::new(&PrivateKey::generate(Algorithm::ES256).expect("a key")).expect("a prover");
    let (owner, thief) = (prover(), prover());
    let prove = |by: &Prover, url: &str| {
        by.prove(&Proved::new("POST", url), app.service.clock().now()).expect("a proof")
    };
    let post = |path: &'static str, proof: String, fields: Vec<(String, String)>| {
        let fields: Vec<(String, String)> =
            fields.into_iter().chain([("client_secret".to_owned(), SECRET.to_owned())]).collect();
        let request = Request::post(path).header("DPoP", proof).header(header::ACCEPT, "application/json");
        let fields: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        app.send(with_form(request, &fields))
    };
    let par = "https://auth.example/par";
    let other_key = post("/par", prove(&owner, par), pushed(&[("dpop_jkt", thief.thumbprint())])).await;
    assert_eq!(other_key.json()["error"], "invalid_dpop_proof");

    let request_uri = uri(&post("/par", prove(&owner, par), pushed(&[])).await);
    let back = redirected(&Browser::new(&app).sign_in(&target("web", &request_uri)).await);
    let code = back.get("code").expect("a code");
    let fields = |code: &str| -> Vec<(String, String)> {
        [
            ("client_id", "web"),
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", CALLBACK),
            ("code_verifier", super::client::VERIFIER),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
    };
    let token = "https://auth.example/token";
    let stolen = post("/token", prove(&thief, token), fields(code)).await;
    assert_eq!(stolen.json()["error"], "invalid_dpop_proof");
    assert_eq!(post("/token", prove(&owner, token), fields(code)).await.json()["token_type"], "DPoP");
}
