//! Attacks by what is in an authorization request, or in the headers around it.

use axum::body::Body;
use http::{Request, StatusCode};
use jeton_oauth::Parameters;

use super::browser::{Browser, redirected};
use super::client::{authorize, web};
use crate::app::{Answer, TestApp};

async fn app() -> TestApp {
    let app = TestApp::new().await;
    app.add_client("web", web()).await;
    app
}

/// The request was answered here, with a page that leads nowhere.
#[track_caller]
fn goes_nowhere(answer: &Answer, why: &str) {
    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{why}: {}", answer.text());
    assert_eq!(answer.header("location"), None, "{why}");
    assert!(!answer.text().contains("evil"), "{why}: {}", answer.text());
}

#[tokio::test]
async fn a_redirect_uri_that_is_not_the_registered_one_to_the_letter_gets_nothing() {
    let app = app().await;
    let browser = Browser::new(&app);
    browser.sign_in(&authorize(&[])).await;
    for trick in [
        "https://evil.example/callback",
        "https://app.example.evil.example/callback",
        "https://app.example@evil.example/callback",
        "https://evil.example#https://app.example/callback",
        "https://app.example/callback#evil",
        "https://app.example/callback/evil",
        "https://app.example/callback/../evil",
        "https://app.example/callback%2f..%2fevil",
        "https://app.example/Callback",
        "https://APP.example/callback",
        "HTTPS://app.example/callback",
        "https://app.example:443/callback",
        "https://app.example:8443/callback",
        "https://app.example./callback",
        "https://app.example/callback?next=https://evil.example",
        "https://app.example/callback/",
        "https://app.example//callback",
        "https://app.example\\@evil.example/callback",
        "https://app.example/callback\r\nLocation: https://evil.example",
        "https://app.example/callback ",
        "//evil.example/callback",
        "/callback",
        "http://app.example/callback",
        "javascript:alert(1)//https://app.example/callback",
        "data:text/html,evil",
        "https://app.example\u{ff0f}callback",
    ] {
        // Even an error is answered with a page, and a user who is signed in is not sent there either.
        goes_nowhere(&browser.get(&authorize(&[("redirect_uri", trick)])).await, trick);
        let with_error = authorize(&[("redirect_uri", trick), ("response_type", "token"), ("scope", "")]);
        goes_nowhere(&browser.get(&with_error).await, trick);
    }
}

#[tokio::test]
async fn an_end_of_session_sends_nobody_where_the_client_did_not_say() {
    let app = app().await;
    for trick in
        ["https://evil.example/bye", "https://app.example/bye/evil", "//evil.example", "javascript:evil"]
    {
        let query: Parameters =
            [("client_id", "web"), ("post_logout_redirect_uri", trick)].into_iter().collect();
        let answer = Browser::new(&app).get(&format!("/end_session?{}", query.to_query())).await;
        assert_eq!((answer.status, answer.header("location")), (StatusCode::BAD_REQUEST, None), "{trick}");
        assert!(!answer.text().contains("evil"), "{}", answer.text());
    }
}

#[tokio::test]
async fn no_header_of_a_request_changes_who_the_issuer_is_or_where_anything_leads() {
    let app = app().await;
    let poison = |request: http::request::Builder| {
        request
            .header("host", "evil.example")
            .header("x-forwarded-host", "evil.example")
            .header("x-forwarded-proto", "http")
            .header("x-forwarded-for", "127.0.0.1")
            .header("x-forwarded-prefix", "/evil")
            .header("x-original-url", "/evil")
            .header("x-rewrite-url", "/evil")
            .header("forwarded", "host=evil.example;proto=http")
    };
    for path in ["/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"] {
        let answer = app.send(poison(Request::get(path)).body(Body::empty()).expect("a request")).await;
        assert_eq!(answer.json()["issuer"], "https://auth.example");
        assert!(!answer.text().contains("evil"), "{}", answer.text());
    }
    let page = app.send(poison(Request::get(authorize(&[]))).body(Body::empty()).expect("a request")).await;
    assert!(page.text().contains("action=\"/authorize/sign-in"), "{}", page.text());
    assert!(!page.text().contains("evil"), "{}", page.text());
    for cookie in page.headers.get_all("set-cookie") {
        let cookie = cookie.to_str().expect("text");
        assert!(cookie.starts_with("__Host-") && cookie.contains("; Secure"), "{cookie}");
    }
    let (path, query) = (authorize(&[]), "application/x-www-form-urlencoded");
    let body = path.split_once('?').expect("a query").1.to_owned();
    let posted = poison(Request::post("/authorize").header("content-type", query)).body(Body::from(body));
    let answer = app.send(posted.expect("a request")).await;
    let location = answer.header("location").expect("a location");
    assert!(location.starts_with("https://auth.example/authorize?"), "{location}");
}

#[tokio::test]
async fn no_value_that_is_sent_back_splits_the_response() {
    let app = app().await;
    let browser = Browser::new(&app);
    let split = "x\r\nSet-Cookie: __Host-jeton-session=evil\r\n\r\n<script>evil()</script>";
    for mode in ["query", "fragment"] {
        let target = authorize(&[("state", split), ("prompt", "none"), ("response_mode", mode)]);
        let answer = browser.get(&target).await;
        let location = answer.header("location").expect("a location");
        assert!(!location.contains(['\r', '\n', '<']), "{location}");
        assert_eq!(redirected(&answer).get("state"), Some(split));
        assert!(answer.header("set-cookie").is_none_or(|cookie| !cookie.contains("evil")));
    }
    let posted = browser
        .get(&authorize(&[
            ("state", "\"><script>evil()</script>"),
            ("prompt", "none"),
            ("response_mode", "form_post"),
        ]))
        .await;
    assert!(!posted.text().contains("<script>evil"), "{}", posted.text());
    let query: Parameters =
        [("client_id", "web"), ("post_logout_redirect_uri", "https://app.example/bye"), ("state", split)]
            .into_iter()
            .collect();
    let answer = browser.get(&format!("/end_session?{}", query.to_query())).await;
    let location = answer.header("location").expect("a location");
    assert!(!location.contains(['\r', '\n', '<']), "{location}");
}

#[tokio::test]
async fn what_users_and_clients_typed_is_shown_as_text_and_never_as_markup() {
    let app = app().await;
    let mut metadata = web();
    metadata["client_name"] = "<img src=x onerror=evil()>".into();
    app.add_client("marked", metadata).await;
    let target = authorize(&[("client_id", "marked"), ("login_hint", "\"><script>evil()</script>")]);
    let page = Browser::new(&app).get(&target).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(!page.text().contains("<script>evil") && !page.text().contains("<img"), "{}", page.text());
}

#[tokio::test]
async fn every_answer_to_a_client_says_who_gives_it_so_that_issuers_cannot_be_mixed_up() {
    let app = app().await;
    let browser = Browser::new(&app);
    let refused = redirected(&browser.get(&authorize(&[("prompt", "none")])).await);
    assert_eq!(
        (refused.get("error"), refused.get("iss")),
        (Some("login_required"), Some("https://auth.example"))
    );
    let granted = redirected(&browser.sign_in(&authorize(&[])).await);
    assert!(granted.get("code").is_some());
    assert_eq!(granted.get("iss"), Some("https://auth.example"));
    let invalid = redirected(&browser.get(&authorize(&[("response_type", "token")])).await);
    assert_eq!(
        (invalid.get("error"), invalid.get("iss")),
        (Some("unsupported_response_type"), Some("https://auth.example"))
    );
    let metadata = app.get("/.well-known/openid-configuration").await.json();
    assert_eq!(metadata["authorization_response_iss_parameter_supported"], true);
}

#[tokio::test]
async fn a_parameter_that_comes_twice_is_refused_wherever_it_comes() {
    let app = app().await;
    let browser = Browser::new(&app);
    for name in
        ["redirect_uri", "client_id", "state", "scope", "code_challenge", "response_type", "unheard-of"]
    {
        let target = format!("{}&{name}=evil&{name}=evil", authorize(&[]));
        goes_nowhere(&browser.get(&target).await, name);
    }
    for path in ["/token", "/introspect", "/revoke"] {
        let request = Request::post(path)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Body::from("client_id=web&token=a&token=b&grant_type=client_credentials&grant_type=x"));
        let answer = app.send(request.expect("a request")).await;
        assert_eq!(answer.json()["error"], "invalid_request", "{path}: {}", answer.text());
    }
}

#[tokio::test]
async fn oversized_and_deeply_nested_claims_are_refused_and_cost_nothing() {
    let app = app().await;
    let browser = Browser::new(&app);
    let nested = format!("{{\"id_token\":{{\"a\":{{\"value\":{}1{}}}}}}}", "[".repeat(400), "]".repeat(400));
    let many: Vec<_> = (0..100).map(|n| format!("\"c{n}\":null")).collect();
    let many = format!("{{\"userinfo\":{{{}}}}}", many.join(","));
    for claims in [&nested, &many, "{", "[]", "{\"id_token\":{\"a\":null,\"a\":null}}", "{\"id_token\":[]}"] {
        let back = redirected(&browser.get(&authorize(&[("claims", claims)])).await);
        assert_eq!(back.get("error"), Some("invalid_request"), "{claims}");
    }
    let huge = format!("{{\"id_token\":{{\"a\":{{\"value\":\"{}\"}}}}}}", "x".repeat(20_000));
    let answer = browser.get(&authorize(&[("claims", &huge)])).await;
    assert_eq!(answer.status, StatusCode::URI_TOO_LONG);
}

#[tokio::test]
async fn a_client_cannot_be_asked_for_in_more_than_it_may_have() {
    let app = app().await;
    let back = redirected(&Browser::new(&app).sign_in(&authorize(&[("scope", "openid admin groups")])).await);
    let tokens = app.redeem(back.get("code").expect("a code")).await.json();
    assert_eq!(tokens["scope"], "openid");
}
