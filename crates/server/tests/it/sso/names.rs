//! Names of applications and people on the pages: whatever they are written in, they stay apart from the sentence around them.

use http::{Method, StatusCode};
use jeton_authority::client::{ClientPolicy, ConsentPolicy};
use serde_json::{Value, json};

use super::browser::{Browser, form};
use super::client::{CALLBACK, authorize, web};
use super::registration::{self, manage};
use crate::app::{Answer, PASSWORD, TestApp};

/// Each time that the text is shown, it is in an element of its own, or between marks within a title.
#[track_caller]
pub(super) fn assert_isolated(page: &Answer, text: &str) {
    // What stands in attributes is no text.
    let html = page.text().replace("<bdi>", "\u{2068}");
    let shown: String =
        html.split('<').map(|part| part.split_once('>').map_or(part, |(_, text)| text)).collect();
    let places: Vec<_> = shown.match_indices(text).map(|(at, _)| &shown[..at]).collect();
    assert!(!places.is_empty(), "{text}: {html}");
    for before in places {
        assert!(before.ends_with('\u{2068}'), "{text}: {html}");
    }
}

async fn with_client(name: &str, policy: ClientPolicy) -> TestApp {
    let app = TestApp::new().await;
    let mut metadata = web();
    metadata["client_name"] = json!(name);
    metadata["post_logout_redirect_uris"] = json!([CALLBACK]);
    app.add_client_with("web", metadata, policy).await;
    app
}

fn asked() -> ClientPolicy {
    ClientPolicy { consent: ConsentPolicy::Asked, ..ClientPolicy::default() }
}

#[tokio::test]
async fn names_that_run_from_right_to_left_are_isolated_on_every_page() {
    const NAME: &str = "חנות הספרים";
    const USER: &str = "عدى";
    let app = with_client(NAME, asked()).await;
    app.add_user(USER).await;
    let browser = Browser::new(&app);
    let sign_in = browser.get(&authorize(&[])).await;
    assert_isolated(&sign_in, NAME);
    let fields = [("username", USER), ("password", PASSWORD), ("action", "sign_in")];
    let answer = browser.submit(&form(&sign_in), &fields).await;
    let consent = browser.follow(answer).await;
    for shown in [NAME, USER, "app.example", "openid"] {
        assert_isolated(&consent, shown);
    }
    let choice = browser.get(&authorize(&[("prompt", "select_account")])).await;
    assert_isolated(&choice, USER);
    let sign_out = browser.get("/end_session?client_id=web").await;
    for shown in [NAME, USER] {
        assert_isolated(&sign_out, shown);
    }
    let answer = browser.submit(&form(&sign_out), &[("action", "stay")]).await;
    assert_isolated(&browser.follow(answer).await, USER);
}

#[tokio::test]
async fn what_hides_in_a_name_from_before_is_shown() {
    let app = with_client("Bank\u{202e}knaB \u{200b}\u{e0041}", asked()).await;
    let page = Browser::new(&app).sign_in(&authorize(&[])).await;
    let html = page.text();
    assert!(html.contains("<bdi>Bank\\u{202e}knaB \\u{200b}\\u{e0041}</bdi>"), "{html}");
    assert!(!html.contains(['\u{202e}', '\u{200b}', '\u{e0041}']), "{html}");
}

#[tokio::test]
async fn names_with_something_invisible_are_registered_by_nobody() {
    let app = registration::app().await;
    let metadata = |name: &str| json!({"redirect_uris": [CALLBACK], "client_name": name});
    let post = async |body: &Value| manage(&app, Method::POST, "/register", "", Some(body)).await;
    for name in [
        "a\u{202e}b",
        "a\u{2066}b",
        "a\u{200e}b",
        "a\u{61c}b",
        "a\u{200b}b",
        "a\u{200d}b",
        "a\u{e0041}b",
        "a\u{ad}b",
        "\u{3164}",
    ] {
        let refused = post(&metadata(name)).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{name:?}");
        assert_eq!(refused.json()["error"], "invalid_client_metadata");
        assert_eq!(
            refused.json()["error_description"],
            "client_name contains an invisible character",
            "{name:?}"
        );
        let mut translated = metadata("Shop");
        translated["client_name#de"] = json!(name);
        assert_eq!(post(&translated).await.status, StatusCode::BAD_REQUEST, "{name:?}");
    }
    let good = post(&metadata("می\u{200c}خواهم 👩\u{200d}💻")).await;
    assert_eq!(good.status, StatusCode::CREATED, "{}", good.text());
    let good = good.json();
    let text = |name: &str| good[name].as_str().expect("a text");
    let mut change = metadata("a\u{202e}b");
    change["client_id"] = good["client_id"].clone();
    let (uri, token) = (text("registration_client_uri"), text("registration_access_token"));
    let refused = manage(&app, Method::PUT, uri, token, Some(&change)).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{}", refused.text());
}

#[tokio::test]
async fn the_name_of_a_client_that_registered_itself_is_marked_as_unverified() {
    let app = registration::app().await;
    let metadata = json!({
        "redirect_uris": [CALLBACK], "client_name": "Your Bank", "client_uri": "https://bank.example:8443/about",
        "token_endpoint_auth_method": "none",
        "grant_types": ["authorization_code", "urn:ietf:params:oauth:grant-type:device_code"],
    });
    let registered = manage(&app, Method::POST, "/register", "", Some(&metadata)).await.json();
    let id = registered["client_id"].as_str().expect("an identifier").to_owned();
    let browser = Browser::new(&app);
    let consent = browser.sign_in(&authorize(&[("client_id", &id)])).await;
    let consent = browser.follow(consent).await;
    let device = app.post_form("/device_authorization", &[("client_id", &id)]).await.json();
    let code = device["user_code"].as_str().expect("a code");
    let page = browser.get("/device").await;
    let question = browser.submit_and_follow(&form(&page), &[("user_code", code)]).await;
    for page in [consent, question] {
        let html = page.text();
        assert!(html.contains("its name has not been verified"), "{html}");
        assert!(html.contains("<code><bdi>bank.example:8443</bdi></code>"), "{html}");
    }
    let app = with_client("Your Bank", asked()).await;
    let page = Browser::new(&app).sign_in(&authorize(&[])).await;
    assert!(!page.text().contains("not been verified"), "the operator added it: {}", page.text());
}
