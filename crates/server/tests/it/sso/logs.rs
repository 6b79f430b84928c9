//! What the log says of requests that are refused: whoever looks after a client learns more than whoever asks.

use http::StatusCode;
use jeton_authority::client::{ClientPolicy, ConsentPolicy, ExchangePolicy};
use jeton_oauth::Parameters;
use serde_json::{Value, json};

use super::browser::{Browser, form, redirected};
use super::client::{SECRET, authorize, web};
use crate::app::{Answer, TestApp};
use crate::logs::Log;

/// What the log says at `info` of the request that was answered so.
#[track_caller]
fn event_of(log: &Log, answer: &Answer) -> Value {
    let mut events = events_of(log, answer, "INFO").into_iter();
    let event = events.next().unwrap_or_else(|| panic!("nothing of it: {}", log.text()));
    assert_eq!(events.next(), None, "once");
    event
}

/// What the log says at a level of the request that was answered so.
fn events_of(log: &Log, answer: &Answer, level: &str) -> Vec<Value> {
    let id = answer.header("x-request-id").expect("an identifier");
    let mut events = log.events();
    events.retain(|event| event["request"] == id && event["level"] == level);
    events
}

#[tokio::test]
async fn the_log_tells_a_wrong_secret_from_an_unknown_client_and_the_answer_does_not() {
    let app = TestApp::new().await;
    app.add_client("web", web()).await;
    let (log, _guard) = Log::collect();
    let ask = |id: &'static str, secret: &'static str, path: &'static str| {
        let app = &app;
        async move { app.post_form(path, &[("client_id", id), ("client_secret", secret)]).await }
    };
    for path in ["/token", "/par", "/revoke", "/introspect", "/device_authorization"] {
        let wrong = ask("web", "not the secret at all", path).await;
        let unknown = ask("nobody\n\u{1b}[31m", "not the secret at all", path).await;
        assert_eq!((wrong.status, wrong.text()), (unknown.status, unknown.text()));
        let (wrong, unknown) = (event_of(&log, &wrong), event_of(&log, &unknown));
        assert_eq!((&wrong["code"], &wrong["client"]), (&"invalid_client".into(), &"web".into()), "{path}");
        assert_eq!(wrong["cause"], "incorrect secret");
        assert_eq!(unknown["cause"], "unknown client");
        assert_eq!(unknown["client"], "nobody\n\u{1b}[31m");
    }
    let long = "x".repeat(10_000);
    let answer = app.post_form("/token", &[("client_id", &long)]).await;
    assert_eq!(event_of(&log, &answer)["client"].as_str().map(str::len), Some(256));
    let text = log.text();
    assert!(!text.contains('\u{1b}') && !text.contains("not the secret at all"), "{text}");
}

#[tokio::test]
async fn the_log_says_what_is_wrong_with_a_code_and_an_exchanged_token() {
    let app = TestApp::new().await;
    app.add_client("web", web()).await;
    let (log, _guard) = Log::collect();
    let code = [("grant_type", "authorization_code"), ("code", "a-code-that-nobody-was-given")];
    let refused = app.post_as("web", "/token", &code).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    let event = event_of(&log, &refused);
    assert_eq!((&event["code"], &event["client"]), (&"invalid_grant".into(), &"web".into()));
    assert_eq!(event["cause"], "no such code, or it expired long ago");
    let refused =
        app.post_as("web", "/token", &[("grant_type", "client_credentials"), ("scope", "nope")]).await;
    assert_eq!(event_of(&log, &refused)["code"], "invalid_scope");
    let text = log.text();
    assert!(!text.contains(SECRET) && !text.contains("a-code-that-nobody-was-given"), "{text}");
}

#[tokio::test]
async fn the_log_names_the_client_and_the_redirect_uri_that_do_not_fit() {
    let app = TestApp::new().await;
    app.add_client("web", web()).await;
    let (log, _guard) = Log::collect();
    let browser = Browser::new(&app);
    let page = browser.get(&authorize(&[("redirect_uri", "https://app.example/callback/")])).await;
    let event = event_of(&log, &page);
    assert_eq!(event["code"], "redirect_uri_mismatch");
    assert_eq!(
        (&event["client"], &event["redirect_uri"]),
        (&"web".into(), &"https://app.example/callback/".into())
    );
    let page = browser.get(&authorize(&[("client_id", "wep")])).await;
    let event = event_of(&log, &page);
    assert_eq!((&event["code"], &event["client"]), (&"client_unknown".into(), &"wep".into()));
}

#[tokio::test]
async fn the_log_names_the_client_and_the_place_after_a_sign_out_that_do_not_fit() {
    let app = TestApp::new().await;
    app.add_client("web", web()).await;
    let (log, _guard) = Log::collect();
    let wanted = "https://app.example";
    let query: Parameters =
        [("client_id", "web"), ("post_logout_redirect_uri", wanted)].into_iter().collect();
    let page = Browser::new(&app).get(&format!("/end_session?{}", query.to_query())).await;
    let event = event_of(&log, &page);
    assert_eq!(event["code"], "post_logout_redirect_uri_mismatch");
    assert_eq!((&event["client"], &event["post_logout_redirect_uri"]), (&"web".into(), &wanted.into()));
}

#[tokio::test]
async fn the_log_names_the_way_out_where_a_library_sends_no_pkce() {
    let app = TestApp::new().await;
    app.add_client("web", web()).await;
    let mut public = web();
    public["token_endpoint_auth_method"] = "none".into();
    public["grant_types"] = json!(["authorization_code"]);
    app.add_client("native", public).await;
    let (log, _guard) = Log::collect();
    for (id, has_a_way_out) in [("web", true), ("native", false)] {
        let asked = authorize(&[("client_id", id), ("code_challenge", ""), ("code_challenge_method", "")]);
        let answer = Browser::new(&app).get(&asked).await;
        let cause = event_of(&log, &answer)["cause"].as_str().map(|cause| cause.contains("`--pkce lenient`"));
        assert_eq!(cause.unwrap_or(false), has_a_way_out, "{id}");
    }
}

#[tokio::test]
async fn what_an_application_is_refused_that_asks_silently_is_logged_for_those_alone_who_look_closely() {
    let app = TestApp::new().await;
    let asked = ClientPolicy { consent: ConsentPolicy::Asked, ..ClientPolicy::default() };
    app.add_client_with("web", web(), asked).await;
    let (log, _guard) = Log::collect();
    let browser = Browser::new(&app);
    let silent = authorize(&[("prompt", "none")]);
    for code in ["login_required", "consent_required"] {
        let answer = browser.get(&silent).await;
        assert_eq!(redirected(&answer).get("error"), Some(code));
        let events = events_of(&log, &answer, "DEBUG");
        let [event] = &events[..] else { panic!("not once: {}", log.text()) };
        assert_eq!((&event["code"], &event["client"]), (&code.into(), &"web".into()));
        assert_eq!(events_of(&log, &answer, "INFO"), Vec::<Value>::new());
        browser.sign_in(&authorize(&[])).await;
    }
    let acr = r#"{"id_token":{"acr":{"essential":true,"value":"phrh"}}}"#;
    let answer = browser.get(&authorize(&[("prompt", "none"), ("claims", acr)])).await;
    assert_eq!(event_of(&log, &answer)["code"], "unmet_authentication_requirements");
}

#[tokio::test]
async fn the_log_says_that_a_user_said_no() {
    let app = TestApp::new().await;
    let asked = ClientPolicy { consent: ConsentPolicy::Asked, ..ClientPolicy::default() };
    app.add_client_with("web", web(), asked).await;
    let (log, _guard) = Log::collect();
    let browser = Browser::new(&app);
    let page = browser.get(&authorize(&[])).await;
    let cancelled = browser.submit(&form(&page), &[("action", "cancel")]).await;
    let page = browser.sign_in(&authorize(&[])).await;
    let denied = browser.submit(&form(&page), &[("action", "deny")]).await;
    for answer in [cancelled, denied] {
        assert_eq!(redirected(&answer).get("error"), Some("access_denied"));
        let event = event_of(&log, &answer);
        assert_eq!((&event["code"], &event["client"]), (&"access_denied".into(), &"web".into()));
    }
}

#[tokio::test]
async fn the_log_says_why_a_token_is_not_exchanged_and_the_answer_does_not() {
    let app = TestApp::new().await;
    app.add_client("web", web()).await;
    let exchange =
        ExchangePolicy { targets: vec!["https://orders.example".to_owned()], ..ExchangePolicy::default() };
    let policy = ClientPolicy { exchange, ..ClientPolicy::default() };
    let kind = "urn:ietf:params:oauth:grant-type:token-exchange";
    let office = json!({"client_name": "office", "grant_types": [kind], "scope": "orders:read"});
    app.add_client_with("office", office, policy).await;
    let (log, _guard) = Log::collect();
    let token = app.post_as("web", "/token", &[("grant_type", "client_credentials")]).await.json();
    let fields = [
        ("grant_type", kind),
        ("subject_token", token["access_token"].as_str().expect("a token")),
        ("subject_token_type", "urn:ietf:params:oauth:token-type:access_token"),
    ];
    let refused = app.post_as("office", "/token", &fields).await;
    assert_eq!(refused.json()["error_description"], "subject_token is not valid");
    let cause = event_of(&log, &refused)["cause"].clone();
    assert!(cause.as_str().is_some_and(|cause| cause.contains("exchange.accepts")), "{cause}");
}
