//! `jeton demo`: its two sample applications.

use crate::browser::{Browser, Page};
use crate::run::{Server, eventually};

struct Demo {
    _server: Server,
    password: String,
    reading_room: String,
    tea_shop: String,
}

impl Demo {
    fn start() -> Self {
        let server = Server::start(&["demo", "--listen", "127.0.0.1:0"], &[]);
        let find = |name: &str| {
            let line = server.printed.lines().find_map(|line| line.trim().strip_prefix(name));
            line.unwrap_or_else(|| panic!("no {name}: {}", server.printed)).trim().to_owned()
        };
        let (password, reading_room, tea_shop) =
            (find("Password"), find("The Reading Room"), find("The Tea Shop"));
        Self { _server: server, password, reading_room, tea_shop }
    }

    /// Follows the button on an application's page to where the authority asks for a password, or back.
    fn follow_sign_in(&self, browser: &mut Browser, application: &str) -> Page {
        let page = browser.open(application);
        assert!(page.text.contains("href=\"/sign-in\""), "{page:?}");
        browser.open(&format!("{application}sign-in"))
    }

    fn sign_in(&self, browser: &mut Browser, application: &str) -> Page {
        let page = self.follow_sign_in(browser, application);
        assert!(page.text.contains("type=\"password\""), "{page:?}");
        let fields = [("username", "demo"), ("password", self.password.as_str()), ("action", "sign_in")];
        browser.submit(&page, "/authorize/sign-in", &fields)
    }
}

#[test]
fn the_second_application_asks_for_no_password_and_signing_out_of_one_signs_out_of_both() {
    let demo = Demo::start();
    let origin = |url: &str| url.trim_start_matches("http://").split(':').next().map(str::to_owned);
    assert_ne!(origin(&demo.reading_room), origin(&demo.tea_shop), "they are different sites");
    let mut browser = Browser::default();

    let first = demo.sign_in(&mut browser, &demo.reading_room);
    assert_eq!((first.status, &first.url), (200, &demo.reading_room), "{first:?}");
    assert!(first.text.contains("Hello, <bdi>Demo User</bdi>"), "{first:?}");
    assert!(first.text.contains("You typed your password at the authority"), "{first:?}");

    // `auth_time` is in whole seconds: within one of them the application could not tell an old sign-in from a new one.
    std::thread::sleep(std::time::Duration::from_millis(1100));
    let second = demo.follow_sign_in(&mut browser, &demo.tea_shop);
    assert_eq!((second.status, &second.url), (200, &demo.tea_shop), "{second:?}");
    assert!(second.text.contains("Hello, <bdi>Demo User</bdi>"), "{second:?}");
    assert!(second.text.contains("No password this time"), "{second:?}");

    let refreshed = browser.submit(&second, "/refresh", &[]);
    assert!(refreshed.text.contains("once"), "{refreshed:?}");

    let out = browser.submit(&refreshed, "/sign-out", &[]);
    assert_eq!((out.status, &out.url), (200, &demo.tea_shop), "{out:?}");
    assert!(out.text.contains("You signed out"), "{out:?}");
    // The authority tells the applications, which takes a moment.
    eventually(|| browser.open(&demo.tea_shop).text.contains("You signed out here, at the authority"));
    eventually(|| browser.open(&demo.reading_room).text.contains("You signed out elsewhere"));
    let again = demo.follow_sign_in(&mut browser, &demo.reading_room);
    assert!(again.text.contains("type=\"password\""), "{again:?}");
}

#[test]
fn an_answer_that_the_browser_did_not_ask_for_signs_nobody_in() {
    let demo = Demo::start();
    let mut browser = Browser::default();
    let forged = browser.open(&format!("{}callback?code=abc&state=x", demo.tea_shop));
    assert_eq!(forged.status, 400, "{forged:?}");
    demo.follow_sign_in(&mut browser, &demo.tea_shop);
    let forged = browser.open(&format!("{}callback?code=abc&state=x", demo.tea_shop));
    assert_eq!(forged.status, 400, "{forged:?}");
    assert!(forged.text.contains("this browser has not started one with this state"), "{forged:?}");
    assert!(forged.text.contains("href=\"/\""), "there is a way on: {forged:?}");
}

#[test]
fn two_tabs_that_sign_in_at_once_both_end_signed_in() {
    let demo = Demo::start();
    let mut browser = Browser::default();
    let [one, other] = [(); 2].map(|()| demo.follow_sign_in(&mut browser, &demo.tea_shop));
    assert_ne!(one.url, other.url);
    let fields = [("username", "demo"), ("password", demo.password.as_str()), ("action", "sign_in")];
    let first = browser.submit(&other, "/authorize/sign-in", &fields);
    assert!(first.url == demo.tea_shop && first.text.contains("Hello, "), "{first:?}");
    // The authority knows who it is, and sends the other tab on with its own code.
    let second = browser.open(&one.url);
    assert!(second.url == demo.tea_shop && second.text.contains("Hello, "), "{second:?}");
    // Whoever is signed in needs no third sign-in.
    let third = browser.open(&format!("{}sign-in", demo.tea_shop));
    assert!(third.url == demo.tea_shop && third.text.contains("Hello, "), "{third:?}");
}

#[test]
fn back_after_cancel_signs_in_all_the_same() {
    let demo = Demo::start();
    let mut browser = Browser::default();
    let page = demo.follow_sign_in(&mut browser, &demo.reading_room);
    let cancelled = browser.submit(&page, "/authorize/sign-in", &[("action", "cancel")]);
    assert_eq!(cancelled.status, 200, "{cancelled:?}");
    assert!(cancelled.text.contains("You did not sign in"), "{cancelled:?}");
    assert!(cancelled.text.contains("href=\"/sign-in\""), "{cancelled:?}");
    let again = browser.open(&page.url);
    let fields = [("username", "demo"), ("password", demo.password.as_str()), ("action", "sign_in")];
    let home = browser.submit(&again, "/authorize/sign-in", &fields);
    assert!(home.url == demo.reading_room && home.text.contains("Hello, "), "{home:?}");
    // The address of the cancelled answer, once more, by way of the history.
    let stale = browser.open(&cancelled.url);
    assert!(stale.url == demo.reading_room && stale.text.contains("Hello, "), "{stale:?}");
}

#[test]
fn an_answer_that_comes_again_leads_where_it_led_the_first_time() {
    let demo = Demo::start();
    let mut browser = Browser::default();
    demo.sign_in(&mut browser, &demo.reading_room);
    // Signed in at the authority, so the way to the other application has no page on it.
    let begun = browser.ask("GET", &format!("{}sign-in", demo.tea_shop), None, None);
    let answered = browser.ask("GET", &begun.location(), None, None);
    let callback = answered.location();
    assert!(callback.contains("/callback?"), "{answered:?}");
    for _ in 0..3 {
        let page = browser.open(&callback);
        assert!(page.url == demo.tea_shop && page.text.contains("Hello, "), "{page:?}");
    }
    let forged = browser.open(&format!("{}callback?code=abc&state=x", demo.tea_shop));
    assert!(forged.url == demo.tea_shop && forged.text.contains("Hello, "), "{forged:?}");

    let home = browser.open(&demo.tea_shop);
    browser.submit(&home, "/sign-out", &[]);
    let after = browser.open(&callback);
    assert!(after.url == demo.tea_shop && after.text.contains("You signed out"), "{after:?}");
}

#[test]
fn signing_out_is_told_once_it_is_known_and_a_second_press_does_what_the_first_one_began() {
    let demo = Demo::start();
    let mut browser = Browser::default();
    let home = demo.sign_in(&mut browser, &demo.tea_shop);
    let sign_out = format!("{}sign-out", demo.tea_shop);
    let origin = demo.tea_shop.trim_end_matches('/');
    // The browser drops the answer to the first press when the second one comes.
    let dropped = browser.ask("POST", &sign_out, Some(String::new()), Some(origin));
    assert!(dropped.location().contains("/end_session?"), "{dropped:?}");
    let almost = browser.open(&demo.tea_shop);
    assert!(almost.text.contains("You may still be signed in at the authority"), "{almost:?}");
    assert!(almost.text.contains("action=\"/sign-out\""), "{almost:?}");
    let out = browser.submit(&home, "/sign-out", &[]);
    assert!(out.url == demo.tea_shop && out.text.contains("You signed out"), "{out:?}");
    eventually(|| browser.open(&demo.tea_shop).text.contains("You signed out here, at the authority"));
    let again = demo.follow_sign_in(&mut browser, &demo.tea_shop);
    assert!(again.text.contains("type=\"password\""), "{again:?}");
}

#[test]
fn sign_ins_that_never_come_back_leave_few_cookies() {
    let demo = Demo::start();
    let mut browser = Browser::default();
    for _ in 0..20 {
        browser.ask("GET", &format!("{}sign-in", demo.tea_shop), None, None);
    }
    assert!(browser.cookies_of("localhost") <= 5);
}

#[test]
fn a_form_of_another_site_and_a_forged_logout_token_sign_nobody_out() {
    let demo = Demo::start();
    let mut browser = Browser::default();
    demo.sign_in(&mut browser, &demo.tea_shop);
    let foreign = browser.ask(
        "POST",
        &format!("{}sign-out", demo.tea_shop),
        Some(String::new()),
        Some("https://evil.example"),
    );
    assert_eq!(foreign.status, 403, "{foreign:?}");
    let forged = Browser::default().ask(
        "POST",
        &format!("{}backchannel-logout", demo.tea_shop),
        Some("logout_token=eyJhbGciOiJub25lIn0.e30.".to_owned()),
        None,
    );
    assert_eq!(forged.status, 400, "{forged:?}");
    assert!(browser.open(&demo.tea_shop).text.contains("Hello, <bdi>Demo User</bdi>"));
}

#[test]
fn a_stolen_token_is_of_use_where_it_is_a_bearer_token_and_of_none_where_it_is_bound() {
    let demo = Demo::start();
    let mut browser = Browser::default();
    let bearer = demo.sign_in(&mut browser, &demo.reading_room);
    let bearer = browser.submit(&bearer, "/steal", &[]);
    assert!(bearer.text.contains("the thief gets in") && bearer.text.contains("200 OK"), "{bearer:?}");

    let bound = demo.follow_sign_in(&mut browser, &demo.tea_shop);
    let bound = browser.submit(&bound, "/steal", &[]);
    assert_eq!(bound.text.matches("401 Unauthorized").count(), 2, "{bound:?}");
    assert!(!bound.text.contains("the thief gets in"), "{bound:?}");
}
