//! Forms that lead to an application in the end. Chromium holds every redirect that follows a form to `form-action`, those of the
//! application too, so the pages with such forms leave it out, and keep everything else.

use http::{HeaderMap, header};
use serde_json::json;

use super::browser::{Browser, form};
use super::client::{authorize, web};
use crate::app::{Answer, TestApp};

const LEADS_OUT: &str =
    "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; frame-ancestors 'none'";

/// Where applications are, in every form that a redirect URI may have.
const PLACES: [&str; 6] = [
    "https://app.example/callback",
    "https://app.example:8443/callback?x=y",
    "http://localhost:3000/callback",
    "http://127.0.0.1:51004/callback",
    "http://[::1]:51004/callback",
    "com.example.app:/callback",
];

async fn app_at(place: &str) -> TestApp {
    let app = TestApp::new().await;
    let mut metadata = web();
    metadata["redirect_uris"] = json!([place]);
    metadata["post_logout_redirect_uris"] = json!([place]);
    app.add_client("web", metadata).await;
    app
}

fn policy(page: &Answer) -> &str {
    assert!(page.text().contains("<form"), "{}", page.text());
    let name = header::CONTENT_SECURITY_POLICY;
    let of = |headers: &HeaderMap| headers.get_all(&name).iter().count();
    assert_eq!(of(&page.headers), 1);
    page.header(name.as_str()).expect("a policy")
}

/// The policy of a page that also runs the script of passkeys.
#[track_caller]
fn with_passkeys(page: &Answer) -> &str {
    policy(page).strip_suffix("; script-src https://auth.example/assets/passkey.js").expect("the script")
}

#[tokio::test]
async fn no_policy_holds_an_application_to_where_its_redirect_uri_is() {
    for place in PLACES {
        let app = app_at(place).await;
        let browser = Browser::new(&app);
        let at = |changes: &[(&str, &str)]| authorize(&[&[("redirect_uri", place)], changes].concat());
        let sign_in = browser.get(&at(&[])).await;
        assert_eq!(with_passkeys(&sign_in), LEADS_OUT, "{place}");
        let wrong = browser.submit(&form(&sign_in), &[("username", "ada"), ("password", "wrong")]).await;
        assert_eq!(with_passkeys(&wrong), LEADS_OUT, "{place}");
        browser.sign_in(&at(&[])).await;
        let consent = browser.get(&at(&[("prompt", "consent")])).await;
        assert_eq!(policy(&consent), LEADS_OUT, "{place}");
        let choice = browser.get(&at(&[("prompt", "select_account")])).await;
        assert_eq!(with_passkeys(&choice), LEADS_OUT, "{place}");
        let form_post = browser.get(&at(&[("response_mode", "form_post")])).await;
        let script = policy(&form_post).strip_prefix(LEADS_OUT).expect("the same");
        assert!(script.starts_with("; script-src 'sha256-") && !script.contains("form-action"), "{script}");
        let target = format!("/end_session?client_id=web&post_logout_redirect_uri={place}");
        assert_eq!(policy(&browser.get(&target).await), LEADS_OUT, "sign-out {place}");
    }
}

#[tokio::test]
async fn forms_that_stay_at_the_authority_are_held_to_it() {
    let app = app_at(PLACES[0]).await;
    let browser = Browser::new(&app);
    browser.sign_in(&authorize(&[])).await;
    for path in ["/end_session", "/end_session?client_id=web", "/device", "/device?user_code=BCDF-GHJK"] {
        let page = browser.get(path).await;
        assert_eq!(policy(&page), format!("{LEADS_OUT}; form-action 'self'"), "{path}");
        // It holds for what follows, too: each answer leads on within the authority, whatever it is reached as.
        let answer = browser.press(&form(&page), &[("action", "stay")]).await;
        let location = answer.header("location").expect("a redirect");
        assert!(location.starts_with('/'), "{path}: {location}");
    }
}
