//! Whom the application expects: an ID token as a hint, or a value of `sub` in `claims`. What cannot be met ends, and asks nobody twice.

use serde_json::json;

use super::browser::{Browser, form, redirected};
use super::client::{VERIFIER, authorize, web};
use super::logout_delivery::claims;
use crate::app::{Answer, PASSWORD, TestApp};

async fn app() -> TestApp {
    let app = TestApp::new().await;
    app.add_client("web", web()).await;
    app.add_user("bob").await;
    app
}

async fn sign_in_as(browser: &Browser<'_>, target: &str, name: &str) -> Answer {
    let page = browser.get(target).await;
    let fields = [("username", name), ("password", PASSWORD), ("action", "sign_in")];
    browser.submit(&form(&page), &fields).await
}

/// An ID token that a client got for this user.
async fn id_token_of(app: &TestApp, name: &str) -> String {
    let back = redirected(&sign_in_as(&Browser::new(app), &authorize(&[]), name).await);
    let tokens = app.redeem(back.get("code").expect("a code")).await.json();
    tokens["id_token"].as_str().expect("an ID token").to_owned()
}

/// Claims that ask for this subject.
fn sub(value: &serde_json::Value) -> String {
    json!({"id_token": {"sub": value}}).to_string()
}

#[tokio::test]
async fn a_hint_that_is_no_id_token_of_the_client_is_ignored() {
    let app = app().await;
    let mut other = web();
    other["redirect_uris"] = json!(["https://other.example/callback"]);
    app.add_client("other", other).await;
    let callback = "https://other.example/callback";
    let elsewhere = authorize(&[("client_id", "other"), ("redirect_uri", callback)]);
    let back = redirected(&sign_in_as(&Browser::new(&app), &elsewhere, "ada").await);
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", back.get("code").expect("a code")),
        ("redirect_uri", callback),
        ("code_verifier", VERIFIER),
    ];
    let tokens = app.post_as("other", "/token", &fields).await.json();
    let own = id_token_of(&app, "ada").await;
    let (signed, _) = own.rsplit_once('.').expect("a signature");
    for hint in [
        "undefined",
        "null",
        "[object Object]",
        "a.b.c",
        &format!("{signed}.AAAA"),
        tokens["access_token"].as_str().expect("a token"),
        tokens["id_token"].as_str().expect("a token"),
    ] {
        let browser = Browser::new(&app);
        let target = authorize(&[("id_token_hint", hint)]);
        let back = redirected(&sign_in_as(&browser, &target, "ada").await);
        assert!(back.get("code").is_some(), "after the right password: {hint}");
        for prompt in ["", "none"] {
            let target = authorize(&[("id_token_hint", hint), ("prompt", prompt)]);
            assert!(redirected(&browser.get(&target).await).get("code").is_some(), "{prompt} {hint}");
        }
        let forced = authorize(&[("id_token_hint", hint), ("prompt", "login")]);
        assert!(redirected(&sign_in_as(&browser, &forced, "ada").await).get("code").is_some(), "{hint}");
    }
}

#[tokio::test]
async fn another_user_than_the_client_expects_leads_back_to_it_with_login_required() {
    let app = app().await;
    let hint = id_token_of(&app, "ada").await;
    let subject = claims(&hint)["sub"].clone();
    let nobody = sub(&json!({"value": "nobody"}));
    for expecting in [
        [("id_token_hint", hint.as_str())],
        [("claims", &sub(&json!({"value": subject})))],
        [("claims", &sub(&json!({"values": ["nobody", subject]})))],
    ] {
        let browser = Browser::new(&app);
        let target = authorize(&expecting);
        let refused = sign_in_as(&browser, &target, "bob").await;
        let back = redirected(&refused);
        assert_eq!((back.get("error"), back.get("state")), (Some("login_required"), Some("st")));
        // Somebody else is signed in by now: the right one may still sign in, and goes on.
        let silent = [&expecting[..], &[("prompt", "none")]].concat();
        let silent = redirected(&browser.get(&authorize(&silent)).await);
        assert_eq!(silent.get("error"), Some("login_required"));
        let page = browser.get(&target).await;
        assert!(page.text().contains("name=\"password\"") && !page.text().contains("value=\"continue\""));
        assert!(redirected(&sign_in_as(&browser, &target, "ada").await).get("code").is_some());
        assert!(redirected(&browser.get(&target).await).get("code").is_some());
    }
    // The two contradict each other, so that nobody is expected who exists.
    for impossible in [
        &[("claims", nobody.as_str())][..],
        &[("id_token_hint", &hint), ("claims", &nobody)],
        &[("claims", &sub(&json!({"value": 5})))],
    ] {
        let browser = Browser::new(&app);
        let back = redirected(&sign_in_as(&browser, &authorize(impossible), "ada").await);
        assert_eq!(back.get("error"), Some("login_required"), "{impossible:?}");
    }
    let without = sub(&json!({"essential": true}));
    let browser = Browser::new(&app);
    let back = redirected(&sign_in_as(&browser, &authorize(&[("claims", &without)]), "ada").await);
    assert!(back.get("code").is_some(), "no value is asked for");
}

#[tokio::test]
async fn a_pairwise_client_names_users_by_the_subjects_that_it_knows_and_by_no_other() {
    let app = app().await;
    let public = claims(&id_token_of(&app, "ada").await)["sub"].clone();
    let mut metadata = web();
    metadata["subject_type"] = "pairwise".into();
    metadata["redirect_uris"] = json!(["https://pair.example/callback"]);
    app.add_client("pair", metadata).await;
    let at_pair = [("client_id", "pair"), ("redirect_uri", "https://pair.example/callback")];
    let browser = Browser::new(&app);
    let back = redirected(&sign_in_as(&browser, &authorize(&at_pair), "ada").await);
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", back.get("code").expect("a code")),
        ("redirect_uri", "https://pair.example/callback"),
        ("code_verifier", VERIFIER),
    ];
    let tokens = app.post_as("pair", "/token", &fields).await.json();
    let own = claims(tokens["id_token"].as_str().expect("an ID token"))["sub"].clone();
    for (subject, fits) in [(own, true), (public, false)] {
        let named = sub(&json!({"value": subject}));
        let target = authorize(&[&at_pair[..], &[("claims", &named), ("prompt", "none")]].concat());
        assert_eq!(redirected(&browser.get(&target).await).get("code").is_some(), fits, "{subject}");
    }
}
