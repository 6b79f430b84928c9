//! The pages of `/account` about the account itself: the password, where one is signed in, applications, what happened, and leaving.

use http::StatusCode;
use jeton_authority::audit::Actor;
use jeton_authority::client::{ClientPolicy, ConsentPolicy};
use jeton_authority::user::{Role, UserEdit};
use serde_json::Value;

use super::browser::{Browser, Form, form, redirected};
use super::client::{authorize, web};
use crate::app::{Answer, PASSWORD, TestApp};

const NEW: &str = "vier Kamele tanzen Tango";
const A_WEEK: i64 = 7 * 24 * 3600;
const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

/// The form of a page with this button, and what else it names.
#[track_caller]
fn form_of(page: &Answer, action: &str) -> Form {
    let text = page.text();
    let button = text.find(&format!("value=\"{action}\"")).unwrap_or_else(|| panic!("no {action}: {text}"));
    let start = text[..button].rfind("<form").expect("a form");
    let body = text[start..button].to_owned().into();
    form(&Answer { status: page.status, headers: page.headers.clone(), body })
}

async fn press(browser: &Browser<'_>, page: &Answer, action: &str, fields: &[(&str, &str)]) -> Answer {
    let fields = [fields, &[("action", action)]].concat();
    browser.submit_and_follow(&form_of(page, action), &fields).await
}

async fn signed_in(browser: &Browser<'_>, target: &str, name: &str, password: &str) -> Answer {
    let page = browser.get(target).await;
    let fields = [("username", name), ("password", password), ("action", "sign_in")];
    browser.submit_and_follow(&form(&page), &fields).await
}

async fn ada<'a>(app: &'a TestApp) -> Browser<'a> {
    let browser = Browser::new(app);
    signed_in(&browser, "/account", "ada", PASSWORD).await;
    browser
}

async fn is_signed_in(browser: &Browser<'_>) -> bool {
    browser.get("/account").await.text().contains("Signed in as")
}

async fn change(browser: &Browser<'_>, password: &str, again: &str) -> Answer {
    let page = browser.get("/account/password").await;
    press(browser, &page, "change", &[("password", password), ("again", again)]).await
}

/// Signs in to the client `web`, and redeems the code.
async fn opened(app: &TestApp, browser: &Browser<'_>) -> Value {
    let mut answer = browser.get(&authorize(&[])).await;
    if answer.status == StatusCode::OK {
        let page = answer;
        answer = browser.submit(&form(&page), &[("action", "allow")]).await;
    }
    let code = redirected(&answer).get("code").expect("a code").to_owned();
    app.redeem(&code).await.json()
}

async fn refreshes(app: &TestApp, tokens: &Value) -> bool {
    let token = tokens["refresh_token"].as_str().expect("a refresh token");
    let fields = [("grant_type", "refresh_token"), ("refresh_token", token)];
    app.post_as("web", "/token", &fields).await.status == StatusCode::OK
}

#[tokio::test]
async fn a_new_password_signs_out_everywhere_else() {
    let app = TestApp::new().await;
    app.add_client("web", web()).await;
    let (here, there) = (ada(&app).await, ada(&app).await);
    let (of_here, of_there) = (opened(&app, &here).await, opened(&app, &there).await);
    let direct = app.sign_in().await;
    let home = change(&here, NEW, NEW).await;
    assert!(home.text().contains("Your password was changed."), "{}", home.text());
    assert_eq!([is_signed_in(&here).await, is_signed_in(&there).await], [true, false]);
    assert_eq!([refreshes(&app, &of_here).await, refreshes(&app, &of_there).await], [true, false]);
    assert_eq!(app.refresh(&direct.refresh).await.status, 401);
    assert_eq!(app.try_sign_in("ada", PASSWORD).await.status, 401);
    assert_eq!(app.try_sign_in("ada", NEW).await.status, 200);
}

#[tokio::test]
async fn a_password_that_is_refused_says_why_and_changes_nothing() {
    let app = TestApp::new().await;
    let browser = ada(&app).await;
    for (password, again, why) in [
        ("short", "short", "It needs at least 15"),
        ("passwordpassword", "passwordpassword", "it repeats itself"),
        (NEW, "vier Kamele tanzen", "The two passwords differ"),
        ("", "", "Enter a new password"),
        ("   ", "   ", "Enter a new password"),
        ("one line\nand another one", "one line\nand another one", "line break"),
    ] {
        let page = change(&browser, password, again).await;
        assert_eq!(page.status, StatusCode::BAD_REQUEST, "{password}");
        let text = page.text();
        assert!(text.contains(why) && text.contains("<title>Error: "), "{password}: {text}");
        assert!(text.contains("aria-invalid=\"true\""), "{text}");
        assert!(password.trim().is_empty() || !text.contains(password), "it is not repeated: {text}");
    }
    let huge = "no two of these words go together ".repeat(200);
    assert!(change(&browser, &huge, &huge).await.text().contains("too long"));
    assert_eq!(app.try_sign_in("ada", PASSWORD).await.status, 200);
}

#[tokio::test]
async fn eight_characters_are_enough_beside_a_second_factor() {
    let app = TestApp::new().await;
    let secret = app.set_up_app("ada").await;
    let browser = Browser::new(&app);
    let page = signed_in(&browser, "/account/password", "ada", PASSWORD).await;
    let code = app.code(&secret);
    let page = browser.submit_and_follow(&form(&page), &[("code", &code)]).await;
    assert!(page.text().contains("At least 8 characters"), "{}", page.text());
    let home = press(&browser, &page, "change", &[("password", "xK3!vq9#"), ("again", "xK3!vq9#")]).await;
    assert!(home.text().contains("Your password was changed."), "{}", home.text());
}

#[tokio::test]
async fn what_is_sensitive_asks_for_a_recent_sign_in_and_the_rest_does_not() {
    let app = TestApp::new().await;
    let browser = ada(&app).await;
    let open = browser.get("/account/password").await;
    app.hand.step(11 * 60);
    for path in ["/account/password", "/account/data", "/account/export"] {
        let page = browser.get(path).await;
        assert!(
            page.text().contains("name=\"password\" type=\"password\" autocomplete=\"current-password\""),
            "{path}"
        );
    }
    for path in ["/account", "/account/places", "/account/applications", "/account/activity"] {
        let page = browser.get(path).await;
        assert!(page.text().contains("<h1>") && !page.text().contains("current-password"), "{path}");
        assert_eq!(page.header("cache-control"), Some("no-store"));
    }
    // The page was open for too long.
    let late = press(&browser, &open, "change", &[("password", NEW), ("again", NEW)]).await;
    assert!(late.text().contains("current-password"), "{}", late.text());
    assert_eq!(app.try_sign_in("ada", PASSWORD).await.status, 200);
}

#[tokio::test]
async fn a_browser_is_signed_out_from_another_one() {
    let app = TestApp::new().await;
    app.add_client("web", web()).await;
    let here = ada(&app).await;
    let there = Browser::called(&app, FIREFOX);
    signed_in(&there, "/account", "ada", PASSWORD).await;
    let tokens = opened(&app, &there).await;
    app.hand.step(5 * 60);
    let page = here.get("/account/places").await;
    for wanted in ["Firefox on Linux", "this browser", "5 minutes ago", "from the network"] {
        assert!(page.text().contains(wanted), "{wanted}: {}", page.text());
    }
    let form = form_of(&page, "end_session");
    for _ in 0..2 {
        let page = here.submit_and_follow(&form, &[("action", "end_session")]).await;
        assert!(page.text().contains("It is signed out."), "two presses are one: {}", page.text());
        assert!(!page.text().contains("Firefox on Linux"), "{}", page.text());
    }
    assert_eq!([is_signed_in(&here).await, is_signed_in(&there).await], [true, false]);
    assert!(!refreshes(&app, &tokens).await);
}

#[tokio::test]
async fn an_application_that_was_given_the_password_is_signed_out() {
    let app = TestApp::new().await;
    let (browser, direct) = (ada(&app).await, app.sign_in().await);
    let page = browser.get("/account/places").await;
    assert!(page.text().contains("An application that asked for your password"), "{}", page.text());
    press(&browser, &page, "end_grant", &[]).await;
    assert_eq!(app.refresh(&direct.refresh).await.status, 401);
}

#[tokio::test]
async fn signing_out_everywhere_else_leaves_this_browser_and_its_applications() {
    let app = TestApp::new().await;
    app.add_client("web", web()).await;
    let (here, there) = (ada(&app).await, ada(&app).await);
    let (of_here, of_there) = (opened(&app, &here).await, opened(&app, &there).await);
    let direct = app.sign_in().await;
    let page = press(&here, &here.get("/account/places").await, "end_others", &[]).await;
    assert!(page.text().contains("You are signed out everywhere else."), "{}", page.text());
    assert!(!page.text().contains("end_others"), "nothing else is left: {}", page.text());
    assert_eq!([is_signed_in(&here).await, is_signed_in(&there).await], [true, false]);
    assert_eq!([refreshes(&app, &of_here).await, refreshes(&app, &of_there).await], [true, false]);
    assert_eq!(app.refresh(&direct.refresh).await.status, 401);
}

#[tokio::test]
async fn nobody_ends_what_is_anothers() {
    let app = TestApp::new().await;
    app.add_user("bob").await;
    let bob = Browser::new(&app);
    signed_in(&bob, "/account", "bob", PASSWORD).await;
    let direct = app.try_sign_in("bob", PASSWORD).await.pair();
    let page = bob.get("/account/places").await;
    let grant = form_of(&page, "end_grant").hidden;
    let user = app.user_id("bob").await;
    let places = app.service.authority().own_account().places(user, app.service.clock().now()).await;
    let session = places.expect("a store").sessions[0].session.id.to_string();
    let (here, _there) = (ada(&app).await, ada(&app).await);
    app.sign_in().await;
    let page = here.get("/account/places").await;
    for (action, id) in [("end_session", &session), ("end_grant", &grant[1].1)] {
        let mut form = form_of(&page, action);
        form.hidden.retain(|(name, _)| name != "id");
        here.submit_and_follow(&form, &[("id", id), ("action", action)]).await;
        let nonsense = here.submit_and_follow(&form, &[("id", "<script>"), ("action", action)]).await;
        assert!(nonsense.text().contains("could not be read"), "{}", nonsense.text());
    }
    assert!(is_signed_in(&bob).await);
    assert_eq!(app.refresh(&direct.refresh).await.status, 200);
}

#[tokio::test]
async fn an_application_loses_its_access_and_has_to_ask_again() {
    let app = TestApp::new().await;
    let policy = ClientPolicy { consent: ConsentPolicy::Asked, ..ClientPolicy::default() };
    app.add_client_with("web", web(), policy).await;
    let browser = ada(&app).await;
    let tokens = opened(&app, &browser).await;
    let asks = async || browser.get(&authorize(&[])).await.text().contains("is asking for permission");
    assert!(!asks().await, "it was allowed");
    let page = browser.get("/account/applications").await;
    assert!(page.text().contains("See your name and the rest of your profile"), "{}", page.text());
    let form = form_of(&page, "withdraw");
    for _ in 0..2 {
        let page = browser.submit_and_follow(&form, &[("action", "withdraw")]).await;
        assert!(page.text().contains("It has no access any more"), "{}", page.text());
        assert!(page.text().contains("None so far."), "{}", page.text());
    }
    assert!(!refreshes(&app, &tokens).await);
    assert!(asks().await);
}

#[tokio::test]
async fn what_happened_is_told_in_words_and_names_are_harmless() {
    let app = TestApp::new().await;
    let mut hostile = web();
    hostile["client_name"] = "<b>Web</b> & \u{202e}Co".into();
    let policy = ClientPolicy { consent: ConsentPolicy::Asked, ..ClientPolicy::default() };
    app.add_client_with("web", hostile, policy).await;
    let browser = ada(&app).await;
    opened(&app, &browser).await;
    change(&browser, NEW, NEW).await;
    let text = browser.get("/account/activity").await.text().to_owned();
    for wanted in ["The password was changed", "You signed in in a browser", "You allowed"] {
        assert!(text.contains(wanted), "{wanted}: {text}");
    }
    assert!(!text.contains("<b>Web") && !text.contains('\u{202e}'), "{text}");
    for path in ["/account/applications", "/account/places"] {
        let text = browser.get(path).await.text().to_owned();
        assert!(text.contains("Web") && !text.contains("<b>Web") && !text.contains('\u{202e}'), "{text}");
    }
}

#[tokio::test]
async fn the_export_has_everything_about_the_user_and_no_secret() {
    let app = TestApp::new().await;
    app.add_client("web", web()).await;
    let secret = app.set_up_app("ada").await;
    let browser = Browser::new(&app);
    let page = signed_in(&browser, "/account/data", "ada", PASSWORD).await;
    let code = app.code(&secret);
    let page = browser.submit_and_follow(&form(&page), &[("code", &code)]).await;
    assert!(page.text().contains("href=\"/account/export\""), "{}", page.text());
    opened(&app, &browser).await;
    let answer = browser.get("/account/export").await;
    assert_eq!(answer.header("content-disposition"), Some("attachment; filename=\"account.json\""));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let exported = answer.json();
    assert_eq!(exported["profile"]["username"], "ada");
    assert_eq!(exported["sign_in"]["recovery_codes_left"], 10);
    for list in ["sessions", "grants", "applications", "events"] {
        assert!(!exported[list].as_array().expect("a list").is_empty(), "{list}: {exported}");
    }
    let user = app.store.find_user_by_id(app.user_id("ada").await).await.expect("a store").expect("ada");
    let factors = app.store.find_authenticators(user.id).await.expect("a store");
    let sealed = factors.sealed().next().expect("a secret").as_str().to_owned();
    for secret in [user.password.expose(), &sealed] {
        assert!(!answer.text().contains(secret), "{}", answer.text());
    }
}

#[tokio::test]
async fn who_wants_to_leave_can_change_their_mind_for_a_week() {
    let app = TestApp::new().await;
    let browser = ada(&app).await;
    let page = press(&browser, &browser.get("/account/data").await, "leave", &[]).await;
    assert!(page.text().contains("will be deleted on <time>2026-11-29</time>"), "{}", page.text());
    assert!(browser.get("/account").await.text().contains("will be deleted on"));
    let swept =
        async || app.store.remove_leaving_users(app.service.clock().now(), 10).await.expect("a store");
    app.hand.step(A_WEEK - 3600);
    assert_eq!(swept().await, 0);
    let again = Browser::new(&app);
    let page = signed_in(&again, "/account/data", "ada", PASSWORD).await;
    let page = press(&again, &page, "stay", &[]).await;
    assert!(page.text().contains("Your account stays."), "{}", page.text());
    app.hand.step(2 * 3600);
    assert_eq!(swept().await, 0);
    let page = signed_in(&Browser::new(&app), "/account", "ada", PASSWORD).await;
    assert!(!page.text().contains("will be deleted"), "{}", page.text());
    let page = signed_in(&again, "/account/data", "ada", PASSWORD).await;
    let page = press(&again, &page, "leave", &[]).await;
    assert!(page.text().contains("will be deleted on"), "{}", page.text());
    app.hand.step(A_WEEK);
    assert_eq!(swept().await, 1);
    assert_eq!(app.try_sign_in("ada", PASSWORD).await.status, 401);
    assert!(!is_signed_in(&again).await);
}

#[tokio::test]
async fn the_last_owner_cannot_leave() {
    let app = TestApp::new().await;
    let user = app.user_id("ada").await;
    let now = app.service.clock().now();
    let owner = UserEdit { role: Some(Role::Owner), ..UserEdit::default() };
    app.store.edit_user(user, owner, Actor::Operator, now).await.expect("a store");
    let browser = ada(&app).await;
    let page = press(&browser, &browser.get("/account/data").await, "leave", &[]).await;
    assert!(page.text().contains("You are the last owner"), "{}", page.text());
    assert_eq!(app.service.authority().own_account().removal(user).await.expect("a store"), None);
}

#[tokio::test]
async fn where_users_may_not_delete_themselves_no_form_says_so_and_none_works() {
    let app = TestApp::new().await;
    let token = form_of(&ada(&app).await.get("/account/data").await, "leave");
    let app = app
        .restarted_with(|mut settings| {
            settings.account.removal = None;
            settings
        })
        .await;
    let browser = ada(&app).await;
    let page = browser.get("/account/data").await;
    assert!(page.text().contains("you cannot delete it yourself"), "{}", page.text());
    browser.press(&token, &[("action", "leave")]).await;
    let user = app.user_id("ada").await;
    assert_eq!(app.service.authority().own_account().removal(user).await.expect("a store"), None);
}

#[tokio::test]
async fn no_other_site_and_no_other_account_uses_a_form() {
    let app = TestApp::new().await;
    app.add_user("bob").await;
    let (browser, other) = (ada(&app).await, ada(&app).await);
    let forms =
        [("/account/password", "change"), ("/account/data", "leave"), ("/account/places", "end_others")];
    for (path, action) in forms {
        let form = form_of(&browser.get(path).await, action);
        let fields = [("password", NEW), ("again", NEW), ("action", action)];
        let page = other.submit_and_follow(&form, &fields).await;
        assert!(page.text().contains("no longer valid"), "of another browser: {}", page.text());
        let forged = Form { hidden: vec![("form_token".into(), "AAAA".into())], ..form.clone() };
        let page = browser.submit_and_follow(&forged, &fields).await;
        assert!(page.text().contains("no longer valid"), "{}", page.text());
        let bob = Browser::new(&app);
        bob.set_cookie("__Host-jeton-browser", &browser.cookie("__Host-jeton-browser").unwrap_or_default());
        let page = signed_in(&bob, "/account", "bob", PASSWORD).await;
        assert!(page.text().contains("bob"), "{}", page.text());
        let page = bob.submit_and_follow(&form, &fields).await;
        assert!(!page.text().contains("was changed") && !page.text().contains("will be"), "{}", page.text());
    }
    assert_eq!(app.try_sign_in("ada", PASSWORD).await.status, 200);
    assert!(is_signed_in(&browser).await && is_signed_in(&other).await);
}
