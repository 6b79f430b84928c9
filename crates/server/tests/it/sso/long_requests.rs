//! Long requests: what fits into a head, or into a body of 64 KiB, is taken, and every answer says the same `state`.

use http::StatusCode;
use jeton_oauth::Parameters;
use serde_json::json;

use super::browser::{Browser, form, redirected};
use super::client::{CALLBACK, authorize, web};
use super::logout_delivery::tokens;
use crate::app::{Answer, PASSWORD, TestApp};

const ADA: [(&str, &str); 3] = [("username", "ada"), ("password", PASSWORD), ("action", "sign_in")];
/// No address that the authority itself makes is longer.
const LONGEST_ADDRESS: usize = 8 * 1024;

async fn app() -> TestApp {
    let app = TestApp::new().await;
    app.add_client("web", web()).await;
    app
}

/// A state that browsers encode in several ways.
fn state(length: usize) -> String {
    "a+b c/=&é%~".chars().cycle().take(length).collect()
}

/// Posts an authorization request, as another site does.
async fn post(browser: &Browser<'_>, changes: &[(&str, &str)]) -> Answer {
    let target = authorize(changes);
    let query = target.split_once('?').expect("a query").1;
    let parameters = Parameters::parse(query.as_bytes()).expect("parameters");
    browser.post("/authorize", &parameters.iter().collect::<Vec<_>>()).await
}

#[track_caller]
fn has_short_addresses(page: &Answer) {
    let action = form(page).action;
    assert!(action.len() <= LONGEST_ADDRESS, "{} bytes", action.len());
}

#[tokio::test]
async fn a_state_of_any_length_comes_back_with_the_code() {
    let app = app().await;
    // The longest fit into a body alone.
    for (length, ways) in [
        (2_048, &[false, true][..]),
        (2_049, &[false, true]),
        (2_900, &[false, true]),
        (4_000, &[false, true]),
        (5_900, &[false, true]),
        (12_000, &[true]),
        (20_000, &[true]),
    ] {
        let state = state(length);
        for by_post in ways.iter().copied() {
            let browser = Browser::new(&app);
            let changes = [("state", state.as_str())];
            let first = if by_post {
                post(&browser, &changes).await
            } else {
                browser.get(&authorize(&changes)).await
            };
            if by_post {
                let location = first.header("location").expect("a redirect");
                assert!(location.len() <= LONGEST_ADDRESS, "{length}: {}", location.len());
            }
            let page = browser.follow(first).await;
            has_short_addresses(&page);
            let wrong = browser.submit(&form(&page), &[("username", "ada"), ("password", "no")]).await;
            assert!(wrong.text().contains("Incorrect username or password."), "{}", wrong.text());
            has_short_addresses(&wrong);
            let back = browser.submit(&form(&wrong), &ADA).await;
            assert_eq!(redirected(&back).get("state"), Some(state.as_str()), "{length}");
            assert!(redirected(&back).get("code").is_some(), "{length}");
            // Nothing has to be shown now, so nothing has to be kept.
            let silent = [changes[0], ("prompt", "none")];
            let silent = if by_post {
                browser.follow(post(&browser, &silent).await).await
            } else {
                browser.get(&authorize(&silent)).await
            };
            assert_eq!(redirected(&silent).get("state"), Some(state.as_str()), "{length}");
        }
    }
}

#[tokio::test]
async fn an_error_says_the_exact_state_however_long_it_is() {
    let app = app().await;
    for length in [100, 2_049, 4_500, 20_000] {
        let state = state(length);
        for (changes, error) in [
            (("response_type", "token"), "unsupported_response_type"),
            (("scope", "nothing:known"), "invalid_scope"),
            (("prompt", "none"), "login_required"),
            (("code_challenge_method", "plain"), "invalid_request"),
            (("nonce", "a nonce that is too long".repeat(100).as_str()), "invalid_request"),
            (("id_token_hint", "undefined"), "access_denied"),
        ] {
            for by_post in [false, true] {
                let browser = Browser::new(&app);
                let changes = [changes, ("state", state.as_str())];
                if !by_post && authorize(&changes).len() > jeton_server::limits::HEADER_BYTES {
                    continue;
                }
                let first = if by_post {
                    post(&browser, &changes).await
                } else {
                    browser.get(&authorize(&changes)).await
                };
                let mut answer = browser.follow(first).await;
                if error == "access_denied" {
                    answer = browser.submit(&form(&answer), &[("action", "cancel")]).await;
                }
                let back = redirected(&answer);
                assert_eq!((back.get("error"), back.get("state")), (Some(error), Some(state.as_str())));
            }
        }
    }
}

#[tokio::test]
async fn a_pushed_state_may_be_as_long_as_the_body() {
    let app = app().await;
    let state = state(20_000);
    let target = authorize(&[("state", &state)]);
    let query = target.split_once('?').expect("a query").1;
    let parameters = Parameters::parse(query.as_bytes()).expect("parameters");
    let pushed = app.post_as("web", "/par", &parameters.iter().collect::<Vec<_>>()).await;
    assert_eq!(pushed.status, StatusCode::CREATED, "{}", pushed.text());
    let uri = pushed.json()["request_uri"].as_str().expect("a URI").to_owned();
    let browser = Browser::new(&app);
    let back = browser.sign_in(&format!("/authorize?client_id=web&request_uri={uri}")).await;
    assert_eq!(redirected(&back).get("state"), Some(state.as_str()));
    // What stands beside the request counts for nothing, and makes no address longer.
    let junk = "x".repeat(9_000);
    let beside = format!("/authorize?client_id=web&request_uri={uri}&state={junk}&prompt=login");
    let browser = Browser::new(&app);
    let answer = browser.follow(browser.get(&beside).await).await;
    assert_eq!(redirected(&answer).get("error"), Some("invalid_request_uri"), "answered before");
}

#[tokio::test]
async fn a_kept_request_survives_reload_and_back_and_gives_one_code() {
    let app = app().await;
    let browser = Browser::new(&app);
    let state = state(20_000);
    let first = post(&browser, &[("state", &state)]).await;
    let address = first.header("location").expect("a location").to_owned();
    let pages = [browser.get(&address).await, browser.get(&address).await];
    app.hand.step(1_800);
    let back = redirected(&browser.submit(&form(&pages[0]), &ADA).await);
    let again = redirected(&browser.get(&address).await);
    assert_eq!(again.get("code"), back.get("code"), "where the first press led");
    assert_eq!(app.redeem(back.get("code").expect("a code")).await.status, StatusCode::OK);
    let spent = redirected(&browser.get(&address).await);
    assert_eq!((spent.get("error"), spent.get("state")), (Some("invalid_request_uri"), Some(state.as_str())));
}

#[tokio::test]
async fn a_client_that_has_to_push_or_sign_gains_nothing_by_a_long_request() {
    let app = app().await;
    for (id, member) in
        [("pushing", "require_pushed_authorization_requests"), ("signing", "require_signed_request_object")]
    {
        let mut metadata = web();
        metadata[member] = json!(true);
        app.add_client(id, metadata).await;
        let state = state(20_000);
        let browser = Browser::new(&app);
        let answer = post(&browser, &[("client_id", id), ("state", &state)]).await;
        let back = redirected(&answer);
        assert_eq!((back.get("error"), back.get("state")), (Some("invalid_request"), Some(state.as_str())));
    }
    let nowhere =
        post(&Browser::new(&app), &[("redirect_uri", "https://evil.example/"), ("state", &state(9_000))])
            .await;
    assert_eq!(nowhere.status, StatusCode::BAD_REQUEST);
    assert!(nowhere.text().contains("redirect_uri_mismatch"), "{}", nowhere.text());
}

#[tokio::test]
async fn a_network_keeps_only_so_many_long_requests() {
    let app = app().await;
    let browser = Browser::new(&app);
    let state = state(20_000);
    let mut kept = 0;
    let refused = loop {
        let answer = post(&browser, &[("state", &state)]).await;
        if answer.status != StatusCode::SEE_OTHER {
            break answer;
        }
        kept += 1;
        assert!(kept < 100, "no end of them");
    };
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(refused.header("retry-after").is_some());
    assert!(kept > 10, "an office can sign in: {kept}");
    // Short ones need not be kept.
    assert!(browser.get(&authorize(&[("prompt", "login")])).await.text().contains("name=\"password\""));
}

#[tokio::test]
async fn a_long_hint_that_is_posted_signs_out_and_leads_back() {
    let app = app().await;
    let browser = Browser::new(&app);
    let tokens = tokens(&app, &browser).await;
    let hint = tokens["id_token"].as_str().expect("an ID token");
    let long_state = state(12_000);
    let fields = [
        ("id_token_hint", hint),
        ("post_logout_redirect_uri", "https://app.example/bye"),
        ("state", long_state.as_str()),
    ];
    let first = browser.post("/end_session", &fields).await;
    assert_eq!(first.status, StatusCode::SEE_OTHER, "{}", first.text());
    assert!(first.header("location").expect("a location").len() <= LONGEST_ADDRESS);
    let back = browser.follow(first).await;
    assert!(back.header("location").expect("a location").starts_with("https://app.example/bye?state="));
    assert_eq!(redirected(&back).get("state"), Some(long_state.as_str()));
    let silent = redirected(&browser.get(&authorize(&[("prompt", "none")])).await);
    assert_eq!(silent.get("error"), Some("login_required"));
}

#[tokio::test]
async fn a_long_request_to_sign_out_is_asked_about_like_a_short_one() {
    let app = app().await;
    let state = state(4_500);
    for by_post in [true, false] {
        let browser = Browser::new(&app);
        tokens(&app, &browser).await;
        let fields = [
            ("client_id", "web"),
            ("post_logout_redirect_uri", "https://app.example/bye"),
            ("state", state.as_str()),
        ];
        let query: Parameters = fields.into_iter().collect();
        let first = if by_post {
            browser.post("/end_session", &fields).await
        } else {
            browser.get(&format!("/end_session?{}", query.to_query())).await
        };
        let page = browser.follow(first).await;
        assert!(page.text().contains("Sign out?"), "{}", page.text());
        has_short_addresses(&page);
        let back = browser.submit(&form(&page), &[("action", "sign_out")]).await;
        assert_eq!(redirected(&back).get("state"), Some(state.as_str()));
        // Pressed again, it leads where the first press led.
        let again = browser.submit(&form(&page), &[("action", "sign_out")]).await;
        assert_eq!(redirected(&again).get("state"), Some(state.as_str()));
    }
}

#[tokio::test]
async fn a_long_request_to_sign_out_that_does_not_hold_together_is_refused_with_a_page() {
    let app = app().await;
    let (junk, browser) = ("x".repeat(20_000), Browser::new(&app));
    for (fields, code) in [
        (vec![("id_token_hint", junk.as_str())], "id_token_hint_invalid"),
        (vec![("post_logout_redirect_uri", CALLBACK), ("state", &junk)], "id_token_hint_missing"),
        (
            vec![
                ("client_id", "web"),
                ("post_logout_redirect_uri", "https://evil.example/"),
                ("state", &junk),
            ],
            "post_logout_redirect_uri_mismatch",
        ),
    ] {
        let answer = browser.follow(browser.post("/end_session", &fields).await).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
        assert!(answer.text().contains(code), "{}", answer.text());
    }
    // What nobody reads is left behind.
    let nothing = browser.follow(browser.post("/end_session", &[("junk", &junk)]).await).await;
    assert!(nothing.text().contains("You are not signed in"), "{}", nothing.text());
    let unknown = browser.get("/end_session?kept=unknown").await;
    assert!(unknown.text().contains("end_session_request_unknown"), "{}", unknown.text());
}
