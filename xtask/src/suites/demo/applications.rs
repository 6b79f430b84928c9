//! The two sample applications in a real browser: one sign-in, both used, one sign-out.

use std::time::Duration;

use anyhow::{Context, Result};

use super::{Demo, Stage};
use crate::console;
use crate::report::Report;
use crate::rig::browser::Browser;
use crate::rig::{expect, wait_for};

/// What shows that an application has somebody signed in.
const SIGN_OUT: &str = "form[action=\"/sign-out\"] button";

/// Clicks through both, and keeps a picture.
pub(super) fn check(demo: &Demo, stage: &Stage, report: &mut Report) -> Result<()> {
    let browser = Browser::open(&stage.scratch)?;
    let reading_room = demo.printed("The Reading Room")?;
    let tea_shop = demo.printed("The Tea Shop")?;
    report.check("the first application prompts for the password, at the authority", || {
        browser.visit(&format!("{}/", demo.client().base()))?;
        browser.find_soon(&format!("a[href=\"{reading_room}\"]"))?.click()?;
        browser.find_soon("a[href=\"/sign-in\"]")?.click()?;
        browser.find_soon("#username")?.type_text(demo.username())?;
        browser.find_soon("#password")?.type_text(demo.password())?;
        browser.find_soon("button[value=\"sign_in\"]")?.click()?;
        browser.find_soon(SIGN_OUT)?;
        browser.wait_until_shown("main", |shown| shown.contains("You typed your password"))
    });
    // `auth_time` is in whole seconds: within one of them the application could not tell an old sign-in from a new one.
    std::thread::sleep(Duration::from_millis(1100));
    report.check("the second one asks for nothing", || {
        browser.find_soon(&format!("footer a[href=\"{tea_shop}\"]"))?.click()?;
        browser.find_soon("a[href=\"/sign-in\"]")?.click()?;
        browser.find_soon(SIGN_OUT)?;
        browser.wait_until_shown("main", |shown| shown.contains("No password this time"))
    });
    report.check("it refreshes, and its stolen token is refused", || {
        browser.find_soon("form[action=\"/refresh\"] button")?.click()?;
        browser.wait_until_shown("dl", |shown| shown.contains("once"))?;
        browser.find_soon("form[action=\"/steal\"] button")?.click()?;
        browser.wait_until_shown("#theft", |shown| shown.matches("401 Unauthorized").count() == 2)
    });
    let picture = stage.scratch.join("application.png");
    browser.screenshot(&picture)?;
    console::say(&format!("        picture: {}", picture.display()));
    report.check("signing out of the second signs out of both", || {
        browser.find_soon(SIGN_OUT)?.click()?;
        browser.wait_until_shown("main", |shown| shown.contains("You signed out"))?;
        // The authority tells the first one, which takes a moment.
        wait_for("the first application to hear of it", Duration::from_secs(20), || {
            browser.visit(&reading_room)?;
            let shown = browser.find_soon("main")?.text()?;
            Ok(shown.contains("You signed out elsewhere").then_some(()))
        })?;
        browser.find_soon("a[href=\"/sign-in\"]")?.click()?;
        browser.find_soon("#password").map(drop)
    });
    report.check("no page complained", || {
        let complaints = browser.complaints()?;
        // Chromium notes that its cache was cleared at sign-out, as it was asked to, and that the authority's pages have no
        // icon.
        let noted = ["Clear-Site-Data", "favicon"];
        let own = |complaint: &String| !noted.iter().any(|noted| complaint.contains(noted));
        let own: Vec<_> = complaints.into_iter().filter(own).collect();
        expect(own.is_empty(), || own.join("\n"))
    });
    Ok(())
}

impl Demo {
    /// The address that the demo printed beside a name.
    fn printed(&self, name: &str) -> Result<String> {
        let log = self.process.log();
        let line = log.lines().find_map(|line| line.trim().strip_prefix(name));
        Ok(line.with_context(|| format!("no {name} in what it printed:\n{log}"))?.trim().to_owned())
    }
}
