//! Which addresses clients that register themselves may have the authority ask.

use jeton_authority::settings::{RegistrationPolicy, Settings};
use jeton_server::Background;
use serde_json::{Value, json};

use super::browser::{Browser, form, redirected};
use super::client::{CALLBACK, authorize};
use super::listener::{Listener, reaching_here, status};
use crate::app::{Answer, TestApp};
use crate::logs::Log;

fn open(mut settings: Settings) -> Settings {
    settings.client.registration = RegistrationPolicy::Open;
    settings
}

async fn register(app: &TestApp, member: &str, address: &str) -> Answer {
    let mut metadata = json!({"redirect_uris": [CALLBACK]});
    metadata[member] = json!(address);
    app.post("/register", &metadata).await
}

fn described(answer: &Answer) -> Value {
    answer.json()["error_description"].clone()
}

#[tokio::test]
async fn an_application_on_this_machine_registers_its_addresses_where_the_authority_asks_there() {
    let app = TestApp::with(open, reaching_here).await;
    for address in ["http://127.0.0.1:9/logout", "http://[::1]:9/logout", "https://app.example/logout"] {
        for member in ["backchannel_logout_uri", "jwks_uri"] {
            let answer = register(&app, member, address).await;
            assert_eq!(answer.status, 201, "{member} {address}: {}", answer.text());
            assert_eq!(answer.json()[member], *address);
        }
    }
    let elsewhere = register(&app, "backchannel_logout_uri", "http://app.example/logout").await;
    assert_eq!(elsewhere.status, 400);
    assert_eq!(described(&elsewhere), "backchannel_logout_uri must use https, or http with a loopback host");
}

#[tokio::test]
async fn where_the_authority_does_not_ask_this_machine_the_log_says_which_setting_lets_it() {
    let app = TestApp::with(open, |service| service).await;
    let (log, _guard) = Log::collect();
    for member in ["backchannel_logout_uri", "jwks_uri", "sector_identifier_uri"] {
        let answer = register(&app, member, "http://127.0.0.1:9/here").await;
        assert_eq!(
            (answer.status.as_u16(), described(&answer)),
            (400, json!(format!("{member} must use https")))
        );
        let id = answer.header("x-request-id").expect("an identifier");
        let event = log.events().into_iter().find(|event| event["request"] == id).expect("an event");
        assert!(event["cause"].as_str().is_some_and(|cause| cause.contains("fetch.allow")), "{event}");
    }
}

#[tokio::test]
async fn a_client_that_registered_itself_on_this_machine_is_told_of_sign_outs() {
    let app = TestApp::with(open, reaching_here).await;
    let listener = Listener::start(&status("200 OK")).await;
    let client = register(&app, "backchannel_logout_uri", &listener.url("/logout")).await.json();
    let _background = Background::start(&app.service);
    let id = client["client_id"].as_str().expect("an identifier");
    let browser = Browser::new(&app);
    let page = browser.sign_in(&authorize(&[("client_id", id)])).await;
    let back = redirected(&browser.submit(&form(&page), &[("action", "allow")]).await);
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", back.get("code").expect("a code")),
        ("redirect_uri", CALLBACK),
        ("code_verifier", super::client::VERIFIER),
        ("client_id", id),
        ("client_secret", client["client_secret"].as_str().expect("a secret")),
    ];
    let tokens = app.post_form("/token", &fields).await.json();
    let hint = tokens["id_token"].as_str().expect("an ID token");
    browser.get(&format!("/end_session?id_token_hint={hint}")).await;
    listener.asked(1).await;
}
