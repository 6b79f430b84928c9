//! Attacks by addresses that clients name: the server asks none that it should not (server-side request forgery).

use std::time::Duration;

use jeton_server::{Background, Fetcher, Reach, SectorError, check_sector};
use serde_json::json;

use super::browser::Browser;
use super::client::{authorize, web};
use super::client_keys::{add_service, ask, key, set};
use super::listener::{Listener, document, status};
use super::logout_delivery::{add_listening, tokens};
use crate::app::TestApp;

/// An app that asks others by this fetcher.
async fn asking_with(fetcher: Fetcher) -> TestApp {
    TestApp::with(|settings| settings, |service| service.fetcher(fetcher)).await
}

fn here() -> Fetcher {
    Fetcher::new().allow(Reach::Loopback)
}

/// The pairwise client whose sector is at this URL.
fn sector(uri: &str) -> jeton_oauth::client::ClientMetadata {
    serde_json::from_value(json!({
        "redirect_uris": ["https://app.example/cb"], "subject_type": "pairwise", "sector_identifier_uri": uri,
    }))
    .expect("metadata")
}

#[tokio::test]
async fn a_jwks_uri_that_leads_into_this_machine_or_network_is_not_asked() {
    let service = key("k");
    let inside = Listener::serving(&set(&[&service])).await;
    for uri in [
        inside.url("/jwks"),
        inside.url("/jwks").replace("http:", "https:"),
        inside.url("/jwks").replace("127.0.0.1", "localhost").replace("http:", "https:"),
        "https://10.0.0.1/jwks".to_owned(),
        "https://169.254.169.254/latest/meta-data/".to_owned(),
        "https://[::ffff:127.0.0.1]/jwks".to_owned(),
        "file:///etc/passwd".to_owned(),
    ] {
        let app = TestApp::new().await;
        add_service(&app, &uri).await;
        let answer = ask(&app, &service, "1").await;
        assert_eq!(answer.json()["error"], "invalid_client", "{uri}");
        assert!(
            !answer.text().contains("127.0.0.1") && !answer.text().contains("root:"),
            "{}",
            answer.text()
        );
    }
    assert!(inside.seen().is_empty());
}

#[tokio::test]
async fn a_name_that_resolves_to_a_private_address_is_not_asked() {
    let service = key("k");
    let inside = Listener::serving(&set(&[&service])).await;
    let address = "127.0.0.1".parse().expect("an address");
    let app = asking_with(Fetcher::new().resolve_with(move |_| vec![address])).await;
    add_service(&app, &inside.url("/jwks").replace("http://127.0.0.1", "https://keys.example")).await;
    assert_eq!(ask(&app, &service, "1").await.status, 400);
    assert!(inside.seen().is_empty());
}

#[tokio::test]
async fn a_name_that_changes_its_address_after_the_check_gains_nothing() {
    use std::sync::atomic::{AtomicUsize, Ordering};
    let service = key("k");
    let published = Listener::serving(&set(&[&service])).await;
    let asked = AtomicUsize::new(0);
    let rebinding = move |_: &str| {
        let text = if asked.fetch_add(1, Ordering::SeqCst) == 0 { "127.0.0.1" } else { "169.254.169.254" };
        vec![text.parse().expect("an address")]
    };
    let app = asking_with(here().resolve_with(rebinding)).await;
    add_service(&app, &published.url("/jwks").replace("127.0.0.1", "keys.example")).await;
    // The address that was checked is the one that is asked; the next look-up is checked again.
    assert_eq!(ask(&app, &service, "1").await.status, 200);
    app.hand.step(1200);
    assert_eq!(ask(&app, &key("other"), "2").await.status, 400);
    assert_eq!(published.seen().len(), 1);
}

#[tokio::test]
async fn a_redirect_from_a_jwks_uri_or_a_sector_is_not_followed() {
    let service = key("k");
    let inside = Listener::serving(&set(&[&service])).await;
    let redirecting = Listener::start(&status(&format!("302 Found\r\nlocation: {}", inside.url("/")))).await;
    let app = asking_with(here()).await;
    add_service(&app, &redirecting.url("/jwks")).await;
    assert_eq!(ask(&app, &service, "1").await.status, 400);
    let outcome = check_sector(&here(), &sector(&redirecting.url("/sector"))).await;
    assert!(matches!(outcome, Err(SectorError::Fetch(_))), "{outcome:?}");
    assert_eq!((redirecting.seen().len(), inside.seen().len()), (2, 0));
}

#[tokio::test]
async fn an_oversized_or_endless_document_is_given_up() {
    let service = key("k");
    let keys = set(&[&service]);
    let large = format!("{}{keys}", " ".repeat(Fetcher::MAX_BYTES));
    let published = Listener::serving(&large).await;
    let app = asking_with(here()).await;
    add_service(&app, &published.url("/jwks")).await;
    assert_eq!(ask(&app, &service, "1").await.status, 400);
    let outcome = check_sector(&here(), &sector(&published.url("/sector"))).await;
    assert_eq!(outcome.expect_err("too large").code(), "fetch_too_large");
}

#[tokio::test]
async fn a_silent_host_costs_a_bounded_time() {
    let silent = Listener::start("").await;
    let limit = Duration::from_millis(300);
    let app = asking_with(here().limit(limit)).await;
    add_service(&app, &silent.url("/jwks")).await;
    let started = tokio::time::Instant::now();
    assert_eq!(ask(&app, &key("k"), "1").await.status, 400);
    assert_eq!(
        check_sector(&here().limit(limit), &sector(&silent.url("/"))).await.map_err(|error| error.code()),
        Err("fetch_timeout")
    );
    assert!(started.elapsed() < Duration::from_secs(4));
}

#[tokio::test]
async fn a_sector_identifier_that_leads_into_this_machine_is_not_asked() {
    let inside = Listener::serving(r#"["https://app.example/cb"]"#).await;
    for uri in [inside.url("/"), inside.url("/").replace("http:", "https:"), "https://10.1.2.3/".to_owned()] {
        let outcome = check_sector(&Fetcher::new(), &sector(&uri)).await;
        assert!(matches!(outcome, Err(SectorError::Fetch(_))), "{uri}: {outcome:?}");
    }
    assert!(inside.seen().is_empty());
}

#[tokio::test]
async fn a_sector_that_is_a_page_and_not_json_is_refused() {
    let answer = document(r#"["https://app.example/cb"]"#).replace("application/json", "text/html");
    let page = Listener::start(&answer).await;
    let outcome = check_sector(&here(), &sector(&page.url("/"))).await;
    assert_eq!(outcome.expect_err("a page").code(), "fetch_media_type");
}

#[tokio::test]
async fn no_logout_token_is_posted_into_this_machine() {
    let app = TestApp::new().await;
    let inside = Listener::start(&status("200 OK")).await;
    add_listening(&app, "web", &inside.url("/logout")).await;
    let browser = Browser::new(&app);
    let tokens = tokens(&app, &browser).await;
    browser
        .get(&format!("/end_session?id_token_hint={}", tokens["id_token"].as_str().expect("a token")))
        .await;
    let _background = Background::start(&app.service);
    let later = || app.service.clock().now().saturating_add(Duration::from_secs(60));
    for _ in 0..200 {
        if app.store.due_logouts(later(), 1, 1).await.expect("a store")[0].attempts > 0 {
            assert!(inside.seen().is_empty());
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the delivery was never tried");
}

#[tokio::test]
async fn a_request_uri_that_is_a_url_is_not_fetched() {
    let inside = Listener::serving("{}").await;
    let app = asking_with(here()).await;
    app.add_client("web", web()).await;
    let answer = Browser::new(&app).get(&authorize(&[("request_uri", &inside.url("/request"))])).await;
    assert!(!answer.text().contains("name=\"password\""), "the request is not taken without its object");
    assert!(inside.seen().is_empty());
}

#[tokio::test]
async fn a_logo_is_neither_fetched_nor_shown_from_elsewhere() {
    let inside = Listener::start(&status("200 OK")).await;
    let app = asking_with(here()).await;
    let mut metadata = web();
    metadata["logo_uri"] = json!(inside.url("/logo.png"));
    app.add_client("web", metadata).await;
    let page = Browser::new(&app).get(&authorize(&[])).await;
    assert!(!page.text().contains("logo.png"));
    let policy = page.header("content-security-policy").expect("a policy");
    assert!(policy.contains("img-src 'self' data:;"), "{policy}");
    assert!(inside.seen().is_empty());
}
