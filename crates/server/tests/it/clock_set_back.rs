//! A clock that was ahead and is set back: nobody who did nothing wrong is signed out, and who signs out is.

use http::StatusCode;
use serde_json::{Value, json};

use crate::app::TestApp;
use crate::sso::browser::{Browser, redirected};
use crate::sso::client::{authorize, web};

const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;

async fn tokens(app: &TestApp) -> Value {
    app.add_client("web", web()).await;
    let target = authorize(&[("scope", "openid profile offline_access")]);
    let back = redirected(&Browser::new(app).sign_in(&target).await);
    let answer = app.redeem(back.get("code").expect("a code")).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    answer.json()
}

fn text<'v>(tokens: &'v Value, name: &str) -> &'v str {
    tokens[name].as_str().expect("a token")
}

#[tokio::test]
async fn genuine_tokens_of_the_token_api_are_good_after_the_clock_is_set_back() {
    for step in [HOUR, DAY] {
        let app = TestApp::new().await;
        let first = app.sign_in().await;
        let second = app.refresh(&first.refresh).await.pair();
        app.hand.step(-step);
        for token in [&second.access, &second.refresh] {
            app.verify(token).await.expect(200, "{}");
        }
        // The token before is a retry, as it would have been.
        assert_eq!(app.refresh(&first.refresh).await.status, StatusCode::OK);
        let mut current = second.refresh;
        for _ in 0..5 {
            app.hand.step(300);
            current = app.refresh(&current).await.pair().refresh;
        }
        app.sign_out(&current).await.expect(200, "{}");
        assert_eq!(app.refresh(&current).await.status, StatusCode::UNAUTHORIZED);
    }
}

#[tokio::test]
async fn signing_out_with_a_token_from_the_future_ends_the_grant() {
    for step in [HOUR, DAY] {
        let app = TestApp::new().await;
        let pair = app.sign_in().await;
        app.hand.step(-step);
        app.sign_out(&pair.refresh).await.expect(200, "{}");
        app.hand.step(step);
        assert_eq!(app.refresh(&pair.refresh).await.status, StatusCode::UNAUTHORIZED);
        assert_eq!(app.verify(&pair.access).await.status, StatusCode::BAD_REQUEST);
    }
}

#[tokio::test]
async fn signing_out_with_an_expired_token_ends_the_grant_that_lives_on() {
    let app = TestApp::new().await;
    let first = app.sign_in().await;
    app.hand.step(DAY - 60);
    let second = app.refresh(&first.refresh).await.pair();
    app.hand.step(120);
    app.sign_out(&first.refresh).await.expect(200, "{}");
    assert_eq!(app.refresh(&second.refresh).await.status, StatusCode::UNAUTHORIZED);
    app.sign_out(&first.refresh)
        .await
        .expect(401, r#"{"detail":"Token is expired","code":"token_not_valid"}"#);
}

#[tokio::test]
async fn who_signs_out_while_the_clock_is_ahead_is_signed_out_after_it_is_set_back() {
    let app = TestApp::new().await;
    let pair = app.sign_in().await;
    app.hand.step(2 * DAY);
    app.sign_out(&pair.refresh)
        .await
        .expect(401, r#"{"detail":"Token is expired","code":"token_not_valid"}"#);
    app.hand.step(-2 * DAY);
    assert_eq!(app.refresh(&pair.refresh).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_clients_tokens_are_good_after_the_clock_is_set_back() {
    for step in [HOUR, DAY] {
        let app = TestApp::new().await;
        let tokens = tokens(&app).await;
        app.hand.step(-step);
        for name in ["access_token", "refresh_token"] {
            let told = app.post_as("web", "/introspect", &[("token", text(&tokens, name))]).await.json();
            assert_eq!(told["active"], true, "{name}");
        }
        assert_eq!(app.userinfo(text(&tokens, "access_token")).await.status, StatusCode::OK);
        let fields = [("grant_type", "refresh_token"), ("refresh_token", text(&tokens, "refresh_token"))];
        let answer = app.post_as("web", "/token", &fields).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
        let next = answer.json();
        for (name, token) in [("access_token", &next), ("access_token", &tokens), ("refresh_token", &tokens)]
        {
            let given_back = app.post_as("web", "/revoke", &[("token", text(token, name))]).await;
            assert_eq!(given_back.status, StatusCode::OK);
        }
        assert_eq!(app.userinfo(text(&next, "access_token")).await.status, StatusCode::UNAUTHORIZED);
    }
}

#[tokio::test]
async fn an_access_or_refresh_token_given_back_after_the_clock_is_set_back_ends_its_grant() {
    for name in ["access_token", "refresh_token"] {
        let app = TestApp::new().await;
        let tokens = tokens(&app).await;
        app.hand.step(-DAY);
        app.post_as("web", "/revoke", &[("token", text(&tokens, name))]).await;
        let fields = [("grant_type", "refresh_token"), ("refresh_token", text(&tokens, "refresh_token"))];
        let refused = app.post_as("web", "/token", &fields).await;
        assert_eq!(refused.json()["error"], "invalid_grant", "{name}");
    }
}

#[tokio::test]
async fn an_expired_refresh_token_that_is_given_back_ends_the_grant_that_lives_on() {
    let app = TestApp::new().await;
    let first = tokens(&app).await;
    app.hand.step(DAY - 60);
    let refresh = async |tokens: &Value| {
        let token = text(tokens, "refresh_token");
        app.post_as("web", "/token", &[("grant_type", "refresh_token"), ("refresh_token", token)]).await
    };
    let second = refresh(&first).await.json();
    app.hand.step(120);
    app.post_as("web", "/revoke", &[("token", text(&first, "refresh_token"))]).await;
    assert_eq!(refresh(&second).await.json()["error"], "invalid_grant");
}

#[tokio::test]
async fn a_sign_in_in_the_future_is_not_a_fresh_one() {
    let app = TestApp::new().await;
    app.add_client("web", web()).await;
    let browser = Browser::new(&app);
    browser.sign_in(&authorize(&[])).await;
    app.hand.step(-HOUR);
    let silently = async |max_age| {
        let target = authorize(&[("prompt", "none"), ("max_age", max_age)]);
        redirected(&browser.get(&target).await).get("error").map(str::to_owned)
    };
    assert_eq!(silently("600").await.as_deref(), Some("login_required"));
    assert_eq!(silently("7200").await, None);
}

#[tokio::test]
async fn a_device_that_polled_while_the_clock_was_ahead_is_not_slowed_down_until_then() {
    let app = TestApp::new().await;
    let grant = "urn:ietf:params:oauth:grant-type:device_code";
    let metadata = json!({"token_endpoint_auth_method": "none", "grant_types": [grant]});
    app.add_client("tv", metadata).await;
    let begun = app.post_form("/device_authorization", &[("client_id", "tv")]).await.json();
    let fields = [("grant_type", grant), ("client_id", "tv"), ("device_code", text(&begun, "device_code"))];
    for step in [0, -HOUR, 10, -DAY, 10] {
        app.hand.step(step);
        assert_eq!(app.post_form("/token", &fields).await.json()["error"], "authorization_pending", "{step}");
    }
}
