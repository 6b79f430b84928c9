//! What users are told of.

use axum::body::Body;
use http::{Request, StatusCode, header};
use jeton_authority::mail::{MailKind, QueuedMail};
use jeton_server::mail::Encryption;
use serde_json::json;

use super::sink::Speaks;
use super::{mailing, sink::Sink};
use crate::app::{Answer, ELSEWHERE, HOME, PASSWORD, TestApp};

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0";

async fn sign_in(app: &TestApp, peer: &str, cookie: Option<&str>, password: &str) -> Answer {
    let mut request = Request::post("/api/token/")
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::ACCEPT, "application/json")
        .header(header::USER_AGENT, FIREFOX);
    if let Some(cookie) = cookie {
        request = request.header(header::COOKIE, cookie);
    }
    let body = json!({"username": "ada", "password": password}).to_string();
    app.send_from(peer, request.body(Body::from(body)).expect("a request")).await
}

async fn queued(app: &TestApp) -> Vec<QueuedMail> {
    app.store.due_mails(app.service.clock().now(), 100).await.expect("asking what is due")
}

fn known_cookie(answer: &Answer) -> String {
    let cookies = answer.headers.get_all(header::SET_COOKIE).iter();
    let mut texts = cookies.map(|cookie| cookie.to_str().expect("text"));
    let cookie = texts.find(|text| text.starts_with("__Host-jeton-known=")).expect("a cookie");
    cookie.split(';').next().expect("a pair").to_owned()
}

#[tokio::test]
async fn a_sign_in_from_a_new_network_in_a_new_browser_is_told_and_others_are_not() {
    let (app, _sink, _ada): (TestApp, Sink, _) = mailing(Speaks::Plain, Encryption::None).await;
    sign_in(&app, HOME, None, "wrong").await;
    assert!(queued(&app).await.is_empty(), "nobody signed in");
    let first = sign_in(&app, HOME, None, PASSWORD).await;
    assert_eq!(first.status, StatusCode::OK);
    let mails = queued(&app).await;
    assert_eq!((mails.len(), mails[0].kind), (1, MailKind::NewDevice));
    assert_eq!(mails[0].facts.device.as_deref(), Some("Firefox on Linux"));
    assert_eq!(mails[0].facts.network.as_deref(), Some("192.0.2.0/24"));
    sign_in(&app, HOME, None, PASSWORD).await;
    sign_in(&app, ELSEWHERE, Some(&known_cookie(&first)), PASSWORD).await;
    assert_eq!(queued(&app).await.len(), 1, "a known network, and a known browser");
    sign_in(&app, "203.0.113.9", None, PASSWORD).await;
    assert_eq!(queued(&app).await.len(), 2);
}

#[tokio::test]
async fn each_notice_can_be_switched_off() {
    let (app, sink, ada) = mailing(Speaks::Plain, Encryption::None).await;
    let quiet = app
        .restarted_with(|mut settings| {
            settings.mail.password_notices = false;
            settings.mail.new_device_notices = false;
            settings
        })
        .await;
    sign_in(&quiet, HOME, None, PASSWORD).await;
    quiet.password_is_changed(ada).await;
    assert!(queued(&quiet).await.is_empty() && sink.received().is_empty());
}

#[tokio::test]
async fn without_an_address_or_a_mail_server_nothing_is_queued() {
    let app = TestApp::new().await.alone();
    let ada = app.user("ada").await;
    app.has_address(ada, "ada@example.org").await;
    sign_in(&app, HOME, None, PASSWORD).await;
    app.password_is_changed(ada).await;
    assert!(queued(&app).await.is_empty());
    let (app, _sink, _) = mailing(Speaks::Plain, Encryption::None).await;
    let bob = app.add_user("bob").await;
    app.password_is_changed(bob).await;
    assert!(queued(&app).await.is_empty());
}
