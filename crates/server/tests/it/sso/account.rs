//! The pages of `/account`: setting up an authenticator app, recovery codes, and turning it off again.

use http::StatusCode;
use jeton_authority::client::{ClientPolicy, SecondFactorPolicy};
use jeton_authority::factor::Factor;
use jeton_oauth::Parameters;

use super::browser::{Browser, Form, form, leads_on, redirected};
use super::client::{authorize, web};
use crate::app::{Answer, PASSWORD, TestApp};

const ADA: [(&str, &str); 3] = [("username", "ada"), ("password", PASSWORD), ("action", "sign_in")];
const AUTHENTICATOR: &str = "/account/authenticator";

/// The form of a page with this button.
#[track_caller]
fn form_of(page: &Answer, action: &str) -> Form {
    let text = page.text();
    let button = text.find(&format!("value=\"{action}\"")).unwrap_or_else(|| panic!("no {action}: {text}"));
    let start = text[..button].rfind("<form").expect("a form");
    let one = Answer {
        status: page.status,
        headers: page.headers.clone(),
        body: text[start..button].to_owned().into(),
    };
    form(&one)
}

async fn press(browser: &Browser<'_>, page: &Answer, action: &str) -> Answer {
    browser.submit_and_follow(&form_of(page, action), &[("action", action)]).await
}

async fn sign_in(browser: &Browser<'_>, target: &str) -> Answer {
    let page = browser.get(target).await;
    browser.submit_and_follow(&form(&page), &ADA).await
}

/// The secret on the page, as people type it.
#[track_caller]
fn secret_on(page: &Answer) -> String {
    let text = page.text();
    let start = text.find("class=\"secret\"").unwrap_or_else(|| panic!("no secret: {text}"));
    let secret = text[start..].split('>').nth(1).and_then(|rest| rest.split('<').next()).expect("a secret");
    secret.replace(' ', "")
}

/// The code that an app shows for the secret of a page.
async fn code_for(app: &TestApp, page: &Answer) -> String {
    let user = app.user_id("ada").await;
    let setup = app.service.authority().factor_setup();
    let factors = setup.of(user).await.expect("a store");
    let secret = setup.begun(user, &factors).expect("an app is being set up");
    assert_eq!(secret.to_base32(), secret_on(page));
    app.code(&secret)
}

async fn begun(app: &TestApp, browser: &Browser<'_>) -> Answer {
    let page = sign_in(browser, AUTHENTICATOR).await;
    let page = press(browser, &page, "begin").await;
    assert!(page.text().contains("<svg class=\"qr\""), "{}", page.text());
    let _ = app;
    page
}

async fn confirm(browser: &Browser<'_>, page: &Answer, code: &str) -> Answer {
    browser.submit_and_follow(&form_of(page, "confirm"), &[("code", code), ("action", "confirm")]).await
}

fn codes_on(page: &Answer) -> Vec<String> {
    let items = page.text().split("<li><code>").skip(1);
    items.filter_map(|item| item.split('<').next().map(str::to_owned)).collect()
}

#[tokio::test]
async fn an_app_is_set_up_with_a_code_and_comes_with_ten_recovery_codes() {
    let app = TestApp::new().await;
    let browser = Browser::new(&app);
    let home = sign_in(&browser, "/account").await;
    assert!(home.text().contains("Set up two-step sign-in"), "{}", home.text());
    let page = press(&browser, &browser.get(AUTHENTICATOR).await, "begin").await;
    for wanted in
        ["otpauth://totp/auth.example:ada?secret=", "issuer=auth.example", "autocomplete=\"one-time-code\""]
    {
        assert!(page.text().contains(wanted), "{wanted}: {}", page.text());
    }
    let codes = confirm(&browser, &page, &code_for(&app, &page).await).await;
    assert_eq!(codes_on(&codes), app.recovery_codes("ada").await);
    assert_eq!(codes.header("cache-control"), Some("no-store"));
    assert_eq!(
        app.store
            .find_user_by_id(app.user_id("ada").await)
            .await
            .expect("a store")
            .expect("a user")
            .enrolled
            .second(),
        [Factor::OneTimeCode]
    );
    // The code counted for this session too, and for nothing else.
    let home = browser.get("/account").await;
    assert!(
        home.text().contains("On since 2026-11-22") && home.text().contains("10 of 10 left"),
        "{}",
        home.text()
    );
    let other = Browser::new(&app);
    let page = sign_in(&other, "/account").await;
    assert!(page.text().contains("Enter your code"), "{}", page.text());
}

#[tokio::test]
async fn the_secret_stays_the_same_until_it_is_confirmed_or_given_up() {
    let app = TestApp::new().await;
    let browser = Browser::new(&app);
    let page = begun(&app, &browser).await;
    let secret = secret_on(&page);
    let wrong = confirm(&browser, &page, "000000").await;
    assert_eq!((wrong.status, secret_on(&wrong)), (StatusCode::BAD_REQUEST, secret.clone()));
    assert!(
        wrong.text().contains("Incorrect code") && wrong.text().contains("<title>Error: "),
        "{}",
        wrong.text()
    );
    let malformed = confirm(&browser, &wrong, "<b>").await;
    assert_eq!(secret_on(&malformed), secret);
    assert_eq!(secret_on(&browser.get(AUTHENTICATOR).await), secret, "loaded again");
    let given_up = press(&browser, &malformed, "give_up").await;
    let page = press(&browser, &given_up, "begin").await;
    assert_ne!(secret_on(&page), secret);
    // The form of before shows what is there now.
    let stale = confirm(&browser, &wrong, "000000").await;
    assert_eq!(secret_on(&stale), secret_on(&page));
}

#[tokio::test]
async fn two_presses_set_up_one_app_and_end_at_the_same_codes() {
    let app = TestApp::new().await;
    let browser = Browser::new(&app);
    let page = begun(&app, &browser).await;
    let code = code_for(&app, &page).await;
    let first = codes_on(&confirm(&browser, &page, &code).await);
    let second = codes_on(&confirm(&browser, &page, &code).await);
    assert_eq!((first.len(), &first), (10, &second));
}

#[tokio::test]
async fn recovery_codes_are_shown_for_a_while_where_they_were_made_and_nowhere_else() {
    let app = TestApp::new().await;
    let browser = Browser::new(&app);
    let page = begun(&app, &browser).await;
    let code = code_for(&app, &page).await;
    let answer = browser.press(&form_of(&page, "confirm"), &[("code", &code), ("action", "confirm")]).await;
    let at = leads_on(&answer).expect("within the authority");
    assert_eq!(codes_on(&browser.get(&at).await).len(), 10);
    assert_eq!(codes_on(&browser.get(&at).await).len(), 10, "loaded again");
    assert_eq!(browser.get("/account/recovery-codes").await.header("location"), Some("/account"));
    app.hand.step(599);
    assert_eq!(codes_on(&browser.get(&at).await).len(), 10);
    app.hand.step(1);
    assert!(codes_on(&browser.get(&at).await).is_empty(), "they have to sign in again, and find none");
}

#[tokio::test]
async fn new_recovery_codes_end_the_old_ones_and_ask_for_a_recent_sign_in_with_both_factors() {
    let app = TestApp::new().await;
    let secret = app.set_up_app("ada").await;
    let old = app.recovery_codes("ada").await;
    let browser = Browser::new(&app);
    let page = sign_in(&browser, AUTHENTICATOR).await;
    let typed =
        |code: &str| [("code".to_owned(), code.to_owned()), ("action".to_owned(), "sign_in".to_owned())];
    let enter = async |page: &Answer, code: &str| {
        let fields = typed(code);
        let fields: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        browser.submit_and_follow(&form(page), &fields).await
    };
    let page = enter(&page, &app.code(&secret)).await;
    assert!(page.text().contains("Make new recovery codes"), "{}", page.text());
    app.hand.step(601);
    let late = press(&browser, &page, "renew").await;
    assert!(late.text().contains("name=\"password\""), "{}", late.text());
    assert_eq!(app.recovery_codes("ada").await, old, "nothing was changed");
    let page = browser.submit_and_follow(&form(&late), &ADA).await;
    let page = enter(&page, &app.code(&secret)).await;
    let renewed = codes_on(&press(&browser, &page, "renew").await);
    assert_eq!(renewed, app.recovery_codes("ada").await);
    assert!(renewed.iter().all(|code| !old.contains(code)));
    let other = Browser::new(&app);
    let page = sign_in(&other, "/account").await;
    let refused = other.submit_and_follow(&form(&page), &[("code", &old[0]), ("action", "sign_in")]).await;
    assert!(refused.text().contains("Incorrect recovery code"), "{}", refused.text());
}

#[tokio::test]
async fn an_app_is_replaced_and_turned_off() {
    let app = TestApp::new().await;
    let browser = Browser::new(&app);
    let page = begun(&app, &browser).await;
    let first = secret_on(&page);
    confirm(&browser, &page, &code_for(&app, &page).await).await;
    let codes = app.recovery_codes("ada").await;
    app.hand.step(30);
    let page = press(&browser, &browser.get(AUTHENTICATOR).await, "begin").await;
    assert_ne!(secret_on(&page), first);
    confirm(&browser, &page, &code_for(&app, &page).await).await;
    assert_eq!(app.recovery_codes("ada").await, codes, "they go on");
    let home = press(&browser, &browser.get(AUTHENTICATOR).await, "remove").await;
    assert!(home.text().contains("Set up two-step sign-in"), "{}", home.text());
    let other = Browser::new(&app);
    assert!(sign_in(&other, "/account").await.text().contains("Your account"));
}

#[tokio::test]
async fn nothing_changes_by_a_link_a_forged_form_or_somebody_elses() {
    let app = TestApp::new().await;
    app.add_user("bob").await;
    app.set_up_app("bob").await;
    let (browser, other) = (Browser::new(&app), Browser::new(&app));
    let page = sign_in(&browser, AUTHENTICATOR).await;
    let begin = form_of(&page, "begin");
    let target = format!("{}?action=begin&form_token={}", begin.action, begin.hidden[0].1);
    browser.get(&target).await;
    sign_in(&other, "/account").await;
    other.press(&begin, &[("action", "begin")]).await;
    browser.post(AUTHENTICATOR, &[("action", "begin"), ("form_token", "x")]).await;
    browser.press(&begin, &[("action", "remove")]).await;
    let setup = app.service.authority().factor_setup();
    assert!(setup.of(app.user_id("ada").await).await.expect("a store").is_empty());
    assert_eq!(setup.of(app.user_id("bob").await).await.expect("a store").enrolled().factors.len(), 1);
}

#[tokio::test]
async fn a_client_that_requires_a_second_factor_leads_to_setting_one_up_and_back() {
    let app = TestApp::new().await;
    let policy = ClientPolicy { second_factor: SecondFactorPolicy::Required, ..ClientPolicy::default() };
    app.add_client_with("web", web(), policy).await;
    let browser = Browser::new(&app);
    let page = browser.sign_in(&authorize(&[])).await;
    assert!(
        page.text().contains("The application that you are signing in to requires two steps"),
        "{}",
        page.text()
    );
    let page = press(&browser, &page, "begin").await;
    let page = confirm(&browser, &page, &code_for(&app, &page).await).await;
    let link = page.text().split("class=\"button\" href=\"").nth(1).and_then(|rest| rest.split('"').next());
    let link = link.expect("a way on").replace("&#38;", "&");
    let back: Parameters = redirected(&browser.get(&link).await);
    assert!(back.get("code").is_some(), "{back:?}");
}

#[tokio::test]
async fn the_page_of_a_stranger_asks_who_they_are_and_names_no_application() {
    let app = TestApp::new().await;
    let browser = Browser::new(&app);
    let page = browser.get("/account").await;
    assert!(page.text().contains("to continue to your account"), "{}", page.text());
    assert_eq!(page.header("cache-control"), Some("no-store"));
    let at_form = browser.get(&form(&page).action).await;
    assert_eq!(leads_on(&at_form).as_deref(), Some("/account"));
}
