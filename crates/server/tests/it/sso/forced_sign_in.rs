//! What a client may ask of the sign-in: to be repeated, to be recent, to be of an account that the user chooses. None of it can be
//! skipped, and what was done for one request counts for no other.

use http::StatusCode;
use jeton_authority::FORM_LIFETIME;
use jeton_oauth::Parameters;

use super::attacks_browser::did_nothing;
use super::browser::{Browser, Form, form, leads_on, redirected};
use super::client::{authorize, web};
use super::logout_delivery::claims;
use crate::app::{Answer, PASSWORD, TestApp};

const ADA: [(&str, &str); 3] = [("username", "ada"), ("password", PASSWORD), ("action", "sign_in")];
const CONTINUE: [(&str, &str); 1] = [("action", "continue")];

async fn app() -> TestApp {
    let app = TestApp::new().await;
    app.add_client("web", web()).await;
    app
}

fn offers_to_continue(page: &Answer) -> bool {
    page.text().contains(r#"value="continue""#)
}

/// The first form of a page: where it is offered, the one that goes on as who is signed in.
fn first_form(page: &Answer) -> Form {
    let text = page.text();
    let end = text.find("</form>").expect("a form");
    let first =
        Answer { status: page.status, headers: page.headers.clone(), body: text[..end].to_owned().into() };
    form(&first)
}

/// The part of an address that says what was done for its request.
fn progress(target: &str) -> String {
    let query = target.split_once('?').expect("a query").1;
    Parameters::parse(query.as_bytes())
        .expect("parameters")
        .get("jeton_progress")
        .expect("progress")
        .to_owned()
}

fn with_progress(target: &str, progress: &str) -> String {
    format!("{target}&jeton_progress={progress}")
}

async fn auth_time(app: &TestApp, back: &Parameters) -> i64 {
    let tokens = app.redeem(back.get("code").expect("a code")).await.json();
    claims(tokens["id_token"].as_str().expect("an ID token"))["auth_time"].as_i64().expect("a time")
}

#[tokio::test]
async fn a_sign_in_that_is_asked_for_cannot_be_skipped_by_choosing_the_account() {
    let app = app().await;
    let browser = Browser::new(&app);
    browser.sign_in(&authorize(&[])).await;
    app.hand.step(10);
    let chosen = first_form(&browser.get(&authorize(&[("prompt", "select_account")])).await);
    for changes in [
        &[("prompt", "login")][..],
        &[("prompt", "login"), ("max_age", "1")],
        &[("prompt", "select_account login")],
        &[("prompt", "create")],
        &[("max_age", "1")],
        &[("max_age", "0")],
        &[("prompt", "select_account"), ("max_age", "1")],
    ] {
        let target = authorize(changes);
        let page = browser.get(&target).await;
        assert!(page.text().contains("name=\"password\"") && !offers_to_continue(&page), "{changes:?}");
        let own = form(&page);
        let elsewhere = Form { action: own.action.clone(), ..chosen.clone() };
        for forged in [own, elsewhere] {
            let answer = browser.press(&forged, &CONTINUE).await;
            did_nothing(&answer, &format!("{changes:?}"));
            let page = browser.follow(answer).await;
            assert!(page.text().contains("name=\"password\""), "{changes:?}: {}", page.text());
        }
        let back = redirected(&browser.submit(&form(&browser.get(&target).await), &ADA).await);
        assert_eq!(auth_time(&app, &back).await, app.service.clock().now().unix(), "{changes:?}");
        app.hand.step(10);
    }
}

#[tokio::test]
async fn an_account_is_chosen_with_one_press_where_that_is_all_that_is_asked() {
    let app = app().await;
    let browser = Browser::new(&app);
    browser.sign_in(&authorize(&[])).await;
    let target = authorize(&[("prompt", "select_account"), ("max_age", "60")]);
    let page = browser.get(&target).await;
    assert!(page.text().contains("Continue as <bdi>ada</bdi></button>"), "{}", page.text());
    assert!(page.text().contains(r#"value="continue" class="wide" autofocus"#), "{}", page.text());
    assert_eq!(page.text().matches("autofocus").count(), 1, "{}", page.text());
    let next = browser.press(&first_form(&page), &CONTINUE).await;
    assert_eq!(next.status, StatusCode::SEE_OTHER);
    let next = leads_on(&next).expect("within the authority");
    // Reload and Back meet the same.
    for _ in 0..2 {
        assert!(redirected(&browser.get(&next).await).get("code").is_some());
        assert!(offers_to_continue(&browser.get(&target).await));
    }
    // The sign-in grows too old while the page is open.
    let open = browser.get(&target).await;
    app.hand.step(61);
    let late = browser.press(&first_form(&open), &CONTINUE).await;
    did_nothing(&late, "too old");
    let late = browser.follow(late).await;
    assert!(late.text().contains("This page has expired") && !offers_to_continue(&late), "{}", late.text());
}

#[tokio::test]
async fn what_was_done_for_one_request_counts_for_no_other() {
    let app = app().await;
    let browser = Browser::new(&app);
    let first = authorize(&[("prompt", "login"), ("state", "first")]);
    let second = authorize(&[("prompt", "login"), ("state", "second")]);
    // Two tabs.
    let (in_first, in_second) = (form(&browser.get(&first).await), form(&browser.get(&second).await));
    let done = leads_on(&browser.press(&in_first, &ADA).await).expect("within the authority");
    assert_eq!(redirected(&browser.get(&done).await).get("state"), Some("first"));
    for skipping in [second.clone(), with_progress(&second, &progress(&done))] {
        assert!(browser.get(&skipping).await.text().contains("name=\"password\""));
    }
    // The second tab signs in for itself, though its page is older than the session.
    assert_eq!(redirected(&browser.submit(&in_second, &ADA).await).get("state"), Some("second"));
    // The request alone asks again.
    assert!(browser.get(&first).await.text().contains("name=\"password\""));
}

#[tokio::test]
async fn what_was_done_counts_in_this_browser_and_session_and_only_for_a_while() {
    let app = app().await;
    let (browser, other) = (Browser::new(&app), Browser::new(&app));
    let target = authorize(&[("prompt", "login")]);
    let page = form(&browser.get(&target).await);
    let done = leads_on(&browser.press(&page, &ADA).await).expect("within the authority");
    other.sign_in(&authorize(&[])).await;
    assert!(other.get(&done).await.text().contains("name=\"password\""), "another browser");
    let changed = done.replace("state=st", "state=other");
    assert!(browser.get(&changed).await.text().contains("name=\"password\""), "another request");
    for broken in [
        format!("{done}x"),
        done.replace("jeton_progress=", "jeton_progress=x"),
        done.rsplit_once('.').expect("two parts").0.to_owned(),
    ] {
        assert!(browser.get(&broken).await.text().contains("name=\"password\""), "{broken}");
    }
    assert!(redirected(&browser.get(&done).await).get("code").is_some());
    app.hand.step(i64::try_from(FORM_LIFETIME.as_secs()).expect("an hour") + 1);
    assert!(browser.get(&done).await.text().contains("name=\"password\""), "too late");

    let page = form(&browser.get(&target).await);
    let done = leads_on(&browser.press(&page, &ADA).await).expect("within the authority");
    let session = form(&browser.get("/end_session").await);
    browser.submit(&session, &[("action", "sign_out")]).await;
    browser.sign_in(&authorize(&[])).await;
    assert!(browser.get(&done).await.text().contains("name=\"password\""), "another session");
}

#[tokio::test]
async fn a_silent_request_with_a_max_age_of_nothing_is_told_that_the_user_has_to_sign_in() {
    let app = app().await;
    let browser = Browser::new(&app);
    browser.sign_in(&authorize(&[])).await;
    let silent = authorize(&[("prompt", "none"), ("max_age", "0")]);
    assert_eq!(redirected(&browser.get(&silent).await).get("error"), Some("login_required"));
}
