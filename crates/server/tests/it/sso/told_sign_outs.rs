//! Who is told of a sign-out, by which name, and what the log says of it.

use std::time::Duration;

use jeton_server::Background;
use serde_json::Value;

use super::browser::{Browser, form, redirected};
use super::client::authorize;
use super::listener::{Listener, status};
use super::logout_delivery::{add_listening, app, claims, tokens};
use crate::app::TestApp;
use crate::logs::Log;

fn text<'a>(tokens: &'a Value, name: &str) -> &'a str {
    tokens[name].as_str().unwrap_or_else(|| panic!("no {name}: {tokens}"))
}

fn sid(tokens: &Value) -> Value {
    claims(text(tokens, "id_token"))["sid"].clone()
}

/// What the client `web` gets at a browser where somebody is signed in.
async fn again(app: &TestApp, browser: &Browser<'_>, changes: &[(&str, &str)]) -> Value {
    let back = redirected(&browser.get(&authorize(changes)).await);
    app.redeem(back.get("code").expect("a code")).await.json()
}

async fn refreshed(app: &TestApp, tokens: &Value) -> Value {
    let fields = [("grant_type", "refresh_token"), ("refresh_token", text(tokens, "refresh_token"))];
    let answer = app.post_as("web", "/token", &fields).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

async fn sign_out(browser: &Browser<'_>, tokens: &Value) {
    let done = browser.get(&format!("/end_session?id_token_hint={}", text(tokens, "id_token"))).await;
    assert!(done.text().contains("You are signed out"), "{}", done.text());
}

/// The `sid`s of the logout tokens that a client got.
fn told(requests: &[String]) -> Vec<Value> {
    let token = |request: &String| {
        let form = request.split_once("\r\n\r\n").expect("a body").1;
        let token = form.split('&').find_map(|pair| pair.strip_prefix("logout_token=")).expect("a token");
        claims(token)["sid"].clone()
    };
    requests.iter().map(token).collect()
}

#[tokio::test]
async fn a_client_with_offline_access_is_told_of_the_sign_out_and_keeps_its_refresh_token() {
    let app = app().await;
    let client = Listener::start(&status("200 OK")).await;
    add_listening(&app, "web", &client.url("/logout")).await;
    let _background = Background::start(&app.service);
    let browser = Browser::new(&app);
    let target = authorize(&[("scope", "openid offline_access")]);
    let back = redirected(&browser.sign_in(&target).await);
    let offline = app.redeem(back.get("code").expect("a code")).await.json();
    sign_out(&browser, &offline).await;
    assert_eq!(told(&client.asked(1).await), [sid(&offline)]);
    let next = refreshed(&app, &offline).await;
    assert_eq!(sid(&next), sid(&offline), "it still knows the session by that name");
}

#[tokio::test]
async fn a_client_has_one_sid_in_a_browser_and_gets_one_logout_token_however_often_it_signs_in() {
    let app = app().await;
    let client = Listener::start(&status("200 OK")).await;
    add_listening(&app, "web", &client.url("/logout")).await;
    let _background = Background::start(&app.service);
    let browser = Browser::new(&app);
    let first = tokens(&app, &browser).await;
    let mut all = vec![refreshed(&app, &first).await];
    for changes in [&[][..], &[("scope", "openid")], &[("scope", "openid offline_access")]] {
        all.push(again(&app, &browser, changes).await);
    }
    // The password again: another session of the authority's, and the same to the client.
    let back = redirected(&browser.sign_in(&authorize(&[("prompt", "login")])).await);
    all.push(app.redeem(back.get("code").expect("a code")).await.json());
    let elsewhere = Browser::new(&app);
    let other = tokens(&app, &elsewhere).await;
    for tokens in &all {
        assert_eq!(sid(tokens), sid(&first));
    }
    assert_ne!(sid(&other), sid(&first));

    sign_out(&browser, &all[0]).await;
    client.asked(1).await;
    tokio::time::sleep(Duration::from_millis(1500)).await;
    assert_eq!(told(&client.seen()), [sid(&first)], "once, and not of the other browser");
    // Who signs in there again is in another session.
    assert_ne!(sid(&tokens(&app, &browser).await), sid(&first));
}

#[tokio::test]
async fn a_hint_of_any_sign_in_leads_to_the_session_and_to_what_the_client_holds_of_it() {
    let app = app().await;
    add_listening(&app, "web", "http://127.0.0.1:9/web").await;
    let lost = Browser::new(&app);
    tokens(&app, &lost).await;
    let second = again(&app, &lost, &[]).await;
    let third = again(&app, &lost, &[]).await;
    let page = Browser::new(&app);
    let asked = page.get(&format!("/end_session?id_token_hint={}", text(&second, "id_token"))).await;
    let done = page.submit_and_follow(&form(&asked), &[("action", "sign_out")]).await;
    assert!(done.text().contains("You are signed out"), "{}", done.text());
    for tokens in [&second, &third] {
        assert_eq!(app.userinfo(text(tokens, "access_token")).await.status, 401);
    }
}

#[tokio::test]
async fn the_log_says_how_many_clients_will_be_told_of_a_sign_out_and_in_which_request() {
    let app = app().await;
    add_listening(&app, "web", "http://127.0.0.1:9/web").await;
    let (log, _guard) = Log::collect();
    let browser = Browser::new(&app);
    let web = tokens(&app, &browser).await;
    again(&app, &browser, &[]).await;
    let done = browser.get(&format!("/end_session?id_token_hint={}", text(&web, "id_token"))).await;
    let event = |answer: &crate::app::Answer| {
        let id = answer.header("x-request-id").expect("an identifier").to_owned();
        let found = log.events().into_iter().find(|event| event["request"] == *id && event["told"].is_u64());
        found.unwrap_or_else(|| panic!("nothing of it: {}", log.text()))
    };
    let said = event(&done);
    assert_eq!((said["told"].as_u64(), said["grants"].as_u64()), (Some(1), Some(2)));

    tokens(&app, &browser).await;
    let page = browser.get("/end_session").await;
    let pressed = browser.press(&form(&page), &[("action", "sign_out_everywhere")]).await;
    assert_eq!(event(&pressed)["told"], 1);
}

#[tokio::test]
async fn a_sign_out_that_a_server_asks_for_by_itself_ends_nothing_and_the_page_and_the_log_say_so() {
    let app = app().await;
    add_listening(&app, "web", "http://127.0.0.1:9/web").await;
    let browser = Browser::new(&app);
    let web = tokens(&app, &browser).await;
    let (log, _guard) = Log::collect();
    let hint = text(&web, "id_token");
    // As `fetch` does it from an application's server: no cookie, and nothing that says who it is.
    let answer = app.get(&format!("/end_session?id_token_hint={hint}")).await;
    assert!(!answer.text().contains("You are signed out"), "{}", answer.text());
    assert!(answer.text().contains("Nothing has changed yet"), "{}", answer.text());
    let events = log.events();
    let said = events.iter().find(|event| event["code"] == "sign_out_without_browser");
    assert_eq!(said.map(|event| &event["client"]), Some(&"web".into()), "{}", log.text());
    assert!(!log.text().contains(hint));
    refreshed(&app, &web).await;
}
