//! RP-initiated logout as its conformance profile wants it: what holds together signs out, everything else is shown as an error
//! and changes nothing.

use std::time::Duration;

use http::StatusCode;
use jeton_authority::audit::Actor;
use jeton_authority::keyring;
use jeton_authority::keys::KeyState;
use jeton_jose::jwt::Signer;
use jeton_jose::{Algorithm, PrivateKey, base64url};
use jeton_oauth::Parameters;
use serde_json::Value;

use super::browser::{Browser, form, redirected};
use super::client::{authorize, web};
use super::forged;
use super::logout_delivery::{claims, tokens};
use crate::app::{Answer, NOW, TestApp, master};

const BYE: &str = "https://app.example/bye";

async fn app() -> TestApp {
    let app = TestApp::new().await;
    app.add_client("web", web()).await;
    app.add_client("other", web()).await;
    app
}

fn end_session(parameters: &[(&str, &str)]) -> String {
    let parameters: Parameters = parameters.iter().copied().collect();
    format!("/end_session?{}", parameters.to_query())
}

fn hint(tokens: &Value) -> &str {
    tokens["id_token"].as_str().expect("an ID token")
}

async fn is_signed_in(browser: &Browser<'_>) -> bool {
    redirected(&browser.get(&authorize(&[("prompt", "none")])).await).get("code").is_some()
}

#[track_caller]
fn is_error(answer: &Answer, code: &str) {
    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{code}: {}", answer.text());
    assert_eq!((answer.header("location"), answer.header("clear-site-data")), (None, None), "{code}");
    assert!(answer.text().contains("Not signed out") && answer.text().contains(code), "{}", answer.text());
}

#[tokio::test]
async fn a_hint_that_is_not_ours_signs_nobody_out() {
    let app = app().await;
    let browser = Browser::new(&app);
    let tokens = tokens(&app, &browser).await;
    let genuine = hint(&tokens);
    let (signed, signature) = genuine.rsplit_once('.').expect("a JWT");
    let mut flipped = base64url::decode(signature).expect("a signature");
    flipped[5] ^= 1;
    let stranger = Signer::new(PrivateKey::generate(Algorithm::ES256).expect("a key"));
    let said = claims(genuine);
    for (what, hint) in [
        ("no algorithm", forged::unsigned(r#"{"alg":"none"}"#, &said)),
        ("another signature", format!("{signed}.{}", base64url::encode(flipped))),
        ("a stranger's key", stranger.sign(&said).expect("a token")),
        ("the client's secret", forged::hs256(super::client::SECRET.as_bytes(), &said)),
        ("an access token", tokens["access_token"].as_str().expect("a token").to_owned()),
        ("no token", "x".to_owned()),
    ] {
        for beside in [&[][..], &[("post_logout_redirect_uri", BYE), ("state", "s")]] {
            let parameters = [&[("id_token_hint", hint.as_str())], beside].concat();
            is_error(&browser.get(&end_session(&parameters)).await, "id_token_hint_invalid");
            assert!(is_signed_in(&browser).await, "{what}");
        }
    }
    let of_another = [("id_token_hint", genuine), ("client_id", "other")];
    is_error(&browser.get(&end_session(&of_another)).await, "id_token_hint_invalid");
    assert!(is_signed_in(&browser).await);
}

#[tokio::test]
async fn a_place_to_go_that_is_not_registered_is_an_error_whoever_is_signed_in() {
    let app = app().await;
    let browser = Browser::new(&app);
    let tokens = tokens(&app, &browser).await;
    for uri in ["https://app.example/bye?foo=bar", "https://app.example/bye/", "https://evil.example/", "x"] {
        let parameters =
            [("id_token_hint", hint(&tokens)), ("post_logout_redirect_uri", uri), ("state", "s")];
        for browser in [&browser, &Browser::new(&app)] {
            is_error(&browser.get(&end_session(&parameters)).await, "post_logout_redirect_uri_mismatch");
        }
        let posted = browser.post("/end_session", &parameters).await;
        is_error(
            &browser.get(posted.header("location").expect("a location")).await,
            "post_logout_redirect_uri_mismatch",
        );
    }
    assert!(is_signed_in(&browser).await);
}

#[tokio::test]
async fn a_place_to_go_is_of_use_only_where_its_client_is_known() {
    let app = app().await;
    let browser = Browser::new(&app);
    tokens(&app, &browser).await;
    let nobodys = [("post_logout_redirect_uri", BYE), ("state", "s")];
    is_error(&browser.get(&end_session(&nobodys)).await, "id_token_hint_missing");
    let unknown = [("post_logout_redirect_uri", BYE), ("client_id", "nobody")];
    is_error(&browser.get(&end_session(&unknown)).await, "post_logout_redirect_uri_mismatch");
    assert!(is_signed_in(&browser).await);

    // Named but not proved: the user is asked, and goes there then.
    let named = [("post_logout_redirect_uri", BYE), ("state", "s"), ("client_id", "web")];
    let page = browser.get(&end_session(&named)).await;
    assert!(page.text().contains("Sign out?"), "{}", page.text());
    let done = browser.submit_and_follow(&form(&page), &[("action", "sign_out")]).await;
    assert_eq!(done.header("location"), Some("https://app.example/bye?state=s"));
    assert!(!is_signed_in(&browser).await);
}

#[tokio::test]
async fn what_proves_nothing_asks_the_user_and_shows_that_they_are_signed_out() {
    let app = app().await;
    for parameters in [&[][..], &[("state", "s")]] {
        let browser = Browser::new(&app);
        tokens(&app, &browser).await;
        let page = browser.get(&end_session(parameters)).await;
        let done = browser.submit_and_follow(&form(&page), &[("action", "sign_out")]).await;
        assert_eq!(done.status, StatusCode::OK);
        assert!(done.text().contains("You are signed out"), "{}", done.text());
        assert!(!is_signed_in(&browser).await);
    }
}

#[tokio::test]
async fn a_hint_that_has_only_expired_is_as_good_as_a_fresh_one() {
    let app = app().await;
    let browser = Browser::new(&app);
    let tokens = tokens(&app, &browser).await;
    app.hand.step(6 * 3600);
    let parameters =
        [("id_token_hint", hint(&tokens)), ("post_logout_redirect_uri", BYE), ("state", "s t&u")];
    let answer = browser.get(&end_session(&parameters)).await;
    assert_eq!(answer.header("location"), Some("https://app.example/bye?state=s+t%26u"));
    assert!(!is_signed_in(&browser).await);
    // The same request again, where nobody is signed in any more.
    let again = browser.get(&end_session(&parameters)).await;
    assert_eq!(again.header("location"), Some("https://app.example/bye?state=s+t%26u"));
}

#[tokio::test]
async fn a_hint_outlives_the_key_that_signed_it_unless_that_was_withdrawn() {
    let app = app().await;
    let browser = Browser::new(&app);
    let tokens = tokens(&app, &browser).await;
    let (store, at) = (&*app.store, |seconds| jeton_jose::Timestamp::from_unix(NOW + seconds));
    keyring::rotate(store, &master(), None, Duration::ZERO, Actor::Operator, at(0)).await.expect("a key");
    app.hand.step(3600);
    app.service.authority().reload(at(3600)).await.expect("a store");
    let listed = keyring::list(store, Duration::from_secs(300), at(3600)).await.expect("a store");
    let (first, state) = &listed[0];
    assert_eq!(*state, KeyState::Retired);
    let parameters = [("id_token_hint", hint(&tokens)), ("post_logout_redirect_uri", BYE)];
    let elsewhere = Browser::new(&app);
    let page = elsewhere.get(&end_session(&parameters)).await;
    let answer = elsewhere.submit_and_follow(&form(&page), &[("action", "sign_out")]).await;
    assert_eq!(answer.header("location"), Some(BYE), "{}", answer.text());

    keyring::retire(store, &first.id, Duration::from_secs(300), Actor::Operator, at(3600))
        .await
        .expect("withdrawn");
    app.service.authority().reload(at(3600)).await.expect("a store");
    is_error(&browser.get(&end_session(&parameters)).await, "id_token_hint_invalid");
}
