//! The front page in a real browser: the four steps as buttons, the tokens taken apart beside them.

use anyhow::Result;

use super::{Demo, Stage};
use crate::console;
use crate::report::Report;
use crate::rig::browser::Browser;
use crate::rig::expect;

/// Clicks through the page and keeps a picture of it.
pub(super) fn check(demo: &Demo, stage: &Stage, report: &mut Report) -> Result<()> {
    let browser = Browser::open(&stage.scratch)?;
    let opens = report.check("the front page opens in Chromium, without a complaint", || {
        browser.visit(&format!("{}/", demo.client().base()))?;
        browser.wait_until_shown("#username", |shown| shown == demo.username())?;
        browser.wait_until_shown("#password", |shown| shown == demo.password())?;
        let complaints = browser.complaints()?;
        expect(complaints.is_empty(), || complaints.join("\n"))
    });
    if !opens {
        return Ok(());
    }
    let page = Page(&browser);
    report.check("step 1: signing in shows two tokens, decoded", || {
        page.step("sign-in", "sign-in", "200 OK")?;
        browser.wait_until_shown("#access", |shown| {
            shown.contains("\"at+jwt\"") && shown.contains("good for")
        })?;
        browser.wait_until_shown("#refresh", |shown| {
            shown.contains("\"rt+jwt\"") && shown.contains("\"gen\": 0")
        })?;
        page.step("wrong-password", "sign-in", "No active account found with the given credentials")
    });
    report.check("step 2: the API greets whoever has a token, and says why to others", || {
        page.step("hello", "hello", "Hello, World!")?;
        page.step("hello-bare", "hello", "Authentication credentials were not provided.")?;
        page.step("hello-refresh", "hello", "error=\"invalid_token\"")
    });
    report.check("step 3: refreshing brings the next token, and a spent one the same again", || {
        page.step("refresh", "refresh", "New tokens.")?;
        browser.wait_until_shown("#refresh", |shown| shown.contains("\"gen\": 1"))?;
        page.step("replay", "refresh", "The same new refresh token as before")?;
        browser.wait_until_shown("#spent", |shown| shown.contains("1 generation behind"))
    });
    let picture = stage.scratch.join("demo.png");
    browser.screenshot(&picture)?;
    console::say(&format!("        picture: {}", picture.display()));
    report.check("step 3: after two more refreshes the spent token ends the session", || {
        page.step("replay-late", "refresh", "The grant has ended")?;
        page.step("refresh-ended", "sign-out", "Token is blacklisted")
    });
    report.check(
        "step 4: after signing out the API refuses the access token, and a refresh is refused",
        || {
            page.step("sign-in", "sign-in", "200 OK")?;
            page.step("hello", "hello", "Hello, World!")?;
            page.step("sign-out", "sign-out", "Signed out.")?;
            page.step("hello-ended", "sign-out", "its session ended")?;
            page.step("refresh-ended", "sign-out", "Token is blacklisted")
        },
    );
    report.check("the page never failed on its own", || {
        // Answers that refuse are part of the show, and Chromium notes each.
        let own = |complaint: &String| !complaint.contains("Failed to load resource");
        let complaints: Vec<String> = browser.complaints()?.into_iter().filter(own).collect();
        expect(complaints.is_empty(), || complaints.join("\n"))
    });
    Ok(())
}

/// The page with its buttons.
struct Page<'a>(&'a Browser);

impl Page<'_> {
    /// Clicks a button as soon as it may be clicked, and waits until its step shows `wanted`.
    fn step(&self, button: &str, step: &str, wanted: &str) -> Result<()> {
        self.0.find_soon(&format!("button[data-step=\"{button}\"]:not([disabled])"))?.click()?;
        self.0.wait_until_shown(&format!("#step-{step} .exchange"), |shown| shown.contains(wanted))
    }
}
