//! What a reader of the feed is told, and in which order.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use http::{Method, Request};
use jeton_authority::GrantId;
use jeton_authority::audit::Actor;
use jeton_authority::keyring::rotate;
use jeton_authority::keys::KeyId;
use jeton_authority::user::{Attributes, Username};
use jeton_jose::{Timestamp, base64url};
use jeton_server::hashing::HashPool;
use jeton_server::{Background, Limits};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::reader::{Reader, Told};
use crate::app::{NOW, Pair, TestApp, cheap, master, open_store};
use crate::failing_store::{FailingStore, Fault};

const SESSION_REVOKED: &str = "https://schemas.openid.net/secevent/caep/event-type/session-revoked";
const TOKEN_CLAIMS_CHANGE: &str = "https://schemas.openid.net/secevent/caep/event-type/token-claims-change";
const KEY_WITHDRAWN: &str = "urn:jeton:event-type:key-withdrawn";

/// The session that a pair of tokens came from.
pub(super) fn sid(pair: &Pair) -> String {
    let payload = pair.access.split('.').nth(1).expect("a payload");
    let claims: Value =
        serde_json::from_slice(&base64url::decode(payload).expect("base64url")).expect("JSON");
    claims["sid"].as_str().expect("a session").to_owned()
}

async fn ended(app: &TestApp) -> String {
    let pair = app.sign_in().await;
    assert_eq!(app.sign_out(&pair.refresh).await.status, 200);
    sid(&pair)
}

fn about(told: &Told) -> String {
    told.claims()["sub_id"]["id"].as_str().expect("a subject").to_owned()
}

async fn started() -> (TestApp, Background) {
    let app = TestApp::new().await;
    let background = Background::start(&app.service);
    (app, background)
}

#[tokio::test]
async fn a_reader_is_told_all_that_matters_first_and_then_each_event() {
    let (app, _background) = started().await;
    let before = ended(&app).await;
    let mut reader = Reader::of(&app).await;
    let list = reader.next().await;
    assert_eq!((list.name.as_str(), list.ended()), ("list", vec![before]));
    app.verify_told(&list, "revocations+jwt").await;
    let claims = list.claims();
    assert_eq!(claims["matters_for"], 360, "the lifetime of access tokens, and a minute for clocks");
    assert_eq!(claims["from"], NOW - 360);
    let after = ended(&app).await;
    let event = reader.next().await;
    app.verify_told(&event, "secevent+jwt").await;
    let claims = event.claims();
    assert_eq!((event.name.as_str(), about(&event)), ("event", after));
    assert_eq!(claims["events"], json!({SESSION_REVOKED: {"event_timestamp": NOW}}));
    assert_eq!(claims["sub_id"]["format"], "opaque");
    for claim in ["sub", "aud", "exp"] {
        assert!(claims.get(claim).is_none(), "{claim}");
    }
    assert!(event.id.is_some());
}

#[tokio::test]
async fn an_event_is_told_within_a_second() {
    let (app, _background) = started().await;
    let mut reader = Reader::of(&app).await;
    reader.next().await;
    for _ in 0..5 {
        let pair = app.sign_in().await;
        let signed_out = tokio::time::Instant::now();
        app.sign_out(&pair.refresh).await;
        assert_eq!(about(&reader.next().await), sid(&pair));
        assert!(signed_out.elapsed() < Duration::from_secs(1), "{:?}", signed_out.elapsed());
    }
}

#[tokio::test]
async fn a_reader_that_comes_back_is_told_what_it_missed() {
    let (app, _background) = started().await;
    let mut reader = Reader::of(&app).await;
    reader.next().await;
    ended(&app).await;
    let cursor = reader.next().await.id.expect("a cursor");
    drop(reader);
    let missed = ended(&app).await;
    let mut reader = Reader::from(&app, Some(&cursor)).await;
    let list = reader.next().await;
    // What happened this very moment may come right after the list.
    assert!(list.ended().contains(&missed) || about(&reader.next().await) == missed);
    let from = list.claims()["from"].as_i64().expect("a time");
    assert!(from > NOW - 360 && from <= NOW - 60, "a while before the cursor, and not from the beginning");
    let path = format!("/revocations?cursor={cursor}");
    let by_parameter = Reader::at(&app, Request::get(path)).await.next().await;
    assert_eq!(by_parameter.claims()["from"], from);
}

#[tokio::test]
async fn a_reader_may_come_back_to_another_node_and_after_a_restart() {
    let (app, background) = started().await;
    let mut reader = Reader::of(&app).await;
    reader.next().await;
    ended(&app).await;
    let cursor = reader.next().await.id.expect("a cursor");
    background.stop().await;
    let other = app.second_node().await;
    let missed = ended(&other).await;
    let list = Reader::from(&other, Some(&cursor)).await.next().await;
    assert!(list.ended().contains(&missed));
    assert!(list.claims()["from"].as_i64().expect("a time") > NOW - 360);
}

#[tokio::test]
async fn what_one_node_ends_the_other_tells() {
    let (first, _background) = started().await;
    let second = first.second_node().await;
    let _also = Background::start(&second.service);
    let mut reader = Reader::of(&second).await;
    reader.next().await;
    let session = ended(&first).await;
    assert_eq!(about(&reader.next().await), session);
}

#[tokio::test]
async fn a_cursor_that_means_nothing_here_begins_again() {
    let (app, _background) = started().await;
    let session = ended(&app).await;
    let genuine = Reader::of(&app).await.next().await.id.expect("a cursor");
    let (_, rest) = genuine.split_once('.').expect("a history");
    let lost = format!("{}.{NOW}.{}", genuine.split('.').next().expect("a history"), "0".repeat(32));
    for cursor in ["", "nonsense", &format!("another.{rest}"), &lost, &format!("{genuine}0")] {
        let list = Reader::from(&app, Some(cursor)).await.next().await;
        assert_eq!(list.claims()["from"], NOW - 360, "{cursor}");
        assert_eq!(list.ended(), std::slice::from_ref(&session));
    }
}

#[tokio::test]
async fn an_event_that_becomes_visible_late_is_told_all_the_same() {
    let (app, _background) = started().await;
    let late = app.sign_in().await;
    let mut reader = Reader::of(&app).await;
    reader.next().await;
    ended(&app).await;
    let newest = reader.next().await.id.expect("a cursor");
    // As from a transaction that took five seconds, or a node whose clock is behind.
    for (seconds, pair) in [(5, late), (50, app.sign_in().await)] {
        let grant: GrantId = sid(&pair).parse().expect("a grant");
        app.store
            .revoke_grant(grant, Actor::Operator, Timestamp::from_unix(NOW - seconds))
            .await
            .expect("a store");
        let told = reader.next().await;
        assert_eq!(about(&told), sid(&pair), "{seconds}");
        assert_eq!(told.id.as_ref(), Some(&newest), "the cursor does not go back");
        let resumed = Reader::from(&app, Some(&newest)).await.next().await;
        assert!(resumed.ended().contains(&sid(&pair)), "one who comes back is told, too");
    }
}

#[tokio::test]
async fn many_events_at_once_are_one_list() {
    let (app, _background) = started().await;
    let mut reader = Reader::of(&app).await;
    reader.next().await;
    let mut sessions = Vec::new();
    for _ in 0..40 {
        sessions.push(sid(&app.sign_in().await));
    }
    sessions.sort();
    let ada = app.store.find_user(&Username::parse("ada").expect("a name")).await.expect("a store");
    let now = app.service.clock().now();
    app.store.disable_user(ada.expect("a user").id, Actor::Operator, now).await.expect("a store");
    let list = reader.next().await;
    assert_eq!((list.name.as_str(), list.ended()), ("list", sessions));
    assert!(list.claims().get("from").is_none(), "these are news");
}

#[tokio::test]
async fn a_changed_role_makes_tokens_stale() {
    let (app, _background) = started().await;
    let pair = app.sign_in().await;
    let mut reader = Reader::of(&app).await;
    reader.next().await;
    let ada = app.store.find_user(&Username::parse("ada").expect("a name")).await.expect("a store");
    let roles = Attributes::from_json(r#"{"roles": ["editor"]}"#).expect("attributes");
    let now = app.service.clock().now();
    app.store.change_attributes(ada.expect("a user").id, roles, Actor::Operator, now).await.expect("a store");
    let told = reader.next().await;
    assert_eq!(about(&told), sid(&pair));
    let events = told.claims()["events"].clone();
    assert_eq!(
        events,
        json!({TOKEN_CLAIMS_CHANGE: {"event_timestamp": NOW, "claims": {}}}),
        "no roles: it is public"
    );
}

#[tokio::test]
async fn a_withdrawn_key_is_told_of_by_another() {
    let (app, _background) = started().await;
    let now = app.service.clock().now();
    let mut reader = Reader::of(&app).await;
    let first = app.verify_told(&reader.next().await, "revocations+jwt").await.expect("a key");
    rotate(&*app.store, &master(), None, Duration::ZERO, Actor::Operator, now).await.expect("a key");
    app.store.withdraw_key(&KeyId::new(first.as_str()), Actor::Operator, now).await.expect("a store");
    let told = reader.next().await;
    assert_eq!(told.claims()["events"], json!({KEY_WITHDRAWN: {"event_timestamp": NOW}}));
    assert_eq!(about(&told), first);
    assert_ne!(app.verify_told(&told, "secevent+jwt").await, Some(first));
}

#[tokio::test]
async fn what_no_longer_matters_is_not_told() {
    let (app, _background) = started().await;
    ended(&app).await;
    assert_eq!(Reader::of(&app).await.next().await.ended().len(), 1);
    app.hand.set(Timestamp::from_unix(NOW + 361));
    assert_eq!(Reader::of(&app).await.next().await.ended(), [""; 0]);
}

#[tokio::test]
async fn silence_is_broken_by_heartbeats() {
    let app = TestApp::with_limits(Limits { feed_heartbeat: Duration::from_millis(50), ..Limits::default() });
    let app = app.await;
    let mut reader = Reader::of(&app).await;
    reader.next().await;
    for _ in 0..3 {
        assert_eq!(reader.frame().await.expect("a heartbeat").aside, [": beat"]);
    }
}

#[tokio::test]
async fn the_answer_says_that_nothing_on_its_way_may_keep_or_change_it() {
    let app = TestApp::new().await;
    let ask =
        |method| Request::builder().method(method).uri("/revocations").header("origin", "https://a.example");
    let head = app.send(ask(Method::HEAD).body(Body::empty()).expect("a request")).await;
    assert_eq!((head.status.as_u16(), head.body.len()), (200, 0));
    for (name, value) in [
        ("content-type", "text/event-stream"),
        ("cache-control", "no-store, no-transform"),
        ("x-accel-buffering", "no"),
        ("x-content-type-options", "nosniff"),
        ("access-control-allow-origin", "https://a.example"),
    ] {
        assert_eq!(head.header(name), Some(value), "{name}");
    }
    let posted = app.send(ask(Method::POST).body(Body::empty()).expect("a request")).await;
    assert_eq!((posted.status.as_u16(), posted.header("allow")), (405, Some("GET, HEAD")));
    let metadata = app.get("/.well-known/oauth-authorization-server").await.json();
    assert_eq!(metadata["revocation_feed_endpoint"], "https://auth.example/revocations");
}

#[tokio::test]
async fn no_more_listen_than_may() {
    let app = TestApp::with_limits(Limits { feed_connections: 1, ..Limits::default() }).await;
    let reader = Reader::of(&app).await;
    let refused = app.get("/revocations").await;
    assert_eq!(refused.status, 503);
    assert!(refused.header("retry-after").is_some());
    drop(reader);
    Reader::of(&app).await;
}

#[tokio::test]
async fn a_stream_goes_on_while_the_store_does_not() {
    let folder = TempDir::new().expect("a temporary folder");
    let store = FailingStore::over(open_store(&folder).await);
    let pool = HashPool::with_threads(cheap(), 2, 64).expect("two threads");
    let limits = Limits { feed_heartbeat: Duration::from_millis(50), ..Limits::default() };
    let app = TestApp::over(
        Arc::clone(&store) as Arc<_>,
        folder,
        Arc::new(pool),
        |settings| settings,
        |service| service.limits(limits),
    )
    .await;
    let _background = Background::start(&app.service);
    store.set(Fault::Broken);
    assert_eq!(app.get("/revocations").await.status, 500, "nothing was read yet");
    store.set(Fault::None);
    let session = ended(&app).await;
    let mut reader = Reader::of(&app).await;
    reader.next().await;
    store.set(Fault::Broken);
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    assert!(reader.hears_nothing_for(Duration::from_millis(300)).await);
    let list = Reader::of(&app).await.next().await;
    assert_eq!(list.ended(), [session], "what is known is told");
    store.set(Fault::None);
    let session = ended(&app).await;
    assert_eq!(about(&reader.next().await), session);
}

#[tokio::test]
async fn an_authority_that_shares_a_secret_signs_with_it() {
    use jeton_authority::settings::AccessAlgorithm;
    use jeton_jose::jwt::{Audience, Verifier};
    use jeton_jose::{Algorithm, KeySet, SharedSecret};
    let secret = SharedSecret::new(Algorithm::HS256, &[7; 32]).expect("a secret");
    let shared = secret.clone();
    let app = TestApp::with(
        |mut settings| {
            settings.access.algorithm = AccessAlgorithm::SharedSecret(shared);
            settings
        },
        |service| service,
    )
    .await;
    let list = Reader::of(&app).await.next().await;
    let verifier = Verifier::new("https://auth.example", Audience::any(), KeySet::from(&secret));
    let verifier = verifier.typ("revocations+jwt").allow_missing_exp();
    verifier.verify::<Value>(&list.data, app.service.clock().now()).expect("a good token");
}
