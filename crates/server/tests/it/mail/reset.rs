//! A new password by mail.

use axum::body::Body;
use http::{Request, StatusCode, header};
use jeton_authority::audit::Actor;
use jeton_authority::reset::WRONG_RESET_CODES;
use jeton_server::Background;
use jeton_server::mail::Encryption;

use super::mailing;
use super::sink::{Received, Sink, Speaks};
use crate::app::{Answer, ELSEWHERE, HOME, PASSWORD, TestApp};
use crate::sso::browser::{Browser, form, forms};

const NEW: &str = "a new correct horse";

/// Asks for a mail; answers the page that follows.
async fn ask(browser: &Browser<'_>, name: &str) -> Answer {
    let page = browser.get("/reset").await;
    browser.submit_and_follow(&form(&page), &[("username", name)]).await
}

/// A mail without the soft line breaks of its encoding.
fn plain(mail: &Received) -> String {
    mail.data.replace("=\r\n", "").replace("=3D", "=")
}

fn link_of(mail: &Received) -> String {
    let text = plain(mail);
    let start = text.find("https://auth.example/reset/link?").expect("a link");
    text[start..].split_whitespace().next().expect("a link").to_owned()
}

fn code_of(mail: &Received) -> String {
    let text = plain(mail);
    text.split("Code: ").nth(1).and_then(|rest| rest.split_whitespace().next()).expect("a code").to_owned()
}

/// A browser that asked for a mail, the mail, and the page that followed.
async fn asked<'a>(app: &'a TestApp, sink: &Sink) -> (Browser<'a>, Received, Answer) {
    let browser = Browser::new(app);
    // Notices of a new device may come in between.
    let is_reset = |mail: &Received| plain(mail).contains("https://auth.example/reset/link?");
    let resets = async |number| {
        for waited in 0.. {
            let mails: Vec<_> = sink.mails(waited).await.into_iter().filter(is_reset).collect();
            if mails.len() >= number {
                return mails;
            }
        }
        unreachable!("a mail that does not come is reported");
    };
    let before = sink.received().iter().filter(|mail| is_reset(mail)).count();
    let sent = ask(&browser, "ada").await;
    let mail = resets(before + 1).await.pop().expect("a mail");
    (browser, mail, sent)
}

/// Sets a password on the page that asks for it.
async fn set(browser: &Browser<'_>, page: &Answer, password: &str) -> Answer {
    browser.submit_and_follow(&form(page), &[("new_password", password)]).await
}

fn is_for_password(page: &Answer) -> bool {
    page.status == StatusCode::OK && page.text().contains("name=\"new_password\"")
}

async fn works(app: &TestApp, password: &str) -> bool {
    app.obtain(password).await.status == StatusCode::OK
}

impl TestApp {
    async fn obtain(&self, password: &str) -> Answer {
        let body = serde_json::json!({"username": "ada", "password": password}).to_string();
        let request = Request::post("/api/token/")
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from(body));
        self.send_from(HOME, request.expect("a request")).await
    }
}

#[tokio::test]
async fn the_link_leads_to_a_new_password_and_signs_nobody_in() {
    let (app, sink, _) = mailing(Speaks::Plain, Encryption::None).await;
    let _background = Background::start(&app.service);
    let session = app.sign_in().await;
    let (browser, mail, sent) = asked(&app, &sink).await;
    assert!(sent.text().contains("Look into your inbox") && mail.to == ["<ada@example.org>"]);
    let page = browser.get(&link_of(&mail)).await;
    let page = browser.submit_and_follow(&form(&page), &[]).await;
    assert!(is_for_password(&page), "{}", page.text());
    assert!(
        page.text().contains("signed out everywhere")
            && page.text().contains("autocomplete=\"new-password\"")
    );
    let empty = browser.press(&form(&page), &[("new_password", " ")]).await;
    assert!(empty.status == StatusCode::BAD_REQUEST && empty.text().contains("Enter a new password"));
    let weak = browser.press(&form(&page), &[("new_password", "passwordpassword")]).await;
    assert!(weak.status == StatusCode::BAD_REQUEST && weak.text().contains("it repeats itself"));
    let done = set(&browser, &page, NEW).await;
    assert!(done.text().contains("Your password was set"));
    assert!(browser.cookie("__Host-jeton-session").is_none(), "nobody is signed in");
    assert!(works(&app, NEW).await && !works(&app, PASSWORD).await);
    assert_ne!(app.refresh(&session.refresh).await.status, StatusCode::OK, "the grants ended");
    // It does not work again, however it is reached.
    for answer in [set_again(&browser, &page).await, browser.get(&link_of(&mail)).await] {
        let answer = match forms(&answer).is_empty() {
            true => answer,
            false => browser.press(&form(&answer), &[]).await,
        };
        assert!(!is_for_password(&answer) && answer.text().contains("new mail"), "{}", answer.text());
    }
    let told = sink.mails(3).await;
    assert!(told.iter().any(|mail| plain(mail).contains("the password of your account was changed")));
}

async fn set_again(browser: &Browser<'_>, page: &Answer) -> Answer {
    browser.press(&form(page), &[("new_password", "yet another horse")]).await
}

#[tokio::test]
async fn the_code_leads_there_too_however_it_is_typed_and_so_many_wrong_ones_and_no_more() {
    let (app, sink, _) = mailing(Speaks::Plain, Encryption::None).await;
    let _background = Background::start(&app.service);
    let (browser, mail, sent) = asked(&app, &sink).await;
    let typed = code_of(&mail).to_lowercase().replace('-', " ");
    let page = browser.submit_and_follow(&form(&sent), &[("code", &typed)]).await;
    assert!(is_for_password(&page), "{}", page.text());

    let (browser, mail, sent) = asked(&app, &sink).await;
    for _ in 0..WRONG_RESET_CODES {
        let page = browser.press(&form(&sent), &[("code", "BBBB-BBBB")]).await;
        assert!(page.status == StatusCode::BAD_REQUEST && page.text().contains("wrong or too old"));
    }
    let page = browser.press(&form(&sent), &[("code", &code_of(&mail))]).await;
    assert!(page.status == StatusCode::TOO_MANY_REQUESTS && page.text().contains("too many wrong codes"));
}

#[tokio::test]
async fn whoever_has_the_mail_in_another_browser_spends_nothing() {
    let (app, sink, _) = mailing(Speaks::Plain, Encryption::None).await;
    let _background = Background::start(&app.service);
    let (browser, mail, _) = asked(&app, &sink).await;
    let link = link_of(&mail);
    // A scanner opens the link, with and without cookies, and presses what it finds.
    let scanner = Browser::new(&app);
    for _ in 0..2 {
        let page = scanner.get(&link).await;
        assert!(page.text().contains("only in the browser") && forms(&page).is_empty(), "{}", page.text());
        assert!(page.header("set-cookie").is_none_or(|cookie| !cookie.contains("session")));
        let post = scanner.post(link.trim_start_matches("https://auth.example"), &[]).await;
        assert!(post.text().contains("only in the browser"));
    }
    let query = link.split_once("?request=").expect("a request").1;
    let request = query.split('&').next().expect("a request");
    let elsewhere = scanner.get(&format!("/reset/password?request={request}")).await;
    assert!(!is_for_password(&elsewhere));
    // Not even a form of the scanner's own counts.
    let own = ask(&scanner, "nobody").await;
    let token = form(&own).hidden[0].1.clone();
    let (target, code) = (format!("/reset/code?request={request}"), code_of(&mail));
    let post = scanner.post(&target, &[("form_token", &token), ("code", &code)]).await;
    assert!(!is_for_password(&post));
    let page = browser.get(&link).await;
    let page = browser.submit_and_follow(&form(&page), &[]).await;
    assert!(is_for_password(&page), "the owner still gets through");
}

#[tokio::test]
async fn known_unknown_and_disabled_names_get_the_same() {
    let (app, sink, _) = mailing(Speaks::Plain, Encryption::None).await;
    let off = app.add_user("off").await;
    app.has_address(off, "off@example.org").await;
    app.store.disable_user(off, Actor::Operator, app.service.clock().now()).await.expect("disabling");
    app.add_user("mute").await;
    let mut seen = Vec::new();
    for name in [
        "ada",
        "ADA@example.org",
        "nobody",
        "nobody@example.org",
        "off",
        "off@example.org",
        "mute",
        "<b>'\"&",
    ] {
        let browser = Browser::new(&app);
        let page = browser.get("/reset").await;
        let asked = browser.press(&form(&page), &[("username", name)]).await;
        let location = asked.header("location").expect("a redirect").to_owned();
        let request = location.split_once("request=").expect("a request").1.to_owned();
        let sent = browser.follow(asked).await;
        let mut pages = vec![sent.text().to_owned()];
        for _ in 0..=WRONG_RESET_CODES {
            let wrong = browser.press(&form(&sent), &[("code", "BBBB-BBBB")]).await;
            pages.push(format!("{} {}", wrong.status, wrong.text()));
        }
        let token = form(&sent).hidden[0].1.clone();
        let same: Vec<_> = pages
            .iter()
            .map(|page| {
                let cut = page.replace(&request, "R").replace(&token, "T");
                cut.lines().filter(|line| !line.contains("form_token")).collect::<Vec<_>>().join("\n")
            })
            .collect();
        seen.push((name, location.len(), same));
    }
    for (name, length, pages) in &seen[1..] {
        assert_eq!((*length, pages), (seen[0].1, &seen[0].2), "{name}");
    }
    let queued = app.store.due_mails(app.service.clock().now(), 100).await.expect("asking what is due");
    assert_eq!(queued.len(), 2, "to ada alone: {queued:?}");
    assert!(sink.received().is_empty());
}

#[tokio::test]
async fn the_link_is_that_of_the_issuer_whatever_the_request_says() {
    let (app, sink, _) = mailing(Speaks::Plain, Encryption::None).await;
    let _background = Background::start(&app.service);
    let browser = Browser::new(&app);
    let page = browser.get("/reset").await;
    let form = form(&page);
    let body = format!("form_token={}&username=ada", form.hidden[0].1);
    let request = Request::post("/reset")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header(header::HOST, "evil.example")
        .header("x-forwarded-host", "evil.example")
        .header("x-forwarded-proto", "http")
        .header(header::ORIGIN, "https://auth.example")
        .body(Body::from(body))
        .expect("a request");
    browser.send(request).await;
    let mail = sink.mails(1).await.remove(0);
    assert!(link_of(&mail).starts_with("https://auth.example/reset/link?") && !mail.data.contains("evil"));
}

#[tokio::test]
async fn a_newer_request_a_change_and_its_time_end_a_link() {
    let (app, sink, ada) = mailing(Speaks::Plain, Encryption::None).await;
    let _background = Background::start(&app.service);
    let pressed = async |browser: &Browser<'_>, mail: &Received| {
        let page = browser.get(&link_of(mail)).await;
        if forms(&page).is_empty() {
            return page;
        }
        let answer = browser.press(&form(&page), &[]).await;
        browser.follow(answer).await
    };
    let (older, older_mail, _) = asked(&app, &sink).await;
    let (newer, newer_mail, _) = asked(&app, &sink).await;
    assert!(!is_for_password(&pressed(&older, &older_mail).await));
    let page = pressed(&newer, &newer_mail).await;
    assert!(is_for_password(&page));
    app.password_is_changed(ada).await;
    let late = newer.press(&form(&page), &[("new_password", NEW)]).await;
    assert!(late.text().contains("Ask for a new mail"), "{}", late.text());
    let before = sink.mails(3).await.len();
    let (browser, mail, _) = asked(&app, &sink).await;
    assert_eq!(sink.received().len(), before + 1);
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    app.hand.step(15 * 60);
    assert!(!is_for_password(&pressed(&browser, &mail).await));
}

#[tokio::test]
async fn asking_too_often_is_answered_by_the_name_and_leaves_what_was_typed() {
    let (app, _sink, _) = mailing(Speaks::Plain, Encryption::None).await;
    for name in ["ada", "nobody"] {
        let browser = Browser::new(&app);
        for _ in 0..5 {
            assert!(ask(&browser, name).await.text().contains("Look into your inbox"));
        }
        let page = browser.get("/reset").await;
        let refused = browser.press(&form(&page), &[("username", name)]).await;
        assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
        assert!(refused.text().contains(&format!("value=\"{name}\"")), "{}", refused.text());
    }
    let browser = Browser::new(&app);
    assert!(ask(&browser, "somebody else").await.text().contains("Look into your inbox"), "{ELSEWHERE}");
}

#[tokio::test]
async fn a_form_of_another_site_or_without_cookies_asks_for_nothing() {
    let (app, _sink, _) = mailing(Speaks::Plain, Encryption::None).await;
    let browser = Browser::new(&app);
    let answer = browser.post("/reset", &[("username", "ada")]).await;
    assert!(answer.status == StatusCode::BAD_REQUEST && answer.text().contains("value=\"ada\""));
    assert!(app.store.due_mails(app.service.clock().now(), 9).await.expect("asking").is_empty());
}

#[tokio::test]
async fn it_is_offered_only_where_mail_is_sent_and_the_operator_wants_it() {
    let (app, _sink, _) = mailing(Speaks::Plain, Encryption::None).await;
    let offered = |page: &Answer| page.text().contains("Forgotten your password?");
    assert!(offered(&Browser::new(&app).get("/account").await));
    let off = app
        .restarted_with(|mut settings| {
            settings.mail.password_reset = false;
            settings
        })
        .await;
    assert!(!offered(&Browser::new(&off).get("/account").await));
    assert_eq!(Browser::new(&off).get("/reset").await.status, StatusCode::NOT_FOUND);
    let without = TestApp::new().await;
    assert!(!offered(&Browser::new(&without).get("/account").await));
}
