//! What the audit trail says: who signed in, allowed and got what, from where; and what a stranger cannot fill it with.

use http::StatusCode;
use jeton_authority::Network;
use jeton_authority::audit::{Actor, AuditEvent, AuditRecord};
use jeton_authority::client::{ClientPolicy, ConsentPolicy};
use jeton_authority::throttle::{RECORDED_THROTTLING, WRONG_CLIENT_SECRETS};

use super::browser::{Browser, form, redirected};
use super::client::{authorize, web};
use super::{device, token_exchange};
use crate::app::{HOME, TestApp};

/// What was recorded since, oldest first.
async fn recorded(app: &TestApp, since: usize) -> Vec<AuditRecord> {
    let mut records = app.store.list_audit(10_000).await.expect("a store");
    records.reverse();
    records.split_off(since)
}

async fn count(app: &TestApp) -> usize {
    recorded(app, 0).await.len()
}

fn home() -> Network {
    Network::of(HOME.parse().expect("an address"))
}

/// The events, of which each has to name the user, who did it, the network, and the client where there is one.
fn events<'r>(
    records: &'r [AuditRecord],
    user: jeton_authority::UserId,
    by: &Actor,
) -> Vec<(AuditEvent, Option<&'r str>)> {
    records
        .iter()
        .map(|record| {
            assert_eq!((record.subject.user, record.network), (Some(user), Some(home())), "{record:?}");
            assert_eq!(record.actor.as_ref(), Some(by), "{record:?}");
            (record.event, record.subject.client.as_deref())
        })
        .collect()
}

async fn ada(app: &TestApp) -> jeton_authority::UserId {
    let name = jeton_authority::user::Username::parse("ada").expect("a name");
    app.store.find_user(&name).await.expect("a store").expect("she exists").id
}

#[tokio::test]
async fn a_sign_in_to_an_application_is_recorded_step_by_step() {
    let app = TestApp::new().await;
    let policy = ClientPolicy { consent: ConsentPolicy::Asked, ..ClientPolicy::default() };
    app.add_client_with("web", web(), policy).await;
    let before = count(&app).await;
    let browser = Browser::new(&app);
    let page = browser.sign_in(&authorize(&[])).await;
    let back = redirected(&browser.submit(&form(&page), &[("action", "allow")]).await);
    assert_eq!(app.redeem(back.get("code").expect("a code")).await.status, StatusCode::OK);
    let expected = [
        (AuditEvent::SignedIn, None),
        (AuditEvent::ConsentGiven, Some("web")),
        (AuditEvent::CodeGranted, Some("web")),
    ];
    let (records, ada) = (recorded(&app, before).await, ada(&app).await);
    assert_eq!(events(&records, ada, &Actor::User(ada)), expected);
    assert!(records[0].subject.session.is_some(), "the session that it opened is named");
}

#[tokio::test]
async fn a_sign_in_with_the_token_api_is_recorded_and_neither_refreshes_nor_client_credentials_are() {
    let app = TestApp::new().await;
    app.add_client("web", web()).await;
    let before = count(&app).await;
    let pair = app.sign_in().await;
    app.hand.step(60);
    assert_eq!(app.refresh(&pair.refresh).await.status, StatusCode::OK);
    let own = app.post_as("web", "/token", &[("grant_type", "client_credentials")]).await;
    assert_eq!(own.status, StatusCode::OK, "{}", own.text());
    let records = recorded(&app, before).await;
    let ada = ada(&app).await;
    assert_eq!(events(&records, ada, &Actor::User(ada)), [(AuditEvent::SignedIn, Some("jeton"))]);
    assert!(records[0].subject.grant.is_some());
}

#[tokio::test]
async fn what_was_decided_about_a_device_is_recorded() {
    let app = device::app().await;
    for (action, event) in [("allow", AuditEvent::DeviceApproved), ("deny", AuditEvent::DeviceDenied)] {
        let waiting = device::begin(&app).await;
        let browser = Browser::new(&app);
        let before = count(&app).await;
        let page = device::question(&browser, &waiting).await;
        browser.submit(&form(&page), &[("action", action)]).await;
        let expected = [(AuditEvent::SignedIn, None), (event, Some("tv"))];
        let ada = ada(&app).await;
        assert_eq!(events(&recorded(&app, before).await, ada, &Actor::User(ada)), expected);
    }
}

#[tokio::test]
async fn an_exchange_is_recorded_once_an_hour() {
    let app = token_exchange::app().await;
    let subject = token_exchange::access(&token_exchange::tokens(&app).await);
    let before = count(&app).await;
    for _ in 0..20 {
        let target = [("resource", token_exchange::ORDERS)];
        let exchanged = token_exchange::exchange(&app, "office", &subject, &target).await;
        assert_eq!(exchanged.status, StatusCode::OK, "{}", exchanged.text());
    }
    let records = recorded(&app, before).await;
    let office = Actor::Client("office".into());
    let exchanged = events(&records, ada(&app).await, &office);
    assert_eq!(exchanged, [(AuditEvent::TokenExchanged, Some("office"))]);
    assert!(records[0].subject.grant.is_some());
}

#[tokio::test]
async fn guessing_fills_no_audit_trail_and_its_throttling_is_recorded() {
    let app = TestApp::new().await;
    app.add_client("web", web()).await;
    let before = count(&app).await;
    for number in 0..200 {
        app.try_sign_in(&format!("nobody {number}"), "a guess").await;
        app.try_sign_in("ada", "a guess").await;
    }
    let records = recorded(&app, before).await;
    assert!((1..=RECORDED_THROTTLING as usize).contains(&records.len()), "{} records", records.len());
    let of_ada = Some(ada(&app).await);
    assert!(records.iter().all(|record| record.event == AuditEvent::SignInThrottled));
    assert!(records.iter().all(|record| record.actor == Some(Actor::Authority)));
    assert!(records.iter().any(|record| record.subject.user == of_ada && record.network == Some(home())));
    app.hand.step(3600);
    let before = count(&app).await;
    for _ in 0..WRONG_CLIENT_SECRETS + 100 {
        let fields =
            [("client_id", "web"), ("client_secret", "a guess"), ("grant_type", "client_credentials")];
        app.post_form("/token", &fields).await;
    }
    let records = recorded(&app, before).await;
    assert!((1..=RECORDED_THROTTLING as usize).contains(&records.len()), "{} records", records.len());
    let expected = (AuditEvent::ClientThrottled, Some("web"), Some(home()));
    assert_eq!((records[0].event, records[0].subject.client.as_deref(), records[0].network), expected);
}
