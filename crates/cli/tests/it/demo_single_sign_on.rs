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
    assert!(first.text.contains("Hello, Demo User"), "{first:?}");
    assert!(first.text.contains("You typed your password at the authority"), "{first:?}");

    // `auth_time` is in whole seconds: within one of them the application could not tell an old sign-in from a new one.
    std::thread::sleep(std::time::Duration::from_millis(1100));
    let second = demo.follow_sign_in(&mut browser, &demo.tea_shop);
    assert_eq!((second.status, &second.url), (200, &demo.tea_shop), "{second:?}");
    assert!(second.text.contains("Hello, Demo User"), "{second:?}");
    assert!(second.text.contains("No password this time"), "{second:?}");

    let refreshed = browser.submit(&second, "/refresh", &[]);
    assert!(refreshed.text.contains("once"), "{refreshed:?}");

    let out = browser.submit(&refreshed, "/sign-out", &[]);
    assert_eq!((out.status, &out.url), (200, &demo.tea_shop), "{out:?}");
    assert!(out.text.contains("You signed out: here, at the authority"), "{out:?}");
    // The authority tells the other application, which takes a moment.
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
    assert!(forged.text.contains("its state is another"), "{forged:?}");
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
    assert!(browser.open(&demo.tea_shop).text.contains("Hello, Demo User"));
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
